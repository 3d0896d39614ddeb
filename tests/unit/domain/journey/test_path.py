"""The path tells held from working, slipping from unsupported, and expiring from holding."""

from datetime import date, timedelta

import pytest

from changetrack.domain.journey.default_playbook import DEFAULT_PLAYBOOK
from changetrack.domain.journey.evidence import EvidenceFact
from changetrack.domain.journey.gate import Judged, judge
from changetrack.domain.journey.path import point_condition, slips, step_state
from changetrack.domain.journey.playbook import parse_playbook

RULES = parse_playbook(1, DEFAULT_PLAYBOOK).steps
DAY = date(2026, 3, 2)
GRACE = 14  # days, of steps 1 to 5


def judged(*facts: EvidenceFact) -> Judged:
    """All points on DAY by these facts."""
    return judge(RULES, facts, DAY)


def fact(point: str, *, ended: int | None = None, ends: int | None = None) -> EvidenceFact:
    """Evidence of last year that ended some days ago, ends in some days, or goes on."""
    expires = (
        None if ended is None and ends is None else DAY + timedelta(days=ends if ends is not None else -(ended or 0))
    )
    return EvidenceFact(int(point[0]) * 10 + ord(point[1]), point, True, DAY - timedelta(days=365), expires)


STEP_1 = (fact("1a"), fact("1b"), fact("1c"))


def test_a_step_whose_points_all_hold_is_held() -> None:
    assert step_state(1, 2, judged(*STEP_1), DAY) == "held"


def test_the_claimed_step_is_worked_on_until_its_points_hold() -> None:
    assert step_state(2, 2, judged(*STEP_1, fact("2c")), DAY) == "working"


def test_a_step_ahead_of_the_claim_is_not_reached_though_points_of_it_hold() -> None:
    assert step_state(2, 1, judged(fact("2a"), fact("2b"), fact("2c")), DAY) == "not_reached"


@pytest.mark.parametrize(("ended", "state"), [(1, "slipping"), (GRACE - 1, "slipping"), (GRACE, "not_supported")])
def test_a_step_left_behind_slips_for_its_grace_and_is_not_supported_then(ended: int, state: str) -> None:
    assert step_state(1, 2, judged(fact("1a"), fact("1b"), fact("1c", ended=ended)), DAY) == state


def test_a_step_left_behind_without_evidence_it_ever_had_is_not_supported() -> None:
    assert step_state(1, 2, judged(fact("1a"), fact("1c", ended=1)), DAY) == "not_supported"


@pytest.mark.parametrize(("ended", "state"), [(1, "slipping"), (GRACE, "working")])
def test_the_claimed_step_slips_only_within_the_grace(ended: int, state: str) -> None:
    assert step_state(1, 1, judged(fact("1a"), fact("1c", ended=ended)), DAY) == state


def test_slips_name_the_point_and_the_end_of_its_grace() -> None:
    found = slips(2, judged(fact("1a"), fact("1b"), fact("1c", ended=4)))

    assert [(slip.point.key, slip.ended_on, slip.grace_ends_on) for slip in found] == [
        ("1c", DAY - timedelta(days=4), DAY + timedelta(days=GRACE - 4))
    ]


def test_a_point_of_a_step_ahead_does_not_slip() -> None:
    assert slips(1, judged(fact("2c", ended=4))) == []


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ((fact("1c"),), "holds"),
        ((fact("1c", ends=15),), "holds"),
        ((fact("1c", ends=14),), "expiring"),
        ((fact("1c", ended=0),), "slipping"),
        ((fact("1c", ended=GRACE),), "missing"),
        ((), "missing"),
    ],
)
def test_a_point_expires_within_a_fortnight_and_slips_for_its_grace(
    facts: tuple[EvidenceFact, ...], state: str
) -> None:
    point = next(p for p in RULES[1].points if p.key == "1c")

    assert point_condition(point, judged(*facts).states["1c"], DAY) == state
