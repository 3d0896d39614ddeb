"""Reads of outcomes: states in words, the last periods with gaps and corrections, sums by currency, team scope."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from changetrack.domain.refusal import NotFound
from changetrack.models import Account, Metric, Outcome
from changetrack.queries.outcome import get_outcome
from changetrack.queries.outcomes import list_outcomes, totals
from changetrack.web.value.plot import plot_of
from tests.clock import TODAY
from tests.factories import (
    Cast,
    make_account,
    make_contact,
    make_metric,
    make_outcome,
    make_reading,
    make_statement,
    make_visit,
)
from tests.factories._saving import Saver


@pytest.fixture
def account(session: Saver, cast: Cast) -> Account:
    """An account of Olu's team with Carla, who benefits."""
    account = make_account(session, team_id=cast.team.id, visit_seq=1)
    make_visit(session, account)
    make_contact(session, account, name="Carla")
    return account


@pytest.fixture
def metric(session: Saver) -> Metric:
    """What is counted."""
    return make_metric(session, "orders")


def words(session: Saver, cast: Cast, outcome: Outcome) -> tuple[str, str]:
    """What its state is called, and why it is so."""
    session.expire_all()
    (view,) = list_outcomes(outcome.account_id, actor=cast.actor("olu"), today=TODAY)
    return view.words.name, view.words.why


@pytest.mark.parametrize(
    ("fields", "name", "why"),
    [
        ({}, "Proposed", "Waits for Carla to agree; until then it is worth nothing."),
        ({"replaces": 9}, "Change proposed", "Waits for Carla to agree to other terms; until then the old ones hold."),
        ({"state": "agreed"}, "Agreed", "Agreed by Carla on 5 Jan 2026; no week has reached it yet."),
        (
            {"state": "in_use"},
            "In use",
            "In use since 2 Feb 2026; confirmed after 4 weeks in a row and the customer's word that it is so.",
        ),
        (
            {"state": "confirmed", "valid_until": date(2026, 4, 28)},
            "Confirmed",
            "Confirmed since 2 Feb 2026; attested by Jon until 27 Apr 2026.",
        ),
        (
            {"state": "confirmed", "requires_attestation": False},
            "Confirmed",
            "Confirmed since 2 Feb 2026; these terms need no attestation.",
        ),
        (
            {"state": "confirmed", "detail": "at_risk"},
            "At risk",
            "Confirmed since 2 Feb 2026, but the last week fell below the threshold.",
        ),
        (
            {"state": "confirmed", "detail": "unverifiable", "period": "month"},
            "Unverifiable",
            "Confirmed since 2 Feb 2026, but no data has come for two months or more.",
        ),
        (
            {"state": "lapsed", "detail": "use"},
            "Lapsed",
            "Use has been below the threshold since 2 Feb 2026, 2 weeks or more.",
        ),
        (
            {"state": "lapsed", "detail": "attestation"},
            "Attestation ran out",
            "Since 2 Feb 2026 nobody of the customer's attests to it any more.",
        ),
        ({"state": "disputed"}, "Disputed", "Carla disputes it since 2 Feb 2026."),
        ({"state": "withdrawn"}, "Withdrawn", "Carla withdrew from it on 2 Feb 2026."),
        (
            {"state": "withdrawn", "detail": "replaced", "replaced_on": date(2026, 2, 2)},
            "Ended",
            "Other terms took its place on 2 Feb 2026.",
        ),
    ],
)
def test_a_state_says_what_it_is_and_why(
    session: Saver, cast: Cast, account: Account, metric: Metric, fields: dict[str, Any], name: str, why: str
) -> None:
    agreed = None if fields.get("state", "proposed") == "proposed" else date(2026, 1, 5)
    outcome = make_outcome(session, account, metric, agreed_on=agreed, state_since=date(2026, 2, 2), **fields)
    make_statement(session, outcome, "attested", person_name="Jon", given_on=date(2026, 1, 28))

    assert words(session, cast, outcome) == (name, why)


