"""The live tail says of each event what it fed or why it did not count; unmatched names are matched or forgotten."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.api import dialects
from changetrack.models import Alias, AuditEvent, UsageDaily, UsageEvent
from changetrack.queries import usage_arrivals
from changetrack.web.formatting import exact_date, exact_datetime
from tests.clock import NOW
from tests.factories import Cast, make_account, make_metric, make_rule, make_source, make_unmatched, make_usage_event
from tests.functional.web.importing import words

Saver = scoped_session[Session]
BrowserOf = Callable[[str], FlaskClient]


@pytest.fixture
def ada(browser_of: BrowserOf) -> FlaskClient:
    return browser_of("ada")


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("counted", "Feeds Logins."),
        ("unmatched", "No account is known as “acme-7”. Once it is matched, this counts in Logins. Match it"),
        ("no_rule", "Nothing counts this event. Make a rule from this event"),
        ("no_account", "It has no groupId"),
        ("too_old", "It happened more than 400 days before it came."),
        ("ahead", "a clock is wrong"),
    ],
)
def test_each_event_says_what_became_of_it(ada: FlaskClient, session: Saver, state: str, why: str) -> None:
    metric = make_metric(session)
    feeds = [[metric.id, "1", None]]
    make_usage_event(session, make_source(session), name="acme-7", state=state, feeds=feeds)

    assert why in words(ada.get("/admin/usage"))


def test_a_wanted_property_is_named_rather_than_a_rule_offered(ada: FlaskClient, session: Saver) -> None:
    make_rule(session, make_metric(session, "seats"), "Seats Changed", property="seats")
    make_usage_event(session, make_source(session), event="Seats Changed", state="no_rule", feeds=None)

    page = words(ada.get("/admin/usage"))

    assert "A rule wants its property “seats”, and it has none." in page
    assert "Make a rule" not in page


def test_what_is_no_event_is_said_to_be_none(ada: FlaskClient, session: Saver) -> None:
    make_usage_event(session, make_source(session), event=dialects.UNREADABLE, name=None, state="no_rule", feeds=None)

    page = words(ada.get("/admin/usage"))

    assert "It is nothing that an SDK sends as an event." in page
    assert "Make a rule" not in page


def test_the_list_asks_again_by_itself_only_when_asked_to_and_not_for_ever(ada: FlaskClient, session: Saver) -> None:
    make_usage_event(session, make_source(session))

    quiet, following, last = (ada.get(f"/admin/usage{query}").text for query in ("", "?follow=2", "?follow=0"))

    assert "hx-get" not in quiet.partition("<main")[2]
    assert 'hx-get="?follow=1"' in following
    assert "hx-get" not in last.partition("<main")[2]


def test_filters_stay_while_paging(ada: FlaskClient, session: Saver, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_source(session)
    for number in range(usage_arrivals.PAGE + 1):
        event = "Login" if number else "Very first"
        make_usage_event(session, source, f"m{number}", event=event, received_at=NOW + timedelta(seconds=number))

    first = ada.get("/admin/usage?state=unmatched")
    address = first.text.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = ada.get(f"/admin/usage{address}")

    assert "Very first" not in words(first)
    assert "Very first" in words(second)
    assert "state=unmatched" in address


@pytest.mark.parametrize("query", ["source=x", "source=99999999999999999999", "state=x", "after=x", "follow=x"])
def test_a_spoilt_address_shows_the_page(ada: FlaskClient, query: str) -> None:
    assert ada.get(f"/admin/usage?{query}").status_code == 200


def test_what_arrived_on_another_day_has_its_date(ada: FlaskClient, session: Saver) -> None:
    source = make_source(session)
    make_usage_event(session, source, "m1", received_at=NOW)
    make_usage_event(session, source, "m2", received_at=NOW - timedelta(days=2))

    page = ada.get("/admin/usage")

    assert f"{exact_date(NOW.date())}, {NOW:%H:%M:%S}" not in words(page)
    assert f"{exact_date(NOW.date() - timedelta(days=2))}, {NOW:%H:%M:%S}" in words(page)
    assert f'title="{exact_datetime(NOW)}"' in page.text


def test_a_match_says_what_counted_and_leads_to_the_account(ada: FlaskClient, session: Saver, cast: Cast) -> None:
    account, metric = make_account(session, team_id=cast.team.id), make_metric(session)
    source = make_source(session)
    for number in range(3):
        make_usage_event(session, source, f"m{number}", name="<SUB-7>", feeds=[[metric.id, "1", None]])

    ada.post("/admin/usage/unmatched/match", data={"name": "<SUB-7>", "account_id": str(account.id)})
    page = ada.get("/admin/usage/unmatched").text

    link = f'<a href="/accounts/{account.id}">Open the account</a>'
    assert f"“&lt;SUB-7&gt;” is matched: 3 events counted. {link}" in page


def test_a_name_is_found_an_account_and_counts_once(ada: FlaskClient, session: Saver, cast: Cast) -> None:
    account, metric = make_account(session, team_id=cast.team.id, name="Acme"), make_metric(session)
    make_usage_event(session, make_source(session), name="SUB-7", feeds=[[metric.id, "3", None]])
    make_unmatched(session, metric, "SUB-8", value=Decimal(5))

    found = ada.get("/admin/usage/unmatched/name?name=SUB-7&q=acm")
    matched = ada.post("/admin/usage/unmatched/match", data={"name": "SUB-7", "account_id": str(account.id)})
    again = ada.post("/admin/usage/unmatched/match", data={"name": "SUB-7", "account_id": str(account.id)})

    assert "It is this one" in words(found)
    assert (matched.status_code, again.status_code) == (303, 303)
    assert session.scalars(select(Alias.alias)).all() == ["SUB-7"]
    assert session.scalars(select(UsageDaily.counted)).all() == [Decimal(3)]
    assert "SUB-7" not in words(ada.get("/admin/usage/unmatched")).partition("Names from")[2]


def test_a_name_of_another_account_is_refused(ada: FlaskClient, session: Saver, cast: Cast) -> None:
    account = make_account(session, team_id=cast.team.id, name="Acme", external_id="A-1")
    other = make_account(session, team_id=cast.team.id, name="Bolt")
    make_usage_event(session, make_source(session), name="A-1")

    answer = ada.post("/admin/usage/unmatched/match", data={"name": "A-1", "account_id": str(other.id)})

    assert answer.status_code == 422
    assert "names another account" in words(answer)
    assert account.external_id == "A-1"


def test_forgetting_asks_for_a_reason_and_is_in_the_audit(ada: FlaskClient, session: Saver) -> None:
    make_usage_event(session, make_source(session), name="test/tenant")
    asked = ada.post("/admin/usage/unmatched/forget", data={"name": "test/tenant", "reason": " "})

    done = ada.post("/admin/usage/unmatched/forget", data={"name": "test/tenant", "reason": "A test tenant."})

    audit = words(ada.get("/admin/audit?group=unmatched"))
    assert (asked.status_code, done.status_code) == (422, 303)
    assert "Forgotten test/tenant" in audit
    assert "“A test tenant.”" in audit
    assert session.scalars(select(UsageEvent)).all() == []
    assert session.scalars(select(AuditEvent.kind)).all() == ["unmatched_forgotten"]


def test_a_name_under_which_nothing_waits_is_not_found(ada: FlaskClient) -> None:
    assert ada.get("/admin/usage/unmatched/name?name=nobody").status_code == 404
    assert ada.get("/admin/usage/unmatched/name").status_code == 404
