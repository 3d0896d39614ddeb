"""Whether alerts help: the share that progress followed, per step, and the wider limit that a low share proposes."""

from dataclasses import dataclass
from typing import Protocol

USEFUL_WORKDAYS = 10
"""Business days within which progress counts as following from an alert."""

ENOUGH_ALERTS = 20
LEAST_SHARE = 0.5
_WIDEST = 3650


class StepLimits(Protocol):
    """The present limits of a step: the playbook's rules of a step, or those of a stale account."""

    @property
    def progress_days(self) -> int | None:
        """Business days without progress, None without a limit."""


@dataclass(frozen=True, slots=True)
class Usefulness:
    """Of the `alerts` of one step that somebody heard of, how many progress `followed` within 10 business days."""

    step: int
    alerts: int
    followed: int

    @property
    def share(self) -> float | None:
        """From 0 to 1; None where there were none."""
        return self.followed / self.alerts if self.alerts else None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A wider limit of business days without progress in a step, and the sentence that proposes it."""

    step: int
    present: int
    proposed: int
    words: str


def proposal(usefulness: Usefulness, limits: StepLimits) -> Proposal | None:
    """Return the proposal to widen a step's limit, None where its alerts help or were too few (20) to tell.

    Fewer than half of them followed by progress is too few; the limit without progress is then half as long again,
    rounded up. A step without that limit, or at the longest there is, gets none. Source: DOMAIN section 6.
    """
    share, present = usefulness.share, limits.progress_days
    if share is None or usefulness.alerts < ENOUGH_ALERTS or share >= LEAST_SHARE or present is None:
        return None
    proposed = min((present * 3 + 1) // 2, _WIDEST)
    if proposed <= present:
        return None
    words = (
        f"Progress followed only {usefulness.followed} of the last {usefulness.alerts} alerts of step "
        f"{usefulness.step} within {USEFUL_WORKDAYS} business days. "
        f"Consider {proposed} business days without progress instead of {present}."
    )
    return Proposal(usefulness.step, present, proposed, words)
