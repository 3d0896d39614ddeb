"""Outcomes as a team uses them: proposed and agreed by clicking, and everybody's access to their pages."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.clock import TODAY
from tests.factories import PASSWORD, make_daily
from tests.factories.bargain import JON, Bargain
from tests.factories.walk import Walk

ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)


@pytest.fixture
def bargain(walk: Walk) -> Bargain:
    """Carla, Jon, and a metric of their use."""
    return Bargain(walk)


def sign_in(page: Page, to: str) -> None:
    """Sign Olu in."""
    page.goto(to)
    page.get_by_label("E-mail").fill("olu@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"^http://[^/]+{re.escape(to)}$"))


def measured(bargain: Bargain) -> int:
    """An agreed and attested outcome with some weeks of use, one without data; other terms for it wait."""
    account, metric = bargain.walk.account(), bargain.metric("parcels")
    for week, value in ((9, 41), (8, 44), (7, 47), (6, 40), (4, 12), (3, 45), (1, 46)):
        day = TODAY - timedelta(weeks=week)
        make_daily(bargain.walk.session, account, metric, day=day, recorded_on=day, stated=Decimal(value))
    seq = bargain.agreed(days_ago=70, metric_id=metric.id, target=Decimal(50))
    bargain.say("attested", seq, JON, on=bargain.walk.ago(30), note="It is normal now.")
    bargain.change(seq, rate=20_000)
    return seq


@ON_ONE_DATABASE
def test_an_outcome_is_proposed_and_agreed_by_clicking(page: Page, bargain: Bargain) -> None:
    sign_in(page, f"/accounts/{bargain.walk.account_id}?tab=value")

    page.get_by_role("link", name="Propose the first outcome").click()
    page.get_by_label("Who benefits?").select_option(label="Carla Customer, Head of logistics")
    page.get_by_label("What will be different for them?").fill("Orders leave on the day they come in.")
    page.get_by_label("Which number shows it?").select_option(label="Orders (orders)")
    page.get_by_label("At least how much?").fill("40")
    page.get_by_label("What is that worth to them?").fill("100")
    page.get_by_label("Currency").fill("usd")
    page.get_by_role("button", name="Propose it").click()
    expect(page.get_by_text("Waits for Carla Customer to agree")).to_be_visible()
    page.get_by_text("They agreed", exact=True).click()
    page.locator("details[open]").get_by_text("Call", exact=True).click()
    page.locator("details[open]").get_by_role("button", name="Record their word").click()

    expect(page.get_by_text("the terms are frozen now")).to_be_visible()
    expect(page.get_by_role("heading", name="What was agreed")).to_be_visible()
    assert bargain.outcome(1).agreed_on == TODAY


@ON_ONE_DATABASE
def test_the_reading_behind_an_entry_is_one_click_away(page: Page, bargain: Bargain) -> None:
    seq = measured(bargain)
    sign_in(page, f"/accounts/{bargain.walk.account_id}/outcomes/{seq}?measure=probationary")

    page.locator("#ledger").get_by_role("link", name="47", exact=True).first.click()

    expect(page.locator("tr:target")).to_be_visible()
    expect(page.locator("tr:target")).to_contain_text("47")


@ON_ONE_DATABASE
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_small_telephone(page: Page, bargain: Bargain, scheme: str) -> None:
    seq = measured(bargain)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": 320, "height": 640})
    account = f"/accounts/{bargain.walk.account_id}"
    sign_in(page, account)

    for path in ("?tab=value", "/outcomes/new", f"/outcomes/{seq}", f"/outcomes/{seq}?measure=probationary",
                 f"/outcomes/{seq}/change", f"/outcomes/{seq + 1}/edit"):  # fmt: skip
        page.goto(account + path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        violations = Axe().run(page).response["violations"]
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert (path, [violation["id"] for violation in violations], max(overflow, 0)) == (path, [], 0)
