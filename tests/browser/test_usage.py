"""From nothing counted to a counted event, as done by an administrator with a browser."""

import base64
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.people import Actor
from changetrack.operations.playbook import install_playbook
from tests.clock import NOW
from tests.factories import (
    PASSWORD,
    Cast,
    make_account,
    make_cast,
    make_metric,
    make_rule,
    make_source,
    make_token,
    make_usage_event,
    make_write_key,
)

ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
PAGES = (
    "/admin/metrics", "/admin/metrics/new", "/admin/metrics/1", "/admin/metrics/rules/new", "/admin/sources",
    "/admin/sources/1", "/admin/usage", "/admin/usage/unmatched", "/admin/usage/unmatched/name?name=SUB-7&q=Acme",
    "/admin/tokens", "/admin/tokens/new",
)  # fmt: skip


@pytest.fixture
def cast(session: scoped_session[Session]) -> Cast:
    install_playbook(actor=Actor.system("test"), now=NOW)
    found = make_cast(session)
    make_account(session, team_id=found.team.id, name="Acme")
    return found


@pytest.fixture
def ada(page: Page, cast: Cast) -> Page:
    """Ada, signed in."""
    page.goto("/admin")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("^http://[^/]+/admin$"))
    return page


def send(page: Page, key: str) -> None:
    """Send an event as a product would."""
    event = {"messageId": "m-1", "userId": "u-1", "event": "Report Created", "context": {"groupId": "SUB-7"}}
    credentials = base64.b64encode(f"{key}:".encode()).decode()
    answer = page.request.post("/v1/track", data=event, headers={"Authorization": f"Basic {credentials}"})
    assert answer.ok


@ON_ONE_DATABASE
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_small_telephone(
    ada: Page, session: scoped_session[Session], scheme: str
) -> None:
    metric, source = make_metric(session), make_source(session)
    make_rule(session, metric, "Report Created, as the product calls it", property="rows.of.the.report")
    make_write_key(session, source)
    make_token(session)
    for state in ("counted", "unmatched", "no_rule", "ahead"):
        make_usage_event(
            session, source, state, state=state, name="SUB-7", account_id=1 if state == "counted" else None
        )
    ada.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    ada.set_viewport_size({"width": 320, "height": 640})

    for path in PAGES:
        ada.goto(path)
        violations = Axe().run(ada).response["violations"]
        overflow = ada.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert (path, [violation["id"] for violation in violations], max(overflow, 0)) == (path, [], 0)


@ON_ONE_DATABASE
def test_an_event_that_was_sent_is_followed_matched_and_counts(ada: Page) -> None:
    ada.goto("/admin/metrics")
    ada.get_by_role("link", name="Add the first metric").click()
    ada.get_by_label("Name").fill("Reports")
    ada.get_by_label("Unit").fill("reports")
    ada.get_by_role("textbox", name="Key").fill("reports")
    ada.get_by_role("button", name="Add").click()
    ada.get_by_label("Event").fill("Report Created")
    ada.get_by_role("button", name="Add the rule").click()
    expect(ada.get_by_text("events count from now on")).to_be_visible()
    ada.goto("/admin/sources")
    ada.get_by_label("Name").fill("Web app")
    ada.get_by_role("button", name="Add").click()
    ada.get_by_role("button", name="Make a key").click()
    key = ada.locator("code.secret").inner_text()

    ada.goto("/admin/usage?follow=9")
    send(ada, key)
    ada.get_by_role("link", name="Match it", exact=True).click(timeout=20_000)
    ada.get_by_label("Name, id or alias").fill("Acme")
    ada.get_by_role("button", name="Find", exact=True).click()
    ada.on("dialog", lambda dialog: dialog.accept())
    ada.get_by_role("button", name="It is this one").click()

    expect(ada.get_by_text("is matched: 1 event")).to_be_visible()
    ada.goto("/admin/usage")
    expect(ada.get_by_text("Feeds Reports.")).to_be_visible()


@ON_ONE_DATABASE
def test_a_key_is_copied_by_its_button(ada: Page, session: scoped_session[Session]) -> None:
    source = make_source(session)
    ada.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ada.goto(f"/admin/sources/{source.id}")
    ada.get_by_role("button", name="Make a key").click()

    ada.locator("[data-copy=key]").click()

    expect(ada.locator("[data-copy=key]")).to_have_text("Copied")
    assert ada.evaluate("navigator.clipboard.readText()") == ada.locator("code.secret").inner_text()
