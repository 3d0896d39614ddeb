"""A tale told: the words of one account turned into deeds, each with who did it, when, and what they said."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.demo import bargains
from changetrack.domain.demo.casting import COALITIONS, Cast
from changetrack.domain.demo.course import Course
from changetrack.domain.demo.deeds import Deed
from changetrack.domain.demo.house import PEOPLE, of_team
from changetrack.domain.demo.record import Record
from changetrack.domain.demo.sayings import Sayings
from changetrack.domain.demo.words import Word, unfold

CALENDAR = WorkCalendar()
_OPENS_AT, _LATEST = 8 * 60 + 35, 17 * 60 + 40  # minutes of the day
_HEARD = ("call", "mail", "meeting")


class Telling:
    """One account on its way through its tale; collects the deeds.

    `history` is where it stood since when by the files, and whether a later one than the first says so.
    """

    def __init__(self, record: Record, chance: Random, today: date) -> None:
        self.record, self.chance, self.today = record, chance, today
        self.deeds: list[Deed] = []
        self.history: list[tuple[date, str, bool]] = []
        self.tale, self.team = record.tale, record.owner.team or ""
        self.cast = Cast(record.organization, COALITIONS[self.tale.coalition], chance)
        self.says = Sayings(record.product, record.organization, record.users, chance)
        self.bargains = bargains.Bargains(record, self.cast, chance)
        self.course = Course(record, today)
        self._day, self._minute, self._told, self._gaps = date.min, 0, 0, 0

    def tell(self) -> "Telling":
        """Go through all words."""
        for word in unfold(self.tale.words, self.chance):
            self._turn_to(word)
            _VERBS[word.verb](self, word)
        return self

    def _turn_to(self, word: Word) -> None:
        """The working day of a word, never before the last one's; and a moment of it."""
        day = max(self._day, workday(self.today - timedelta(word.ago)))
        if day > self._day:
            self._day, self._minute = day, _OPENS_AT + self.chance.randrange(150)
        else:
            self._minute = min(self._minute + 6 + self.chance.randrange(40), _LATEST)

    def _do(self, what: str, by: str | None = None, **says: Any) -> None:
        self.deeds.append(Deed(self._day, self._minute, self.record.external_id, by or self.tale.owner, what, says))

    def _leader(self, role: str) -> str:
        return of_team(self.team, role).key

    def _anyone(self) -> str:
        """Mostly the owner, now and then another of the team."""
        others = [p.key for p in PEOPLE if p.team == self.team]
        return self.chance.choice(others) if self.chance.random() < 0.25 else self.tale.owner

    # What the words mean

    def add(self, _word: Word) -> None:
        self._do("create", record=self.record.fields() | {"started_on": self._day}, team=self.team)

    def was(self, word: Word) -> None:
        self.history.append((self._day, word.arguments[0], False))

    def sync(self, word: Word) -> None:
        self.history.append((self._day, {"9": "anchored"}.get(word.arguments[0], word.arguments[0]), True))

    def open(self, word: Word) -> None:
        self._do("open", **self.says.opening(again="again" in word.arguments), effective_on=self._day)

    def gap(self, word: Word) -> None:
        gap = self.says.gap(self._day, again=self._gaps > 0)
        if word.verb == "gap0":
            gap["gap_evidence"] = None
        self._gaps += 1
        self._do("gap", gap=gap, effective_on=self._day)

    def people(self, word: Word) -> None:
        for _ in range(int(word.arguments[0])):
            self._do("contact", contact=self.cast.next_member())
            self._minute = min(self._minute + 3, _LATEST)

    def left(self, _word: Word) -> None:
        seq = self.cast.number_of(sponsor=True)
        self._do("edit_contact", seq=seq, version=1, contact={"left_on": self._day})

    def joined(self, _word: Word) -> None:
        self._do("contact", contact=self.cast.successor())

    def vision(self, word: Word) -> None:
        author = None if word.verb == "vision0" else self.cast.number_of(sponsor=False)
        self._do("vision", vision=self.says.vision(), contact_seq=author, effective_on=self._day)

    def evidence(self, word: Word) -> None:
        point, is_true = _POINTS[word.verb.removesuffix("0")], not word.verb.endswith("0")
        statement = self.says.statement(point, is_true=is_true, members=max(3, len(self.cast.on_record)))
        if point != "2c":
            statement |= {"said_how": self.chance.choice(_HEARD), **self._who(point)}
        day = workday(self._day - timedelta(1)) if statement.get("said_how") == "mail" else self._day
        self._do("evidence", self._anyone(), point=point, statement=statement, effective_on=day)

    def _who(self, point: str) -> dict[str, Any]:
        """Whose word it is: somebody on record, or a newcomer who is named with it."""
        members = self.cast.members()
        if point == "3b":
            self._told += 1
            return {"contact_seq": members[self._told % len(members)]}
        seq = self.cast.number_of(sponsor=point in _OF_THE_SPONSOR)
        if seq is not None or self.cast.on_record:
            return {"contact_seq": seq or 1}
        return self.cast.guest()

    def retract(self, word: Word) -> None:
        self._do("retract", point=word.arguments[0], because=self.says.taken_back())

    def propose(self, _word: Word) -> None:
        self._do("propose", effective_on=self._day, note=self.says.proposed())

    def second(self, word: Word) -> None:
        self._do("sign", word.arguments[0], note=self.says.seconded())

    def countersign(self, _word: Word) -> None:
        """The coordinator signs what somebody proposed; a member signs what the coordinator proposed."""
        if self._leader("coordinator") == self._leader("vsm"):
            return
        by = self._leader("coordinator")
        self._do("sign", self._leader("member") if by == self.tale.owner else by, note=self.says.seconded())

    def customer(self, _word: Word) -> None:
        """The customer's everyday user agrees that the step is done."""
        seq, how = self.cast.number_of(sponsor=False), self.chance.choice(_HEARD)
        self._do("customer_signs", contact_seq=seq, said_how=how, note=self.says.seconded())

    def bargain(self, word: Word) -> None:
        for what, says in self.bargains.take(word.verb, word.arguments, self._day):
            self._do(what, **says)
            self._minute = min(self._minute + 7, _LATEST)

    def use(self, word: Word) -> None:
        self.course.turn(word.verb, word.arguments[0], word.ago)

    def fix(self, _word: Word) -> None:
        self.course.fix(self._day)

    def exception(self, word: Word) -> None:
        step, lasts = (*word.arguments, "150")[:2]
        ends_on = self._day + timedelta(int(lasts))
        reason = self.says.excepted(int(step))
        self._do("except", self._leader("vsm"), reason=reason, ends_on=ends_on, effective_on=self._day)

    def back(self, word: Word) -> None:
        step, reason = word.arguments
        note = self.says.went_back(reason)
        self._do("back", to_step=int(step), reason=reason, note=note, effective_on=self._day)

    def hold(self, word: Word) -> None:
        review_on = self._day + timedelta(int(word.arguments[0]))
        self._do("hold", reason=self.says.held(), review_on=review_on, effective_on=self._day)

    def resume(self, _word: Word) -> None:
        self._do("resume", effective_on=self._day)

    def close(self, word: Word) -> None:
        outcome = word.arguments[0]
        self._do("close", outcome=outcome, note=self.says.closed(outcome), effective_on=self._day)

    def reopen(self, _word: Word) -> None:
        self._do("reopen", effective_on=self._day)

    def acknowledge(self, word: Word) -> None:
        due = workday(self._day + timedelta(int(word.arguments[0])))
        self._do("acknowledge", next_step=self.says.next_step(), next_step_on=due)

    def snooze(self, word: Word) -> None:
        self._do("snooze", days=int(word.arguments[0]), reason=self.says.snoozed())

    def decide(self, word: Word) -> None:
        """The executive decides about an alert that nobody took up: a changed plan, a pause or the end."""
        decision, *more = word.arguments
        says: dict[str, Any] = {"words": self.says.decided(decision)}
        if decision == "revive":
            says |= {"next_step": self.says.next_step(), "next_step_on": workday(self._day + timedelta(int(more[0])))}
        elif decision == "park":
            says |= {"until": self._day + timedelta(int(more[0]))}
        else:
            says |= {"outcome": more[0]}
        self._do("decide", "ed", decision=decision, **says)

    def promise(self, word: Word) -> None:
        """Somebody gives their word: one of ours, or with `them` the customer's everyday user."""
        days, *side = word.arguments
        due_on = workday(self._day + timedelta(int(days)))
        if side:
            who: dict[str, Any] = {"owner_contact_seq": self.cast.number_of(sponsor=False)}
        else:
            who = {"owner": self.tale.owner}
        self._do("promise", action=self.says.promised(theirs=bool(side)), due_on=due_on, **who)

    def kept(self, _word: Word) -> None:
        self._do("kept", result=self.says.kept())

    def later(self, word: Word) -> None:
        due_on = workday(self._day + timedelta(int(word.arguments[0])))
        self._do("later", due_on=due_on, because=self.says.put_off())

    def dropped(self, _word: Word) -> None:
        self._do("dropped", reason=self.says.dropped())

    def reply(self, _word: Word) -> None:
        """One of the customer's people says something, if any is on record by then."""
        seq = self.cast.number_of(sponsor=False) or (1 if self.cast.on_record else None)
        if seq is not None:
            statement = {"contact_seq": seq, "said_how": self.chance.choice(_HEARD), "note": self.says.replied()}
            self._do("reply", statement=statement, sort="reply", effective_on=self._day)


