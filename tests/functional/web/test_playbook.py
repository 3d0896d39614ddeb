"""Administrators change the playbook step by step, see first whom it concerns, and never change the past."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from changetrack.domain.journey.default_playbook import DEFAULT_PLAYBOOK
from changetrack.domain.journey.playbook_settings import step_settings, with_settings
from changetrack.models import AuditEvent, PlaybookVersion
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
