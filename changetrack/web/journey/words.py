"""What the account page says in sentences: the gate, what is left to do, what came of a change."""

from collections.abc import Sequence

from changetrack.domain.journey.steps import ANCHORED, step_name
from changetrack.operations.journey.evidence import Recorded
from changetrack.operations.journey.gate import GateResult
from changetrack.queries.journey import JourneyView
from changetrack.queries.journey_gate import GateView

_COUNTS = ("Nothing", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def next_place(step: int) -> str:
    """Where the gate out of `step` leads, as the end of a sentence."""
    return "being anchored" if step + 1 >= ANCHORED else f"step {step + 1}"


def things(count: int) -> str:
    """How many things, as the beginning of a sentence: `Two things`."""
    number = _COUNTS[count] if count < len(_COUNTS) else str(count)
    return number if count == 0 else f"{number} thing{'' if count == 1 else 's'}"


def gate_sentence(name: str, gate: GateView) -> str:
    """What stands between an account and the next step, in one sentence without its end; once anchored, what fails."""
    count = len(gate.missing)
    if gate.step >= ANCHORED:
        return (
            f"{things(count)} no longer carr{'y' if count > 1 else 'ies'} the claim" if count else f"{name} is anchored"
        )
    return f"{things(count)} {'stand' if count > 1 else 'stands'} between {name} and {next_place(gate.step)}"


def left_sentence(view: JourneyView) -> str:
    """What is left to do before the next step; empty where no gate is ahead."""
    if view.standing.status != "active":
        return ""
    place, count = next_place(view.gate.step), len(view.gate.missing)
    if view.gate.proposal:
        return f"The proposal for {place} waits for sign-offs."
    if not count:
        return f"Nothing is left before {place}: propose to advance."
    return f"{things(count)} {'are' if count > 1 else 'is'} left before {place}."


def recorded_words(point: str, recorded: Recorded) -> str:
    """What became of a control point by a piece of evidence."""
    because = recorded.explanation.rstrip(".")
    if recorded.holds:
        return f"{point} holds now: {because}."
    if recorded.passes:
        return f"Recorded. {point} needs more than this word: {because}."
    return f"Recorded, but {point} does not hold: {because}."


def gate_words(name: str, result: GateResult) -> str:
    """What came of a proposal or a sign-off."""
    if not result.advanced:
        return f"It now waits for {listed(result.needed)}."
    label = " It is labelled self-attested: nobody else is in the team." if result.self_attested else ""
    if result.claimed_step == ANCHORED:
        return f"{name} is anchored.{label}"
    return f"{name} is at step {result.claimed_step} now, {step_name(result.claimed_step)}.{label}"


def listed(words: Sequence[str]) -> str:
    """Several words as one phrase: `a, b and c`."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
