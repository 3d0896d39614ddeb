"""Accounts that wait to be opened: counted by the summaries, the first named, of one's own teams only."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from changetrack.queries.to_open import get_to_open
from tests.factories import Cast, make_cast, make_team_member
from tests.factories._saving import Saver
from tests.factories.portfolio import make_accounts


@pytest.fixture
def cast(session: Saver) -> Cast:
    """Two teams, six people."""
    return make_cast(session)


def test_the_first_five_by_name_stand_for_all_that_wait(session: Saver, cast: Cast) -> None:
    make_accounts(session, [{"name": f"Acme {n}", "place": 0, "team_id": cast.team.id} for n in range(7, 0, -1)])

    found = get_to_open(actor=cast.actor("olu"))

    assert found.count == 7
    assert [name for _, name in found.first] == [f"Acme {n}" for n in range(1, 6)]


def test_neither_opened_accounts_nor_those_of_other_teams_wait(session: Saver, cast: Cast) -> None:
    make_accounts(session, [{"place": 3, "team_id": cast.team.id}, {"place": 0, "team_id": cast.other_team.id}])

    found = get_to_open(actor=cast.actor("olu"))

    assert (found.count, found.first, found.has_accounts) == (0, (), True)


def test_of_several_teams_the_names_are_in_one_order(session: Saver, cast: Cast) -> None:
    make_team_member(session, cast.other_team, cast.olu)
    make_accounts(session, [
        {"name": name, "place": 0, "team_id": team.id}
        for name, team in (("B", cast.team), ("A", cast.other_team), ("C", cast.other_team))
    ])  # fmt: skip

    found = get_to_open(actor=cast.actor("olu"))

    assert (found.count, [name for _, name in found.first]) == (3, ["A", "B", "C"])


def test_a_team_without_any_account_has_none(session: Saver, cast: Cast) -> None:
    make_accounts(session, [{"place": 3, "team_id": cast.other_team.id}])

    assert not get_to_open(actor=cast.actor("olu")).has_accounts


def test_many_that_wait_cost_as_many_statements_as_one(
    session: Saver, cast: Cast, counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    actor = cast.actor("olu")
    make_accounts(session, [{"place": 0, "team_id": cast.team.id}])
    with counted() as few:
        get_to_open(actor=actor)
    make_accounts(session, [{"place": 0, "team_id": cast.team.id} for _ in range(20)])

    with counted() as many:
        get_to_open(actor=actor)

    assert len(many) == len(few) == 2
