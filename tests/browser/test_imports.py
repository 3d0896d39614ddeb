"""Bringing a file in and looking at the audit, as done by somebody with a browser."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import FilePayload, Page, expect
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.people import Actor
from changetrack.operations.playbook import install_playbook
from changetrack.web.admin.import_process import LAUNCH
from tests.clock import NOW
from tests.conftest import Stage
from tests.factories import PASSWORD, Cast, make_cast
from tests.functional.web.importing import emptied, launcher_of

ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
CRM = "account_id,account_name,signup_date,team\nC-1,Alder,16-10-2024,North\nC-2,Birch,03-04-2025,Nowhere\n"


@pytest.fixture
def cast(session: scoped_session[Session]) -> Cast:
    install_playbook(actor=Actor.system("test"), now=NOW)
    return make_cast(session)


@pytest.fixture
def ada(request: pytest.FixtureRequest, stage: Stage, app: Flask, cast: Cast, page: Page) -> Iterator[Page]:
    """Ada, signed in, at the imports; her imports run within the request or, as in earnest, in a process."""
    if request.param == "in the request":
        app.extensions[LAUNCH] = launcher_of(app)
    page.goto("/admin/imports")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"^http://[^/]+/admin/imports$"))
    yield page
    app.extensions.pop(LAUNCH, None)
    emptied(stage.settings.instance / "uploads")


def upload(page: Page, text: str) -> None:
    page.goto("/admin/imports")
    file = FilePayload(name="crm.csv", mimeType="text/csv", buffer=text.encode())
    page.get_by_label("File", exact=False).set_input_files(file)
    page.get_by_role("button", name="Upload and look at it").click()
    page.wait_for_url(re.compile("/columns$"))


def is_fine(page: Page) -> None:
    """Accessible, and no wider than a small telephone, in light and dark."""
    page.set_viewport_size({"width": 320, "height": 640})
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        violations = [violation["id"] for violation in Axe().run(page).response["violations"]]
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert (page.url, scheme, violations, max(overflow, 0)) == (page.url, scheme, [], 0)
    page.set_viewport_size({"width": 1280, "height": 720})


@ON_ONE_DATABASE
@pytest.mark.parametrize("ada", ["in a process"], indirect=True)
def test_a_file_is_uploaded_tried_out_mended_and_imported(ada: Page) -> None:
    is_fine(ada)
    upload(ada, CRM)
    expect(ada.get_by_label("account_id")).to_have_value("external_id")
    expect(ada.get_by_label("Dates are written as")).to_have_value("dd-mm-yyyy")
    is_fine(ada)

    ada.get_by_role("button", name="Try it out").click()
    expect(ada.get_by_text("There is no team “Nowhere”")).to_be_visible(timeout=60_000)
    is_fine(ada)
    upload(ada, CRM.replace("Nowhere", "South"))
    ada.get_by_role("button", name="Try it out").click()
    ada.get_by_role("button", name="Import it").click(timeout=60_000)

    expect(ada.get_by_role("link", name="Look at the accounts")).to_be_visible(timeout=60_000)
    is_fine(ada)
    ada.goto("/admin/audit")
    expect(ada.get_by_text("Accounts imported")).to_be_visible()
    is_fine(ada)


@ON_ONE_DATABASE
@pytest.mark.parametrize("ada", ["in the request"], indirect=True)
def test_dates_that_fit_both_ways_are_chosen_by_hand(ada: Page) -> None:
    upload(ada, "id,name,start_date\nC-1,Alder,03-04-2025\n")

    ada.get_by_role("button", name="Try it out").click()
    expect(ada.get_by_role("alert")).to_contain_text("Choose how the dates in the file are written.")
    is_fine(ada)
    ada.get_by_label("Dates are written as").select_option("dd-mm-yyyy")
    ada.get_by_role("button", name="Try it out").click()

    expect(ada.get_by_text("Every row can be taken")).to_be_visible()
