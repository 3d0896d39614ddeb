"""Lists of commitments: whose, when due, page by page, and nobody else's."""

from datetime import date, timedelta
from typing import Any

import pytest

from changetrack.domain.people import Actor
from changetrack.queries.commitments import (
    CommitmentFilters,
    CommitmentView,
    count_commitments,
    get_commitment,
    list_commitments,
    list_my_week,
    list_open_commitments,
)
from tests.clock import TODAY
from tests.factories import Cast, make_account, make_commitment, make_contact, make_metric, make_outcome
from tests.factories._saving import Saver

MINE, TEAM = CommitmentFilters(), CommitmentFilters(whose="team")


def due(days: int) -> date:
    """So many days from today."""
    return TODAY + timedelta(days)


def told(filters: CommitmentFilters, actor: Actor) -> list[str]:
    """What is to be done, in the order of the list."""
    return [row.action for row in list_commitments(filters, actor=actor, today=TODAY).rows]


@pytest.fixture
def kept(session: Saver, cast: Cast) -> int:
    """An account of the team with commitments of Olu, Tess and Mara; and one of Otto's team. Returns the first."""
    account = make_account(session, team_id=cast.team.id, name="Acme")
    make_contact(session, account, name="Mara")
    make_outcome(session, account, make_metric(session), statement="Close in a day")
    make_commitment(session, account, action="late", owner_user_id=cast.olu.id, owner_name="Olu", due_on=due(-3))
    make_commitment(session, account, action="soon", owner_user_id=cast.tess.id, due_on=due(2), outcome_seq=1)
    make_commitment(session, account, action="hers", owner_name="Mara", due_on=due(5))
    make_commitment(session, account, action="far", owner_user_id=cast.olu.id, due_on=due(60))
    ended: dict[str, Any] = {"owner_user_id": cast.olu.id, "ended_on": due(-1)}
    make_commitment(session, account, action="done", state="met", result="They read it.", **ended)
    make_commitment(session, account, action="dropped", state="withdrawn", **ended)
    other = make_account(session, team_id=cast.other_team.id)
    make_commitment(session, other, action="theirs", owner_user_id=cast.otto.id)
    return account.id


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (MINE, ["late", "far"]),
        (TEAM, ["late", "soon", "hers", "far"]),
        (CommitmentFilters(whose="team", when="overdue"), ["late"]),
        (CommitmentFilters(whose="team", when="week"), ["soon", "hers"]),
        (CommitmentFilters(whose="team", when="later"), ["far"]),
        (CommitmentFilters(whose="team", side="customer"), ["hers"]),
        (CommitmentFilters(whose="team", side="ours"), ["late", "soon", "far"]),
        (CommitmentFilters(whose="team", serves="outcome"), ["soon"]),
        (CommitmentFilters(whose="team", serves="nothing"), ["late", "hers", "far"]),
        (CommitmentFilters(whose="team", state="met"), ["done"]),
        (CommitmentFilters(whose="team", state="withdrawn"), ["dropped"]),
        (CommitmentFilters(whose="team", fields={"segment": "nobody"}), []),
    ],
)
def test_a_list_holds_what_was_asked_for_the_first_due_first(
    kept: int, cast: Cast, filters: CommitmentFilters, expected: list[str]
) -> None:
    assert told(filters, cast.actor("olu")) == expected


def test_nobody_sees_the_commitments_of_another_team(kept: int, cast: Cast) -> None:
    assert told(TEAM, cast.actor("otto")) == ["theirs"]
    assert told(CommitmentFilters(whose="team", account_id=kept), cast.actor("otto")) == []


def test_who_sees_every_account_sees_every_commitment(kept: int, cast: Cast) -> None:
    assert told(TEAM, cast.actor("ed")) == ["late", "soon", "hers", "theirs", "far"]
    assert told(MINE, cast.actor("ed")) == []


def test_a_commitment_says_whose_it_is_and_what_it_serves(kept: int, cast: Cast) -> None:
    found = {row.action: row for row in list_commitments(TEAM, actor=cast.actor("olu"), today=TODAY).rows}

    assert (found["late"].owner, found["late"].side, found["late"].is_overdue(TODAY)) == ("Olu", "ours", True)
    assert (found["soon"].outcome, found["soon"].is_overdue(TODAY)) == ("Close in a day", False)
    assert (found["hers"].owner, found["hers"].side, found["hers"].has_left) == ("Mara", "customer", False)


def test_who_has_left_is_told(session: Saver, cast: Cast) -> None:
    account = make_account(session, team_id=cast.team.id)
    make_contact(session, account, left_on=due(-1))
    make_commitment(session, account)

    make_commitment(session, account, owner_user_id=cast.otto.id)
    make_commitment(session, account, owner_user_id=cast.olu.id)

    assert [row.has_left for row in list_open_commitments(account.id)] == [True, True, False]


def test_pages_hold_each_commitment_once(session: Saver, cast: Cast) -> None:
    for n in range(7):
        account = make_account(session, team_id=cast.team.id)
        make_commitment(session, account, due_on=due(n % 3), owner_user_id=cast.olu.id)
        make_commitment(session, account, due_on=due(1), owner_user_id=cast.olu.id)

    found: list[CommitmentView] = []
    after: str | None = ""
    while after is not None:
        page = list_commitments(MINE, actor=cast.actor("olu"), today=TODAY, after=after, limit=4)
        found += page.rows
        after = page.after

    assert len({(row.account_id, row.seq) for row in found}) == len(found) == 14
    assert [row.due_on for row in found] == sorted(row.due_on for row in found)


def test_a_list_is_counted(kept: int, cast: Cast) -> None:
    counts = count_commitments(TEAM, actor=cast.actor("olu"), today=TODAY)

    assert (counts.open, counts.overdue, counts.serving_nothing, counts.has_more) == (4, 1, 3, False)


def test_my_week_is_what_is_overdue_or_due_within_seven_days(kept: int, cast: Cast) -> None:
    found = list_my_week(actor=cast.actor("olu"), today=TODAY, limit=5)

    assert [row.action for row in found.rows] == ["late"]


def test_a_closed_account_asks_nobody_for_anything(session: Saver, cast: Cast) -> None:
    account = make_account(session, team_id=cast.team.id, status="closed", place=11)
    make_commitment(session, account, owner_user_id=cast.olu.id)

    assert told(MINE, cast.actor("olu")) == told(TEAM, cast.actor("ed")) == []


def test_one_commitment_is_found_by_its_number(kept: int, cast: Cast) -> None:
    assert get_commitment(kept, 5, actor=cast.actor("ed")).result == "They read it."


@pytest.mark.parametrize("limit", [10, 40])
def test_a_page_costs_the_same_statements_whatever_its_length(
    session: Saver, cast: Cast, counted: Any, limit: int
) -> None:
    for n in range(40):
        make_commitment(session, make_account(session, team_id=cast.team.id), due_on=due(n))
    actor = cast.actor("olu")

    with counted() as statements:
        list_commitments(TEAM, actor=actor, today=TODAY, limit=limit)

    assert len(statements) <= 2
