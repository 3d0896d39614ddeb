"""A real Chromium against a real server: pages as people get them."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Response,
    expect,
    sync_playwright,
)
from werkzeug.serving import make_server

from tests.browser import chromium

PATIENCE = 30_000  # milliseconds: a page on a machine under load
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver, once for each process of the test run."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium; each test gets a fresh profile in it."""
    path = chromium.executable()
    assert path, "no Chromium: install one, or run `.venv/bin/playwright install chromium`"
    running = playwright.chromium.launch(executable_path=path, args=chromium.arguments())
    yield running
    running.close()


@pytest.fixture
def live_url(app: Flask) -> Iterator[str]:
    """Where the application answers, on a port of its own."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def context(browser: Browser, live_url: str) -> Iterator[BrowserContext]:
    """A fresh profile that knows the server's address: `page.goto("/login")`."""
    profile = browser.new_context(base_url=live_url, reduced_motion="reduce", locale="en-GB", timezone_id="UTC")
    profile.set_default_timeout(PATIENCE)
    yield profile
    profile.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab that fails its test when a script fails, a policy is broken, or something does not load."""
    tab = context.new_page()
    troubles: list[str] = []
    tab.on("pageerror", lambda error: troubles.append(str(error)))
    tab.on("console", lambda message: troubles.append(message.text) if _is_trouble(message) else None)
    tab.on("response", lambda answer: troubles.append(answer.url) if _has_failed(answer) else None)
    yield tab
    assert not troubles, troubles


def _is_trouble(message: ConsoleMessage) -> bool:
    """A refusal (409, 422) is an answer, though the browser notes it as an error."""
    return message.type == "error" and not message.text.startswith("Failed to load resource")


def _has_failed(answer: Response) -> bool:
    return answer.status >= 500 or (answer.status >= 400 and answer.request.resource_type != "document"
                                    and "/static/" in answer.url)  # fmt: skip


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name that a page looks up stands for an address of the public internet: no test asks the network."""
    monkeypatch.setattr("changetrack.web.outbound.resolve", lambda _host, _port: ["93.184.215.14"])
