"""The funnel as an executive uses it: with a mouse, with a keyboard, on a telephone, on a slide, without script."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.clock import FixedClock
from tests.factories import PASSWORD, Cast, make_cast
from tests.factories._saving import Saver
from tests.integration.queries.histories import domain_example, four_accounts, write

ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
PAGES = ("/funnel", "/funnel?by=segment&as_of=2026-02-28", "/funnel/movement", "/funnel/filters",
         "/funnel/moves?flow=advanced_out&period=91", "/funnel?segment=Nothing")  # fmt: skip


@pytest.fixture
def cast(session: Saver, clock: FixedClock) -> Cast:
    """The cast, and the accounts of the worked example as of 31 March 2026."""
    clock.move(days=29)
    four_accounts(session)
    write(session, domain_example())
    return make_cast(session)


def sign_in(page: Page, to: str) -> None:
    page.goto(to)
    page.get_by_label("E-mail").fill("ed@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"^http://[^/]+{re.escape(to)}$"))


@ON_ONE_DATABASE
@pytest.mark.usefixtures("cast")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_small_telephone(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": 320, "height": 640})
    sign_in(page, "/funnel")

    for path in PAGES:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        violations = Axe().run(page).response["violations"]
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert (path, [violation["id"] for violation in violations], max(overflow, 0)) == (path, [], 0)


@ON_ONE_DATABASE
@pytest.mark.usefixtures("cast")
def test_the_movement_comes_by_itself_and_every_number_leads_on(page: Page) -> None:
    sign_in(page, "/funnel")

    movement = page.locator("#movement")
    expect(movement.get_by_text("Every row balances")).to_be_visible()
    movement.get_by_role("link", name="−1").first.click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Advanced from step 1")
    expect(page.get_by_text("1 move from 4 Mar 2026 to 31 Mar 2026")).to_be_visible()


@ON_ONE_DATABASE
@pytest.mark.usefixtures("cast")
def test_choosing_a_day_shows_that_day_and_keeps_it_in_the_address(page: Page) -> None:
    sign_in(page, "/funnel")

    page.get_by_label("As of").fill("2026-02-28")
    page.get_by_label("As of").press("Enter")

    expect(page).to_have_url(re.compile(r"/funnel\?as_of=2026-02-28$"))
    expect(page.get_by_text("A picture of the past.")).to_be_visible()
    expect(page.locator("tr", has_text="Create the guiding coalition").locator(".funnel-count").first).to_contain_text(
        "3"
    )


@ON_ONE_DATABASE
@pytest.mark.usefixtures("cast")
def test_how_a_figure_is_computed_opens_beside_it(page: Page) -> None:
    sign_in(page, "/funnel")

    page.get_by_label("How is this computed?").first.click()
    opened = page.get_by_text("All accounts that are neither on hold nor closed")
    expect(opened).to_be_visible()
    page.keyboard.press("Escape")

    expect(opened).to_be_hidden()


@ON_ONE_DATABASE
@pytest.mark.usefixtures("cast")
def test_without_script_the_same_is_reached_by_forms_and_links(browser: Browser, live_url: str) -> None:
    context = browser.new_context(base_url=live_url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, "/funnel")

    page.get_by_label("Moves of the last").select_option("91")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("link", name=re.compile("^Show how accounts moved")).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Movement")
    expect(page.get_by_text("Every row balances")).to_be_visible()
    assert "period=91" in page.url
    context.close()
