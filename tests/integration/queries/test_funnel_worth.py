"""What the funnel's places are worth: from the cells, from the outcomes, and on any day from the ledger."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from changetrack.models import Account
from changetrack.operations._cells import FunnelTally
from changetrack.operations._dossier import cell_state
from changetrack.queries.funnel_worth import ByPlace, find_ready_worth, find_worth_since, get_worth, total
from changetrack.queries.value_figures import Worth
from tests.clock import NOW, TODAY
from tests.factories import (
    Cast,
    make_account,
    make_entry,
    make_metric,
    make_outcome,
    make_standing,
    make_statement,
    make_value_snapshot,
)
from tests.factories._saving import Saver

UTC = ZoneInfo("UTC")
AGREED = TODAY - timedelta(days=70)
WEEK = timedelta(weeks=1)


@pytest.fixture
def worthy(session: Saver, cast: Cast) -> Account:
    """An account at step 6 which moved there from 5 three weeks ago; since two weeks 200.00 of it are realized."""
    account = make_account(
        session, team_id=cast.team.id, segment="Retail", claimed_step=6, place=6,
        value={"USD": [100_000, 30_000, 20_000, 10_000]},
    )  # fmt: skip
    entered = TODAY - 3 * WEEK
    for since, place in ((AGREED, 5), (entered, 6)):
        make_standing(session, account, effective_on=since, place=place, step=place, segment="Retail",
                      team_id=cast.team.id, recorded_at=NOW - timedelta(days=(TODAY - since).days))  # fmt: skip
    outcome = make_outcome(
        session, account, make_metric(session), agreed_on=AGREED, plan_start=AGREED, plan_periods=52, state="confirmed",
        promised=100_000, probationary=30_000, realized=20_000, live=10_000, proposed_on=AGREED,
    )  # fmt: skip
    make_statement(session, outcome, given_on=AGREED, recorded_on=AGREED)
    posted = TODAY - 2 * WEEK
    for seq, (measure, amount, known_on) in enumerate(
        (("probationary", 30_000, posted), ("realized", 20_000, posted), ("live", 10_000, posted + WEEK)), 1
    ):
        make_entry(session, outcome, seq=seq, measure=measure, amount=amount, posted_on=posted, known_on=known_on)
    tally = FunnelTally()
    tally.count(None, cell_state(account))
    tally.flush(session)
    session.commit()
    return account


def asked(cast: Cast, who: str = "ed", **question: object) -> dict[str, ByPlace]:
    return dict(get_worth(actor=cast.actor(who), today=TODAY, zone=UTC, **question))  # type: ignore[arg-type]


def test_today_is_read_from_the_cells(worthy: Account, cast: Cast) -> None:
    assert asked(cast) == {"": {6: {"USD": Worth(100_000, 30_000, 20_000, 10_000)}}}
    assert find_ready_worth(actor=cast.actor("ed"), today=TODAY, zone=UTC, as_of=TODAY) == asked(cast)[""]


def test_what_no_cell_holds_is_added_up_from_the_outcomes(worthy: Account, cast: Cast) -> None:
    filters = {"segment": "Retail", "team": str(cast.team.id)}

    assert asked(cast, filters=filters) == asked(cast)
    assert asked(cast, filters=filters | {"segment": "Bank"}) == {}


def test_groups_have_their_own_value(worthy: Account, cast: Cast) -> None:
    assert asked(cast, by="segment") == {"Retail": asked(cast)[""]}
    assert asked(cast, by="organization") == {worthy.organization or "": asked(cast)[""]}


def test_another_team_sees_nothing_of_it(worthy: Account, cast: Cast) -> None:
    assert asked(cast, "otto") == {}
    assert asked(cast, "otto", as_of=TODAY - WEEK) == {}


@pytest.mark.parametrize(
    ("as_of", "known_at", "expected"),
    [
        (TODAY - WEEK, TODAY, {6: {"USD": Worth(90_000, 30_000, 20_000, 10_000)}}),
        (
            TODAY - WEEK - timedelta(days=1),
            TODAY - WEEK - timedelta(days=1),
            {6: {"USD": Worth(90_000, 30_000, 20_000)}},
        ),
        (TODAY - 4 * WEEK, TODAY, {5: {"USD": Worth(60_000)}}),
        (AGREED - WEEK, TODAY, {}),
    ],
)
def test_a_past_day_is_worth_what_was_so_and_known_then(
    worthy: Account, cast: Cast, as_of: date, known_at: date, expected: ByPlace
) -> None:
    assert asked(cast, as_of=as_of, known_at=known_at).get("", {}) == expected


def test_a_night_that_was_recorded_answers_for_its_day(session: Saver, worthy: Account, cast: Cast) -> None:
    day = TODAY - WEEK
    make_value_snapshot(session, day=day, place=6, promised=7, probationary=0, realized=5, live=3)

    assert asked(cast, as_of=day, known_at=day) == {"": {6: {"USD": Worth(7, 0, 5, 3)}}}


def test_today_and_a_night_before_are_read_at_once(session: Saver, worthy: Account, cast: Cast) -> None:
    night = TODAY - WEEK
    question: dict[str, Any] = {"actor": cast.actor("ed"), "today": TODAY, "zone": UTC}
    make_value_snapshot(session, day=night, place=6, promised=7, probationary=0, realized=5, live=3)

    assert find_worth_since(**question, compare=night) == (asked(cast)[""], {6: {"USD": Worth(7, 0, 5, 3)}})
    assert find_worth_since(**question, compare=night - WEEK) == (asked(cast)[""], None)
    assert find_worth_since(**question | {"actor": cast.actor("olu")}, compare=night) is None


def test_currencies_are_never_added_together() -> None:
    places = {5: {"USD": Worth(live=5), "EUR": Worth(live=9)}, 6: {"USD": Worth(live=1)}, 10: {"USD": Worth(live=50)}}

    assert total(places, [5, 6]) == {"EUR": Worth(live=9), "USD": Worth(live=6)}
