"""Whole lives of outcomes, from day to day: whatever is said and taken back, what is derived follows from the facts."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from changetrack.domain.journey.use_points import OF_OUTCOMES
from changetrack.domain.people import Actor
from changetrack.domain.refusal import OperationRefused
from changetrack.models import Evidence
from changetrack.operations.value.outcomes import withdraw_proposal
from changetrack.operations.value.recognition import recognise_account
from changetrack.queries.verify import verify
from tests.factories import make_daily
from tests.factories.bargain import CARLA, JON, Bargain
from tests.factories.walk import Walk

USE = (41, 44, 47, 40, 45, 46, 44, 48)


@pytest.fixture
def bargain(walk: Walk) -> Bargain:
    """Carla, Jon, and eight weeks of their use, each a week that passes."""
    bargain = Bargain(walk)
    account, metric = walk.account(), bargain.metric("parcels")
    bargain.metric_id = metric.id
    for week, value in enumerate(USE):
        day = date(2026, 1, 5) + timedelta(weeks=week, days=2)
        make_daily(walk.session, account, metric, day=day, recorded_on=day, stated=Decimal(value))
    return bargain


def differences(bargain: Bargain) -> tuple[str, ...]:
    """What does not follow from the facts."""
    found = verify(today=bargain.walk.today)
    bargain.walk.session.rollback()
    return tuple(str(difference) for difference in found.differences)


def how(bargain: Bargain, seq: int) -> tuple[str, str | None, int, int]:
    """How an outcome stands: state, detail, realized, live."""
    outcome = bargain.outcome(seq)
    return outcome.state, outcome.detail, outcome.realized, outcome.live


def confirmed(bargain: Bargain, **terms: object) -> int:
    """An outcome that is confirmed since 2 February."""
    seq = bargain.propose(settle_lag_days=0, **terms)
    bargain.say("agreed", seq, on=date(2026, 1, 5))
    bargain.say("attested", seq, JON, on=date(2026, 1, 28))
    return seq


def test_a_dispute_ends_what_is_live_and_taking_it_back_brings_it_again(bargain: Bargain) -> None:
    seq = confirmed(bargain)

    dispute = bargain.say("disputed", seq, on=bargain.walk.ago(1))
    disputed = (bargain.outcome(seq).state, bargain.outcome(seq).live, differences(bargain))
    bargain.walk.move_on(1)
    bargain.take_back(dispute)
    outcome = bargain.outcome(seq)

    assert disputed == ("disputed", 0, ())
    assert (outcome.state, outcome.realized, outcome.live) == ("confirmed", 40_000, 10_000)
    assert differences(bargain) == ()


def test_new_terms_begin_where_the_old_ones_end_and_fall_back_with_their_agreement(bargain: Bargain) -> None:
    seq = confirmed(bargain)
    new = bargain.change(seq, rate=20_000)
    bargain.walk.move_on(3)

    agreement = bargain.say("agreed", new)
    old, now = how(bargain, seq), how(bargain, new)
    between = differences(bargain)
    bargain.walk.move_on(2)
    bargain.take_back(agreement)

    assert (old, now, between) == (("withdrawn", "replaced", 40_000, 0), ("agreed", None, 0, 0), ())
    assert how(bargain, seq) == ("confirmed", None, 40_000, 10_000)
    assert how(bargain, new) == ("proposed", None, 0, 0)
    assert differences(bargain) == ()


def test_an_edit_of_metric_and_period_takes_its_readings_anew(bargain: Bargain) -> None:
    seq = bargain.propose(settle_lag_days=0)

    bargain.edit(seq, period="month", threshold=Decimal(150))
    bargain.say("agreed", seq, on=date(2026, 1, 1))

    assert bargain.outcome(seq).state == "in_use"
    assert differences(bargain) == ()


def test_a_group_shares_its_limit_through_agreement_and_withdrawal(bargain: Bargain) -> None:
    group = {"overlap_group": "shipping", "group_cap": 15_000}
    first = confirmed(bargain, **group)
    second = confirmed(bargain, statement="Nobody looks for parcels.", **group)
    both = (bargain.outcome(first).live + bargain.outcome(second).live, differences(bargain))

    bargain.say("withdrawn", second)

    assert both == (15_000, ())
    assert bargain.outcome(first).live == 10_000
    assert differences(bargain) == ()


def test_a_proposal_that_is_taken_back_or_disputed_leaves_nothing_behind(bargain: Bargain) -> None:
    gone, disputed = bargain.propose(), bargain.propose(statement="Nobody works on Saturdays.")

    withdraw_proposal(seq=gone, because="They want something else.", **bargain.walk.by("olu"))
    bargain.say("disputed", disputed, CARLA)

    states = [(bargain.outcome(seq).state, bargain.outcome(seq).realized) for seq in (gone, disputed)]
    assert states == [("withdrawn", 0), ("disputed", 0)]
    assert differences(bargain) == ()


def test_what_words_made_of_it_stays_so_when_the_job_looks_again(bargain: Bargain) -> None:
    seq = confirmed(bargain)
    by_words = bargain.outcome(seq)
    before = (by_words.state, by_words.realized, by_words.live, by_words.ledger_seq)

    make_daily(bargain.walk.session, bargain.walk.account(), bargain.metric("faxes"))
    bargain.outcome(seq).due_on = bargain.walk.today
    bargain.walk.session.commit()
    recognise_account(**bargain.walk.by("olu", actor=Actor.system("recognise-value")))

    after = bargain.outcome(seq)
    assert (after.state, after.realized, after.live, after.ledger_seq) == before


def test_a_proposal_with_a_lower_limit_cuts_nothing_before_it_is_agreed(bargain: Bargain) -> None:
    seq = confirmed(bargain, overlap_group="shipping", group_cap=10_000)

    bargain.change(seq, group_cap=5_000)

    assert how(bargain, seq) == ("confirmed", None, 40_000, 10_000)
    assert differences(bargain) == ()


def test_an_agreement_whose_terms_were_replaced_since_is_not_taken_back_before_its_successors(bargain: Bargain) -> None:
    first = confirmed(bargain)
    second = bargain.change(first, rate=20_000)
    agreement = bargain.say("agreed", second)
    third = bargain.change(second, rate=30_000)
    bargain.say("agreed", third)

    with pytest.raises(OperationRefused, match="take that agreement back first"):
        bargain.take_back(agreement)

    assert [bargain.outcome(seq).state for seq in (first, second, third)] == ["withdrawn", "withdrawn", "agreed"]


def test_taking_an_agreement_back_after_other_terms_took_its_place_rewrites_no_past(bargain: Bargain) -> None:
    first = confirmed(bargain)
    second = bargain.change(first, rate=20_000)
    bargain.walk.move_on(3)
    bargain.say("agreed", second, on=bargain.walk.ago(20))
    bargain.walk.move_on(3)

    bargain.take_back(bargain.words(first)[0].seq)

    assert how(bargain, first) == ("withdrawn", "replaced", 0, 0)
    assert differences(bargain) == ()


def test_an_agreement_that_is_taken_back_on_the_same_day_leaves_nothing_behind(bargain: Bargain) -> None:
    seq = bargain.propose(settle_lag_days=0)
    bargain.walk.move_on(5)
    agreement = bargain.say("agreed", seq, on=date(2026, 1, 5))
    promised = bargain.outcome(seq).promised

    bargain.take_back(agreement)

    assert (promised, bargain.outcome(seq).promised, bargain.outcome(seq).probationary) == (80_000, 0, 0)
    assert differences(bargain) == ()


def test_a_clock_that_was_put_back_takes_nothing_back_before_it_was_known(bargain: Bargain) -> None:
    seq = confirmed(bargain)
    ahead = bargain.walk.today
    bargain.walk.move_on(-20)

    bargain.take_back(bargain.words(seq)[0].seq)

    assert bargain.words(seq)[0].retracted_on == ahead
    assert how(bargain, seq) == ("proposed", None, 0, 0)


def test_points_that_rested_on_an_agreement_fall_when_it_is_taken_back(bargain: Bargain) -> None:
    seq = confirmed(bargain)
    before = held(bargain)
    bargain.walk.move_on(2)

    bargain.take_back(bargain.words(seq)[0].seq)

    assert before == {"3c", "6a", "6b"}
    assert held(bargain) == set()


def held(bargain: Bargain) -> set[str]:
    """The points resting on outcomes of which evidence counts."""
    bargain.walk.session.rollback()
    mine = (Evidence.account_id == bargain.walk.account_id, Evidence.retracted_on.is_(None))
    points = bargain.walk.session.scalars(select(Evidence.point).where(*mine, Evidence.point.in_(OF_OUTCOMES)))
    return set(points)
