"""From which day a change is so: in the evidence of control points, the history, the ledger, and the nightly record."""

from datetime import UTC, date, timedelta

import pytest
from sqlalchemy import select

from changetrack.domain.people import Actor
from changetrack.models import Event, Evidence, ValueSnapshot
from changetrack.operations.funnel import take_snapshot
from changetrack.operations.journey.opening import open_account
from changetrack.operations.value.recognition import recognise_account, recognise_accounts
from changetrack.queries.verify import verify
from tests.factories._saving import Saver
from tests.factories.use import FIRST_DAY, NIGHT, Use, moment, week

OPERATOR = Actor.operator("shell")
LAPSE = [41, 44, 47, 40, 45, 46, 44, 48, 52, 30, 22]
ONE_DAY = timedelta(days=1)


@pytest.fixture
def use(session: Saver) -> Use:
    """An account that is open, and an outcome that is agreed and attested to."""
    use = Use(session)
    opening = {"beneficiary": "Plants", "value_statement": "Close in a day", "effective_on": FIRST_DAY}
    moments = {"now": moment(FIRST_DAY), "today": FIRST_DAY}
    open_account(**opening, account_id=use.account_id, actor=OPERATOR, **moments)  # type: ignore[arg-type]
    use.propose(plan_start=FIRST_DAY)
    use.say("agreed", FIRST_DAY)
    use.say("attested", date(2026, 1, 28))
    return use


def recognise(use: Use, today: date, *, together: bool) -> None:
    """The job comes by, at first for many accounts together."""
    if together:
        recognise_accounts(account_ids=[use.account_id], actor=NIGHT, now=moment(today), today=today)
    recognise_account(account_id=use.account_id, actor=NIGHT, now=moment(today), today=today)
    use.session.rollback()


def wins(use: Use) -> list[tuple[date, date | None]]:
    """Since when, and until when, evidence says that there is a confirmed outcome."""
    rows = use.session.scalars(select(Evidence).where(Evidence.point == "6b").order_by(Evidence.seq))
    return [(row.effective_on, row.retracted_on) for row in rows]


@pytest.mark.parametrize("together", [False, True])
def test_a_win_is_lost_from_the_day_on_which_use_lapsed(use: Use, together: bool) -> None:
    use.weeks(LAPSE)

    for number in range(5, 13):
        recognise(use, week(number), together=together)

    assert wins(use) == [(date(2026, 2, 2), date(2026, 3, 9))]


@pytest.mark.parametrize("together", [False, True])
def test_what_lapsed_and_came_back_during_an_outage_was_not_so_in_between(use: Use, together: bool) -> None:
    use.weeks([*LAPSE, 45, 46, 44, 41])
    recognise(use, week(6), together=together)

    recognise(use, week(16), together=together)

    assert wins(use) == [(date(2026, 2, 2), date(2026, 3, 9)), (date(2026, 4, 20), None)]


@pytest.mark.parametrize("together", [False, True])
def test_the_history_says_since_when_an_outcome_is_at_risk(use: Use, together: bool) -> None:
    use.weeks(LAPSE[:10])

    for number in (6, 11):
        recognise(use, week(number), together=together)

    risk = select(Event.effective_on).where(Event.kind == "outcome_at_risk")
    assert use.session.scalars(risk).all() == [date(2026, 3, 9)]


@pytest.mark.parametrize("together", [False, True])
def test_half_a_year_of_short_months_takes_a_seventh(session: Saver, together: bool) -> None:
    use = Use(session)
    use.propose(period="month", confirm_after=1, restore_after=1, requires_attestation=False)
    use.say("agreed", date(2026, 1, 1), recorded_on=FIRST_DAY)
    for month in range(1, 9):
        use.count(date(2026, month, 10), 50)

    lasted = []
    for last in (date(2026, 1, 31), date(2026, 7, 31), date(2026, 8, 31)):  # February to July are 181 days
        recognise(use, last, together=together)
        lasted.append(session.scalars(select(Evidence.effective_on).where(Evidence.point == "8c")).all())

    assert lasted == [[], [], [date(2026, 8, 31)]]


@pytest.mark.parametrize("together", [False, True])
def test_a_week_that_is_corrected_below_the_threshold_breaks_half_a_year_of_use(session: Saver, together: bool) -> None:
    use = Use(session)
    use.propose(confirm_after=1, restore_after=1, requires_attestation=False)
    use.say("agreed", FIRST_DAY)
    use.weeks([45] * 28)
    recognise(use, week(29), together=together)
    lasting = select(Evidence.seq).where(Evidence.point == "8c", Evidence.retracted_on.is_(None))
    before = len(session.scalars(lasting).all())

    use.count(week(12) + 2 * ONE_DAY, 5, recorded_on=week(30))
    recognise(use, week(30), together=together)

    assert (before, session.scalars(lasting).all()) == (1, [])


def test_a_number_that_is_corrected_and_put_right_within_a_day_rewrites_no_earlier_day(use: Use) -> None:
    use.weeks(LAPSE[:8])
    today = date(2026, 3, 5)
    use.recognise(today)
    before = use.realized(date(2026, 3, 1), today - ONE_DAY)

    for number in (5, 46):
        use.count(week(6) + 2 * ONE_DAY, number, recorded_on=today)
        use.recognise(today)

    assert use.realized(date(2026, 3, 1), today - ONE_DAY) == before
    assert verify(today=today).differences == ()


def test_the_nightly_record_holds_no_promise_of_the_day_after(use: Use) -> None:
    saturday = week(1) + 5 * ONE_DAY
    sunday = saturday + ONE_DAY
    for day in (FIRST_DAY, sunday):
        use.recognise(day)

    take_snapshot(day=saturday, zone=UTC, actor=OPERATOR, now=moment(sunday), today=sunday)
    take_snapshot(day=sunday, zone=UTC, actor=OPERATOR, now=moment(week(2)), today=week(2))

    rows = select(ValueSnapshot.day, ValueSnapshot.promised).where(ValueSnapshot.field == "")
    assert [tuple(row) for row in use.session.execute(rows)] == [(sunday, 10_000)]
