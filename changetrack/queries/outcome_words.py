"""An outcome's state in words: what it is called, why it is so, and until when the customer's word carries it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

NAMES = {
    "proposed": "Proposed",
    "agreed": "Agreed",
    "in_use": "In use",
    "confirmed": "Confirmed",
    "lapsed": "Lapsed",
    "withdrawn": "Withdrawn",
    "disputed": "Disputed",
}
_DETAILS = {
    "at_risk": "At risk",
    "unverifiable": "Unverifiable",
    "use": "Lapsed",
    "attestation": "Attestation ran out",
    "replaced": "Ended",
}


class Standing(Protocol):
    """What the words are made of."""

    @property
    def state(self) -> str: ...
    @property
    def detail(self) -> str | None: ...
    @property
    def state_since(self) -> date: ...
    @property
    def replaces(self) -> int | None: ...
    @property
    def agreed_on(self) -> date | None: ...
    @property
    def replaced_on(self) -> date | None: ...
    @property
    def confirmed_from(self) -> date | None: ...
    @property
    def valid_until(self) -> date | None: ...
    @property
    def requires_attestation(self) -> bool: ...
    @property
    def confirm_after(self) -> int: ...
    @property
    def lapse_after(self) -> int: ...
    @property
    def period(self) -> str: ...


@dataclass(frozen=True, slots=True)
class StateWords:
    """A state's name, and one sentence that says why it is so."""

    name: str
    why: str


def state_words(outcome: Standing, *, beneficiary: str, attested_by: str | None, today: date) -> StateWords:
    """Put the state of an outcome into words, as of `today`."""
    name = _DETAILS.get(outcome.detail or "", NAMES[outcome.state])
    if outcome.state == "withdrawn" and outcome.agreed_on is None:
        name = "Taken back"
    elif outcome.state == "proposed" and outcome.replaces is not None:
        name = "Change proposed"
    return StateWords(name, _why(outcome, beneficiary, attested_by, today))


def _why(outcome: Standing, beneficiary: str, attested_by: str | None, today: date) -> str:
    since, cover = _day(outcome.state_since), _cover(outcome, attested_by, today)
    match outcome.state, outcome.detail:
        case "proposed", _ if outcome.replaces is not None:
            return f"Waits for {beneficiary} to agree to other terms; until then the old ones hold."
        case "proposed", _:
            return f"Waits for {beneficiary} to agree; until then it is worth nothing."
        case "agreed", _:
            return f"Agreed by {beneficiary} on {_day(outcome.agreed_on)}; no {outcome.period} has reached it yet."
        case "in_use", _:
            return _in_use(outcome, since, cover)
        case "confirmed", "at_risk":
            return f"Confirmed since {since}, but the last {outcome.period} fell below the threshold."
        case "confirmed", "unverifiable":
            return f"Confirmed since {since}, but no data has come for two {outcome.period}s or more."
        case "confirmed", _:
            return f"Confirmed since {since}; {cover}."
        case "lapsed", "attestation":
            return f"Since {since} nobody of the customer's attests to it any more."
        case "lapsed", _:
            return f"Use has been below the threshold since {since}, {outcome.lapse_after} {outcome.period}s or more."
        case "disputed", _:
            return f"{beneficiary} disputes it since {since}."
        case _:
            return _ended(outcome, beneficiary, since)


def _in_use(outcome: Standing, since: str, cover: str) -> str:
    needed = f"confirmed after {outcome.confirm_after} {outcome.period}s in a row"
    if outcome.requires_attestation and outcome.valid_until is None:
        needed += " and the customer's word that it is so"
    else:
        needed += f"; {cover}"
    return f"In use since {since}; {needed}."


def _cover(outcome: Standing, attested_by: str | None, today: date) -> str:
    if not outcome.requires_attestation:
        return "these terms need no attestation"
    if outcome.valid_until is None or outcome.valid_until <= today or attested_by is None:
        return "nobody attests to it now"
    return f"attested by {attested_by} until {_day(outcome.valid_until - timedelta(days=1))}"


def _ended(outcome: Standing, beneficiary: str, since: str) -> str:
    if outcome.agreed_on is None:
        return f"Taken back on {since} before anybody agreed to it."
    if outcome.replaced_on is not None:
        return f"Other terms took its place on {_day(outcome.replaced_on)}."
    return f"{beneficiary} withdrew from it on {since}."


def _day(day: date | None) -> str:
    return "" if day is None else f"{day:%-d %b %Y}"
