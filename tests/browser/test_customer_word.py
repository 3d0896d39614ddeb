"""The customer's word from end to end: asked by the team, given on a phone, shown as own hand."""

import re
from decimal import Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.people import Actor
from changetrack.models import Account
from changetrack.operations.accounts import create_account
from changetrack.operations.coalition import add_contact
from changetrack.operations.journey.opening import open_account
from changetrack.operations.playbook import install_playbook
from tests.clock import NOW, TODAY
from tests.factories import PASSWORD, Cast, make_cast, make_metric, make_outcome, make_reading

ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
PHONE: ViewportSize = {"width": 390, "height": 780}
Saver = scoped_session[Session]


@pytest.fixture
def cast(session: Saver) -> Cast:
    """Two teams, six people, and the playbook that ships."""
    install_playbook(actor=Actor.system("test"), now=NOW)
    return make_cast(session)


@pytest.fixture
def account_id(cast: Cast, session: Saver) -> int:
    """An account of Olu's team with Mara, who is to benefit from a proposed outcome."""
    record = {"name": "Acme", "team_id": cast.team.id, "owner_id": cast.olu.id, "started_on": TODAY}
    by_olu: dict[str, Any] = {"actor": cast.actor("olu"), "now": NOW, "today": TODAY}
    account_id = create_account(record=record, **by_olu)
    open_account(
        account_id=account_id, beneficiary="Mara", value_statement="Close in a day.", effective_on=TODAY, **by_olu
    )
    add_contact(account_id=account_id, contact={"name": "Mara Voss", "title": "Plant manager"}, **by_olu)
    metric = make_metric(session, "orders")
    outcome = make_outcome(session, session.get_one(Account, account_id), metric, threshold=Decimal(40))
    make_reading(session, outcome)
    return account_id


def sign_in(page: Page, name: str, to: str) -> None:
    page.goto(to)
    page.get_by_label("E-mail").fill(f"{name}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"^http://[^/]+{re.escape(to)}$"))


def ask(page: Page, *questions: str) -> None:
    """Ask Mara on the page of requests."""
    page.get_by_label("Whom do you ask?").select_option(label="Mara Voss, Plant manager")
    for question in questions:
        page.get_by_label(re.compile(question)).check()
    page.get_by_role("button", name="Make the page").click()


@ON_ONE_DATABASE
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_customer_agrees_and_attests_on_a_phone(
    page: Page, browser: Browser, live_url: str, account_id: int, scripts: bool
) -> None:
    requests = f"/accounts/{account_id}/requests"
    sign_in(page, "olu", requests)
    ask(page, "^Agree to: Orders leave", "^5c Time and permission")
    address = page.locator("#address").inner_text()
    path = re.sub(r"^https?://[^/]+", "", address)

    with browser.new_context(base_url=live_url, viewport=PHONE, java_script_enabled=scripts) as profile:
        phone = profile.new_page()
        phone.goto(path)
        agree = phone.locator("#agree-1")
        expect(agree).to_contain_text("Orders leave the house on the day they come in.")
        expect(agree).to_contain_text("No week is closed yet")
        agree.get_by_text("Add a few words").click()
        agree.get_by_label("Anything you would like to add").fill("Forty is right.")
        agree.get_by_role("button", name="Yes, this is so").click()
        expect(agree).to_contain_text("You said on 2 Mar 2026: Yes, this is so — “Forty is right.”")
        flash, card = phone.locator(".flash").bounding_box(), agree.bounding_box()
        assert flash is not None
        assert card is not None
        assert flash["y"] + flash["height"] <= card["y"]
        phone.locator("#point-5c").get_by_role("button", name="Not yet").click()
        expect(phone.locator("#point-5c")).to_contain_text("You said on 2 Mar 2026: Not yet")

        page.goto(requests + "?about=attest-1")
        ask(page)
        expect(page.locator("#flashes")).to_contain_text("Added to the page that Mara Voss has already")
        phone.reload()
        phone.locator("#attest-1").get_by_role("button", name="Yes, this is so").click()
        expect(phone.locator("#attest-1")).to_contain_text("You said on 2 Mar 2026: Yes, this is so")
        phone.locator("#point-5c").get_by_text("That was a mistake").click()
        phone.locator("#point-5c").get_by_role("button", name="Yes, this is so").click()
        expect(phone.locator("#point-5c")).to_contain_text("You said on 2 Mar 2026: Yes, this is so")

    page.goto(f"/accounts/{account_id}/outcomes/1")
    expect(page.locator("#words")).to_contain_text("own hand")
    expect(page.locator("#words")).to_contain_text("Forty is right.")
    page.goto(requests)
    expect(page.locator("#requests")).to_contain_text("Answered")


@ON_ONE_DATABASE
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_small_telephone(page: Page, account_id: int, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": 320, "height": 640})
    requests = f"/accounts/{account_id}/requests"
    sign_in(page, "olu", requests)
    ask(page, "^Agree to: Orders leave", "^1c Managers convinced", "^8b Part of how")
    path = re.sub(r"^https?://[^/]+", "", page.locator("#address").inner_text())
    found = [faults(page)]
    page.goto(requests)
    found.append(faults(page))
    page.context.clear_cookies()
    page.goto(path)
    page.locator("#agree-1").get_by_role("button", name="Not yet").click()
    expect(page.locator("#agree-1")).to_contain_text("Not yet")

    for address in (path, "/c/unknown"):
        page.goto(address)
        found.append(faults(page))

    assert found == [([], 0)] * 4


def faults(page: Page) -> tuple[list[str], int]:
    """What is not accessible, and by how much the page is too wide."""
    violations = Axe().run(page).response["violations"]
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [violation["id"] for violation in violations], max(overflow, 0)
