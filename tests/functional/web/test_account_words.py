"""What the account page says in sentences, and how it tells what happened."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from changetrack.domain.journey.gate import Missing
from changetrack.operations.journey.evidence import Recorded
from changetrack.operations.journey.gate import GateResult
from changetrack.queries.history import EventView
from changetrack.queries.journey_gate import GateView
from changetrack.web.journey.event_words import GROUPS, event_line
from changetrack.web.journey.words import gate_sentence, gate_words, listed, recorded_words

DAY = date(2026, 3, 2)


def gate(step: int, missing: int) -> GateView:
    """A gate with so many points missing."""
    points = tuple(Missing(f"{n}a", n, "Something.") for n in range(missing))
    return GateView(step, points, customer_signs=False, proposal=None, last_ended=None)


def happened(kind: str, changes: Mapping[str, list[Any]] | None = None, **more: Any) -> EventView:
    """Something that Olu did on DAY."""
    given = {"actor": "olu@example.com", "note": None, "is_progress": False} | more
    return EventView(1, kind, given["actor"], DAY, datetime(2026, 3, 2, 9, tzinfo=UTC), dict(changes or {}),
                     given["note"], given["is_progress"])  # fmt: skip


@pytest.mark.parametrize(
    ("step", "missing", "sentence"),
    [
        (1, 0, "Nothing stands between Acme and step 2"),
        (1, 1, "One thing stands between Acme and step 2"),
        (3, 2, "Two things stand between Acme and step 4"),
        (3, 11, "11 things stand between Acme and step 4"),
        (8, 2, "Two things stand between Acme and being anchored"),
        (9, 1, "One thing no longer carries the claim"),
        (9, 0, "Acme is anchored"),
    ],
)
def test_the_gate_is_one_sentence(step: int, missing: int, sentence: str) -> None:
    assert gate_sentence("Acme", gate(step, missing)) == sentence


@pytest.mark.parametrize(
    ("passes", "holds", "words"),
    [
        (True, True, "3b holds now: yes, this is so."),
        (True, False, "Recorded. 3b needs more than this word: yes, this is so."),
        (False, False, "Recorded, but 3b does not hold: yes, this is so."),
    ],
)
def test_recording_says_what_became_of_the_point(passes: bool, holds: bool, words: str) -> None:
    assert recorded_words("3b", Recorded(1, passes, "yes, this is so.", holds)) == words


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (GateResult(False, 3, ("the team coordinator", "a named person of the customer")),
         "It now waits for the team coordinator and a named person of the customer."),
        (GateResult(True, 2, ()), "Acme is at step 2 now, Create the guiding coalition."),
        (GateResult(True, 9, ()), "Acme is anchored."),
        (GateResult(True, 9, (), self_attested=True),
         "Acme is anchored. It is labelled self-attested: nobody else is in the team."),
    ],
)  # fmt: skip
def test_a_sign_off_says_where_the_account_is_or_whom_it_waits_for(result: GateResult, words: str) -> None:
    assert gate_words("Acme", result) == words


def test_words_are_listed_as_one_phrase() -> None:
    assert [listed(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("event", "title"),
    [
        (happened("evidence_recorded", {"1c": [False, True]}), "Evidence recorded for 1c: it holds"),
        (happened("evidence_recorded", {"1c": [False, False]}), "Evidence recorded for 1c: it does not hold"),
        (happened("point_lost", {"2a": [True, False]}), "The record no longer proves 2a"),
        (happened("contact_added", {"name": [None, "Mara"]}), "Person added: Mara"),
        (happened("contact_edited", {"title": [None, "COO"]}, note="Mara"), "Person edited: Mara"),
        (happened("advance_proposed", {"proposal": [None, "1 Establish urgency"]}),
         "Proposed to advance from step 1 Establish urgency"),
        (happened("something_new_and_strange"), "Something new and strange"),
    ],
)  # fmt: skip
def test_an_event_has_a_title_in_words(event: EventView, title: str) -> None:
    assert event_line(event, {}).title == title


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"claimed_step": [1, 2]}, ("Step", "1 Establish urgency", "2 Create the guiding coalition")),
        ({"claimed_step": [8, 9]}, ("Step", "8 Anchor new approaches in the culture", "Anchored")),
        ({"reason": [None, "sponsor_left"]}, ("Reason", "", "Sponsor left")),
        ({"gap_by": [None, "2026-12-31"]}, ("By", "", "31 Dec 2026")),
        ({"valid_until": [None, "2027-02-20"]}, ("Their word is good until", "", "19 Feb 2027")),
        ({"in_coalition": [False, True]}, ("In the coalition", "no", "yes")),
        ({"path_roles": [[], ["user", "buyer"]]}, ("Roles", "", "user, buyer")),
        ({"reasons": [["no_progress"], []]}, ("Reasons", "no progress", "")),
        ({"gap_from": ["0123456789", "8"]}, ("From", "0123456789", "8")),
    ],
)
def test_a_change_is_told_in_words(changes: Mapping[str, list[Any]], told: tuple[str, str, str]) -> None:
    assert event_line(happened("account_edited", changes), {}).changes == (told,)


@pytest.mark.parametrize(
    ("actor", "by"),
    [
        ("olu@example.com", "Olu"),
        ("gone@example.com", "gone@example.com"),
        ("system:stale-sweep", "the system (stale-sweep)"),
        ("operator:cli", "the operator (cli)"),
    ],
)
def test_an_event_says_who_acted(actor: str, by: str) -> None:
    assert event_line(happened("account_edited", actor=actor), {"olu@example.com": "Olu"}).by == by


def test_each_kind_belongs_to_one_group() -> None:
    kinds = [kind for _, group in GROUPS.values() for kind in group]

    assert len(kinds) == len(set(kinds))
