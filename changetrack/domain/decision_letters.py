"""What the team is told when an executive has decided about an alert that nobody took up."""

from dataclasses import dataclass
from datetime import date

from changetrack.domain.alert_letters import NAMES_MAX, WHO_MAX, AlertStory
from changetrack.domain.day_words import day_in_words, short_day
from changetrack.domain.ladder import DECISIONS
from changetrack.domain.letters import Letter, one_line

_MEANS = {
    "revive": "goes on with a changed plan",
    "park": "is parked",
    "close": "is closed",
}


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision of DECISIONS, by whom and in which words.

    Of one to go on: the `next_step`, `whose` it is and its day `on`; else until when it is parked, or how it ended.
    """

    decision: str
    by: str
    words: str
    next_step: str = ""
    whose: str = ""
    on: date | None = None
    outcome: str = ""


def decision_letter(story: AlertStory, decided: Decided, *, who: str) -> Letter:
    """Return what `who`, somebody of the team, is told about the decision on an alert."""
    revived = decided.decision == "revive"
    label = "take the next step" if revived and who == decided.whose else "see what it means"
    until = f" until {short_day(decided.on)}" if decided.on and not revived else ""
    what = f"{_MEANS[decided.decision]}{until}, {one_line(decided.by, WHO_MAX)} decided"
    return Letter(
        kind="escalation",
        title=f"{one_line(story.account, NAMES_MAX)}: {what}, {one_line(who, WHO_MAX)}: {label}",
        lead=f"{decided.by} decided about {story.account}: {DECISIONS[decided.decision].lower()}.",
        why=(f"“{' '.join(decided.words.split())}”", *_next(decided)),
        facts=(("Decided by", decided.by), *_facts(decided), ("Owner", story.owner)),
        action_label=label.capitalize(),
        path=story.path,
        account=story.account,
    )


def _next(decided: Decided) -> tuple[str, ...]:
    if decided.decision != "revive" or decided.on is None:
        return ()
    step = " ".join(decided.next_step.split())
    return (f"Next: “{step}”, {decided.whose}, by {day_in_words(decided.on)}.",)


def _facts(decided: Decided) -> tuple[tuple[str, str], ...]:
    if decided.decision == "close":
        return (("How it ended", decided.outcome),) if decided.outcome else ()
    if decided.on is None:
        return ()
    if decided.decision == "park":
        return (("Looked at again on", day_in_words(decided.on)),)
    return (("Whose word", decided.whose), ("Due", day_in_words(decided.on)))
