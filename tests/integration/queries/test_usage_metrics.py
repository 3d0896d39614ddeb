"""Which metrics there are, what feeds them, and how far they reach, at a cost that does not grow with the numbers."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from changetrack.domain.refusal import NotFound
from changetrack.queries import usage_metrics
from changetrack.queries.usage_metrics import (
    find_metric_id,
    get_metric,
    has_numbers,
    list_metric_choices,
    list_metrics,
    list_recent_events,
)
from tests.clock import NOW, TODAY
from tests.factories import Cast, make_account, make_daily, make_metric, make_rule, make_source, make_usage_event
from tests.factories._saving import Saver

Counted = Callable[[], AbstractContextManager[list[str]]]


def test_a_metric_is_listed_with_what_feeds_it_and_how_far_it_reaches(session: Saver, cast: Cast) -> None:
    metric, idle = make_metric(session, "logins"), make_metric(session, "exports", archived_at=NOW)
    make_rule(session, metric, "Signed In", ended_at=NOW)
    make_rule(session, metric, "Session Started", source_id=make_source(session).id)
    for days in (9, 2, 4):
        account = make_account(session, team_id=cast.team.id)
        make_daily(session, account, metric, day=TODAY - timedelta(days))

    rows = {row.key: row for row in list_metrics().rows}

    assert list(rows) == ["logins", "exports"]
    assert rows["logins"].events == ("Session Started",)
    assert [(rule.event, rule.source) for rule in rows["logins"].rules] == [
        ("Session Started", "Web app"),
        ("Signed In", None),
    ]
    assert rows["logins"].reach == usage_metrics.Reach(3, TODAY - timedelta(2))
    assert rows["exports"].reach == usage_metrics.Reach()
    assert get_metric(idle.id).archived_at == NOW


def test_the_reach_is_that_of_the_accounts_looked_at(
    session: Saver, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_metrics, "LOOKED_AT", 2)
    metric = make_metric(session)
    for _ in range(4):
        make_daily(session, make_account(session, team_id=cast.team.id), metric)

    metrics = list_metrics()

    assert (metrics.looked_at, metrics.is_whole) == (2, False)


def test_the_list_costs_the_same_however_many_metrics_there_are(session: Saver, cast: Cast, counted: Counted) -> None:
    account = make_account(session, team_id=cast.team.id)
    for number in range(8):
        metric = make_metric(session, f"metric_{number}")
        make_rule(session, metric)
        make_daily(session, account, metric)

    with counted() as statements:
        list_metrics()

    assert len(statements) == 3


def test_a_metric_without_numbers_is_told_from_one_with_some(session: Saver, cast: Cast) -> None:
    metric, other = make_metric(session), make_metric(session, "other")
    for one in (other, other, metric):
        make_daily(session, make_account(session, team_id=cast.team.id), one)

    assert (has_numbers(metric.id), has_numbers(make_metric(session, "third").id)) == (True, False)


def test_metrics_are_found_and_chosen(session: Saver) -> None:
    metric = make_metric(session)
    make_metric(session, "old", archived_at=NOW)

    assert (find_metric_id("logins"), find_metric_id("none")) == (metric.id, None)
    assert list_metric_choices() == [(metric.id, "Logins")]
    with pytest.raises(NotFound):
        get_metric(99)


def test_the_names_of_recent_events_are_offered_most_frequent_first(session: Saver) -> None:
    source = make_source(session)
    for number, event in enumerate(["Export", "Login", "Login"]):
        make_usage_event(session, source, str(number), event=event)

    assert list_recent_events() == ["Login", "Export"]
