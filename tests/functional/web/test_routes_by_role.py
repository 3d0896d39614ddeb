"""Who gets through which door: one table of every route by every role, and what a GET may not do.

A new route needs its line in RULES; what stands in an address is taken from `behind_doors` by its name.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from changetrack.models import db
from changetrack.web.platform import APART
from tests.factories import Cast
from tests.functional.web.behind_doors import furnished

Saver = scoped_session[Session]
BrowserOf = Callable[[str], FlaskClient]

IN = "let in"
LOGIN = "asked to sign in"
NO = "403"
ABSENT = "404"


class Access(NamedTuple):
    """What becomes of each: signed out; outsider; executive; member, coordinator and VSM of the team; admin."""

    nobody: str
    otto: str
    ed: str
    olu: str
    tess: str
    vik: str
    ada: str


PUBLIC = Access(IN, IN, IN, IN, IN, IN, IN)
SIGNED_IN = Access(LOGIN, IN, IN, IN, IN, IN, IN)
ADMIN = Access(LOGIN, NO, NO, NO, NO, NO, IN)
UPLOAD_OF_NOBODY = Access(LOGIN, NO, NO, NO, NO, NO, ABSENT)  # each administrator sees their own only
WAITS_UNDER_NO_NAME = Access(LOGIN, NO, NO, NO, NO, NO, ABSENT)  # the request of the table names none
SEE_ACCOUNT = Access(LOGIN, ABSENT, IN, IN, IN, IN, IN)
DECIDE = Access(LOGIN, ABSENT, IN, NO, NO, NO, NO)
WORK_ON_ACCOUNT = Access(LOGIN, ABSENT, NO, IN, IN, IN, NO)
EDIT_ACCOUNT = Access(LOGIN, ABSENT, NO, IN, IN, IN, IN)
EDIT_ACCOUNTS = Access(LOGIN, IN, NO, IN, IN, IN, IN)  # those of one's own teams

RULES: Mapping[str, Access] = {
    "GET health.healthz": PUBLIC,
    "GET health.readyz": PUBLIC,
    "GET vital_signs.metrics": PUBLIC,
    "GET people.sign_in": PUBLIC,
    "POST people.sign_in": PUBLIC,
    "POST people.sign_out": SIGNED_IN,
    "GET people.sessions": SIGNED_IN,
    "POST people.end_session": Access(LOGIN, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT),  # of a stranger
    "POST people.end_other_sessions": SIGNED_IN,
    "GET people.password": SIGNED_IN,
    "POST people.password": SIGNED_IN,
    "GET admin.index": ADMIN,
    "GET people_admin.index": ADMIN,
    "GET people_admin.new": ADMIN,
    "POST people_admin.new": ADMIN,
    "GET people_admin.user": ADMIN,
    "POST people_admin.user": ADMIN,
    "POST people_admin.reset_password": ADMIN,
    "POST people_admin.disable": ADMIN,
    "POST people_admin.enable": ADMIN,
    "POST people_admin.end_sessions": ADMIN,
    "GET teams_admin.index": ADMIN,
    "GET teams_admin.new": ADMIN,
    "POST teams_admin.new": ADMIN,
    "GET teams_admin.team": ADMIN,
    "POST teams_admin.team": ADMIN,
    "POST teams_admin.put_member": ADMIN,
    "POST teams_admin.remove_member": ADMIN,
    "GET funnel.index": SIGNED_IN,
    "GET funnel.movement": SIGNED_IN,
    "GET funnel.moves": SIGNED_IN,
    "GET funnel.filters": SIGNED_IN,
    "GET funnel.export": SIGNED_IN,
    "GET value.index": SIGNED_IN,
    "GET value.export": SIGNED_IN,
    "GET value.outcomes": SIGNED_IN,
    "GET value.outcomes_export": SIGNED_IN,
    "GET value.ledger": SIGNED_IN,
    "GET value.ledger_export": SIGNED_IN,
    "GET playbook_admin.index": ADMIN,
    "GET playbook_admin.step": ADMIN,
    "POST playbook_admin.step": ADMIN,
    "GET imports_admin.index": ADMIN,
    "POST imports_admin.index": ADMIN,
    "GET imports_admin.columns": UPLOAD_OF_NOBODY,
    "POST imports_admin.columns": UPLOAD_OF_NOBODY,
    "GET imports_admin.upload": UPLOAD_OF_NOBODY,
    "GET imports_admin.progress": UPLOAD_OF_NOBODY,
    "POST imports_admin.commit": UPLOAD_OF_NOBODY,
    "POST imports_admin.discard": UPLOAD_OF_NOBODY,
    "GET imports_admin.rejects": UPLOAD_OF_NOBODY,
    "GET audit_admin.index": ADMIN,
    "GET metrics_admin.index": ADMIN,
    "GET metrics_admin.new": ADMIN,
    "POST metrics_admin.new": ADMIN,
    "GET metrics_admin.metric": ADMIN,
    "POST metrics_admin.metric": ADMIN,
    "POST metrics_admin.add_rule": ADMIN,
    "POST metrics_admin.end_rule": ADMIN,
    "GET metrics_admin.new_rule": ADMIN,
    "POST metrics_admin.new_rule": ADMIN,
    "POST metrics_admin.archive": ADMIN,
    "POST metrics_admin.restore": ADMIN,
    "GET sources_admin.index": ADMIN,
    "POST sources_admin.index": ADMIN,
    "GET sources_admin.source": ADMIN,
    "POST sources_admin.source": ADMIN,
    "POST sources_admin.create_key": ADMIN,
    "POST sources_admin.revoke_key": ADMIN,
    "GET arrivals_admin.index": ADMIN,
    "GET unmatched_admin.index": ADMIN,
    "GET unmatched_admin.name": WAITS_UNDER_NO_NAME,
    "POST unmatched_admin.match": WAITS_UNDER_NO_NAME,
    "POST unmatched_admin.forget": WAITS_UNDER_NO_NAME,
    "GET tokens_admin.index": ADMIN,
    "GET tokens_admin.new": ADMIN,
    "POST tokens_admin.new": ADMIN,
    "POST tokens_admin.revoke": ADMIN,
    "GET journey.account_page": SEE_ACCOUNT,
    "GET journey.update": WORK_ON_ACCOUNT,
    "POST journey.update": WORK_ON_ACCOUNT,
    "POST journey_record.opening": WORK_ON_ACCOUNT,
    "POST journey_record.gap": WORK_ON_ACCOUNT,
    "POST journey_record.vision": WORK_ON_ACCOUNT,
    "POST journey_record.evidence": WORK_ON_ACCOUNT,
    "POST journey_record.retract": WORK_ON_ACCOUNT,
    "POST journey_gate.propose": WORK_ON_ACCOUNT,
    "POST journey_gate.sign": WORK_ON_ACCOUNT,
    "POST journey_gate.customer_sign": WORK_ON_ACCOUNT,
    "POST journey_gate.withdraw": WORK_ON_ACCOUNT,
    "GET journey_gate.exception": Access(LOGIN, ABSENT, NO, NO, NO, IN, NO),
    "POST journey_gate.exception": Access(LOGIN, ABSENT, NO, NO, NO, IN, NO),
    "GET journey_moves.back": WORK_ON_ACCOUNT,
    "POST journey_moves.back": WORK_ON_ACCOUNT,
    "GET journey_moves.hold": WORK_ON_ACCOUNT,
    "POST journey_moves.hold": WORK_ON_ACCOUNT,
    "GET journey_moves.resume": WORK_ON_ACCOUNT,
    "POST journey_moves.resume": WORK_ON_ACCOUNT,
    "GET journey_moves.close": WORK_ON_ACCOUNT,
    "POST journey_moves.close": WORK_ON_ACCOUNT,
    "GET journey_moves.reopen": WORK_ON_ACCOUNT,
    "POST journey_moves.reopen": WORK_ON_ACCOUNT,
    "GET coalition.index": SEE_ACCOUNT,
    "GET coalition.new": WORK_ON_ACCOUNT,
    "POST coalition.new": WORK_ON_ACCOUNT,
    "GET coalition.contact": WORK_ON_ACCOUNT,
    "POST coalition.contact": WORK_ON_ACCOUNT,
    "POST coalition.decision_path": WORK_ON_ACCOUNT,
    "GET outcomes.index": SEE_ACCOUNT,
    "GET outcomes.new": WORK_ON_ACCOUNT,
    "POST outcomes.new": WORK_ON_ACCOUNT,
    "GET outcomes.outcome": SEE_ACCOUNT,
    "GET outcomes.edit": WORK_ON_ACCOUNT,
    "POST outcomes.edit": WORK_ON_ACCOUNT,
    "GET outcomes.change": WORK_ON_ACCOUNT,
    "POST outcomes.change": WORK_ON_ACCOUNT,
    "POST outcomes.take_back": WORK_ON_ACCOUNT,
    "POST outcome_words.record": WORK_ON_ACCOUNT,
    "POST outcome_words.retract": WORK_ON_ACCOUNT,
    "GET customer.index": PUBLIC,
    "POST customer.answer": PUBLIC,
    "GET customer_requests.index": SEE_ACCOUNT,
    "POST customer_requests.ask": WORK_ON_ACCOUNT,
    "POST customer_requests.renew": WORK_ON_ACCOUNT,
    "POST customer_requests.revoke": WORK_ON_ACCOUNT,
    "GET today.index": SIGNED_IN,
    "GET search.index": SIGNED_IN,
    "GET accounts.index": SIGNED_IN,
    "GET accounts.export": SIGNED_IN,
    "GET accounts.new": EDIT_ACCOUNTS,
    "POST accounts.new": EDIT_ACCOUNTS,
    "GET accounts.edit": EDIT_ACCOUNT,
    "POST accounts.edit": EDIT_ACCOUNT,
    "POST accounts.add_alias": EDIT_ACCOUNT,
    "POST accounts.remove_alias": EDIT_ACCOUNT,
    "POST accounts.reassign": EDIT_ACCOUNTS,
    "POST accounts.save_view": SIGNED_IN,
    "POST accounts.remove_view": Access(LOGIN, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT),  # of a stranger
    "GET board.index": SIGNED_IN,
    "POST board.move": WORK_ON_ACCOUNT,
    "GET alerts.index": SIGNED_IN,
    "GET alerts.alert": SEE_ACCOUNT,
    "GET alerts.decide": DECIDE,
    "POST alerts.decide": DECIDE,
    "GET alerts.acknowledge": WORK_ON_ACCOUNT,
    "POST alerts.acknowledge": WORK_ON_ACCOUNT,
    "GET alerts.snooze": WORK_ON_ACCOUNT,
    "POST alerts.snooze": WORK_ON_ACCOUNT,
    "GET alerts.messages": SIGNED_IN,
    "POST alerts.read": SIGNED_IN,
    "GET alerts.undelivered": ADMIN,
    "POST alerts.deliver_again": ADMIN,
    "GET calendars_admin.index": ADMIN,
    "GET calendars_admin.new": ADMIN,
    "GET calendars_admin.parts": ADMIN,
    "POST calendars_admin.new": ADMIN,
    "GET calendars_admin.calendar": ADMIN,
    "POST calendars_admin.calendar": ADMIN,
    "POST calendars_admin.make_house": ADMIN,
    "POST calendars_admin.delete": ADMIN,
    "GET endpoints_admin.index": ADMIN,
    "GET endpoints_admin.new_webhook": ADMIN,
    "POST endpoints_admin.new_webhook": ADMIN,
    "GET endpoints_admin.new_slack": ADMIN,
    "POST endpoints_admin.new_slack": ADMIN,
    "GET endpoints_admin.endpoint": ADMIN,
    "POST endpoints_admin.endpoint": ADMIN,
    "POST endpoints_admin.rotate": ADMIN,
    "POST endpoints_admin.test": ADMIN,
    "POST endpoints_admin.deliver_again": ADMIN,
    "POST endpoints_admin.disable": ADMIN,
    "POST endpoints_admin.enable": ADMIN,
    "GET message_settings.index": SIGNED_IN,
    "POST message_settings.index": SIGNED_IN,
    "POST message_settings.test": SIGNED_IN,
    "POST message_settings.email_again": SIGNED_IN,
    "POST message_settings.use_slack": SIGNED_IN,
    "POST message_settings.slack_off": Access(LOGIN, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT),  # they have none
    "POST message_settings.slack_on": Access(LOGIN, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT),
    "POST message_settings.make_calendar": SIGNED_IN,
    "POST message_settings.revoke_calendar": SIGNED_IN,
    "GET learning.index": SIGNED_IN,
    "GET learning.commitments": SIGNED_IN,
    "GET learning.export": SIGNED_IN,
    "GET commitments.index": SEE_ACCOUNT,
    "GET commitments.new": WORK_ON_ACCOUNT,
    "POST commitments.new": WORK_ON_ACCOUNT,
    "GET commitments.commitment": SEE_ACCOUNT,
    "POST commitments.met": WORK_ON_ACCOUNT,
    "POST commitments.reopen": WORK_ON_ACCOUNT,
    "POST commitments.another_day": WORK_ON_ACCOUNT,
    "POST commitments.hand_over": WORK_ON_ACCOUNT,
    "POST commitments.outcome": WORK_ON_ACCOUNT,
    "POST commitments.withdraw": WORK_ON_ACCOUNT,
    "GET calendar.index": PUBLIC,
    "GET unsubscribe.index": PUBLIC,
    "POST unsubscribe.change": PUBLIC,
}

READS = sorted(door for door in RULES if door.startswith("GET "))  # they change nothing: one after the other

ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)  # the doors are the same on both


@pytest.fixture
def addresses(app: Flask, session: Saver, cast: Cast) -> Mapping[str, Any]:
    """What the names in an address stand for; nobody of the cast is harmed."""
    return furnished(app, session, cast)


def doors(app: Flask) -> Iterator[tuple[str, Rule]]:
    """Every route with every method, as it is named in RULES."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if rule.endpoint != "static" and rule.endpoint.split(".")[0] not in app.extensions[APART]:
                yield f"{method} {rule.endpoint}", rule  # the API has keys, no roles: tests/functional/api/test_locks


