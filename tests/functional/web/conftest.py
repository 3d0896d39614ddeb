"""What the tests of pages share: the cast, and a browser for each of them."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.people import Actor
from changetrack.operations.playbook import install_playbook
from tests.clock import NOW
from tests.factories import Cast, make_cast, make_session


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
