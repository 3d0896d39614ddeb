"""The account page as a team uses it: a whole walk by clicking, the quick update by one key, and everybody's access."""

import re
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.people import Actor
from changetrack.operations.accounts import create_account
from changetrack.operations.coalition import add_contact
from changetrack.operations.journey.evidence import Statement, record_evidence
from changetrack.operations.journey.gate import propose_advance
from changetrack.operations.journey.opening import open_account, state_gap
from changetrack.operations.playbook import install_playbook
from tests.clock import NOW, TODAY
from tests.factories import PASSWORD, Cast, make_cast

ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
Saver = scoped_session[Session]
GAP = {"gap_metric": "Hours to close", "gap_unit": "h", "gap_from": "40", "gap_to": "8",
       "gap_by": TODAY + timedelta(days=300), "gap_evidence": "The report of February"}  # fmt: skip


@pytest.fixture
def cast(session: Saver) -> Cast:
    """Two teams, six people, and the playbook that ships."""
    install_playbook(actor=Actor.system("test"), now=NOW)
    return make_cast(session)


@pytest.fixture
def account_id(cast: Cast) -> int:
    """An account of Olu's team that is not opened yet."""
    record = {"name": "Acme", "team_id": cast.team.id, "owner_id": cast.olu.id, "product": "Routing",
              "started_on": TODAY - timedelta(days=60)}  # fmt: skip
    return create_account(record=record, actor=cast.actor("olu"), now=NOW, today=TODAY)


def opened(cast: Cast, account_id: int, *, proposed: bool = False) -> None:
    """Answer the opening questions; and prove and propose step 1."""
    by_olu: dict[str, Any] = {
        "account_id": account_id,
        "actor": cast.actor("olu"),
        "now": NOW,
        "today": TODAY,
        "effective_on": TODAY,
    }
    open_account(beneficiary="Plant managers", value_statement="Close in a day.", **by_olu)
    if proposed:
        state_gap(gap=GAP, **by_olu)
        said = Statement(contact_name="Mara Voss", said_how="call", numbers={"asked": 4, "yes": 3})
        record_evidence(point="1c", statement=said, **by_olu)
        propose_advance(**by_olu)


