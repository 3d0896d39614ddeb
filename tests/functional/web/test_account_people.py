"""The customer's people by their pages."""

import pytest

from tests.factories import Cast
from tests.functional.web.account_walk import BrowserOf, Saver, Walk


@pytest.fixture
def walk(browser_of: BrowserOf, cast: Cast, session: Saver) -> Walk:
    """An account of Olu's team, added by the page today."""
    return Walk(browser_of, cast, session)


def test_the_customers_people_are_added_and_edited_with_their_version(walk: Walk) -> None:
    mara = {"name": "Mara Voss", "function": "Operations", "path_roles": "decider", "in_coalition": "y"}

    added = walk.post("olu", "contacts/new", mara)
    edited = walk.post("olu", "contacts/1", mara | {"title": "COO", "version": "1"})
    late = walk.post("tess", "contacts/1", mara | {"title": "Chief", "version": "1"})

    assert (added.status_code, edited.status_code, late.status_code) == (303, 303, 409)
    assert "COO" in late.text
    assert 'value="Chief"' in late.text
    assert "The coalition has 1 active member; it needs 3." in walk.page(query="?tab=coalition")


def test_a_person_without_a_name_is_refused(walk: Walk) -> None:
    refused = walk.post("olu", "contacts/new", {"name": " ", "title": "COO"})

    assert refused.status_code == 422
    assert "A person needs a name." in refused.text
    assert 'value="COO"' in refused.text


def test_roles_that_the_customer_does_not_have_leave_the_decision_path(walk: Walk) -> None:
    left_out = walk.post("olu", "decision-path", {"not_applicable": "gatekeeper"})
    impossible = walk.post("olu", "decision-path", {"not_applicable": "decider"})

    assert left_out.status_code == 303
    assert "0 of 6 roles" in walk.page()
    assert impossible.status_code == 422
