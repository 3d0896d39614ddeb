"""Claims about whether alerts help, and when a wider limit is proposed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.journey.playbook import StepRules
from changetrack.domain.staleness import StaleLimits
from changetrack.domain.usefulness import Usefulness, proposal


def limits(progress_days: int | None) -> StaleLimits:
    return StaleLimits(45, progress_days, "playbook 3")


def test_usefulness_is_the_share_that_progress_followed() -> None:
    assert Usefulness(3, 20, 9).share == 0.45
    assert Usefulness(3, 0, 0).share is None


def test_where_less_than_half_help_a_wider_limit_is_proposed_in_words() -> None:
    found = proposal(Usefulness(3, 24, 9), limits(10))

    assert found is not None
    assert (found.step, found.present, found.proposed) == (3, 10, 15)
    assert found.words == (
        "Progress followed only 9 of the last 24 alerts of step 3 within 10 business days. "
        "Consider 15 business days without progress instead of 10."
    )


@pytest.mark.parametrize(("present", "proposed"), [(10, 15), (15, 23), (1, 2), (3649, 3650)])
def test_half_as_long_again_is_rounded_up(present: int, proposed: int) -> None:
    found = proposal(Usefulness(6, 20, 0), limits(present))

    assert found is not None
    assert found.proposed == proposed


@pytest.mark.parametrize(("alerts", "followed"), [(0, 0), (19, 0), (20, 10), (40, 30)])
def test_too_few_alerts_or_useful_ones_propose_nothing(alerts: int, followed: int) -> None:
    assert proposal(Usefulness(3, alerts, followed), limits(10)) is None


@pytest.mark.parametrize("present", [None, 3650])
def test_a_limit_that_cannot_be_wider_is_left_alone(present: int | None) -> None:
    assert proposal(Usefulness(3, 20, 0), limits(present)) is None


def test_the_rules_of_a_playbook_say_the_present_limit_too() -> None:
    assert proposal(Usefulness(3, 20, 0), StepRules(3, (), 45, 10)) == proposal(Usefulness(3, 20, 0), limits(10))


@given(st.integers(0, 60), st.integers(0, 60), st.none() | st.integers(1, 3650))
def test_a_proposal_is_always_wider_and_always_called_for(alerts: int, followed: int, present: int | None) -> None:
    usefulness = Usefulness(3, alerts, min(alerts, followed))

    found = proposal(usefulness, limits(present))

    if found is not None:
        assert present is not None
        assert found.proposed > present
        assert usefulness.alerts >= 20
        assert usefulness.followed * 2 < usefulness.alerts
