"""Administrators say what is counted, and who sends it; each act is on record."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.models import ApiToken, AuditEvent, EventRule, Metric, WriteKey
from changetrack.queries import usage_metrics
from tests.clock import NOW
from tests.factories import (
    PASSWORD,
    Cast,
    make_account,
    make_daily,
    make_metric,
    make_rule,
    make_session,
    make_source,
    make_token,
    make_usage_event,
    make_write_key,
)
from tests.functional.web.importing import words

Saver = scoped_session[Session]
BrowserOf = Callable[[str], FlaskClient]
TOKEN = {"name": "Export", "scopes": ["read", "ingest"], "expires": "30", "password": PASSWORD}
METRIC = {"name": "Feature calls", "key": "feature_calls", "unit": "calls", "aggregation": "sum", "purpose": ""}


@pytest.fixture
def ada(browser_of: BrowserOf) -> FlaskClient:
    return browser_of("ada")


def test_the_pages_are_cards_of_the_admin_page(ada: FlaskClient) -> None:
    page = words(ada.get("/admin"))

    assert all(title in page for title in ("Metrics", "Sources", "What arrives", "Unmatched", "API tokens"))


@pytest.mark.parametrize(
    ("address", "teaching"),
    [
        ("/admin/metrics", "Nothing is counted yet"),
        ("/admin/sources", "No product sends anything yet"),
        ("/admin/usage", "Nothing has arrived yet"),
        ("/admin/usage/unmatched", "Everything has its account"),
        ("/admin/tokens", "No tokens yet"),
        ("/admin/metrics/rules/new", "There is no metric yet"),
    ],
)
def test_an_empty_page_teaches(ada: FlaskClient, address: str, teaching: str) -> None:
    assert teaching in words(ada.get(address))


def test_a_metric_is_added_given_a_rule_and_listed_in_words(ada: FlaskClient, session: Saver, cast: Cast) -> None:
    made = ada.post("/admin/metrics/new", data=METRIC)
    metric = session.scalars(select(Metric)).one()
    ruled = ada.post(made.location + "/rules", data={"event": "Report Created", "property": "", "source_id": ""})
    make_daily(session, make_account(session, team_id=cast.team.id), metric)

    page = words(ada.get("/admin/metrics"))

    assert (made.status_code, ruled.status_code) == (303, 303)
    assert "Feature calls feature_calls calls added up Report Created today 1" in page
    assert "Report Created each event counts one any source" in words(ada.get(made.location))


def test_a_metric_says_when_only_some_accounts_were_looked_at(
    ada: FlaskClient, session: Saver, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    metric = make_metric(session)
    make_daily(session, make_account(session, team_id=cast.team.id), metric)
    whole = words(ada.get(f"/admin/metrics/{metric.id}"))
    monkeypatch.setattr(usage_metrics, "LOOKED_AT", 1)
    make_daily(session, make_account(session, team_id=cast.team.id), metric)

    page = words(ada.get(f"/admin/metrics/{metric.id}"))

    assert "accounts with any numbers" not in whole
    assert "accounts with any numbers" in page


def test_what_is_wrong_with_a_metric_is_said_at_its_fields(ada: FlaskClient, session: Saver) -> None:
    answer = ada.post(
        "/admin/metrics/new", data={**METRIC, "key": "Feature Calls", "aggregation": "max", "purpose": "first_task"}
    )

    assert answer.status_code == 422
    assert "A key has small letters" in answer.text
    assert "Only a metric that counts different people" in answer.text
    assert 'value="Feature Calls"' in answer.text


def test_a_metric_with_rules_keeps_its_key(ada: FlaskClient, session: Saver) -> None:
    metric = make_metric(session)
    make_rule(session, metric)
    address = f"/admin/metrics/{metric.id}"

    kept = ada.post(address, data={**METRIC, "version": "1", "key": "logins"})
    refused = ada.post(address, data={**METRIC, "version": "2"})

    assert (kept.status_code, refused.status_code) == (303, 422)
    assert "It stays: there are rules" in refused.text


def test_somebody_elses_edit_is_not_overwritten(ada: FlaskClient, session: Saver) -> None:
    metric = make_metric(session, version=3)

    assert ada.post(f"/admin/metrics/{metric.id}", data={**METRIC, "version": "2"}).status_code == 409


def test_a_rule_that_cannot_be_is_refused_at_its_fields(ada: FlaskClient, session: Saver) -> None:
    metric = make_metric(session, aggregation="last")

    answer = ada.post(f"/admin/metrics/{metric.id}/rules", data={"event": "Seats", "property": "", "source_id": "77"})

    assert answer.status_code == 422
    assert "name the property of the event" in answer.text
    assert "There is no such source" in answer.text


def test_a_rule_is_made_from_an_event_that_was_seen(ada: FlaskClient, session: Saver) -> None:
    metric, source = make_metric(session), make_source(session)
    address = f"/admin/metrics/rules/new?event=Page+Viewed&source={source.id}"

    shown = ada.get(address)
    made = ada.post(
        address, data={"event": "Page Viewed", "source_id": str(source.id), "metric_id": str(metric.id), "property": ""}
    )

    rule = session.scalars(select(EventRule)).one()
    assert 'value="Page Viewed"' in shown.text
    assert f'<option selected value="{source.id}">Web app</option>' in shown.text
    assert made.location == f"/admin/metrics/{metric.id}"
    assert (rule.event, rule.source_id, rule.metric_id) == ("Page Viewed", source.id, metric.id)


def test_names_of_recent_events_are_offered(ada: FlaskClient, session: Saver) -> None:
    metric = make_metric(session)
    make_usage_event(session, make_source(session), event="Report Created")

    assert '<option value="Report Created">' in ada.get(f"/admin/metrics/{metric.id}").text


def test_a_rule_is_ended_and_a_metric_archived_and_restored(ada: FlaskClient, session: Saver) -> None:
    metric = make_metric(session)
    rules = [make_rule(session, metric), make_rule(session, metric, "Login")]
    address = f"/admin/metrics/{metric.id}"

    ada.post(f"{address}/rules/{rules[0].id}/end")
    ada.post(f"{address}/archive")
    archived = words(ada.get(address))
    ada.post(f"{address}/restore")

    session.expire_all()
    assert "Archived" in archived
    assert metric.archived_at is None
    assert [rule.ended_at for rule in rules] == [NOW, NOW]


def test_what_belongs_to_another_is_not_found(ada: FlaskClient, session: Saver) -> None:
    rule = make_rule(session, make_metric(session))
    key = make_write_key(session, make_source(session))
    other_metric, other_source = make_metric(session, "other"), make_source(session, "Mobile")

    answers = [
        ada.post(f"/admin/metrics/{other_metric.id}/rules/{rule.id}/end"),
        ada.post(f"/admin/sources/{other_source.id}/keys/{key.id}/revoke"),
    ]

    session.expire_all()
    assert [answer.status_code for answer in answers] == [404, 404]
    assert (rule.ended_at, key.revoked_at) == (None, None)


def test_a_form_without_its_token_changes_nothing(make_app: Callable[..., Flask], session: Saver, cast: Cast) -> None:
    metric, key, token = make_metric(session), make_write_key(session, make_source(session)), make_token(session)
    rule = make_rule(session, metric)
    make_session(session, cast.ada, "the browser of ada")
    client = make_app().test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "the browser of ada"

    answers = [
        client.post(f"/admin/{path}").status_code
        for path in (
            "metrics/new", f"metrics/{metric.id}", f"metrics/{metric.id}/rules", "metrics/rules/new",
            f"metrics/{metric.id}/rules/{rule.id}/end", f"metrics/{metric.id}/archive",
            f"metrics/{metric.id}/restore", "sources", f"sources/{key.source_id}", f"sources/{key.source_id}/keys",
            f"sources/{key.source_id}/keys/{key.id}/revoke", "tokens/new", f"tokens/{token.id}/revoke",
            "usage/unmatched/match", "usage/unmatched/forget",
        )
    ]  # fmt: skip

    assert answers == [400] * 15
    assert session.scalars(select(AuditEvent)).all() == []


def test_each_act_is_in_the_audit_in_words(ada: FlaskClient, session: Saver) -> None:
    ada.post("/admin/metrics/new", data=METRIC)
    metric = session.scalars(select(Metric)).one()
    address = f"/admin/metrics/{metric.id}"
    ada.post(address, data={**METRIC, "version": "1", "name": "Calls"})
    ada.post(f"{address}/rules", data={"event": "Login", "property": "", "source_id": ""})
    ada.post(f"{address}/rules/{session.scalars(select(EventRule.id)).one()}/end")
    ada.post(f"{address}/archive")
    ada.post(f"{address}/restore")
    source = ada.post("/admin/sources", data={"name": "Web app"}).location
    ada.post(source, data={"name": "Web"})
    ada.post(f"{source}/keys")
    ada.post(f"{source}/keys/{session.scalars(select(WriteKey.id)).one()}/revoke")
    ada.post("/admin/tokens/new", data=TOKEN)
    ada.post(f"/admin/tokens/{session.scalars(select(ApiToken.id)).one()}/revoke")

    page = words(ada.get("/admin/audit"))

    for line in (
        "Metric added Calls", "Metric edited Calls Name Feature calls Calls", "Rule added Calls Event Login",
        "Rule ended Calls", "Metric archived Calls", "Metric in use again Calls", "Source added Web",
        "Source renamed Web Name Web app Web", "Write key made Web", "Write key revoked Web",
        "API token made Export", "API token revoked Export",
    ):  # fmt: skip
        assert line in page
    assert "Metric added" not in words(ada.get("/admin/audit?group=source"))
