"""Whether alerts helped: progress within ten business days, once, and the share of each step."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden
from changetrack.models import Account, Alert
from changetrack.operations.usefulness import measure_alerts
from changetrack.queries.usefulness import get_usefulness
from tests.clock import NOW, TODAY
from tests.factories import Cast, make_account, make_alert, make_event, make_message
from tests.factories._saving import Saver

NIGHT = Actor.system("measure-alerts")
RAISED_ON = date(2026, 2, 10)
RAISED_AT = NOW - timedelta(days=20)
UNTIL = date(2026, 2, 24)
LAST_MOMENT = datetime(2026, 2, 24, 23, 59, tzinfo=UTC)


def raised(session: Saver, account: Account, **fields: Any) -> Alert:
    given: dict[str, Any] = {"raised_on": RAISED_ON, "raised_at": RAISED_AT, "useful_until": UNTIL}
    return make_alert(session, account, **{**given, **fields})


def progress(session: Saver, account: Account, on: date, **fields: Any) -> None:
    given: dict[str, Any] = {"is_progress": True, "effective_on": on, "recorded_at": LAST_MOMENT}
    make_event(session, account, **{**given, **fields})


def measure(today: date = TODAY) -> dict[str, int]:
    return measure_alerts(zone=UTC, actor=NIGHT, now=NOW, today=today)


@pytest.mark.parametrize(
    ("on", "useful"), [(RAISED_ON, True), (UNTIL, True), (UNTIL + timedelta(days=1), False), (date(2026, 2, 9), False)]
)
def test_progress_within_the_days_makes_an_alert_useful(session: Saver, on: date, useful: bool) -> None:
    account = make_account(session, claimed_step=3, visit_seq=1)
    alert = raised(session, account)
    progress(session, account, on)

    counts = measure()

    session.refresh(alert)
    assert alert.useful is useful
    assert counts == {"useful": int(useful), "useless": int(not useful)}


def test_what_is_no_progress_or_came_before_does_not_count(session: Saver) -> None:
    account = make_account(session, claimed_step=3, visit_seq=1)
    alert = raised(session, account)
    progress(session, account, UNTIL, is_progress=False)
    progress(session, account, RAISED_ON, recorded_at=RAISED_AT - timedelta(minutes=5))

    measure()

    session.refresh(alert)
    assert alert.useful is False


@pytest.mark.parametrize("night", [UNTIL + timedelta(days=1), TODAY])
def test_progress_that_was_told_after_the_days_does_not_count_however_late_it_is_measured(
    session: Saver, night: date
) -> None:
    account = make_account(session, claimed_step=3, visit_seq=1)
    alert = raised(session, account)
    progress(session, account, UNTIL, recorded_at=LAST_MOMENT + timedelta(minutes=1))

    measure(night)

    session.refresh(alert)
    assert alert.useful is False


def test_days_end_where_the_house_is(session: Saver) -> None:
    account = make_account(session, claimed_step=3, visit_seq=1)
    alert = raised(session, account)
    progress(session, account, UNTIL)

    measure_alerts(zone=ZoneInfo("Asia/Tokyo"), actor=NIGHT, now=NOW, today=TODAY)

    session.refresh(alert)
    assert alert.useful is False


def test_each_alert_is_measured_by_its_own_days(session: Saver) -> None:
    alerts = []
    for days in range(3):
        account = make_account(session, claimed_step=3, visit_seq=1)
        alerts.append(raised(session, account, useful_until=UNTIL - timedelta(days=days)))
        progress(session, account, UNTIL - timedelta(days=days), recorded_at=LAST_MOMENT - timedelta(days=1))

    assert measure() == {"useful": 2, "useless": 1}
    for alert in alerts:
        session.refresh(alert)
    assert [alert.useful for alert in alerts] == [True, True, False]


def test_within_its_days_an_alert_is_measured_only_if_progress_came(session: Saver) -> None:
    helped, waiting = (make_account(session, claimed_step=3, visit_seq=1) for _ in range(2))
    alerts = [raised(session, account) for account in (helped, waiting)]
    progress(session, helped, date(2026, 2, 12))

    first, second = measure(date(2026, 2, 20)), measure(date(2026, 2, 20))

    for alert in alerts:
        session.refresh(alert)
    assert [alert.useful for alert in alerts] == [True, None]
    assert (first, second) == ({"useful": 1, "useless": 0}, {"useful": 0, "useless": 0})


def test_an_alert_that_nobody_was_told_of_is_not_measured(session: Saver) -> None:
    account = make_account(session, claimed_step=3, visit_seq=1)
    alert = raised(session, account, quiet=True, useful_until=None)
    progress(session, account, UNTIL)

    assert measure() == {"useful": 0, "useless": 0}
    session.refresh(alert)
    assert alert.useful is None


def test_progress_before_the_first_message_does_not_follow_from_it(session: Saver, cast: Cast) -> None:
    account = make_account(session, claimed_step=3, visit_seq=1)
    alert = raised(session, account)  # by a file; it spoke up a week later
    make_message(
        session, cast.olu, alert_id=alert.id, account_id=account.id, created_at=LAST_MOMENT + timedelta(seconds=1)
    )
    progress(session, account, UNTIL)

    measure()

    session.refresh(alert)
    assert alert.useful is False


def test_usefulness_is_told_by_step_over_a_year_of_ones_own_teams(
    session: Saver, cast: Cast, counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    for step, team, useful, on in (
        (3, cast.team, True, TODAY - timedelta(days=1)),
        (3, cast.team, False, TODAY - timedelta(days=364)),
        (3, cast.team, True, TODAY),  # its days are not over: of those, only what helped is known
        (3, cast.team, True, TODAY - timedelta(days=365)),  # too long ago
        (3, cast.other_team, True, TODAY - timedelta(days=1)),
        (5, cast.team, None, TODAY),  # not known yet
        (9, cast.team, True, TODAY - timedelta(days=1)),
    ):
        account = make_account(session, claimed_step=step, visit_seq=1, team_id=team.id)
        make_alert(session, account, useful=useful, raised_on=on, useful_until=on)

    olu = cast.actor("olu")

    with counted() as statements:
        mine = get_usefulness(actor=olu, today=TODAY)
    everybodys = get_usefulness(actor=cast.actor("ed"), today=TODAY)

    assert len(statements) == 1
    assert (mine[3].alerts, mine[3].followed, mine[3].share) == (2, 1, 0.5)
    assert (mine[5].alerts, mine[5].share) == (0, None)
    assert (mine[9].alerts, everybodys[3].alerts) == (1, 3)


def test_only_who_sees_all_accounts_measures(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        measure_alerts(zone=UTC, actor=cast.actor("olu"), now=NOW, today=TODAY)
