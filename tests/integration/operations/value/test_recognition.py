"""Use arrives, the job comes by, the ledger follows: the worked examples of DOMAIN section 5, end to end."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from changetrack.models import Account, Event, ValueFlow
from tests.factories._saving import Saver
from tests.factories.use import FIRST_DAY, Use, week

V2 = [41, 44, 47, 40, 45, 46, 44, 48]
V4 = [*V2, 52, 30, 22, 45, 46, 44, 41, 43]


def day(month: int, number: int) -> date:
    return date(2026, month, number)


@pytest.fixture
def use(session: Saver) -> Use:
    return Use(session)


def agreed(use: Use, **terms: object) -> Use:
    use.propose(**terms)
    use.say("agreed", FIRST_DAY)
    return use


def test_v1_use_that_fell_before_it_was_confirmed_is_worth_nothing(use: Use) -> None:
    agreed(use).weeks([45, 48, 12])
    use.say("attested", day(1, 28))

    use.recognise(day(1, 25))

    assert (use.outcome().state, use.realized(day(1, 25))) == ("in_use", 0)


def test_v1b_nothing_accrues_without_agreement(use: Use) -> None:
    use.propose()
    use.weeks([45] * 10)

    use.recognise(day(3, 15))

    assert (use.outcome().state, use.ledger()) == ("proposed", [])


def test_v2_confirmed_use_accrues(use: Use) -> None:
    agreed(use).weeks(V2)
    use.say("attested", day(1, 28))

    use.recognise(day(3, 1))

    assert use.outcome().confirmed_from == day(2, 2)
    assert [use.realized(on) for on in (day(2, 1), day(2, 8), day(3, 1))] == [0, 10_000, 40_000]
    assert (use.outcome().realized, use.outcome().live) == (40_000, 10_000)
    assert use.account().value == {"USD": [80_000, 40_000, 40_000, 10_000]}


def test_v4_use_that_lapses_stops_accruing_and_comes_back(use: Use) -> None:
    agreed(use).weeks(V4)
    use.say("attested", day(1, 28))
    seen = {}

    for on in (day(3, 8), day(3, 15), day(3, 22), day(4, 19), day(4, 26)):
        use.recognise(on)
        outcome = use.outcome()
        seen[on] = (outcome.state, outcome.detail, outcome.realized, outcome.live)

    assert list(seen.values()) == [
        ("confirmed", None, 50_000, 10_000),
        ("confirmed", "at_risk", 50_000, 0),
        ("lapsed", "use", 50_000, 0),
        ("confirmed", None, 50_000, 10_000),
        ("confirmed", None, 60_000, 10_000),
    ]
    assert use.outcome().confirmed_from == day(4, 20)


def test_v11_the_ratio_of_what_was_realized_to_what_was_promised(use: Use) -> None:
    agreed(use, plan_start=FIRST_DAY, plan_periods=26).weeks(V4)
    use.say("attested", day(1, 28))

    use.recognise(day(4, 26))

    assert (use.outcome().promised, use.outcome().realized) == (160_000, 60_000)


def test_v6_a_spell_too_short_to_be_a_habit_is_reversed(use: Use) -> None:
    agreed(use).weeks([41, 44, 47, 40, 45, 46, 33, 28])
    use.say("attested", day(1, 28))

    use.recognise(day(3, 1))

    assert [use.realized(on) for on in (day(2, 15), day(2, 22), day(3, 1))] == [20_000, 20_000, 0]
    assert use.realized(day(2, 15), known_at=day(2, 16)) == 20_000
    assert [entry.amount for entry in use.ledger("realized") if entry.cause == "reversed"] == [-20_000]


def test_v8_a_week_without_data_counts_once_its_number_comes(use: Use) -> None:
    agreed(use).weeks([41, 44, 47, 40, None, 44])
    use.say("attested", day(1, 28))
    use.recognise(day(2, 19))

    use.count(week(5), 43, recorded_on=day(2, 20))
    use.recognise(day(2, 20))

    assert use.realized(day(2, 15), known_at=day(2, 19)) == 10_000
    assert use.realized(day(2, 15), known_at=day(2, 20)) == 20_000


def test_v9_a_correction_posts_the_difference(use: Use) -> None:
    agreed(use).weeks([*V2, 52])
    use.say("attested", day(1, 28))
    use.recognise(day(3, 9))
    before = use.postings()

    use.count(week(6) + timedelta(days=2), 31, recorded_on=day(3, 10))
    use.recognise(day(3, 10))

    assert use.realized(day(3, 8), known_at=day(3, 9)) == 50_000
    assert use.realized(day(3, 8), known_at=day(3, 10)) == 40_000
    assert set(before) < set(use.postings())
    correction = use.ledger("realized")[-1]
    assert (correction.cause, correction.reading_recorded_on) == ("corrected", day(3, 10))


def test_a_retracted_attestation_takes_back_what_rested_on_it(use: Use) -> None:
    agreed(use).weeks(V2)
    use.say("attested", day(1, 28))
    use.recognise(day(3, 1))

    use.retract("attested", day(3, 3))
    use.recognise(day(3, 3))

    assert (use.realized(day(3, 1), known_at=day(3, 2)), use.realized(day(3, 1), known_at=day(3, 3))) == (40_000, 0)
    assert (use.outcome().state, use.outcome().realized) == ("in_use", 0)


@pytest.mark.parametrize("change", ["UPDATE ledger SET amount = 1", "DELETE FROM ledger"])
def test_what_was_posted_cannot_be_changed(use: Use, session: Saver, change: str) -> None:
    agreed(use).weeks(V2)
    use.say("attested", day(1, 28))
    use.recognise(day(3, 1))

    with pytest.raises(DBAPIError):
        session.execute(text(change))


def test_outcomes_of_a_group_share_its_cap(use: Use) -> None:
    for seq in (1, 2):
        use.propose(overlap_group="orders", group_cap=15_000)
        use.say("agreed", FIRST_DAY, seq)
        use.say("attested", day(1, 28), seq)
    use.weeks(V2)

    use.recognise(day(3, 1))

    assert [use.outcome(seq).realized for seq in (1, 2)] == [30_000, 30_000]
    assert use.account().value["USD"][2:] == [60_000, 15_000]


def test_an_outcome_alone_due_brings_its_group_along(use: Use) -> None:
    for seq in (1, 2):
        use.propose(overlap_group="orders", group_cap=15_000)
        use.say("agreed", FIRST_DAY, seq)
    use.say("attested", day(1, 28), 1)
    use.weeks(V2)
    use.recognise(day(3, 1))
    alone = use.outcome(1).realized

    use.say("attested", day(1, 28), 2, recorded_on=day(3, 2))
    use.recognise(day(3, 2))

    assert (alone, [use.outcome(seq).realized for seq in (1, 2)]) == (40_000, [30_000, 30_000])


def test_a_state_that_moves_up_is_progress(use: Use, session: Saver) -> None:
    agreed(use).weeks(V2)
    use.say("attested", day(1, 28))

    for on in (day(1, 12), day(2, 2), day(3, 1)):
        use.recognise(on)

    events = session.query(Event).where(Event.kind.startswith("outcome_")).order_by(Event.seq).all()
    assert [(e.kind, e.effective_on, e.is_progress) for e in events] == [
        ("outcome_in_use", day(1, 5), True),
        ("outcome_confirmed", day(2, 2), True),
    ]
    assert session.get_one(Account, use.account_id).progress_on == day(2, 2)


def test_a_lapse_is_told_and_is_no_progress(use: Use, session: Saver) -> None:
    agreed(use).weeks(V4)
    use.say("attested", day(1, 28))
    use.recognise(day(3, 8))

    use.recognise(day(3, 22))

    event = session.query(Event).order_by(Event.seq.desc()).where(Event.kind.startswith("outcome_")).first()
    assert event is not None
    assert (event.kind, event.effective_on, event.is_progress) == ("outcome_lapsed", day(3, 9), False)
    assert event.changes["detail"] == [None, "use"]


def test_the_account_says_since_when_its_use_is_falling(use: Use) -> None:
    agreed(use).weeks(V4)
    use.say("attested", day(1, 28))

    use.recognise(day(3, 15))
    falling = use.account().falling_since, use.account().falling_why
    use.recognise(day(4, 26))

    assert falling[0] == week(10)
    assert falling[1] is not None
    assert falling[1].startswith("“Orders leave the house")
    assert (use.account().falling_since, use.account().falling_why) == (None, None)


@pytest.mark.parametrize(("last", "since"), [(41, None), (37, week(11))])
def test_a_signal_below_the_natural_limits_is_falling_use(use: Use, last: int, since: date | None) -> None:
    agreed(use, threshold=30).weeks([52, 49, 55, 51, 47, 53, 50, 56, 48, 54, last])
    use.say("attested", day(1, 28))

    use.recognise(week(12))

    assert (use.outcome().state, use.account().falling_since) == ("confirmed", since)


def test_the_flows_of_each_month_add_up_to_the_ledger(use: Use, session: Saver) -> None:
    agreed(use).weeks(V4)
    use.say("attested", day(1, 28))

    for on in (day(2, 10), day(3, 15), day(4, 26)):
        use.recognise(on)

    flows = {(flow.month.month, flow.line): flow.amount for flow in session.query(ValueFlow)}
    assert [flows.get((month, "accrued"), 0) for month in (2, 3, 4)] == [30_000, 20_000, 10_000]
    assert [flows.get((month, "promised"), 0) for month in (1, 2, 3, 4)] == [30_000, 40_000, 50_000, 40_000]


def test_recognising_again_changes_nothing(use: Use) -> None:
    agreed(use).weeks(V4)
    use.say("attested", day(1, 28))
    use.recognise(day(3, 22))
    before = use.postings(), use.readings(), use.account().event_seq

    use.say("not_yet", day(3, 22))
    use.recognise(day(3, 22))

    assert (use.postings(), use.readings(), use.account().event_seq) == before


def test_many_outcomes_take_as_many_statements_as_one(
    use: Use, counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    use.weeks(V2)
    statements = {}
    for seqs in (range(1, 3), range(3, 4), range(4, 10)):
        for seq in seqs:
            use.propose()
            use.say("agreed", FIRST_DAY, seq)
            use.say("attested", day(1, 28), seq)
        with counted() as seen:
            use.recognise(day(3, 1))
        statements[len(seqs)] = len(seen)

    assert statements[6] <= statements[1]
    assert use.account().value["USD"][3] == 9 * 10_000


def test_a_rehearsal_of_an_earlier_day_leaves_alone_what_is_known_already(use: Use) -> None:
    agreed(use).weeks(V2)
    use.recognise(day(3, 1))
    use.count(week(8), 50, recorded_on=day(3, 1))

    use.recognise(day(2, 20))

    assert use.outcome().recognised_on == day(3, 1)
