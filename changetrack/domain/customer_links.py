"""Asking a customer's person for their word: what may be asked, how often, how long a page lasts, its state."""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Self

from changetrack.domain.refusal import Reason

LINK_LASTS = timedelta(days=14)
LINK_LASTS_AT_MOST = timedelta(days=28)  # however often something is added to what it asks
REQUESTS_COUNT_FOR = timedelta(days=14)
MOST_REQUESTS = 2  # a person, within that time
MOST_ASKS = 12  # on one page
TOKEN_BYTES = 32

KINDS = ("agree", "attest", "point", "sign_off")
ANSWERS = {"yes": "Yes, this is so", "not_yet": "Not yet", "not_valued": "That’s not what we value"}
_KEY = re.compile(r"(agree|attest|sign_off)-([1-9][0-9]{0,8})|(point)-([1-8][a-z])")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about: an outcome (`agree`, `attest`), a control point (`point`), a proposal (`sign_off`)."""

    kind: str
    about: int | str

    @property
    def key(self) -> str:
        """The subject as one word, for forms and addresses: `attest-3`, `point-1c`."""
        return f"{self.kind}-{self.about}"

    @property
    def words(self) -> str:
        """The subject as the history names it."""
        kinds = {"agree": "agree to outcome", "attest": "attest to outcome", "point": "control point"}
        return f"{kinds[self.kind]} {self.about}" if self.kind in kinds else "sign the proposal"


@dataclass(frozen=True, slots=True)
class Ask:
    """One question on a customer's page. `said` is the number of the statement, evidence or sign-off it led to.

    `numbers` and `url` are what was answered with.
    """

    subject: Subject
    asked_on: date
    asked_by: str
    answer: str | None = None
    answered_at: datetime | None = None
    comment: str | None = None
    said: int | None = None
    numbers: Mapping[str, float] | None = None
    url: str | None = None

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """An ask from the JSON that a link keeps."""
        at = kept.get("answered_at")
        return cls(
            Subject(kept["kind"], kept["about"]),
            date.fromisoformat(kept["asked_on"]),
            kept["asked_by"],
            kept.get("answer"),
            datetime.fromisoformat(at) if at else None,
            kept.get("comment"),
            kept.get("said"),
            kept.get("numbers"),
            kept.get("url"),
        )

    def kept(self) -> dict[str, Any]:
        """The ask as JSON can hold it; what is empty is left out."""
        found = {
            "kind": self.subject.kind,
            "about": self.subject.about,
            "asked_on": self.asked_on.isoformat(),
            "asked_by": self.asked_by,
            "answer": self.answer,
            "answered_at": self.answered_at.isoformat() if self.answered_at else None,
            "comment": self.comment,
            "said": self.said,
            "numbers": dict(self.numbers) if self.numbers else None,
            "url": self.url,
        }
        return {name: value for name, value in found.items() if value is not None}

    def answered(self, answer: str, at: datetime, **more: Any) -> Self:
        """The ask with its answer, which replaces an earlier one."""
        bare = replace(self, comment=None, said=None, numbers=None, url=None)
        return replace(bare, answer=answer, answered_at=at, **more)


def subject_of(key: str) -> Subject | None:
    """Read `attest-3` or `point-1c`; None for anything else."""
    found = _KEY.fullmatch(key)
    if found is None:
        return None
    return Subject(found[1], int(found[2])) if found[1] else Subject(found[3], found[4])


def token_hash(token: str) -> str:
    """Return what is kept of the secret in a page's address (64 hex digits); the secret itself is kept nowhere."""
    return hashlib.sha256(token.encode()).hexdigest()


def link_state(
    asks: Sequence[Ask], *, now: datetime, expires_at: datetime, revoked_at: datetime | None, opened_at: datetime | None
) -> str:
    """What became of a request: 'revoked', 'answered' (all of it), 'expired', 'opened' or 'waiting'."""
    if revoked_at is not None:
        return "revoked"
    if asks and all(ask.answer for ask in asks):
        return "answered"
    if now >= expires_at:
        return "expired"
    return "opened" if opened_at is not None else "waiting"


def is_open(*, now: datetime, expires_at: datetime, revoked_at: datetime | None) -> bool:
    """Whether the page of a link can be reached."""
    return revoked_at is None and now < expires_at


def joined_expiry(*, created_at: datetime, expires_at: datetime, now: datetime) -> datetime:
    """Until when a link lasts to which something was added: fourteen days more, at most 28 from its making."""
    return max(expires_at, min(now + LINK_LASTS, created_at + LINK_LASTS_AT_MOST))


def next_request_at(made: Collection[datetime], now: datetime) -> datetime | None:
    """When the same person may be sent another request, None for at once; `made` is when each was made.

    At most two in fourteen days `[D]`, revoked ones counted too: we cannot know whether they were sent. Adding to an
    open page and giving it another address are no requests.
    """
    recent = sorted(at for at in made if at > now - REQUESTS_COUNT_FOR)
    return None if len(recent) < MOST_REQUESTS else recent[-MOST_REQUESTS] + REQUESTS_COUNT_FOR


def request_reasons(name: str, made: Collection[datetime], now: datetime) -> list[Reason]:
    """Why this person cannot be sent another request now."""
    free_at = next_request_at(made, now)
    if free_at is None:
        return []
    words = f"{name} was asked twice in the last 14 days, which is all we ask of one person. Ask again from"
    return [Reason("contact_seq", f"{words} {free_at:%-d %b %Y} on, or somebody else.")]


def joining_reasons(name: str, subjects: Sequence[Subject], open_asks: Sequence[Ask]) -> list[Reason]:
    """Why these cannot be asked on a page that asks `open_asks` already (none for a new page)."""
    waiting = {ask.subject for ask in open_asks if ask.answer is None}
    reasons = []
    if not subjects:
        reasons.append(Reason("asks", "Choose what to ask."))
    if any(subject in waiting for subject in subjects):
        reasons.append(Reason("asks", f"{name}’s page asks this already and waits for the answer."))
    if len(open_asks) + len(subjects) > MOST_ASKS:
        reasons.append(Reason("asks", f"One page asks at most {MOST_ASKS} things."))
    return reasons


def offered_answers(subject: Subject, *, is_beneficiary: bool, answer: str | None = None) -> tuple[str, ...]:
    """The answers that a page offers; another one than before takes the earlier back, but a sign-off stands.

    Only the beneficiary of an outcome can say that it is not what they value.
    """
    if subject.kind == "sign_off":
        return () if answer == "yes" else ("yes", "not_yet")
    if subject.kind == "attest" and not is_beneficiary:
        return ("yes", "not_yet")
    return tuple(ANSWERS)
