"""The board: counts of all, cards of a few, in the teams that the actor sees."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta

import pytest

from changetrack.domain.funnel import CLOSED, HELD, PlaceCount
from changetrack.domain.people import Actor
from changetrack.queries.account_filters import AccountFilters
from changetrack.queries.board import get_board
from tests.factories import Cast, make_cast
from tests.factories._saving import Saver
from tests.factories.portfolio import make_accounts, random_records

EVERYBODY = Actor.operator("test")


@pytest.fixture
def cast(session: Saver) -> Cast:
    """Two teams, six people."""
    return make_cast(session)


def test_a_column_counts_all_and_shows_those_that_are_there_longest(session: Saver, today: date) -> None:
    make_accounts(session, [
        {"name": f"Waits {n}", "place": 3, "step_entered_on": today - timedelta(days=n), "supported_step": n % 2 * 3}
        for n in range(5)
    ])  # fmt: skip

    column = get_board(AccountFilters(), actor=EVERYBODY, today=today, cards=2).columns[3]

    assert [card.name for card in column.cards] == ["Waits 4", "Waits 3"]
    assert column.count == PlaceCount(accounts=5, unsupported=3, stale=0)
    assert column.has_more


def test_the_columns_are_the_open_places_and_the_rest_is_counted(session: Saver, today: date) -> None:
    make_accounts(session, [{"place": place} for place in (0, 1, 9, HELD, HELD, CLOSED)])

    board = get_board(AccountFilters(), actor=EVERYBODY, today=today)

    assert [c.place for c in board.columns if c.cards] == [0, 1, 9]
    assert [c.name for c in board.columns][:2] == ["Not opened", "Establish urgency"]
    assert (board.held, board.closed) == (2, 1)


def test_a_member_sees_the_cards_and_counts_of_their_teams_only(session: Saver, cast: Cast, today: date) -> None:
    make_accounts(session, [{"place": 2, "team_id": cast.team.id}, {"place": 2, "team_id": cast.other_team.id}])

    column = get_board(AccountFilters(), actor=cast.actor("olu"), today=today).columns[2]

    assert [card.team_id for card in column.cards] == [cast.team.id]
    assert column.count.accounts == 1


def test_what_no_summary_counts_is_counted_by_its_cards(session: Saver, cast: Cast, today: date) -> None:
    make_accounts(session, [{"place": 2, "owner_id": cast.olu.id}, {"place": 2, "stale": True, "owner_id": cast.olu.id},
                            {"place": 2, "stale": True}])  # fmt: skip

    board = get_board(AccountFilters(fields={"owner": str(cast.olu.id)}), actor=EVERYBODY, today=today)

    assert board.columns[2].count == PlaceCount(accounts=2, unsupported=2, stale=1)
    assert board.held is None


def test_a_board_of_many_costs_as_many_statements_as_one_of_few(
    session: Saver, cast: Cast, today: date, counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    actor, teams = cast.actor("olu"), [cast.team.id]
    make_accounts(session, random_records(1, 2, teams, [None]))
    with counted() as few:
        get_board(AccountFilters(), actor=actor, today=today)
    make_accounts(session, random_records(2, 90, teams, [None]))
    session.rollback()

    with counted() as many:
        get_board(AccountFilters(), actor=actor, today=today)

    assert len(many) == len(few) <= 6
