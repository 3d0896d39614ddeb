"""The funnel of a past date, counted by the database, is what the rules say, whatever was recorded when."""

from datetime import UTC, date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from changetrack.domain.funnel import CLOSED, FLOWS, OPEN_PLACES, end_of_day, movement, snapshot
from changetrack.queries.funnel import get_funnel
from changetrack.queries.funnel_overview import find_overview
from changetrack.queries.movement import get_flows, get_movement, list_moves
from tests.factories._saving import Saver
from tests.integration.queries.histories import (
    LAST_DAY,
    OPERATOR,
    Stood,
    day_of_2026,
    days,
    domain_example,
    four_accounts,
    histories,
    moments,
    outside_unless,
    write,
)

ASKED: dict[str, Any] = {"actor": OPERATOR, "today": LAST_DAY, "zone": UTC}
on_both_databases = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
on = day_of_2026


@pytest.mark.parametrize(
    ("as_of", "known_at", "expected"),
    [
        pytest.param(on(1, 31), on(1, 31), {1: 3, 2: 1}, id="january as known then"),
        pytest.param(on(1, 31), on(2, 5), {1: 2, 2: 2}, id="january as known on 5 February"),
        pytest.param(on(2, 28), LAST_DAY, {1: 1, 2: 3, 3: 1, CLOSED: 1}, id="february"),
        pytest.param(on(3, 10), LAST_DAY, {1: 2, 2: 2, 3: 1, CLOSED: 1}, id="10 March"),
    ],
)
def test_the_worked_example_has_its_numbers(
    session: Saver, as_of: date, known_at: date, expected: dict[int, int]
) -> None:
    write(session, domain_example())

    funnel = get_funnel(**ASKED, as_of=as_of, known_at=known_at)

    counted = {place: count.accounts for place, count in funnel.picture.counts.items() if count.accounts}
    assert counted == expected
    assert not funnel.is_today


@given(rows=histories(), as_of=days, known_at=moments)
@on_both_databases
def test_a_snapshot_is_what_the_rules_count(session: Saver, rows: list[Stood], as_of: date, known_at: date) -> None:
    write(session, rows)

    funnel = get_funnel(**ASKED, as_of=as_of, known_at=known_at)

    facts = [one.facts for one in rows]
    assert funnel.picture.counts == snapshot(facts, as_of=as_of, known_until=end_of_day(known_at, UTC))


@given(rows=histories(), as_of=days, known_at=moments)
@on_both_databases
def test_a_filter_holds_for_what_an_account_was_then(
    session: Saver, rows: list[Stood], as_of: date, known_at: date
) -> None:
    write(session, rows)

    funnel = get_funnel(**ASKED, as_of=as_of, known_at=known_at, filters={"segment": "Retail"})

    facts = outside_unless(rows, segment="Retail")
    expected = snapshot(facts, as_of=as_of, known_until=end_of_day(known_at, UTC))
    assert {p: funnel.picture.counts[p] for p in OPEN_PLACES} == {p: expected[p] for p in OPEN_PLACES}


@given(rows=histories(), as_of=days, known_at=moments)
@on_both_databases
def test_the_groups_of_a_past_date_add_up_to_its_whole(
    session: Saver, rows: list[Stood], as_of: date, known_at: date
) -> None:
    write(session, rows)

    whole = get_funnel(**ASKED, as_of=as_of, known_at=known_at)
    grouped = get_funnel(**ASKED, as_of=as_of, known_at=known_at, by="segment")
    filtered = {
        group.value: get_funnel(**ASKED, as_of=as_of, known_at=known_at, filters={"segment": group.value})
        for group in grouped.groups
    }

    assert grouped.picture == whole.picture
    assert {g.value: g.picture for g in grouped.groups} == {v: f.picture for v, f in filtered.items()}


@given(rows=histories(), cut=st.tuples(days, days).map(sorted), known_at=moments)
@on_both_databases
def test_movement_is_what_the_rules_count_and_balances(
    session: Saver, rows: list[Stood], cut: list[date], known_at: date
) -> None:
    write(session, rows)
    first, last = cut

    moved = get_movement(**ASKED, first=first, last=last, known_at=known_at)

    facts = [one.facts for one in rows]
    assert list(moved.rows) == movement(facts, first=first, last=last, known_until=end_of_day(known_at, UTC))
    assert moved.balances


@given(rows=histories(), cut=st.tuples(days, days).map(sorted), known_at=moments)
@on_both_databases
def test_movement_of_some_accounts_balances_although_they_join_and_leave(
    session: Saver, rows: list[Stood], cut: list[date], known_at: date
) -> None:
    write(session, rows)
    first, last = cut

    moved = get_movement(**ASKED, first=first, last=last, known_at=known_at, filters={"segment": "Retail"})

    facts = outside_unless(rows, segment="Retail")
    assert list(moved.rows) == movement(facts, first=first, last=last, known_until=end_of_day(known_at, UTC))
    assert moved.balances


@given(rows=histories(), cut=st.lists(days, min_size=3, max_size=3).map(sorted))
@on_both_databases
def test_the_overview_says_what_its_parts_say(session: Saver, rows: list[Stood], cut: list[date]) -> None:
    write(session, rows)
    compare, first, as_of = cut

    found = find_overview(**ASKED, as_of=as_of, first=first, compare=compare)

    assert found is not None
    assert found.funnel == get_funnel(**ASKED, as_of=as_of)
    assert found.before == get_funnel(**ASKED, as_of=compare)
    assert found.flows == get_flows(**ASKED, first=first, last=as_of)


@pytest.fixture
def accounts(session: Saver) -> None:
    """The accounts that the histories are about."""
    four_accounts(session)


@given(rows=histories(), cut=st.tuples(days, days).map(sorted))
@settings(parent=on_both_databases, max_examples=10)
@pytest.mark.usefixtures("accounts")
def test_every_figure_of_the_movement_has_exactly_its_moves(session: Saver, rows: list[Stood], cut: list[date]) -> None:
    write(session, rows)
    period: dict[str, Any] = {"first": cut[0], "last": cut[1], "known_at": on(3, 1)}

    flows = get_flows(**ASKED, **period)
    listed = {
        place: {flow: len(list_moves(**ASKED, **period, flow=flow, place=place)) for flow in FLOWS}
        for place in OPEN_PLACES
    }

    assert listed == flows
