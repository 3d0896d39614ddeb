"""What is told about an account on its page: evidence, its retraction, the gap; and what cannot be told."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from changetrack.models import Evidence
from tests.clock import TODAY
from tests.conftest import ON_ONE_DATABASE
from tests.factories import Cast, make_alias
from tests.functional.web.account_walk import GAP, MANAGERS, OPENING, BrowserOf, Saver, Walk


@pytest.fixture
def walk(browser_of: BrowserOf, cast: Cast, session: Saver) -> Walk:
    """An account of Olu's team, added by the page today."""
    return Walk(browser_of, cast, session)


def test_a_refused_form_comes_back_with_all_reasons_and_with_what_was_typed(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)

    refused = walk.post("olu", "evidence/1c", {"asked": "3", "yes": "4", "note": "Heard in passing", "contact_seq": ""})

    assert refused.status_code == 422
    assert "Name the customer&#39;s person who said it." in refused.text
    assert "Say how you heard it: call, mail or meeting." in refused.text
    assert "This cannot be more than managers asked." in refused.text
    assert 'value="Heard in passing"' in refused.text
    assert "data-autofocus" in refused.text
    assert walk.rows(Evidence) == [row for row in walk.rows(Evidence) if row.kind == "record"]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"asked": "many", "yes": "3"}, "Write a number."),
        ({"asked": "1e999", "yes": "3"}, "Write a number that can be counted to."),
        ({"asked": "nan", "yes": "3"}, "Write a number that can be counted to."),
        ({"asked": "-4", "yes": "3"}, "A number from 0 to"),
        ({"asked": "4"}, "Write a number."),
        ({"effective_on": "2026-13-45"}, "Not a valid date value."),
        ({"effective_on": (TODAY + timedelta(days=1)).isoformat()}, "3 Mar 2026 is in the future."),
        ({"contact_seq": "99"}, "That person is not among the customer&#39;s people."),
        ({"contact_seq": "somebody"}, "That person is not among the customer&#39;s people."),
        ({"said_how": "carrier pigeon"}, "Say how you heard it: call, mail or meeting."),
        ({"wizard": "1"}, "This form has no field wizard."),
    ],
)
@ON_ONE_DATABASE
def test_evidence_that_cannot_be_is_refused(walk: Walk, typed: Mapping[str, str], reason: str) -> None:
    walk.post("olu", "opening", OPENING)
    wrong = {**MANAGERS, "yes": "3", **typed} if "asked" not in typed else {**MANAGERS, "yes": "", **typed}

    refused = walk.post("olu", "evidence/1c", wrong)

    assert refused.status_code == 422
    assert reason in refused.text


def test_evidence_for_an_unknown_point_is_a_page_that_does_not_exist(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)

    assert walk.post("olu", "evidence/9z", MANAGERS).status_code == 404


def test_a_computed_point_cannot_be_typed_in(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)

    refused = walk.post("olu", "evidence/2a", {"answer": "yes"})

    assert refused.status_code == 422
    assert "2a is computed; nobody can type it in." in refused.text


def test_numbers_below_the_rule_are_kept_and_do_not_hold(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)

    walk.post("olu", "evidence/1c", MANAGERS | {"yes": "2"})

    page = walk.page(query="?step=1")
    assert "Recorded, but 1c does not hold" in page
    assert "Does not pass" in page


def test_a_customers_word_is_shown_as_reported_with_person_and_how(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)
    walk.post("olu", "evidence/1c", MANAGERS)

    page = walk.page(query="?step=1")

    assert "Mara Voss, Plant manager" in page
    assert "reported by Olu, on a call" in page


def test_evidence_is_taken_back_with_a_reason_and_stays_visible(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)
    walk.post("olu", "evidence/1c", MANAGERS)
    seq = next(row.seq for row in walk.rows(Evidence) if row.point == "1c")

    without = walk.post("olu", f"evidence/{seq}/retract?step=1")
    taken_back = walk.post("olu", f"evidence/{seq}/retract", {"because": "She meant another plant."})

    assert (without.status_code, taken_back.status_code) == (422, 303)
    assert "Say why it is taken back." in without.text
    assert "She meant another plant." in walk.page(query="?step=1")


def test_the_quick_update_records_in_one_request(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)
    form = walk.browser("olu").get(f"{walk.address}/update?point=1c").text

    saved = walk.post("olu", "update", MANAGERS | {"point": "1c"})

    assert 'name="asked"' in form
    assert saved.status_code == 303
    assert any(row.point == "1c" and row.passes for row in walk.rows(Evidence))


def test_a_refused_quick_update_keeps_what_was_typed(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)

    refused = walk.post("olu", "update", {"point": "1c", "asked": "4", "yes": "3", "contact_name": "Mara Voss"})

    assert refused.status_code == 422
    assert "Say how you heard it" in refused.text
    assert 'value="Mara Voss"' in refused.text


def test_a_gap_that_somebody_saved_meanwhile_is_a_conflict_that_shows_both(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)
    walk.post("tess", "gap", GAP | {"version": "2"})

    late = walk.post("olu", "gap", GAP | {"version": "2", "gap_from": "36"})
    again = walk.post("olu", "gap", GAP | {"version": "3", "gap_from": "36"})

    assert late.status_code == 409
    assert "Somebody saved this before you" in late.text
    assert 'value="36"' in late.text
    assert 'name="version" type="hidden" value="3"' in late.text
    assert again.status_code == 303


def test_what_came_with_the_account_is_on_its_page(walk: Walk) -> None:
    account = walk.account()
    account.attributes = {"seats": 12, "referral": "<partner>"}
    walk.session.commit()
    for alias in ("S-1", "S-2"):
        make_alias(walk.session, account, alias=alias)

    page = walk.page()

    assert "2 attributes" in page
    assert "&lt;partner&gt;" in page
    assert "2 names in other systems" in page
    assert "S-1 · S-2" in page
