"""The main job by real clicks: an account of a customer's file, two steps on, one back, and the funnel of two days."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.people import Actor
from changetrack.operations.playbook import install_playbook
from tests.clock import NOW
from tests.factories import PASSWORD, make_cast
from tests.real_input import ACCOUNTS, ALIASES, RealInput, real_input

Run = Callable[..., Result]


@pytest.fixture
def source(run: Run, session: scoped_session[Session], tmp_path: Path) -> RealInput:
    """A customer's accounts and subscriptions, brought in at the shell for Olu's team."""
    install_playbook(actor=Actor.system("test"), now=NOW)
    make_cast(session)
    files = real_input(tmp_path)
    assert run("import", "accounts", str(files.accounts), *ACCOUNTS).exit_code == 0
    assert run("import", "aliases", str(files.subscriptions), *ALIASES).exit_code == 0
    return files


def sign_in(page: Page, name: str) -> None:
    page.goto("/login")
    page.get_by_label("E-mail").fill(f"{name}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/$"))


def open_and_prove(page: Page) -> None:
    page.get_by_label("Who is the customer?").fill("Learning coordinators")
    page.get_by_label("What do they value?").fill("Reports on the day they are asked for.")
    page.get_by_label("When did they say so?").fill("2026-02-02")
    page.get_by_role("button", name="Open the account").click()
    page.get_by_role("link", name=re.compile("^1b Gap quantified")).click()
    gap = {"What is measured?": "Days to a report", "Unit": "days", "From (today)": "7", "By when?": "2026-12-31",
           "How do you know where it stands today?": "Tickets", "When was this agreed?": "2026-02-02"}  # fmt: skip
    for label, text in gap.items():
        page.get_by_label(label).fill(text)
    page.get_by_label("To", exact=True).fill("1")
    page.get_by_role("button", name="Save the gap").click()
    page.get_by_role("link", name=re.compile("^1c Managers convinced")).click()
    form = page.locator("#point-1c form.evidence-form")
    form.get_by_label("Who said it?").select_option("Somebody new…")
    form.get_by_label("Their name").fill("Mara Voss")
    form.get_by_label("Call").check()
    form.get_by_label("Managers asked").fill("5")
    form.get_by_label("Said yes").fill("4")
    form.get_by_label("When was it so?").fill("2026-02-16")
    form.get_by_role("button", name="Record").click()


def stands(page: Page, day: str) -> dict[str, str]:
    """The funnel page of a day: step → accounts, where there are any."""
    page.goto("/funnel")
    page.get_by_label("As of").fill(day)
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url(re.compile(f"as_of={day}"))
    expect(page.get_by_text("Every row balances")).to_be_visible()
    rows = page.locator("table.funnel tbody tr")
    found = {row.locator("th").inner_text(): row.locator(".funnel-count a").all_inner_texts() for row in rows.all()}
    return {re.sub(r"^\d\s*", "", name): counts[0] for name, counts in found.items() if counts}


@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
def test_an_imported_account_goes_two_steps_on_and_one_back(
    page: Page, browser: Browser, live_url: str, source: RealInput
) -> None:
    name, others = source.rows()[0]["account_name"], len(source.rows()) - 1
    sign_in(page, "olu")
    page.goto("/accounts")
    page.get_by_role("searchbox", name=re.compile("Name or organization|Find")).last.fill(name)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=name, exact=True).first.click()
    open_and_prove(page)
    page.get_by_text("With another date or a note").click()
    page.get_by_label("Ready since").fill("2026-02-16")
    page.get_by_role("button", name="Propose to advance").click()
    expect(page.locator("#proposal")).to_be_visible()
    address = re.sub(r".*(/accounts/\d+).*", r"\1", page.url)

    with browser.new_context(base_url=live_url) as hers, browser.new_context(base_url=live_url) as his:
        tess, vik = hers.new_page(), his.new_page()
        sign_in(tess, "tess")
        tess.goto(address)
        tess.get_by_role("button", name="Sign off").click()
        expect(tess.locator("#flashes")).to_contain_text(f"{name} is at step 2 now")
        sign_in(vik, "vik")
        vik.goto(address)
        vik.get_by_role("link", name="Go ahead by exception").click()
        vik.get_by_label("Why does it go ahead?").fill("The pilot starts with the new term.")
        vik.get_by_label("By when is the evidence to be there?").fill("2026-06-30")
        vik.get_by_label("From when on?").fill("2026-02-20")
        vik.get_by_role("button", name=re.compile("^Go ahead to")).click()
        expect(vik.locator("#flashes")).to_contain_text("It claims step 3 now, by exception.")
    page.goto(address)
    page.get_by_label("More actions").click()
    page.get_by_role("link", name="Go back a step").click()
    page.get_by_label("Why?").select_option("Sponsor left")
    page.get_by_label("From when on?").fill("2026-02-26")
    page.get_by_role("button", name="Go back", exact=True).click()
    expect(page.locator("#flashes")).to_contain_text("It is back at step 2")

    assert stands(page, "2026-02-18")["Create the guiding coalition"] == "1"
    assert stands(page, "2026-02-23")["Develop vision and strategy"] == "1"
    assert stands(page, "2026-02-28") == {"Not opened": f"{others}", "Create the guiding coalition": "1"}
