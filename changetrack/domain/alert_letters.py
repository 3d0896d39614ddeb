"""What people are told about alerts: that one fired, that nobody took it up, and those of a day that were many."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from changetrack.domain.day_words import counted, day_in_words, short_day
from changetrack.domain.journey.steps import ANCHORED, step_name
from changetrack.domain.ladder import DECISIONS, RUNGS, TOP
from changetrack.domain.letters import Item, Letter, Section, one_line
from changetrack.domain.stale_words import rules_once

NAMES_MAX = 60
WHO_MAX = 40
ITEMS_MAX = 100
_NEAR_DAYS = 200

_TOLD = {0: "{} was told on {}", 1: "{} was reminded on {}"}
_DECISIONS_MEAN = {
    "revive": "say what changes, and who does which next step by when.",
    "park": "the clocks stop until you look at it again.",
    "close": "the journey ends, and the reason is kept.",
}


@dataclass(frozen=True, slots=True)
class AlertStory:
    """What a letter tells about an alert on a day (`today`).

    `account`: the account's name; `owner`: its owner's; `since` when it is stale; `why`: a sentence for each reason;
    `rules`: by which versions; `stake`: the value at stake, in words, if known; `path`: where it is taken up. `ending`
    says which evidence ends when, where nothing else is the matter: the account is not stale yet.
    """

    account: str
    step: int
    since: date
    today: date
    owner: str
    severity: str
    why: tuple[str, ...]
    rules: tuple[str, ...]
    path: str
    stake: str = ""
    ending: str = ""


def alert_letter(story: AlertStory, *, who: str, joined: bool = False) -> Letter:
    """Return what `who` is told when an alert fires, or another reason `joined` it."""
    what = f"{counted(len(story.why), 'reason')} now, {_what(story)}" if joined else _what(story)
    begun = "Another reason joined" if joined else "Evidence is ending" if story.ending else "An account went stale"
    lead = f"{begun}: {story.account}, {_where(story.step)}."
    return _letter("alert", story, what, lead, who, "take it up", (_what_helps(),))


def reminder_letter(story: AlertStory, *, who: str, fired_on: date) -> Letter:
    """Return what `who` is told again when nobody took the alert up that fired on that day."""
    lead = f"Nobody has taken up the alert of {day_in_words(fired_on)}: {story.account}, {_where(story.step)}."
    return _letter(
        "reminder",
        story,
        f"still {_what(story)}" if not story.ending else story.ending,
        lead,
        who,
        "take it up",
        (_what_helps(),),
    )


def escalation_letter(
    story: AlertStory,
    *,
    who: str,
    rung: int,
    fired_on: date,
    told: Sequence[tuple[str, int, date]],
    waited: int | None = None,
) -> Letter:
    """Return what `who` is told at that `rung` of the ladder: who was told before, and what to decide at the top.

    `told` are (name, rung, day), oldest first; `waited` the business days since it fired, where they are not just
    those of the rung.
    """
    days = counted(RUNGS[rung].after if waited is None else waited, "business day")
    lead = (
        f"Nobody has taken this up since it fired on {day_in_words(fired_on)}, {days} ago: "
        f"{story.account}, {_where(story.step)}."
    )
    before = tuple(Item(_told(name, at, day)) for name, at, day in told)
    sections = (Section("Who was told before", before),) if before else ()
    what = f"{_what(story)}, {days} without an answer"
    if rung < TOP:
        label = "see to it"
        sections = (*sections, Section("What helps", (Item(f"Ask {story.owner} what stands in the way."), _take_up())))
    else:
        label = "decide"
        sections = (*sections, Section("What you can decide", _decisions()))
    return _letter("escalation", story, what, lead, who, label, sections)


def handed_over(letter: Letter, *, path: str) -> Letter:
    """Return what is told on a rung as somebody reads it to whom the account was handed; `path` is the alert's page."""
    return replace(letter, lead=f"{letter.lead} It was handed over: you answer for it now.", path=path)


def gathered_letter(letters: Sequence[Letter], *, who: str, singly: int, path: str = "/alerts") -> Letter:
    """Return one letter in place of many of one day, in their order, beside which `singly` were told one by one.

    Raises ValueError for none.
    """
    if not letters:
        raise ValueError("There is nothing to gather.")
    first = letters[0].account or letters[0].title
    others = len(letters) - 1
    name = one_line(first, NAMES_MAX)
    title = f"{name} and {others} more need you" if others else f"{name} needs you"
    beside = f" beside the {singly} that you were told of one by one" if singly else ""
    items = [Item(_line(letter, who), letter.path) for letter in letters[:ITEMS_MAX]]
    if len(letters) > ITEMS_MAX:
        items.append(Item(f"and {len(letters) - ITEMS_MAX:,} more", path))
    return Letter(
        kind="gathered",
        title=f"{title}, {one_line(who, WHO_MAX)}: look through them",
        lead=f"{counted(len(letters), 'alert')} today{beside}, the gravest first.",
        why=("What is told one by one is kept to a few a day, so that it is read.",),
        sections=(Section("To look through", tuple(items)),),
        action_label="Look through them",
        path=path,
        rule="; ".join(dict.fromkeys(letter.rule for letter in letters if letter.rule)),
    )


def _letter(
    kind: str, story: AlertStory, what: str, lead: str, who: str, label: str, sections: tuple[Section, ...]
) -> Letter:
    account, whom = one_line(story.account, NAMES_MAX), "" if who == story.owner else f", {one_line(who, WHO_MAX)}"
    facts = [
        ("Stale since", day_in_words(story.since)),
        ("Step", _step(story.step)),
        ("Owner", story.owner),
        ("Severity", story.severity),
    ]
    if story.stake:
        facts.append(("Value at stake", story.stake))
    return Letter(
        kind=kind,
        title=f"{account}: {what}{whom}: {label}",
        lead=lead,
        why=story.why,
        facts=tuple(facts),
        sections=sections,
        action_label=label.capitalize(),
        path=story.path,
        rule=rules_once(story.rules),
        account=story.account,
    )


def _what(story: AlertStory) -> str:
    return story.ending or f"stale {_short_where(story)}"


def _short_where(story: AlertStory) -> str:
    where = "while anchored" if story.step == ANCHORED else f"in step {story.step}"
    is_near = abs((story.today - story.since).days) <= _NEAR_DAYS
    return f"{where} since {short_day(story.since) if is_near else day_in_words(story.since)}"


def _where(step: int) -> str:
    return "anchored" if step == ANCHORED else f"step {_step(step)}"


def _step(step: int) -> str:
    return step_name(step) if step == ANCHORED else f"{step}, {step_name(step)}"


def _what_helps() -> Section:
    return Section("What helps", (_take_up(), Item("Record what has happened since: evidence, or a commitment met.")))


def _take_up() -> Item:
    return Item("Take it up with the next step that the customer will see, and its date.")


def _told(name: str, rung: int, day: date) -> str:
    if rung in _TOLD:
        return f"{_TOLD[rung].format(name, day_in_words(day))}."
    return f"{name} was told on {day_in_words(day)}, as {RUNGS[rung].who}."


def _decisions() -> tuple[Item, ...]:
    return tuple(Item(f"{label}: {_DECISIONS_MEAN[key]}") for key, label in DECISIONS.items())


def _line(letter: Letter, who: str) -> str:
    """What a gathered letter says, without asking `who` once more."""
    asked = f": {(letter.action_label or '').lower()}"
    what = letter.title.removesuffix(asked).removesuffix(f", {one_line(who, WHO_MAX)}")
    return " ".join((f"{what}.", *letter.why))
