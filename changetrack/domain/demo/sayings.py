"""What is said and written about one account: drawn from what the house and its customers say, never at odds."""

from collections.abc import Sequence
from datetime import date, timedelta
from math import ceil
from random import Random
from typing import Any

from changetrack.domain.demo import phrases
from changetrack.domain.demo.organizations import Organization
from changetrack.domain.demo.products import Product


class Sayings:
    """The words of one account; who benefits, the gap and the number of users affected stay the same throughout."""

    def __init__(self, product: Product, organization: Organization, users: int, chance: Random) -> None:
        self.product, self.organization, self.users, self.chance = product, organization, users, chance
        self._beneficiary, self._value = chance.choice(product.beneficiaries), chance.choice(product.values)
        self._gap, self._vision = chance.choice(product.gaps), chance.choice(product.visions)
        self._win = chance.choice(product.wins)
        self._affected = chance.randrange(24, 420, 4)

    def opening(self, *, again: bool) -> dict[str, str]:
        """The two answers; asked again, another value comes first."""
        if again:
            self._value = self.chance.choice([v for v in self.product.values if v != self._value])
        return {"beneficiary": self._beneficiary, "value_statement": self._value}

    def gap(self, day: date, *, again: bool) -> dict[str, object]:
        """The gap in the fields of the record; stated again, part of the way is gone."""
        gap = self._gap
        return {
            "gap_metric": gap.metric,
            "gap_unit": gap.unit,
            "gap_from": gap.nearer if again else gap.start,
            "gap_to": gap.goal,
            "gap_by": day + timedelta(self.chance.randrange(190, 330)),
            "gap_evidence": gap.evidence,
        }

    def vision(self) -> str:
        """The vision, as the customer's people wrote it."""
        return self._vision.format(org=self.organization.name)

    def statement(self, point: str, *, is_true: bool, members: int) -> dict[str, Any]:
        """What is recorded for a control point: an answer, numbers or a link, and a note."""
        said: dict[str, Any] = {"answer": is_true, "note": self._pick(_NOTES[point], is_true)}
        if point in _NUMBERS:
            said["numbers"] = _NUMBERS[point](self, is_true, members)
        if point in _LINKS:
            said["url"] = f"https://{self.organization.domain}/{_LINKS[point]}/{self._win}"
        return said

    def _pick(self, notes: tuple[Sequence[str], Sequence[str]], is_true: bool) -> str:
        return self.chance.choice(notes[0 if is_true else 1])

    def _asked(self, is_true: bool, _members: int) -> dict[str, float]:
        asked = self.chance.randrange(4, 11)
        return {"asked": asked, "yes": ceil(asked * 0.75) + self.chance.randrange(2) if is_true else asked // 2}

    def _met(self, is_true: bool, members: int) -> dict[str, float]:
        meetings = self.chance.randrange(2, 4)
        invited = meetings * members
        return {"meetings": meetings, "invited": invited, "present": invited - meetings if is_true else invited // 2}

    def _reached(self, is_true: bool, _members: int) -> dict[str, float]:
        share = self.chance.uniform(0.84, 0.97) if is_true else self.chance.uniform(0.4, 0.7)
        return {
            "affected": self._affected,
            "reached": ceil(self._affected * share),
            "channels": self.chance.randrange(2, 5),
        }

    def _grasped(self, is_true: bool, _members: int) -> dict[str, float]:
        asked = ceil(self._affected * 0.1) + self.chance.randrange(3, 9)
        share = self.chance.uniform(0.78, 0.95) if is_true else self.chance.uniform(0.4, 0.65)
        return {"affected": self._affected, "asked": asked, "understood": ceil(asked * share)}

    def _did(self, is_true: bool, _members: int) -> dict[str, float]:
        return {"planned": self.users, "did": ceil(self.users * (0.85 if is_true else 0.4))}

    def proposed(self) -> str:
        """Why somebody proposes to advance."""
        return self.chance.choice(phrases.PROPOSED)

    def seconded(self) -> str:
        """What somebody adds to a signature; mostly nothing."""
        return self.chance.choice(phrases.SECONDED) if self.chance.random() < 0.3 else ""

    def excepted(self, step: int) -> str:
        """Why an account may go ahead without its evidence."""
        return self.chance.choice(phrases.EXCEPTED[step])

    def went_back(self, reason: str) -> str:
        """What happened when an account went back."""
        return phrases.WENT_BACK[reason]

    def held(self) -> str:
        """Why the customer asks to wait."""
        return self.chance.choice(phrases.HELD)

    def closed(self, outcome: str) -> str:
        """How it ended."""
        return phrases.CLOSED[outcome]

    def taken_back(self) -> str:
        """Why a piece of evidence does not stand."""
        return phrases.TAKEN_BACK

    def next_step(self) -> str:
        """The next step that the customer will see."""
        return self.chance.choice(phrases.NEXT_STEPS)

    def decided(self, decision: str) -> str:
        """Why the executive decided so."""
        return phrases.DECIDED[decision]

    def promised(self, *, theirs: bool) -> str:
        """What somebody of ours, or of theirs, gives their word to do."""
        return self.chance.choice(phrases.THEIR_PROMISES if theirs else phrases.OUR_PROMISES)

    def kept(self) -> str:
        """What came of it."""
        return self.chance.choice(phrases.KEPT)

    def put_off(self) -> str:
        """Why another day was agreed upon."""
        return self.chance.choice(phrases.PUT_OFF)

    def dropped(self) -> str:
        """Why nobody waits for it any more."""
        return phrases.DROPPED

    def replied(self) -> str:
        """What the customer said in passing."""
        return self.chance.choice(phrases.REPLIES)

    def snoozed(self) -> str:
        """Why an alert can wait."""
        return self.chance.choice(phrases.SNOOZED)


_NOTES: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "1c": (phrases.ASKED, phrases.NOT_YET_ASKED),
    "2c": (phrases.MET, phrases.MISSED),
    "3b": (phrases.TOLD, phrases.NOT_YET_TOLD),
    "4a": (phrases.REACHED, ("Only the e-mail went out so far.",)),
    "4b": (phrases.GRASPED, ("Most know the name; few know what changes on Monday.",)),
    "4c": (phrases.BY_HAND, ("Looked at it once, in our meeting.",)),
    "5b": (phrases.FIRST_TASKS, ("The others wait for somebody to sit beside them.",)),
    "5c": (phrases.PERMITTED, ("“In your own time”, said one supervisor.",)),
    "6c": (("With the names of the four who did it.",), ("Written, not yet printed.",)),
    "7b": (phrases.NEXT, ("An idea so far, with no name to it.",)),
    "8b": (("In the induction of every new colleague since the spring.",), ("Drafted.",)),
}
_NUMBERS = {
    "1c": Sayings._asked,
    "2c": Sayings._met,
    "4a": Sayings._reached,
    "4b": Sayings._grasped,
    "5b": Sayings._did,
}
_LINKS = {"6c": "news", "8b": "handbook"}
