"""The inbox of alerts, as worked through by somebody with a browser and a keyboard."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from changetrack.domain.people import Actor
from changetrack.models import Alert
from changetrack.operations.playbook import install_playbook
from tests.browser.test_people import sign_in
from tests.clock import NOW, TODAY
from tests.factories import (
    Cast,
    make_account,
    make_alert,
    make_cast,
    make_learned_limit,
    make_message,
    make_notification,
    make_team_member,
    make_visit,
)
from tests.factories._saving import Saver

ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
STUCK = {
    "no_progress": {"since": "2026-02-16", "why": "11 business days without progress.", "rule": "playbook 1"},
    "over_age": {"since": "2026-02-20", "why": "61 days in step 1; the limit is 45.", "rule": "playbook 1"},
}


@pytest.fixture
def cast(session: Saver) -> Cast:
    return make_cast(session)


@pytest.fixture
def alerts(session: Saver, cast: Cast) -> dict[str, Alert]:
    """One alert in each state; by its state."""
    answered = {"acknowledged_at": NOW, "acknowledged_by": cast.olu.id, "next_step": "Call", "next_step_on": TODAY}
    more = {
        "firing": {},
        "acknowledged": answered,
        "snoozed": {**answered, "snoozed_until": TODAY + timedelta(days=7), "snooze_reason": "Closed", "snoozes": 1},
        "resolved": {"resolved_at": NOW, "resolved_because": "Evidence for 1c was recorded."},
    }
    made, since = {}, TODAY - timedelta(days=60)
    install_playbook(actor=Actor.system("test"), now=NOW)
    for state, fields in more.items():
        account = make_account(session, name=f"{state} Ltd", claimed_step=1, team_id=cast.team.id, annual_value=10**7,
                               currency="EUR", product="Flow", visit_seq=1, stale=True, progress_on=since,
                               step_entered_on=since, standing_on=since)  # fmt: skip
        make_visit(session, account, seq=1, entered_on=since)
        made[state] = make_alert(session, account, state=state, reasons=STUCK, severity="warning", **fields)
    make_notification(session, cast.olu, title="Acme is stale", body="11 business days without progress.")
    make_message(session, cast.olu, dead_at=NOW, payload={"title": "Acme is stale"}, last_error="No pigeon")
    return made


@ON_ONE_DATABASE
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_small_telephone(
    page: Page, session: Saver, cast: Cast, alerts: dict[str, Alert], scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": 320, "height": 640})
    make_team_member(session, cast.team, cast.ada)
    sign_in(page, "ada", "/alerts")
    firing, acknowledged = alerts["firing"].id, alerts["acknowledged"].id

    for path in (
        "/alerts", "/alerts?state=acknowledged", "/alerts?state=snoozed", "/alerts?state=resolved", "/alerts/messages",
        f"/alerts/{firing}/acknowledge", f"/alerts/{acknowledged}/snooze", "/alerts/undelivered",
        f"/alerts/{firing}", f"/alerts/{acknowledged}",
    ):  # fmt: skip
        page.goto(path)
        violations = Axe().run(page).response["violations"]
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert (path, [violation["id"] for violation in violations], max(overflow, 0)) == (path, [], 0)


@ON_ONE_DATABASE
def test_an_alert_is_acknowledged_without_leaving_the_inbox(page: Page, alerts: dict[str, Alert]) -> None:
    sign_in(page, "olu", "/alerts")

    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_label("Next step the customer will see").fill("Ines shows the report")
    page.get_by_label("On which day").fill("2026-03-06")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status").first).to_contain_text("The next step is due on 6 Mar 2026")
    expect(page.get_by_role("heading", name="Nothing is firing")).to_be_visible()
    page.get_by_role("link", name="Acknowledged").click()
    expect(page.get_by_text("Ines shows the report")).to_be_visible()


@ON_ONE_DATABASE
def test_messages_lead_to_their_accounts_and_are_marked_as_read(page: Page, alerts: dict[str, Alert]) -> None:
    sign_in(page, "olu", "/alerts")

    page.get_by_role("link", name="Messages, 1 unread").click()
    page.get_by_role("button", name="Mark as read").click()

    expect(page.get_by_text("All read")).to_be_visible()
    expect(page.get_by_role("link", name="Messages", exact=True)).to_be_visible()


@ON_ONE_DATABASE
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_deciding_and_the_playbook_are_accessible_and_fit_a_small_telephone(
    page: Page, session: Saver, alerts: dict[str, Alert], scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": 320, "height": 640})
    alerts["firing"].rung = 4
    session.commit()
    make_learned_limit(session)

    for who, paths in (
        ("ed", (f"/alerts/{alerts['firing'].id}/decide", "/", "/alerts")),
        ("ada", ("/admin/playbook", "/admin/playbook/steps/3")),
    ):
        page.context.clear_cookies()
        sign_in(page, who, "/alerts")
        for path in paths:
            page.goto(path)
            violations = Axe().run(page).response["violations"]
            overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert (path, [v["id"] for v in violations], max(overflow, 0)) == (path, [], 0)


@ON_ONE_DATABASE
def test_an_executive_sees_only_what_their_decision_asks_for(
    page: Page, session: Saver, alerts: dict[str, Alert]
) -> None:
    alerts["firing"].rung = 4
    session.commit()
    sign_in(page, "ed", "/alerts")

    page.get_by_role("link", name="Decide", exact=True).click()
    page.get_by_text("Park it until a date").click()

    expect(page.get_by_label("Look at it again on")).to_be_visible()
    expect(page.get_by_label("Next step the customer will see")).to_be_hidden()
    page.get_by_label("What changes in the plan, or why").fill("Their budget is frozen")
    page.get_by_label("Look at it again on").fill("2026-04-01")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("status").first).to_contain_text("parked")
    expect(page.get_by_role("heading", name="Nothing to decide")).to_be_hidden()
