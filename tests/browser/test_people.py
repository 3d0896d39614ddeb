"""Signing in and administering people, as done by somebody with a browser and a keyboard."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, scoped_session

from tests.factories import PASSWORD, Cast, make_cast

ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
ROOMS = ("/admin", "/admin/people", "/admin/people/new", "/admin/people/1", "/admin/teams", "/admin/teams/1")
OWN = ("/me/sessions", "/me/password")


@pytest.fixture
def cast(session: scoped_session[Session]) -> Cast:
    return make_cast(session)


def sign_in(page: Page, name: str, to: str) -> None:
    page.goto(to)
    page.get_by_label("E-mail").fill(f"{name}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"^http://[^/]+{re.escape(to)}$"))


@ON_ONE_DATABASE
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_small_telephone(page: Page, cast: Cast, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": 320, "height": 640})
    sign_in(page, "ada", "/admin")

    for path in (*ROOMS, *OWN):
        page.goto(path)
        violations = Axe().run(page).response["violations"]
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        tables = page.locator(".table-box")
        scrolled = tables.evaluate_all("all => all.filter(one => one.scrollWidth > one.clientWidth)")
        assert (path, [violation["id"] for violation in violations], max(overflow, 0)) == (path, [], 0)
        assert not scrolled, f"a table of {path} runs off the page"


@ON_ONE_DATABASE
def test_somebody_is_added_and_chooses_a_password(page: Page, cast: Cast) -> None:
    sign_in(page, "ada", "/admin/people")
    page.get_by_role("link", name="Add a person").click()
    page.get_by_label("E-mail").fill("noor@example.com")
    page.get_by_label("Name", exact=False).first.fill("Noor")
    page.get_by_role("button", name="Add").click()
    password = page.locator("code.secret").inner_text()
    page.get_by_label("Ada: your menu").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login*")

    page.goto("/login?next=/me/sessions")
    page.get_by_label("E-mail").fill("noor@example.com")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Choose your password")


@ON_ONE_DATABASE
def test_a_stale_edit_shows_both_versions_and_keeps_what_was_typed(page: Page, cast: Cast) -> None:
    sign_in(page, "ada", "/admin/teams/1")
    other = page.context.new_page()
    other.goto("/admin/teams/1")
    other.get_by_label("Name").fill("Northern lights")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Northern lights")

    page.get_by_label("Name").fill("North-west")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Somebody saved this before you")).to_be_visible()
    expect(page.locator(".callout dd")).to_have_text("Northern lights")
    expect(page.get_by_label("Name")).to_have_value("North-west")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("North-west")