def test_a_proposal_that_was_taken_back_is_listed_no_more_and_keeps_its_page(
    session: Saver, cast: Cast, account: Account, metric: Metric
) -> None:
    outcome = make_outcome(session, account, metric, state="withdrawn", detail="replaced", replaced_on=TODAY)

    page = get_outcome(account.id, outcome.seq, actor=cast.actor("olu"), today=TODAY)

    assert list_outcomes(account.id, actor=cast.actor("olu"), today=TODAY) == ()
    assert page.outcome.words.name == "Taken back"
    assert page.outcome.words.why == "Taken back on 2 Mar 2026 before anybody agreed to it."


def test_periods_run_from_the_first_with_data_and_keep_their_gaps(
    session: Saver, cast: Cast, account: Account, metric: Metric
) -> None:
    outcome = make_outcome(session, account, metric, agreed_on=TODAY - timedelta(weeks=4))
    for week, value in ((40, 50), (5, 30), (3, 45)):
        start = TODAY - timedelta(weeks=week)
        make_reading(session, outcome, period_start=start, recorded_on=start + timedelta(6), value=Decimal(value))

    (view,) = list_outcomes(account.id, actor=cast.actor("olu"), today=TODAY)

    assert view.values == (Decimal(30), None, Decimal(45), None)
    assert [period.verdict for period in view.periods] == ["failed", "no data", "passed", "no data", "open", "open"]
    assert [period.counts for period in view.periods] == [False, True, True, True, True, True]


def test_a_correction_shows_what_was_known_before(session: Saver, cast: Cast, account: Account, metric: Metric) -> None:
    outcome = make_outcome(session, account, metric, agreed_on=TODAY)
    start = TODAY - timedelta(weeks=3)
    for recorded_on, value in ((start + timedelta(5), 40), (start + timedelta(6), 46), (TODAY, 31)):
        make_reading(session, outcome, period_start=start, recorded_on=recorded_on, value=Decimal(value))

    (view,) = list_outcomes(account.id, actor=cast.actor("olu"), today=TODAY)

    first = view.periods[0]
    assert (first.value, first.was, first.is_corrected, first.recorded_on) == (Decimal(31), Decimal(46), True, TODAY)


def test_sums_are_of_one_currency_each(session: Saver, cast: Cast, account: Account, metric: Metric) -> None:
    for currency, realized in (("USD", 100), ("EUR", 200), ("USD", 50)):
        make_outcome(session, account, metric, currency=currency, realized=realized, agreed_on=TODAY)

    sums = totals(list_outcomes(account.id, actor=cast.actor("olu"), today=TODAY))

    assert [(sum_.currency, sum_.realized) for sum_ in sums] == [("EUR", 200), ("USD", 150)]


def test_an_outsider_finds_neither_the_outcome_nor_the_list(
    session: Saver, cast: Cast, account: Account, metric: Metric
) -> None:
    make_outcome(session, account, metric)

    with pytest.raises(NotFound):
        get_outcome(account.id, 1, actor=cast.actor("otto"), today=TODAY)
    assert list_outcomes(account.id, actor=cast.actor("otto"), today=TODAY) == ()
    assert len(list_outcomes(account.id, actor=cast.actor("ed"), today=TODAY)) == 1


def test_a_plot_stands_within_its_field_and_joins_only_neighbours_with_data(
    session: Saver, cast: Cast, account: Account, metric: Metric
) -> None:
    outcome = make_outcome(session, account, metric, agreed_on=TODAY - timedelta(weeks=4), target=Decimal(60))
    for week, value in ((6, 0), (5, 30), (3, 45), (2, 61), (1, 5), (0, 1)):  # the last two are not closed yet
        make_reading(session, outcome, period_start=TODAY - timedelta(weeks=week), value=Decimal(value))

    (view,) = list_outcomes(account.id, actor=cast.actor("olu"), today=TODAY)
    plot = plot_of(view)

    assert plot is not None
    assert len(plot.lines) == 2
    assert all(plot.top <= dot.y <= plot.bottom for dot in plot.dots if dot.y is not None)
    assert [rule.name for rule in plot.rules] == ["threshold", "target"]
    assert [mark.name for mark in plot.marks] == ["agreed"]
    assert [anchor for _, _, anchor in plot.labels] == ["start", "middle", "end"]
