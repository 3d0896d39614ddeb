"""What the funnel counts for whom: filters, groups, teams, and where the figures come from."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, timedelta
from typing import Any

import pytest

from changetrack.domain.filters import NO_VALUE
from changetrack.domain.funnel import HELD
from changetrack.domain.refusal import NotFound, OperationRefused
from changetrack.models import Account
from changetrack.operations._cells import FunnelTally
from changetrack.operations._dossier import cell_state
from changetrack.operations.funnel import take_snapshot
from changetrack.queries.funnel import Funnel, find_last_check, find_ready_funnel, get_funnel
from changetrack.queries.movement import get_flows, get_movement, list_moves
from tests.clock import NOW, TODAY
from tests.factories import Cast, make_account, make_cast, make_job_run, make_snapshot, make_standing
from tests.factories._saving import Saver
from tests.integration.queries.histories import OPERATOR

ASKED: dict[str, Any] = {"actor": OPERATOR, "today": TODAY, "zone": UTC}


@pytest.fixture
def cast(session: Saver) -> Cast:
    return make_cast(session)


@pytest.fixture
def portfolio(session: Saver, cast: Cast) -> list[Account]:
    """Six accounts of two teams, in the cells and on record since a month."""
    since = TODAY - timedelta(days=30)
    north, south = cast.team.id, cast.other_team.id
    rows = (
        {"claimed_step": 1, "supported_step": 1, "team_id": north, "segment": "Retail", "region": "East"},
        {"claimed_step": 3, "supported_step": 1, "team_id": north, "segment": "Retail", "region": "West",
         "stale": True},
        {"claimed_step": 3, "supported_step": 3, "team_id": north, "segment": "Public", "region": "West"},
        {"claimed_step": 3, "supported_step": 2, "team_id": south, "segment": "Retail", "region": "West"},
        {"claimed_step": 5, "place": HELD, "status": "held", "team_id": south, "organization": "Acme"},
        {"claimed_step": 9, "supported_step": 9, "organization": "Acme", "attributes": {"plan": "gold"}},
    )  # fmt: skip
    accounts = [make_account(session, **{"owner_id": cast.olu.id, **row}) for row in rows]
    tally = FunnelTally()
    for account in accounts:
        fields = {name: getattr(account, name) for name in ("segment", "region")}
        make_standing(session, account, effective_on=since, recorded_at=NOW - timedelta(days=30), **fields)
        tally.count(None, cell_state(account))
    tally.flush(session)
    session.commit()
    return accounts


def at(funnel: Funnel, place: int) -> tuple[int, int, int]:
    count = funnel.picture.counts[place]
    return count.accounts, count.unsupported, count.stale


@pytest.mark.usefixtures("portfolio")
def test_the_whole_adds_up_and_keeps_held_accounts_apart() -> None:
    funnel = get_funnel(**ASKED)

    assert at(funnel, 3) == (3, 2, 1)
    assert (funnel.picture.in_journey, funnel.picture.unsupported, funnel.picture.stale) == (5, 2, 1)
    assert (funnel.picture.held, funnel.picture.closed, funnel.picture.accounts) == (1, 0, 6)
    assert funnel.is_today


@pytest.mark.usefixtures("portfolio")
@pytest.mark.parametrize(
    ("filters", "in_journey"),
    [
        ({"segment": "Retail"}, 3),
        ({"segment": NO_VALUE}, 1),
        ({"segment": "Retail", "region": "West"}, 2),
        ({"organization": "Acme"}, 1),
        ({"attr:plan": "gold"}, 1),
        ({"attr:plan": "silver"}, 0),
        ({"attr:plan": NO_VALUE}, 4),
        ({"segment": "Unheard of"}, 0),
    ],
)
def test_filters_hold_all_at_once_today_and_in_the_past(filters: dict[str, str], in_journey: int) -> None:
    today = get_funnel(**ASKED, filters=filters)
    a_week_ago = get_funnel(**ASKED, filters=filters, as_of=TODAY - timedelta(days=7))

    assert today.picture.in_journey == in_journey
    assert a_week_ago.picture == today.picture


@pytest.mark.usefixtures("portfolio")
def test_a_team_and_an_owner_are_filtered_by_their_numbers(cast: Cast) -> None:
    assert get_funnel(**ASKED, filters={"team": f"0{cast.team.id}"}).picture.in_journey == 3
    assert get_funnel(**ASKED, filters={"team": NO_VALUE}).picture.in_journey == 1
    assert get_funnel(**ASKED, filters={"owner": str(cast.olu.id)}).picture.accounts == 6
    assert get_funnel(**ASKED, filters={"owner": NO_VALUE}).picture.accounts == 0


@pytest.mark.usefixtures("portfolio")
@pytest.mark.parametrize("as_of", [TODAY, TODAY - timedelta(days=7)])
@pytest.mark.parametrize("by", ["team", "segment", "organization", "attr:plan"])
def test_groups_add_up_to_the_whole(by: str, as_of: date) -> None:
    funnel = get_funnel(**ASKED, by=by, as_of=as_of)

    assert sum(group.picture.accounts for group in funnel.groups) == funnel.picture.accounts == 6
    assert funnel.rest is None


@pytest.mark.usefixtures("portfolio")
def test_groups_are_named_as_people_read_them_the_largest_first() -> None:
    teams = get_funnel(**ASKED, by="team")
    organizations = get_funnel(**ASKED, by="organization")

    assert [group.label for group in teams.groups] == ["North", "South", "No team"]
    assert [(group.value, group.label) for group in organizations.groups] == [
        (NO_VALUE, "No organization"), ("Acme", "Acme"),
    ]  # fmt: skip


@pytest.mark.usefixtures("portfolio")
@pytest.mark.parametrize("by", ["team", "organization"])
def test_what_no_group_shows_is_told_as_the_rest(by: str) -> None:
    funnel = get_funnel(**ASKED, by=by, most_groups=1)

    assert funnel.rest is not None
    assert len(funnel.groups) == 1
    assert funnel.groups[0].picture.accounts + funnel.rest.accounts == funnel.picture.accounts == 6


@pytest.mark.usefixtures("portfolio")
@pytest.mark.parametrize("days_ago", [0, 7])
@pytest.mark.parametrize("filters", [{}, {"segment": "Retail"}])
def test_a_member_sees_the_accounts_of_their_teams_only(cast: Cast, filters: dict[str, str], days_ago: int) -> None:
    as_of = TODAY - timedelta(days=days_ago)
    asked: dict[str, Any] = {"today": TODAY, "zone": UTC, "as_of": as_of, "filters": filters}

    olu, otto = (get_funnel(actor=cast.actor(name), **asked) for name in ("olu", "otto"))

    assert olu.picture.accounts == (2 if filters else 3)
    assert otto.picture.accounts == (1 if filters else 2)


@pytest.mark.usefixtures("portfolio")
def test_another_team_does_not_exist_for_a_member(cast: Cast) -> None:
    asked: dict[str, Any] = {"actor": cast.actor("olu"), "today": TODAY, "zone": UTC}

    assert [group.label for group in get_funnel(**asked, by="team").groups] == ["North"]
    for team in (str(cast.other_team.id), "987654", NO_VALUE):
        with pytest.raises(NotFound):
            get_funnel(**asked, filters={"team": team})


@pytest.mark.usefixtures("session")
def test_an_empty_record_has_an_empty_funnel() -> None:
    funnel, grouped = get_funnel(**ASKED), get_funnel(**ASKED, by="segment")
    past = get_funnel(**ASKED, as_of=TODAY - timedelta(days=1), known_at=TODAY - timedelta(days=1))

    assert funnel.picture.accounts == grouped.picture.accounts == past.picture.accounts == 0
    assert grouped.groups == ()


@pytest.mark.usefixtures("session")
def test_everything_that_cannot_be_asked_is_refused_at_once() -> None:
    tomorrow = TODAY + timedelta(days=1)

    with pytest.raises(OperationRefused) as refused:
        get_funnel(
            **ASKED, as_of=tomorrow, known_at=tomorrow, by="owner",
            filters={"mood": "good", "team": "North", "attr:": "x", "owner": "9" * 30},
        )  # fmt: skip

    fields = {reason.field for reason in refused.value.reasons}
    assert fields == {"as_of", "known_at", "by", "mood", "team", "attr:", "owner"}


@pytest.mark.usefixtures("session")
def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(OperationRefused, match="later than"):
        get_flows(**ASKED, first=TODAY, last=TODAY - timedelta(days=1))


@pytest.mark.usefixtures("portfolio")
@pytest.mark.parametrize("asked", [{}, {"filters": {"segment": "Retail"}}, {"by": "region"}])
def test_the_nightly_record_says_what_counting_says(asked: dict[str, Any]) -> None:
    day = TODAY - timedelta(days=1)
    counted = get_funnel(**ASKED, as_of=day, known_at=day, **asked)

    take_snapshot(day=day, zone=UTC, actor=OPERATOR, now=NOW, today=TODAY)

    assert get_funnel(**ASKED, as_of=day, known_at=day, **asked) == counted
    assert counted.picture.accounts


@pytest.mark.usefixtures("portfolio")
def test_a_past_day_as_known_then_is_read_from_its_nightly_record(session: Saver) -> None:
    day = TODAY - timedelta(days=1)
    make_snapshot(session, day=day, place=4, accounts=77)

    as_known_then = find_ready_funnel(**ASKED, as_of=day, known_at=day)

    assert as_known_then is not None
    assert at(as_known_then, 4) == (77, 0, 0)
    assert find_ready_funnel(**ASKED, as_of=day, known_at=day, filters={"segment": "Retail"}) is None


@pytest.mark.usefixtures("portfolio")
def test_what_would_have_to_be_counted_is_not_ready() -> None:
    day = TODAY - timedelta(days=1)

    assert find_ready_funnel(**ASKED, as_of=TODAY, known_at=TODAY, filters={"organization": "Acme"}) is None
    assert find_ready_funnel(**ASKED, as_of=TODAY, known_at=TODAY, filters={"segment": "Retail"}) is not None
    assert find_ready_funnel(**ASKED, as_of=day, known_at=TODAY, filters={"segment": "Retail"}) is None
    assert find_ready_funnel(**ASKED, as_of=day - timedelta(days=1), known_at=day) is None


@pytest.mark.usefixtures("portfolio")
def test_moves_of_other_teams_are_neither_counted_nor_listed(cast: Cast) -> None:
    asked: dict[str, Any] = {"actor": cast.actor("otto"), "today": TODAY, "zone": UTC}
    period: dict[str, Any] = {"first": TODAY - timedelta(days=40), "last": TODAY}

    moved = get_movement(**asked, **period)
    listed = list_moves(**asked, **period, flow="entered")

    assert moved.total("entered") == 1
    assert [(move.before, move.after) for move in listed] == [(None, 3)]
    assert moved.balances


@pytest.mark.usefixtures("portfolio")
def test_the_list_of_moves_is_cut_where_it_was_left() -> None:
    period: dict[str, Any] = {"first": TODAY - timedelta(days=40), "last": TODAY, "flow": "entered"}

    whole = list_moves(**ASKED, **period)
    first = list_moves(**ASKED, **period, limit=2)
    second = list_moves(**ASKED, **period, limit=9, after=first[-1].key)

    assert len(whole) == 5
    assert first + second == whole


@pytest.mark.usefixtures("portfolio")
@pytest.mark.parametrize("asked", [{}, {"by": "team"}, {"filters": {"segment": "Retail"}}, {"as_of": date(2026, 2, 1)}])
def test_a_picture_takes_few_statements(
    counted: Callable[[], AbstractContextManager[list[str]]], asked: dict[str, Any]
) -> None:
    with counted() as statements:
        get_funnel(**ASKED, **asked)

    assert len(statements) <= 2


@pytest.mark.usefixtures("session")
def test_the_last_check_is_the_last_sweep_that_was_done(session: Saver) -> None:
    assert find_last_check() is None

    make_job_run(session, slot="1", finished_at=NOW - timedelta(days=1))
    make_job_run(session, slot="2", finished_at=NOW, state="failed")
    make_job_run(session, name="snapshot", slot="3", finished_at=NOW)

    assert find_last_check() == NOW - timedelta(days=1)
