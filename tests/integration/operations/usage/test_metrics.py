"""Metrics and their rules: who may change them, what stays once numbers rest on it, and the trace of each act."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, StaleVersion
from changetrack.models import AuditEvent, EventRule, Metric
from changetrack.operations.usage import metrics
from tests.conftest import ON_ONE_DATABASE
from tests.factories import (
    Cast,
    make_account,
    make_daily,
    make_metric,
    make_outcome,
    make_rule,
    make_source,
    make_unmatched,
)
from tests.factories._saving import Saver

GOOD: dict[str, Any] = {"key": "feature_calls", "name": "Feature calls", "unit": "calls", "aggregation": "sum"}


@pytest.fixture
def ada(cast: Cast) -> Actor:
    return cast.actor("ada")


def fields_of(refusal: OperationRefused) -> set[str | None]:
    return {reason.field for reason in refusal.reasons}


def kinds(session: Saver) -> list[str]:
    return list(session.scalars(select(AuditEvent.kind).order_by(AuditEvent.subject, AuditEvent.seq)))


def test_a_metric_is_added_with_its_trace(session: Saver, ada: Actor, now: datetime) -> None:
    metric_id = metrics.create_metric(actor=ada, now=now, **{**GOOD, "name": "  Feature \n calls "})

    metric = session.get_one(Metric, metric_id)
    event = session.scalars(select(AuditEvent)).one()
    assert (metric.key, metric.name, metric.created_at, metric.version) == ("feature_calls", "Feature calls", now, 1)
    assert (event.subject, event.kind, event.actor) == (f"metric:{metric_id}", "metric_added", "ada@example.com")
    assert event.changes["key"] == [None, "feature_calls"]


def test_a_key_and_a_purpose_are_taken_once(session: Saver, ada: Actor, now: datetime) -> None:
    make_metric(session, "feature_calls", aggregation="distinct", purpose="active_users")

    with pytest.raises(OperationRefused) as refused:
        metrics.create_metric(
            actor=ada, now=now, **{**GOOD, "unit": "", "aggregation": "distinct", "purpose": "active_users"}
        )

    assert fields_of(refused.value) == {"key", "purpose", "unit"}


def test_a_metric_is_edited_but_not_over_somebody_elses_edit(session: Saver, ada: Actor, now: datetime) -> None:
    metric = make_metric(session, "logins")

    metrics.edit_metric(actor=ada, now=now, metric_id=metric.id, version=1, **{**GOOD, "key": "calls"})
    with pytest.raises(StaleVersion):
        metrics.edit_metric(actor=ada, now=now, metric_id=metric.id, version=1, **GOOD)

    session.refresh(metric)
    assert (metric.key, metric.name, metric.version) == ("calls", "Feature calls", 2)


def test_saving_what_is_there_leaves_no_trace(session: Saver, ada: Actor, now: datetime) -> None:
    metric = make_metric(session, **{"key": "feature_calls", "name": "Feature calls", "unit": "calls"})

    metrics.edit_metric(actor=ada, now=now, metric_id=metric.id, **GOOD)

    assert kinds(session) == []


@pytest.mark.parametrize("rests_on_it", ["rule", "ended rule", "number", "unmatched number", "outcome"])
def test_key_and_aggregation_stay_once_something_rests_on_them(
    session: Saver, cast: Cast, ada: Actor, now: datetime, rests_on_it: str
) -> None:
    metric, other = make_metric(session, "logins"), make_metric(session, "other")
    accounts = [make_account(session, team_id=cast.team.id) for _ in range(3)]
    for account in accounts:
        make_daily(session, account, other)
    match rests_on_it:
        case "rule":
            make_rule(session, metric)
        case "ended rule":
            make_rule(session, metric, ended_at=now)
        case "outcome":
            make_outcome(session, accounts[0], metric)
        case "number":
            make_daily(session, accounts[-1], metric)
        case _:
            make_unmatched(session, metric)

    with pytest.raises(OperationRefused) as refused:
        metrics.edit_metric(actor=ada, now=now, metric_id=metric.id, **{**GOOD, "key": "calls", "aggregation": "max"})
    metrics.edit_metric(actor=ada, now=now, metric_id=metric.id, **{**GOOD, "key": "logins", "name": "Calls"})

    session.refresh(metric)
    assert fields_of(refused.value) == {"key", "aggregation"}
    assert (metric.key, metric.name) == ("logins", "Calls")


def test_a_metric_put_away_is_fed_no_more_and_frees_its_purpose(session: Saver, ada: Actor, now: datetime) -> None:
    metric = make_metric(session, "people", aggregation="distinct", purpose="active_users")
    rule = make_rule(session, metric)

    metrics.archive_metric(actor=ada, now=now, metric_id=metric.id)
    metrics.archive_metric(actor=ada, now=now, metric_id=metric.id)
    other = metrics.create_metric(actor=ada, now=now, **{**GOOD, "aggregation": "distinct", "purpose": "active_users"})

    session.refresh(metric)
    session.refresh(rule)
    assert (metric.archived_at, metric.purpose, rule.ended_at) == (now, None, now)
    assert session.get_one(Metric, other).purpose == "active_users"
    assert sorted(kinds(session)) == ["metric_added", "metric_archived"]


def test_a_metric_is_taken_into_use_again_without_its_rules(session: Saver, ada: Actor, now: datetime) -> None:
    metric = make_metric(session)
    rule = make_rule(session, metric)
    metrics.archive_metric(actor=ada, now=now, metric_id=metric.id)

    metrics.restore_metric(actor=ada, now=now, metric_id=metric.id)

    session.refresh(metric)
    session.refresh(rule)
    assert metric.archived_at is None
    assert rule.ended_at == now


def test_an_event_feeds_a_metric_from_now_on(session: Saver, ada: Actor, now: datetime) -> None:
    metric, source = make_metric(session), make_source(session)

    rule_id = metrics.add_event_rule(
        actor=ada, now=now, metric_id=metric.id, event=" Report Created ", property_name=" ", source_id=source.id
    )

    rule = session.get_one(EventRule, rule_id)
    assert (rule.event, rule.property, rule.source_id, rule.created_at, rule.ended_at) == (
        "Report Created", None, source.id, now, None,
    )  # fmt: skip
    assert session.scalars(select(AuditEvent)).one().changes == {
        "event": [None, "Report Created"],
        "source": [None, "Web app"],
    }


def test_all_reasons_against_a_rule_are_said_at_once(session: Saver, ada: Actor, now: datetime) -> None:
    metric = make_metric(session, aggregation="last", archived_at=now)

    with pytest.raises(OperationRefused) as refused:
        metrics.add_event_rule(actor=ada, now=now, metric_id=metric.id, event="", source_id=77)

    assert fields_of(refused.value) == {"event", "property", "source_id", None}


@pytest.mark.parametrize(
    ("first", "second", "is_double"),
    [(None, None, True), (None, 1, True), (1, None, True), (1, 1, True), (1, 2, False)],
)
def test_one_event_counts_once_in_a_metric(
    session: Saver, ada: Actor, now: datetime, first: int | None, second: int | None, is_double: bool
) -> None:
    metric = make_metric(session)
    ids = {None: None, 1: make_source(session).id, 2: make_source(session, "Mobile").id}
    make_rule(session, metric, "Login", source_id=ids[first])

    def add() -> int:
        return metrics.add_event_rule(
            actor=ada, now=now, metric_id=metric.id, event="Login", property_name="n", source_id=ids[second]
        )

    if is_double:
        with pytest.raises(OperationRefused, match="feeds this metric already"):
            add()
    else:
        assert add()


def test_an_ended_rule_stays_ended_and_makes_room(session: Saver, ada: Actor, now: datetime) -> None:
    metric = make_metric(session)
    rule = make_rule(session, metric, "Login", property="n")

    metrics.end_event_rule(actor=ada, now=now, metric_id=metric.id, rule_id=rule.id)
    metrics.end_event_rule(actor=ada, now=now, metric_id=metric.id, rule_id=rule.id)
    metrics.add_event_rule(actor=ada, now=now, metric_id=metric.id, event="Login")

    session.refresh(rule)
    assert rule.ended_at == now
    assert kinds(session) == ["event_rule_ended", "event_rule_added"]


def test_a_rule_is_ended_through_its_own_metric_only(session: Saver, ada: Actor, now: datetime) -> None:
    metric, other = make_metric(session), make_metric(session, "other")
    rule = make_rule(session, other)

    with pytest.raises(NotFound):
        metrics.end_event_rule(actor=ada, now=now, metric_id=metric.id, rule_id=rule.id)


@pytest.mark.parametrize("who", ["olu", "vik", "ed"])
@pytest.mark.parametrize(
    "act",
    [
        lambda **by: metrics.create_metric(**GOOD, **by),
        lambda **by: metrics.edit_metric(metric_id=1, **GOOD, **by),
        lambda **by: metrics.archive_metric(metric_id=1, **by),
        lambda **by: metrics.restore_metric(metric_id=1, **by),
        lambda **by: metrics.add_event_rule(metric_id=1, event="x", **by),
        lambda **by: metrics.end_event_rule(metric_id=1, rule_id=1, **by),
    ],
)
@ON_ONE_DATABASE
def test_only_administrators_decide_what_is_counted(
    cast: Cast, now: datetime, who: str, act: Callable[..., Any]
) -> None:
    with pytest.raises(Forbidden):
        act(actor=cast.actor(who), now=now)


@pytest.mark.parametrize(
    "act",
    [
        lambda **by: metrics.edit_metric(metric_id=99, **GOOD, **by),
        lambda **by: metrics.archive_metric(metric_id=99, **by),
        lambda **by: metrics.restore_metric(metric_id=99, **by),
        lambda **by: metrics.add_event_rule(metric_id=99, event="x", **by),
        lambda **by: metrics.end_event_rule(metric_id=99, rule_id=1, **by),
    ],
)
def test_what_is_not_there_is_not_found(ada: Actor, now: datetime, act: Callable[..., Any]) -> None:
    with pytest.raises(NotFound):
        act(actor=ada, now=now)
