"""The list behind a figure of a past funnel holds exactly the accounts that it counts."""

from datetime import UTC, date

import pytest
from hypothesis import HealthCheck, given, settings

from changetrack.domain.funnel import OPEN_PLACES, PLACES, end_of_day
from changetrack.domain.people import Actor
from changetrack.queries.account_filters import AccountFilters
from changetrack.queries.accounts import list_accounts
from changetrack.queries.funnel import get_funnel
from tests.factories import make_account
from tests.factories._saving import Saver
from tests.integration.queries.histories import (
    LAST_DAY,
    OPERATOR,
    Stood,
    day_of_2026,
    days,
    domain_example,
    histories,
    moments,
    write,
)

on = day_of_2026
on_both_databases = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)


@pytest.fixture
def six_accounts(session: Saver) -> None:
    """Six accounts, numbered as the histories number them."""
    for number in range(1, 7):
        make_account(session, id=number, name=f"Account {number}")


def listed(as_of: date, known_at: date, actor: Actor = OPERATOR, **asked: object) -> list[int]:
    """The accounts of the list."""
    until = end_of_day(known_at, UTC) if known_at < LAST_DAY else None
    filters = AccountFilters(as_of=as_of, known_until=until, **asked)  # type: ignore[arg-type]  # the test's own
    return [row.id for row in list_accounts(filters, actor=actor, today=LAST_DAY).rows]


@pytest.mark.usefixtures("six_accounts")
@pytest.mark.parametrize(
    ("as_of", "known_at", "place", "expected"),
    [
        pytest.param(on(1, 31), on(1, 31), 1, [2, 3, 4], id="step 1 of january, as known then"),
        pytest.param(on(1, 31), on(2, 5), 2, [1, 3], id="step 2 of january, as known later"),
        pytest.param(on(2, 28), LAST_DAY, 11, [4], id="closed in february"),
    ],
)
def test_the_worked_example_leads_to_its_accounts(
    session: Saver, as_of: date, known_at: date, place: int, expected: list[int]
) -> None:
    write(session, domain_example())

    assert listed(as_of, known_at, places=frozenset((place,))) == expected


@pytest.mark.usefixtures("six_accounts")
@given(rows=histories(), as_of=days, known_at=moments)
@on_both_databases
def test_every_figure_of_the_past_leads_to_as_many_accounts(
    session: Saver, rows: list[Stood], as_of: date, known_at: date
) -> None:
    write(session, rows)

    funnel = get_funnel(actor=OPERATOR, today=LAST_DAY, zone=UTC, as_of=as_of, known_at=known_at)

    for place in PLACES:
        count, at = funnel.picture.counts[place], frozenset((place,))
        assert len(listed(as_of, known_at, places=at)) == count.accounts
        assert len(listed(as_of, known_at, places=at, unsupported=True)) == count.unsupported
        assert len(listed(as_of, known_at, places=at, stale=True)) == count.stale


@pytest.mark.usefixtures("six_accounts")
def test_the_segment_of_then_decides_and_today_s_team_who_may_see_it(session: Saver) -> None:
    rows = [one for one in domain_example() if one.facts.seq == 1]
    write(session, [Stood(one.facts, segment="Small" if one.facts.account_id < 3 else None) for one in rows])
    outsider = Actor("user", 1, "Otto", role="member", teams={99: "member"})

    small = listed(on(1, 31), LAST_DAY, fields={"segment": "Small"})

    assert small == [1, 2]
    assert listed(on(1, 31), LAST_DAY, actor=outsider, places=frozenset(OPEN_PLACES)) == []
