"""What the tests of pages share: the cast, and a browser for each of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.people import Actor
from changetrack.operations.playbook import install_playbook
from changetrack.web.admin.import_process import LAUNCH
from tests.clock import NOW
from tests.conftest import Stage
from tests.factories import Cast, make_cast, make_session
from tests.functional.web.importing import Desk, emptied, launcher_of


@pytest.fixture
def cast(session: scoped_session[Session]) -> Cast:
    """Two teams, six people, and the playbook that ships."""
    install_playbook(actor=Actor.system("test"), now=NOW)
    return make_cast(session)


@pytest.fixture
def browser_of(app: Flask, session: scoped_session[Session], cast: Cast) -> Callable[[str], FlaskClient]:
    """A browser in which somebody is signed in: `browser_of("olu")`; `browser_of("nobody")` is signed out."""

    def signed_in(name: str) -> FlaskClient:
        client = app.test_client()
        if name != "nobody":
            token = f"the browser of {name}"
            make_session(session, getattr(cast, name), token)
            with client.session_transaction() as cookie:
                cookie["_user_id"] = token
        return client

    return signed_in


@pytest.fixture
def uploads(stage: Stage, app: Flask) -> Iterator[Path]:
    """The folder of uploaded files; what the import pages start runs within the request that starts it."""
    app.extensions[LAUNCH] = launcher_of(app)
    folder = stage.settings.instance / "uploads"
    yield folder
    app.extensions.pop(LAUNCH, None)
    emptied(folder)


@pytest.fixture
def desk(uploads: Path, browser_of: Callable[[str], FlaskClient]) -> Desk:
    """The import pages, with Ada before them."""
    return Desk(browser_of("ada"))


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What names stand for, as pages look them up: an address of the public internet, if nothing else is put here."""
    known: dict[str, list[str]] = {}
    monkeypatch.setattr("changetrack.web.outbound.resolve", lambda host, _port: known.get(host, ["93.184.215.14"]))
    return known