_OF_THE_SPONSOR = ("1c", "5c", "7b")
_POINTS = {
    "ask": "1c", "meet": "2c", "tell": "3b", "reach": "4a", "grasp": "4b", "permit": "5c", "publish": "6c",
    "next": "7b", "rule": "8b", "hands": "4c", "task": "5b",
}  # fmt: skip
_VERBS: dict[str, Callable[[Telling, Word], None]] = {
    "add": Telling.add, "was": Telling.was, "sync": Telling.sync, "open": Telling.open, "gap": Telling.gap,
    "gap0": Telling.gap, "people": Telling.people, "left": Telling.left, "joined": Telling.joined,
    "vision": Telling.vision, "vision0": Telling.vision, "retract": Telling.retract, "propose": Telling.propose,
    "second": Telling.second, "countersign": Telling.countersign, "except": Telling.exception, "back": Telling.back,
    "hold": Telling.hold, "resume": Telling.resume, "close": Telling.close, "reopen": Telling.reopen,
    "ack": Telling.acknowledge, "snooze": Telling.snooze, "customer": Telling.customer, "use": Telling.use,
    "promise": Telling.promise, "kept": Telling.kept, "later": Telling.later, "dropped": Telling.dropped,
    "reply": Telling.reply, "decide": Telling.decide, "seats": Telling.use, "fix": Telling.fix,
    **dict.fromkeys(bargains.VERBS, Telling.bargain),
    **{verb + end: Telling.evidence for verb in _POINTS for end in ("", "0")},
}  # fmt: skip


def workday(day: date) -> date:
    """That day, or the working day before it."""
    return day if CALENDAR.is_workday(day) else CALENDAR.add(day, -1)
