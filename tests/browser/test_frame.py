"""A real browser gets real pages, and finds nothing wrong with them."""

import re

from playwright.sync_api import Page, expect


def test_whoever_is_not_signed_in_is_asked_to(page: Page) -> None:
    page.goto("/me/sessions")

    expect(page).to_have_url(re.compile("/login"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
