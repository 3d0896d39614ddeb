"""The list, the board, Today and search, as used by somebody with a browser and a keyboard."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.people import Actor
from changetrack.models import Account
from changetrack.operations.playbook import install_playbook
from tests.clock import NOW, TODAY
from tests.factories import (
    PASSWORD,
    Cast,
    make_alert,
    make_alias,
    make_cast,
    make_contact,
    make_evidence,
    make_journey,
    make_proposal,
    make_visit,
)
from tests.factories.portfolio import make_accounts, random_records

Saver = scoped_session[Session]
ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
PAGES = (
    "/", "/?whose=team", "/accounts", "/accounts?place=3&stale=1&segment=Small", "/accounts?q=nobody-is-called-so",
    "/accounts?as_of=2026-01-31&place=3", "/accounts/new", "/accounts/1/edit", "/board", "/board?owner=me",
    "/search", "/search?q=acme", "/search?q=xyzzy",
)  # fmt: skip


@pytest.fixture
def cast(session: Saver) -> Cast:
    """Two teams, six people, and the playbook that ships."""
    install_playbook(actor=Actor.system("test"), now=NOW)
    return make_cast(session)


@pytest.fixture
def acme(session: Saver, cast: Cast) -> Account:
    """An account of Olu's at step 1, whose gate stands open; many others around it, one with a very long name."""
    mine = {"team_id": cast.team.id, "owner_id": cast.olu.id, "annual_value": 123_456_78, "currency": "EUR"}
    account, stale, long = make_accounts(session, [
        mine | {"name": "Acme", "place": 1, "visit_seq": 1},
        mine | {"name": "Bolt", "place": 3, "stale": True, "step_entered_on": TODAY - timedelta(days=70)},
        mine | {"name": "Verein für " + "Weiterbildung" * 13, "organization": "O" * 200, "place": 4, "tier": "T" * 120},
    ])  # fmt: skip
    make_accounts(session, random_records(5, 60, [cast.team.id], [cast.olu.id, None]))
    make_visit(session, account, kind="opened")
    make_journey(session, account)
    make_contact(session, account, name="Mara")
    make_alias(session, account, alias="SUB-1")
    for point in ("1a", "1b", "1c"):
        make_evidence(session, account, point)
    why = {"since": "2026-01-01", "why": "12 business days without progress in step 3; the limit is 10.", "rule": "1"}
    make_alert(session, stale, reasons={"no_progress": why})
    make_proposal(session, long, cast.tess)
    return account


def enter(page: Page, name: str) -> None:
    """Sign somebody in."""
    page.goto("/login")
    page.get_by_label("E-mail").fill(f"{name}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"^http://[^/]+/$"))


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("who", "scheme", "paths"),
    [("olu", "light", PAGES), ("olu", "dark", ("/", "/accounts", "/board", "/accounts/1/edit")),
     ("ed", "light", ("/", "/board"))],
)  # fmt: skip
def test_the_pages_are_accessible_and_fit_a_small_telephone(
    page: Page, acme: Account, who: str, scheme: str, paths: tuple[str, ...]
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    enter(page, who)
    page.set_viewport_size({"width": 320, "height": 640})

    for path in paths:
        page.goto(path)
        violations = Axe().run(page).response["violations"]
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert (path, [violation["id"] for violation in violations], max(overflow, 0)) == (path, [], 0)


@ON_ONE_DATABASE
def test_a_list_is_walked_and_rows_are_chosen_by_keyboard(page: Page, acme: Account) -> None:
    enter(page, "olu")
    page.goto("/accounts")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-bulk-count]")).to_have_text("1")
    page.keyboard.press("k")
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile(r"/accounts/\d+$"))


@ON_ONE_DATABASE
def test_chosen_rows_are_handed_over(page: Page, acme: Account) -> None:
    enter(page, "olu")
    page.goto("/accounts?place=4")
    page.get_by_label("Select all rows shown").check()
    count = page.locator("input[name=id]").count()

    page.get_by_label("hand over to").select_option(label="Tess")
    page.get_by_role("button", name="Hand over").click()

    expect(page.locator(".page-fact")).to_have_text(f"{count} accounts handed over")


@ON_ONE_DATABASE
def test_a_filter_is_set_and_taken_away(page: Page, acme: Account) -> None:
    enter(page, "olu")
    page.goto("/accounts")

    page.get_by_role("button", name="Filter").click()
    page.locator("#filter-segment").select_option("Small")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile(r"segment=Small"))
    page.get_by_title("Remove this filter").click()

    expect(page.locator(".chip")).to_have_count(0)


@ON_ONE_DATABASE
def test_a_card_is_dragged_on_and_becomes_a_proposal(page: Page, acme: Account) -> None:
    enter(page, "olu")
    page.set_viewport_size({"width": 1600, "height": 1000})
    page.goto("/board?q=acme")

    page.locator(f"[data-card='{acme.id}']").drag_to(page.locator("[data-place='2']"))

    expect(page.locator(".flash")).to_contain_text("Acme is proposed for step 2")
    expect(page).to_have_url(re.compile(r"/board\?q=acme$"))


@ON_ONE_DATABASE
def test_a_card_that_may_not_go_on_comes_back_with_what_is_missing(page: Page, acme: Account) -> None:
    enter(page, "olu")
    page.goto("/board?q=bolt")

    page.locator("[data-place='3']").get_by_role("button", name="Move Bolt", exact=True).first.click()
    page.locator(".menu-panel:popover-open").get_by_role("button", name="Propose").click()

    expect(page.get_by_role("alert")).to_contain_text("Bolt stays where it is")
    expect(page.get_by_role("link", name="Fill it in on its page")).to_be_visible()


@ON_ONE_DATABASE
def test_search_answers_while_one_types_and_leads_there(page: Page, acme: Account) -> None:
    enter(page, "olu")
    page.goto("/board")

    page.keyboard.press("/")
    page.keyboard.type("sub-1")
    hit = page.locator("#search-hits").get_by_role("link", name="Acme")
    expect(hit).to_be_visible()
    hit.click()

    page.wait_for_url(f"**/accounts/{acme.id}")
