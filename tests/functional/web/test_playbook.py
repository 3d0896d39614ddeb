"""Administrators change the playbook step by step, see first whom it concerns, and never change the past."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from changetrack.domain.journey.default_playbook import DEFAULT_PLAYBOOK
from changetrack.domain.journey.playbook_settings import step_settings, with_settings
from changetrack.models import AuditEvent, PlaybookVersion
from tests.clock import NOW, TODAY
from tests.factories import make_account, make_alert, make_learned_limit
from tests.factories._saving import Saver

BrowserOf = Callable[[str], FlaskClient]


def filled(number: int, **changes: Any) -> dict[str, Any]:
    """The form of a step as shown, with these changes; an unticked box is not sent."""
    shown = {s.name: s.value for s in step_settings(DEFAULT_PLAYBOOK["steps"][number - 1])}
    sent = {"version": "1", "note": "Learned from the last ten", **shown, **changes}
    return {name: "y" if value is True else value for name, value in sent.items() if value not in (None, False)}


def test_what_is_saved_is_a_new_version_with_its_reason(browser_of: BrowserOf, session: Saver) -> None:
    answer = browser_of("ada").post(
        "/admin/playbook/steps/1", data=filled(1, step1_age_days=60, point1c_share_0="80", save="1")
    )

    newest = session.scalars(select(PlaybookVersion).order_by(PlaybookVersion.version.desc())).first()
    assert answer.status_code == 303
    assert newest is not None
    assert (newest.version, newest.note) == (2, "Learned from the last ten")
    assert newest.body["steps"][0]["age_days"] == 60
    assert newest.body["steps"][0]["points"][2]["rule"]["shares"] == [["yes", "asked", 0.8]]
    assert session.scalars(select(AuditEvent.kind)).all() == ["playbook_changed"]


def test_the_preview_names_the_changes_and_saves_nothing(browser_of: BrowserOf, session: Saver) -> None:
    answer = browser_of("ada").post("/admin/playbook/steps/2", data=filled(2, point2c_expires_days=30, preview="1"))

    assert "Nothing is saved yet" in answer.text
    assert "45 → <strong>30</strong>" in answer.text
    assert session.scalars(select(PlaybookVersion.version)).all() == [1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"note": ""}, "Say in a sentence why"),
        ({"step1_age_days": "0"}, "From 1 to 3,650"),
        ({"point1c_share_0": "150"}, "From 0.01 to 100 %."),
        ({}, "Nothing was changed"),
    ],
)
def test_what_cannot_be_saved_says_why_and_keeps_what_was_typed(
    browser_of: BrowserOf, session: Saver, changes: dict[str, Any], words: str
) -> None:
    answer = browser_of("ada").post("/admin/playbook/steps/1", data=filled(1, save="1", **changes))

    assert answer.status_code == 422
    assert words in answer.text
    assert session.scalars(select(PlaybookVersion.version)).all() == [1]


def test_a_version_that_somebody_replaced_is_a_conflict(browser_of: BrowserOf) -> None:
    ada = browser_of("ada")
    ada.post("/admin/playbook/steps/1", data=filled(1, step1_age_days=60, save="1"))

    answer = ada.post("/admin/playbook/steps/1", data=filled(1, step1_age_days=70, save="1"))

    assert answer.status_code == 409


def test_settings_that_are_not_given_stay_as_they_are(browser_of: BrowserOf) -> None:
    body = with_settings(DEFAULT_PLAYBOOK, 1, {})

    assert body == DEFAULT_PLAYBOOK
    assert body is not DEFAULT_PLAYBOOK
    assert "Control points" in browser_of("ada").get("/admin/playbook").text


def test_silence_of_the_customer_has_a_limit_of_its_own(browser_of: BrowserOf, session: Saver) -> None:
    ada = browser_of("ada")

    shown = ada.get("/admin/playbook/steps/8").text
    ada.post("/admin/playbook/steps/8", data=filled(8, step8_silent_days=50, save="1"))

    newest = session.scalars(select(PlaybookVersion).order_by(PlaybookVersion.version.desc())).first()
    assert newest is not None
    assert newest.body["steps"][7]["silent_days"] == 50
    assert 'name="step8_silent_days"' in shown
    assert "or 50 without a word from the customer" in ada.get("/admin/playbook").text


def test_a_learned_limit_stands_beside_the_fixed_one_with_how_it_was_learned(
    browser_of: BrowserOf, session: Saver
) -> None:
    make_learned_limit(session)
    make_learned_limit(session, month=TODAY.replace(month=2, day=1), limit_days=None, quantile_days=None, advances=3)
    ada = browser_of("ada")

    all_steps, step = ada.get("/admin/playbook").text, ada.get("/admin/playbook/steps/3").text

    told = "For Mar 2026 the limit is 38 days: 85 % had advanced within 38 days (9 advances in 12 visits)."
    assert told in all_steps
    assert told in step
    assert 'class="km-line"' in step
    assert "limit 38</text>" in step
    assert "fixed 45</text>" in step
    assert '<th scope="row">85%</th><td class="num">38 days</td>' in step
    assert "Feb 2026" in step


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"limit_days": None, "advances": 5}, "the fixed limit, 45 days, holds: too few have advanced, 8 are needed"),
        ({"limit_days": None, "quantile_days": None}, "85 % were not reached, too many are still there"),
        ({"limit_days": None, "fixed_days": None}, "no limit holds: where the playbook has none, none is learned"),
        ({"limit_days": 90, "quantile_days": 120}, "no less than half and no more than twice the fixed one"),
    ],
)
def test_why_a_limit_is_what_it_is_is_said_in_words(
    browser_of: BrowserOf, session: Saver, fields: dict[str, Any], words: str
) -> None:
    make_learned_limit(session, **fields)

    assert words in browser_of("ada").get("/admin/playbook/steps/3").text


def test_without_anything_learned_nothing_is_drawn(browser_of: BrowserOf, session: Saver) -> None:
    make_learned_limit(session, falls=[], advances=0, visits=0, limit_days=None, quantile_days=None)
    ada = browser_of("ada")

    assert "km-line" not in ada.get("/admin/playbook/steps/3").text
    assert "as learned" not in ada.get("/admin/playbook/steps/4").text


def test_a_step_whose_alerts_do_not_help_proposes_a_wider_limit_and_fills_it_in(
    browser_of: BrowserOf, session: Saver
) -> None:
    for number in range(20):
        account = make_account(session, claimed_step=2, visit_seq=1)
        make_alert(session, account, state="resolved", resolved_at=NOW, useful=number < 9)
    ada = browser_of("ada")

    all_steps, plain = ada.get("/admin/playbook").text, ada.get("/admin/playbook/steps/2").text
    widened = ada.get("/admin/playbook/steps/2?widen=1").text

    told = "Progress followed only 9 of the last 20 alerts of step 2 within 10 business days."
    assert told in all_steps
    assert 'href="/admin/playbook/steps/2?widen=1"' in all_steps
    assert 'name="step2_progress_days" type="number" value="10"' in plain
    assert 'name="step2_progress_days" type="number" value="15"' in widened
    assert f"{told} Consider 15 business days" in widened
    assert session.scalars(select(PlaybookVersion.version)).all() == [1]


def test_a_step_whose_alerts_help_proposes_nothing(browser_of: BrowserOf, session: Saver) -> None:
    for number in range(20):
        account = make_account(session, claimed_step=2, visit_seq=1)
        make_alert(session, account, state="resolved", resolved_at=NOW, useful=number < 10)

    assert "Widen the limit" not in browser_of("ada").get("/admin/playbook").text
