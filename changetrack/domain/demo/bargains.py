"""What an account and its customer agree on in the example: outcomes with their terms, and each word given on them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from changetrack.domain.demo import gains
from changetrack.domain.demo.casting import Cast
from changetrack.domain.demo.record import Record

Said = tuple[str, dict[str, Any]]
"""The name of an operation, and what it is told besides account, actor and time."""

_GROUP = "the-same-hours"
_HEARD = ("call", "mail", "meeting")
_PLANNED_WEEKS = 52
_WEEKS_A_MONTH = 4


@dataclass(slots=True)
class Bargains:
    """The outcomes of one account: `numbers` says by which number on record each is known now."""

    record: Record
    cast: Cast
    chance: Random
    numbers: dict[str, int] = field(default_factory=dict)
    known: int = 0

    def take(self, verb: str, arguments: Sequence[str], day: date) -> Iterator[Said]:
        """What a word of the tale makes the team do on `day`."""
        return _VERBS[verb](self, arguments, day)

    def _offer(self, arguments: Sequence[str], day: date) -> Iterator[Said]:
        which, *manner = arguments
        self.known += 1
        self.numbers[which] = self.known
        yield "propose_outcome", {"terms": self._terms(int(which), manner, day)}

    def _deal(self, arguments: Sequence[str], day: date) -> Iterator[Said]:
        """An outcome proposed and agreed at one table."""
        yield from self._offer(arguments, day)
        yield from self._agree(arguments, day)

    def _agree(self, arguments: Sequence[str], day: date) -> Iterator[Said]:
        yield self._word("agree", arguments, day, gains.AGREED, self._beneficiary())

    def _attest(self, arguments: Sequence[str], day: date) -> Iterator[Said]:
        who = self.chance.choice((self._beneficiary(), self._sponsor()))
        yield self._word("attest", arguments, day, gains.ATTESTED, who)

    def _not_yet(self, arguments: Sequence[str], day: date) -> Iterator[Said]:
        yield self._word("not_yet", arguments, day, gains.NOT_YET, self._sponsor())

    def _dispute(self, arguments: Sequence[str], day: date) -> Iterator[Said]:
        yield self._word("dispute", arguments, day, gains.DISPUTED, self._beneficiary())

    def _withdraw(self, arguments: Sequence[str], day: date) -> Iterator[Said]:
        yield self._word("withdraw", arguments, day, gains.WITHDRAWN, self._beneficiary())

    def _ask(self, arguments: Sequence[str], _day: date) -> Iterator[Said]:
        """Ask for a word that has not come yet."""
        which, kind = arguments
        yield "ask_customer", {"contact_seq": self._beneficiary(), "asks": [f"{kind}-{self.numbers[which]}"]}

    def _terms_change(self, arguments: Sequence[str], day: date) -> Iterator[Said]:
        """Other terms for an agreed outcome: a little less use is enough, and worth a little less."""
        which = arguments[0]
        terms, old = self._terms(int(which), (), day), self.numbers[which]
        changed = {"threshold": terms["threshold"] - terms["threshold"] // 10, "rate": terms["rate"] * 4 // 5}
        self.known += 1
        self.numbers[which] = self.known
        yield "renegotiate_outcome", {"seq": old, "terms": changed}
        yield self._word("agree", (which,), day, gains.AGREED, self._beneficiary())

    def _word(self, kind: str, arguments: Sequence[str], day: date, notes: Sequence[str], who: int) -> Said:
        """A word that was heard or, with `own`, given on the customer's own page."""
        which, note = arguments[0], self.chance.choice(notes)
        seq = self.numbers[which]
        if "own" in arguments:
            return "own_word", {"contact_seq": who, "asks": [f"{kind}-{seq}"], "comment": note}
        word = {"contact_seq": who, "said_how": self.chance.choice(_HEARD), "given_on": day, "note": note}
        return kind, {"seq": seq, "word": word}

    def _beneficiary(self) -> int:
        return self.cast.number_of(sponsor=False) or 1

    def _sponsor(self) -> int:
        return self.cast.number_of(sponsor=True) or self._beneficiary()

    def _terms(self, which: int, manner: Sequence[str], day: date) -> dict[str, Any]:
        gain = gains.GAINS[self.record.product.name][which - 1]
        enough, rate = self.record.enough(gain.metric or None), self.record.rate
        if gain.period == "month":
            enough, rate = enough * _WEEKS_A_MONTH, rate * _WEEKS_A_MONTH // 2
        terms: dict[str, Any] = {
            "beneficiary_seq": self._beneficiary(),
            "statement": gain.statement,
            "metric": gain.metric or gains.WORK[self.record.product.name].metric.key,
            "period": gain.period,
            "threshold": Decimal(enough),
            "baseline": Decimal(enough // 5),
            "rate": rate,
            "currency": self.record.organization.currency,
            "plan_start": day,
            "plan_periods": _PLANNED_WEEKS if gain.period == "week" else _PLANNED_WEEKS // _WEEKS_A_MONTH,
        }
        if "share" in manner:
            terms |= {"accrual": "proportional", "target": Decimal(enough + enough // 4)}
        if "group" in manner:
            terms |= {"overlap_group": _GROUP, "group_cap": self.record.rate * 3 // 2}
        return terms


_VERBS: dict[str, Callable[[Bargains, Sequence[str], date], Iterator[Said]]] = {
    "offer": Bargains._offer, "deal": Bargains._deal, "agree": Bargains._agree, "attest": Bargains._attest,
    "notyet": Bargains._not_yet, "dispute": Bargains._dispute, "withdraw": Bargains._withdraw,
    "asked": Bargains._ask, "terms": Bargains._terms_change,
}  # fmt: skip
VERBS = tuple(_VERBS)
