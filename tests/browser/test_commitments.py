"""Commitments as a team uses them: made in the quick update, met on Today, and everybody's access to their pages."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from changetrack.operations.commitments import make_commitment
from tests.factories import PASSWORD
from tests.factories.walk import Walk

ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)


def sign_in(page: Page, to: str) -> None:
    """Sign Olu in."""
    page.goto(to)
    page.get_by_label("E-mail").fill("olu@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"^http://[^/]+{re.escape(to)}$"))


@ON_ONE_DATABASE
def test_a_commitment_is_made_by_a_key_and_met_by_a_click(page: Page, walk: Walk) -> None:
    walk.open()
    sign_in(page, f"/accounts/{walk.account_id}")

    page.keyboard.press("u")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("link", name="Commitment").click()
    dialog.get_by_label("What will be done?").fill("Send the plan")
    dialog.get_by_role("button", name="Make the commitment").click()
    expect(page.locator("#commitments-card")).to_contain_text("Send the plan")
    page.goto("/")
    page.locator("#commitments").get_by_role("button", name="Met").click()

    expect(page.get_by_text("Met: “Send the plan”.")).to_be_visible()
    expect(page.locator("#commitments")).to_have_count(0)

    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_text("“Send the plan” is open again.")).to_be_visible()
    expect(page.locator("#commitments")).to_contain_text("Send the plan")


@ON_ONE_DATABASE
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_their_pages_are_accessible_and_never_scroll_sideways(page: Page, walk: Walk, scheme: str, width: int) -> None:
    walk.open()
    action = "Send the plan " * 8 + "Donaudampfschifffahrt" * 12
    due_on, olu = walk.today + timedelta(3), walk.cast.olu.id
    make_commitment(action=action, due_on=due_on, owner_user_id=olu, **walk.by("olu"))
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its words
    sign_in(page, f"/accounts/{walk.account_id}/commitments/1")

    for path in ("commitments/1", "commitments/new", "update?what=said", "update?what=commitment", "update?what=note"):
        page.goto(f"/accounts/{walk.account_id}/{path}")
        assert Axe().run(page).response["violations"] == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    for path in ("/", "/learning/commitments"):
        page.goto(path)
        assert Axe().run(page).response["violations"] == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.get_by_role("button", name="Met").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()  # the next page is there, and its message
    for path in ("", f"/accounts/{walk.account_id}/commitments/1"):
        if path:
            page.goto(path)
        assert Axe().run(page).response["violations"] == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