def outcome(response: TestResponse) -> str:
    """What became of somebody at a door: let in is whoever the page answered, be it with a refusal."""
    if (response.location or "").startswith("/login"):
        return IN if response.status_code == 303 else LOGIN  # 303: who has just signed out
    return str(response.status_code) if response.status_code in (401, 403, 404, 405) else IN


def knock(app: Flask, browser: FlaskClient, door: str, addresses: Mapping[str, Any]) -> TestResponse:
    """Send a bare request to a door."""
    method, endpoint = door.split()
    rule = next(rule for name, rule in doors(app) if name == door)
    with app.test_request_context():
        address = app.url_for(endpoint, **{name: addresses[name] for name in rule.arguments})
    return browser.open(address, method=method)


@ON_ONE_DATABASE
def test_every_route_has_its_line_in_the_table_and_every_line_its_route(app: Flask) -> None:
    assert sorted({name for name, _ in doors(app)}) == sorted(RULES)


@ON_ONE_DATABASE
def test_each_role_reads_what_it_may_and_nothing_else(
    app: Flask, browser_of: BrowserOf, addresses: Mapping[str, Any]
) -> None:
    browsers = {who: browser_of(who) for who in Access._fields}

    answers = {door: {who: knock(app, browsers[who], door, addresses) for who in browsers} for door in READS}

    for door, of_each in answers.items():
        assert {who: outcome(answer) for who, answer in of_each.items()} == RULES[door]._asdict(), door
        assert all(answer.status_code < 500 for answer in of_each.values()), door


