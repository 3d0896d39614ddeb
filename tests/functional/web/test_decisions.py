"""An executive's decision on the pages: nothing is chosen beforehand, and the story says who was told of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from changetrack.domain.people import Actor
from changetrack.models import Alert
from changetrack.operations.playbook import install_playbook
from tests.clock import NOW, TODAY
from tests.factories import Cast, make_account, make_alert, make_message, make_visit
from tests.factories._saving import Saver

pytestmark = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)  # the database has tests of its own

BrowserOf = Callable[[str], FlaskClient]


@pytest.fixture
def alert(session: Saver, cast: Cast) -> Alert:
    """Acme's alert, about which the executives are asked."""
    install_playbook(actor=Actor.system("test"), now=NOW - timedelta(days=60))
    since, whose = TODAY - timedelta(days=45), {"team_id": cast.team.id, "owner_id": cast.olu.id}
    dated = {"progress_on": since, "step_entered_on": since, "standing_on": since}
    account = make_account(session, name="Acme", claimed_step=3, visit_seq=1, stale=True, **whose, **dated)
    make_visit(session, account, seq=1, entered_on=since)
    return make_alert(session, account, rung=4)


def close(browser: FlaskClient, alert: Alert, **fields: str) -> TestResponse:
    given = {"version": str(alert.version), "decision": "close", "words": "They left us.", **fields}
    return browser.post(f"/alerts/{alert.id}/decide", data=given)


def test_who_was_told_of_a_decision_stands_in_the_story(browser_of: BrowserOf, alert: Alert) -> None:
    ed = browser_of("ed")

    close(ed, alert, outcome="churned")

    page = ed.get(f"/alerts/{alert.id}").text
    assert "Olu was told of the decision" in page
    assert "Ed was told" not in page


def test_how_a_closed_account_ended_is_never_chosen_beforehand(browser_of: BrowserOf, alert: Alert) -> None:
    ed = browser_of("ed")

    page, answer = ed.get(f"/alerts/{alert.id}/decide").text, close(ed, alert)

    options = page.partition('name="outcome"')[2].partition("</select>")[0]
    assert options.index(">Choose</option>") < options.index(">Churned</option>")
    assert "selected" not in options.partition(">Choose</option>")[2]
    assert answer.status_code == 422
    assert "Say how it ended" in answer.text


def test_each_telling_of_one_moment_is_an_entry_of_its_own(
    browser_of: BrowserOf, session: Saver, cast: Cast, alert: Alert
) -> None:
    told = {"account_id": alert.account_id, "alert_id": alert.id, "created_at": NOW}
    for what in ("again-2026-03-16", "changed-4"):
        make_message(session, cast.olu, key=f"alert:{alert.id}:{what}:in_app:{cast.olu.id}", **told)

    page = browser_of("ed").get(f"/alerts/{alert.id}").text

    assert "Olu was told that it fired again" in page
    assert "Olu was told that its reasons changed" in page
