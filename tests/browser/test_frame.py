"""The pages are reached by a real browser."""

from playwright.sync_api import Page


def test_the_server_answers_a_browser(page: Page) -> None:
    response = page.goto("/static/")

    assert response is not None
    assert response.status < 500