@ON_ONE_DATABASE
@pytest.mark.parametrize("door", [door for door in RULES if door not in READS])
def test_each_role_gets_through_its_doors_and_no_other(
    app: Flask, browser_of: BrowserOf, addresses: Mapping[str, Any], door: str
) -> None:
    answers = {who: knock(app, browser_of(who), door, addresses) for who in Access._fields}

    assert {who: outcome(answer) for who, answer in answers.items()} == RULES[door]._asdict()
    assert all(answer.status_code < 500 for answer in answers.values())


@ON_ONE_DATABASE
def test_the_account_of_another_team_looks_like_none(
    app: Flask, browser_of: BrowserOf, addresses: Mapping[str, Any]
) -> None:
    otto = browser_of("otto")
    about_accounts = sorted({name for name, rule in doors(app) if "account_id" in rule.arguments})

    for door in about_accounts:
        real = knock(app, otto, door, addresses)
        absent = knock(app, otto, door, {**addresses, "account_id": 987_654_321})
        assert (door, real.status_code, absent.status_code) == (door, 404, 404)
        assert without_reference(real) == without_reference(absent)


@ON_ONE_DATABASE
def test_reading_a_page_changes_nothing(
    app: Flask, session: Saver, browser_of: BrowserOf, addresses: Mapping[str, Any]
) -> None:
    browsers = [browser_of(who) for who in Access._fields]
    before = fingerprint(session)

    for door in READS:
        for browser in browsers:
            knock(app, browser, door, addresses)
        assert fingerprint(session) == before, door


def without_reference(response: TestResponse) -> str:
    """The page without what is new in every answer."""
    return response.text.partition("tell your operator")[0]


def fingerprint(session: Saver) -> str:
    """All rows of all tables in one number."""
    digest = hashlib.sha256()
    for table in db.metadata.sorted_tables:
        for row in session.execute(select(table).order_by(*table.primary_key.columns)):
            digest.update(repr((table.name, tuple(row))).encode())
    session.rollback()
    return digest.hexdigest()