def sign_in(page: Page, name: str, to: str) -> None:
    page.goto(to)
    page.get_by_label("E-mail").fill(f"{name}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"^http://[^/]+{re.escape(to)}$"))


@ON_ONE_DATABASE
def test_an_account_is_taken_to_step_2_by_clicking(
    page: Page, browser: Browser, live_url: str, account_id: int
) -> None:
    sign_in(page, "olu", f"/accounts/{account_id}")
    page.get_by_label("Who is the customer?").fill("Plant managers")
    page.get_by_label("What do they value?").fill("Close in a day, not in a week.")
    page.get_by_role("button", name="Open the account").click()
    expect(page.get_by_role("heading", name="Two things stand between Acme and step 2:")).to_be_visible()

    page.get_by_role("link", name=re.compile("^1b Gap quantified")).click()
    page.get_by_label("What is measured?").fill("Hours to close")
    page.get_by_label("Unit").fill("h")
    page.get_by_label("From (today)").fill("40")
    page.get_by_label("To", exact=True).fill("8")
    page.get_by_label("By when?").fill("2026-12-31")
    page.get_by_label("How do you know where it stands today?").fill("The report of February")
    page.get_by_role("button", name="Save the gap").click()
    expect(page.locator("#flashes")).to_contain_text("One thing is left before step 2.")

    page.get_by_role("link", name=re.compile("^1c Managers convinced")).click()
    form = page.locator("#point-1c form.evidence-form")
    form.get_by_label("Who said it?").select_option("Somebody new…")
    form.get_by_label("Their name").fill("Mara Voss")
    form.get_by_label("Call").check()
    form.get_by_label("Managers asked").fill("4")
    form.get_by_label("Said yes").fill("3")
    expect(form.locator(".rule .met")).to_have_count(2)
    form.get_by_role("button", name="Yesterday").click()
    expect(form.get_by_label("When was it so?")).to_have_value((TODAY - timedelta(days=1)).isoformat())
    form.get_by_role("button", name="Record").click()
    expect(page.locator("#flashes")).to_contain_text("1c holds now")

    page.get_by_role("button", name="Propose to advance").click()
    expect(page.locator("#proposal")).to_contain_text("The team coordinator: Tess")

    with browser.new_context(base_url=live_url) as profile:
        other = profile.new_page()
        sign_in(other, "tess", f"/accounts/{account_id}")
        other.get_by_role("button", name="Sign off").click()
        expect(other.locator("#flashes")).to_contain_text("Acme is at step 2 now, Create the guiding coalition.")
        expect(other.get_by_role("heading", name="Three things stand between Acme and step 3:")).to_be_visible()


@ON_ONE_DATABASE
def test_a_key_opens_the_quick_update_and_another_point_brings_its_own_form(
    page: Page, cast: Cast, account_id: int
) -> None:
    opened(cast, account_id)
    sign_in(page, "olu", f"/accounts/{account_id}")

    page.keyboard.press("u")
    dialog = page.get_by_role("dialog", name="Quick update")
    expect(dialog.get_by_label("Managers asked")).to_be_visible()
    dialog.get_by_label("Control point").select_option("2c Coalition meets")
    dialog.get_by_label("Meetings in the last 45 days").fill("2")
    dialog.get_by_label("People present, summed").fill("5")
    dialog.get_by_label("Members invited, summed").fill("6")
    dialog.get_by_role("button", name="Record").click()

    expect(page.locator("#flashes")).to_contain_text("2c holds now")


@ON_ONE_DATABASE
def test_a_refusal_keeps_what_was_typed_and_puts_the_focus_on_its_reasons(
    page: Page, cast: Cast, account_id: int
) -> None:
    opened(cast, account_id)
    sign_in(page, "olu", f"/accounts/{account_id}?step=1&open=1c")

    form = page.locator("#point-1c form.evidence-form")
    form.get_by_label("Managers asked").fill("3")
    form.get_by_label("Said yes").fill("4")
    form.get_by_role("button", name="Record").click()

    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("Said yes: This cannot be more than managers asked.")
    expect(page.locator("#point-1c form.evidence-form").get_by_label("Said yes")).to_have_value("4")
    summary.get_by_role("link", name="Said yes").click()
    expect(page.locator("#point-1c form.evidence-form").get_by_label("Said yes")).to_be_focused()


@ON_ONE_DATABASE
def test_choosing_a_step_opens_it_without_leaving_the_page(page: Page, cast: Cast, account_id: int) -> None:
    opened(cast, account_id)
    sign_in(page, "olu", f"/accounts/{account_id}")
    page.evaluate("window.stayed = true")

    page.get_by_role("navigation", name="The eight steps").get_by_role("link", name=re.compile("wins", re.I)).click()

    expect(page.get_by_role("heading", name="Step 6 · Generate short-term wins")).to_be_visible()
    expect(page).to_have_url(re.compile(r"step=6"))
    assert page.evaluate("window.stayed") is True


@ON_ONE_DATABASE
def test_everything_works_without_scripts(browser: Browser, live_url: str, cast: Cast, account_id: int) -> None:
    opened(cast, account_id)
    with browser.new_context(base_url=live_url, java_script_enabled=False) as profile:
        page = profile.new_page()
        sign_in(page, "olu", f"/accounts/{account_id}")
        page.get_by_role("link", name="Quick update").click()
        page.get_by_label("Control point").select_option("2c Coalition meets")
        page.get_by_role("button", name="Choose").click()
        page.get_by_label("Meetings in the last 45 days").fill("2")
        page.get_by_label("People present, summed").fill("5")
        page.get_by_label("Members invited, summed").fill("6")
        page.get_by_role("button", name="Record").click()
        expect(page.locator("#flashes")).to_contain_text("2c holds now")
        page.get_by_role("link", name=re.compile("^1b Gap quantified")).click()
        expect(page.get_by_label("What is measured?")).to_be_visible()


@ON_ONE_DATABASE
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_small_telephone(
    page: Page, cast: Cast, account_id: int, scheme: str
) -> None:
    opened(cast, account_id, proposed=True)
    mara = {"name": "Jon Berg", "function": "Operations", "path_roles": ["decider"], "in_coalition": True}
    add_contact(account_id=account_id, contact=mara, actor=cast.actor("olu"), now=NOW, today=TODAY)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": 320, "height": 640})
    account = f"/accounts/{account_id}"
    sign_in(page, "tess", account)

    for path in ("", "?step=1&open=1c", "?step=2&open=2a", "?step=3&open=3a", "?tab=history", f"?known_at={TODAY}",
                 "/update", "/hold", "/back", "/contacts/new", "/contacts/1"):  # fmt: skip
        page.goto(account + path)
        violations = Axe().run(page).response["violations"]
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert (path, [violation["id"] for violation in violations], max(overflow, 0)) == (path, [], 0)
