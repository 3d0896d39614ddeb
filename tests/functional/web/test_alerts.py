"""The pages of the night: the inbox, acknowledging, snoozing, one's messages, and what could not be delivered."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from changetrack.domain.people import Actor
from changetrack.models import Alert, Notification, OutboxMessage
from changetrack.operations.playbook import install_playbook
from tests.clock import NOW, TODAY
from tests.factories import Cast, make_account, make_alert, make_message, make_notification, make_visit
from tests.factories._saving import Saver

pytestmark = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)  # the database has tests of its own

BrowserOf = Callable[[str], FlaskClient]
REASONS = {
    "no_progress": {
        "since": "2026-02-16",
        "why": "11 business days without progress in step 3; the limit is 10.",
        "rule": "playbook 1",
        "urges": False,
    }
}


@pytest.fixture
def alert(session: Saver, cast: Cast) -> Alert:
    """A firing alert of Acme's, an account of Olu's that has made no progress for eleven business days."""
    install_playbook(actor=Actor.system("test"), now=NOW - timedelta(days=60))
    owned = {"team_id": cast.team.id, "owner_id": cast.olu.id, "annual_value": 12_500_000, "currency": "USD"}
    since = TODAY - timedelta(days=17)
    dated = {"progress_on": since, "step_entered_on": since, "standing_on": since, "customer_on": TODAY}
    account = make_account(session, name="Acme", claimed_step=3, visit_seq=1, stale=True, **owned, **dated)
    make_visit(session, account, seq=1, entered_on=since)
    return make_alert(session, account, reasons=REASONS, raised_on=TODAY - timedelta(days=3))


def fresh(session: Saver, alert: Alert) -> Alert:
    session.rollback()
    session.refresh(alert)
    return alert


def send(browser: FlaskClient, alert: Alert, what: str, query: str = "", **fields: object) -> TestResponse:
    return browser.post(f"/alerts/{alert.id}/{what}{query}", data={"version": alert.version, **fields})


def test_the_inbox_says_why_an_alert_fired_and_by_which_rule(browser_of: BrowserOf, alert: Alert) -> None:
    page = browser_of("olu").get("/alerts").text

    assert "11 business days without progress in step 3; the limit is 10." in page
    assert "by playbook 1" in page
    assert "$125K" in page
    assert "Step 3, Develop vision and strategy" in page
    assert f'action="/alerts/{alert.id}/acknowledge"' in page


def test_who_may_not_work_on_an_account_sees_its_alert_without_buttons(browser_of: BrowserOf, alert: Alert) -> None:
    page = browser_of("ed").get("/alerts").text

    assert "Acme" in page
    assert "/acknowledge" not in page


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("firing", "Nothing is firing"),
        ("acknowledged", "Nothing is acknowledged"),
        ("snoozed", "Nothing is snoozed"),
        ("resolved", "Nothing is resolved yet"),
        ("nonsense", "Nothing is firing"),
    ],
)
def test_an_empty_inbox_teaches(browser_of: BrowserOf, state: str, words: str) -> None:
    assert words in browser_of("otto").get(f"/alerts?state={state}").text


def test_acknowledging_leads_back_to_the_inbox(browser_of: BrowserOf, session: Saver, alert: Alert) -> None:
    olu = browser_of("olu")

    answer = send(olu, alert, "acknowledge", next_step="Ines shows the report", next_step_on="2026-03-06")

    assert (answer.status_code, answer.location) == (303, "/alerts")
    assert fresh(session, alert).next_step == "Ines shows the report"
    assert "Ines shows the report" in olu.get("/alerts?state=acknowledged").text


@pytest.mark.parametrize(("back", "leads_to"), [("today", "/"), ("account", "/accounts/{}"), ("//evil", "/alerts")])
def test_an_answer_leads_back_to_where_the_alert_was_shown(
    browser_of: BrowserOf, alert: Alert, back: str, leads_to: str
) -> None:
    account = alert.account_id

    answer = send(browser_of("olu"), alert, "acknowledge", f"?back={back}", next_step="Call", next_step_on="2026-03-06")

    assert answer.location == leads_to.format(account)


def test_what_is_missing_is_said_at_the_fields_and_what_was_typed_stays(browser_of: BrowserOf, alert: Alert) -> None:
    answer = send(browser_of("olu"), alert, "acknowledge", next_step="Ines shows the report", next_step_on="2026-02-01")

    assert answer.status_code == 422
    assert "The date of the next step is in the past." in answer.text
    assert 'value="Ines shows the report"' in answer.text


def test_how_far_ahead_a_step_may_be_is_said_beside_its_day_and_when_it_is_refused(
    browser_of: BrowserOf, alert: Alert
) -> None:
    olu = browser_of("olu")

    asked = olu.get(f"/alerts/{alert.id}/acknowledge").text
    answer = send(olu, alert, "acknowledge", next_step="Call", next_step_on="2029-03-06")

    assert "At most 20 business days ahead." in asked
    assert answer.status_code == 422
    assert "Name a step within 20 business days: by 30 Mar 2026." in answer.text


def test_a_date_that_is_none_is_said_at_its_field(browser_of: BrowserOf, alert: Alert) -> None:
    answer = send(browser_of("olu"), alert, "acknowledge", next_step="Call", next_step_on="soon")

    assert answer.status_code == 422
    assert "Not a valid date" in answer.text


def test_the_second_of_two_sees_what_the_first_has_saved(browser_of: BrowserOf, session: Saver, alert: Alert) -> None:
    shown = alert.version
    send(browser_of("tess"), alert, "acknowledge", next_step="Tess calls Mara", next_step_on="2026-03-06")
    fresh(session, alert)

    late = {"next_step": "Olu writes", "next_step_on": "2026-03-06", "version": shown}
    answer = browser_of("olu").post(f"/alerts/{alert.id}/acknowledge", data=late)

    assert answer.status_code == 409
    assert "Tess calls Mara" in answer.text
    assert 'value="Olu writes"' in answer.text


def test_an_acknowledged_alert_is_snoozed_with_days_and_a_reason(
    browser_of: BrowserOf, session: Saver, alert: Alert
) -> None:
    olu = browser_of("olu")
    send(olu, alert, "acknowledge", next_step="Call Mara", next_step_on="2026-03-06")
    fresh(session, alert)

    refused = send(olu, alert, "snooze", days="11", reason="")
    answer = send(olu, alert, "snooze", days="5", reason="The plant is closed")

    assert refused.status_code == 422
    assert "Snooze for 1 to 10 business days." in refused.text
    assert "Say why this can wait." in refused.text
    assert answer.status_code == 303
    assert fresh(session, alert).snoozed_until == TODAY + timedelta(days=7)
    assert "The plant is closed" in olu.get("/alerts?state=snoozed").text


def test_an_alert_that_is_answered_offers_no_form_again(browser_of: BrowserOf, session: Saver, alert: Alert) -> None:
    alert.state = "acknowledged"
    session.commit()

    page = browser_of("olu").get(f"/alerts/{alert.id}/acknowledge").text

    assert "Only a firing alert is acknowledged." in page
    assert 'name="next_step"' not in page


def test_the_alert_of_another_team_is_not_there(browser_of: BrowserOf, alert: Alert) -> None:
    otto = browser_of("otto")

    assert otto.get(f"/alerts/{alert.id}/acknowledge").status_code == 404
    assert send(otto, alert, "snooze", days="5", reason="No").status_code == 404
    assert "Acme" not in otto.get("/alerts").text


def test_a_long_inbox_has_pages(browser_of: BrowserOf, session: Saver, cast: Cast) -> None:
    for number in range(30):
        account = make_account(session, name=f"Account {number:02}!", claimed_step=1, team_id=cast.team.id)
        make_alert(session, account, reasons=REASONS)
    olu = browser_of("olu")

    first = olu.get("/alerts").text
    href = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = olu.get(href).text

    assert first.count('class="item"') == 25
    assert second.count('class="item"') == 5
    assert "Account 00!" in first
    assert "Account 29!" in second


def test_firing_alerts_and_unread_messages_are_counted_on_every_page(
    browser_of: BrowserOf, session: Saver, cast: Cast, alert: Alert
) -> None:
    for _ in range(2):
        make_notification(session, cast.olu)

    page = browser_of("olu").get("/me/sessions").text

    assert '<span class="rail-count">1<span class="sr"> open</span>' in page
    assert 'aria-label="Messages, 2 unread"' in page
    assert "Messages (2)</a>" in page.partition('id="person-menu"')[2]


def test_messages_are_read_one_by_one_or_all(browser_of: BrowserOf, session: Saver, cast: Cast) -> None:
    mine = [make_notification(session, cast.olu, title=title) for title in ("One", "Two", "Three")]
    others = make_notification(session, cast.tess, title="For Tess")
    olu = browser_of("olu")

    listed = olu.get("/alerts/messages").text
    one = olu.post("/alerts/messages/read", data={"key": mine[0].key})
    foreign = olu.post("/alerts/messages/read", data={"key": others.key})
    session.rollback()
    read_first = [session.get_one(Notification, m.key).read_at for m in mine]
    olu.post("/alerts/messages/read")

    assert "For Tess" not in listed
    assert "3 unread" in listed
    assert (one.location, foreign.status_code) == ("/alerts/messages", 404)
    assert read_first == [NOW, None, None]
    assert "All read" in olu.get("/alerts/messages").text


def test_an_administrator_sends_what_was_given_up_again(browser_of: BrowserOf, session: Saver, cast: Cast) -> None:
    dead = make_message(session, cast.olu, dead_at=NOW, payload={"title": "Acme is stale"}, last_error="No pigeon")
    ada = browser_of("ada")

    listed = ada.get("/alerts/undelivered").text
    answer = ada.post(f"/alerts/undelivered/{dead.id}/send-again")

    assert "Acme is stale" in listed
    assert "No pigeon" in listed
    assert answer.status_code == 303
    session.rollback()
    assert session.get_one(OutboxMessage, dead.id).dead_at is None
    assert "Everything was delivered" in ada.get("/alerts/undelivered").text
