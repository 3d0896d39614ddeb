"""Commitments on the pages: made in a quick update, met with one click, listed, exported; and the customer's word."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.models import Commitment, Contact, Event
from tests.clock import TODAY, FixedClock
from tests.factories import Cast, make_account, make_commitment, make_metric, make_outcome
from tests.functional.web.account_walk import OPENING, BrowserOf, Walk

Saver = scoped_session[Session]
IN_A_WEEK = (TODAY + timedelta(7)).isoformat()


@pytest.fixture
def walk(browser_of: BrowserOf, cast: Cast, session: Saver) -> Walk:
    """An opened account of the team."""
    walk = Walk(browser_of, cast, session)
    walk.post("olu", "opening", OPENING)
    return walk


def word_of(cast: Cast, **typed: str) -> dict[str, str]:
    """Olu's word, as typed."""
    return {"action": "Send the plan", "owner": f"u{cast.olu.id}", "due_on": IN_A_WEEK, **typed}


def newest(walk: Walk) -> Event:
    """The newest event of the account."""
    walk.session.rollback()
    mine = select(Event).where(Event.account_id == walk.id).order_by(Event.seq.desc()).limit(1)
    return walk.session.scalars(mine).one()


def test_a_commitment_is_made_by_a_quick_update_in_one_request(walk: Walk, cast: Cast) -> None:
    answer = walk.post("olu", "update?what=commitment", word_of(cast))

    assert answer.status_code == 303
    (row,) = walk.rows(Commitment)
    assert (row.action, row.owner_user_id, row.due_on) == ("Send the plan", cast.olu.id, TODAY + timedelta(7))
    assert "Send the plan" in walk.page()
    assert "Commitment made" in walk.page(query="?tab=history&kind=commitments")


def test_a_commitment_can_be_the_customers_and_serve_an_outcome(walk: Walk, cast: Cast, session: Saver) -> None:
    account = walk.account()
    walk.post("olu", "contacts/new", {"name": "Mara"})
    make_outcome(session, account, make_metric(session), statement="Close in a day")

    walk.post("olu", "commitments/new", word_of(cast, owner="c1", outcome_seq="1"))

    page = walk.browser("olu").get(f"/learning/commitments?account={walk.id}").text
    assert "Mara" in page
    assert "for “Close in a day”" in page


def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_stays(walk: Walk, cast: Cast) -> None:
    answer = walk.post("olu", "update?what=commitment", word_of(cast, owner="u999", due_on="2020-01-01"))

    assert answer.status_code == 422
    assert "is in the past" in answer.text
    assert "who can sign in" in answer.text
    assert 'value="Send the plan"' in answer.text
    assert walk.rows(Commitment) == []


def test_what_a_person_said_ends_the_silence_and_is_no_progress(walk: Walk) -> None:
    before = walk.account().progress_on
    said = {"contact_seq": "new", "contact_name": "Mara Voss", "said_how": "call", "sort": "objection"}

    answer = walk.post(
        "olu", "update?what=said", {**said, "note": "Not before June.", "effective_on": TODAY.isoformat()}
    )

    assert answer.status_code == 303
    assert (newest(walk).kind, newest(walk).is_progress, newest(walk).note) == (
        "customer_said",
        False,
        "Not before June.",
    )
    assert (walk.account().customer_on, walk.account().progress_on) == (TODAY, before)
    assert [person.name for person in walk.rows(Contact)] == ["Mara Voss"]
    assert "Mara Voss said" in walk.page(query="?tab=history&kind=word")


def test_a_word_needs_who_how_and_what(walk: Walk) -> None:
    answer = walk.post("olu", "update?what=said", {"sort": "reply", "effective_on": TODAY.isoformat()})

    assert answer.status_code == 422
    assert all(
        words in answer.text for words in ("Name the customer", "Say how you heard it", "Write down what it was")
    )


def test_a_note_is_neither_progress_nor_a_word_of_the_customers(walk: Walk) -> None:
    before = walk.account()
    clocks = (before.progress_on, before.customer_on)

    walk.post("olu", "update?what=note", {"note": "They moved offices.", "effective_on": TODAY.isoformat()})

    assert (newest(walk).kind, newest(walk).is_progress) == ("note_added", False)
    assert (walk.account().progress_on, walk.account().customer_on) == clocks


def test_before_it_is_opened_a_quick_update_asks_for_no_evidence(
    browser_of: BrowserOf, cast: Cast, session: Saver
) -> None:
    walk = Walk(browser_of, cast, session)

    page = walk.page(query="/update")

    assert "What will be done?" in page
    assert ">Evidence<" not in page


def test_one_click_on_today_meets_it(walk: Walk, cast: Cast) -> None:
    walk.post("olu", "commitments/new", word_of(cast))
    today = walk.browser("olu").get("/").text

    answer = walk.post("olu", "commitments/1/met", {"version": "1", "then": "today"})

    assert "My commitments this week" in today
    assert (answer.status_code, answer.location) == (303, "/")
    after = walk.browser("olu").get("/").text
    assert "My commitments this week" not in after
    assert (newest(walk).kind, newest(walk).is_progress) == ("commitment_met", False)
    assert "It was made on that very day: that is kept, and is no progress." in after
    assert "that is kept, and is no progress" in walk.page(query="/commitments/1")


def undone(walk: Walk, page: str) -> tuple[str, dict[str, str]]:
    """The address of the button that a message offers, and what it sends."""
    form = re.search(r'<form class="inline-form" action="([^"]+/reopen)".*?</form>', page, re.DOTALL)
    assert form is not None
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    sent.pop("csrf_token", None)
    return form[1].removeprefix(f"/accounts/{walk.id}/"), {name: unescape(value) for name, value in sent.items()}


@pytest.mark.parametrize(
    ("then", "back"),
    [("today", "/"), ("list?whose=team&when=week", "/learning/commitments?whose=team&when=week"), ("", "")],
)
def test_a_wrong_click_is_undone_from_the_message_and_comes_back_to_where_it_was(
    walk: Walk, cast: Cast, then: str, back: str
) -> None:
    walk.post("olu", "commitments/new", word_of(cast))
    met = walk.post("olu", "commitments/1/met", {"version": "1", "then": then})
    page = walk.browser("olu").get(met.location).text

    undo = walk.post("olu", *undone(walk, page))

    assert (met.status_code, undo.status_code, met.location) == (303, 303, undo.location)
    assert met.location == (back or f"/accounts/{walk.id}#commitments-card")
    assert "“Send the plan” is open again." in walk.browser("olu").get(undo.location).text
    assert newest(walk).kind == "commitment_reopened"
    assert "Not met after all" in walk.page(query="?tab=history&kind=commitments")


def test_its_page_offers_to_take_back_that_it_was_met_until_the_account_moves_on(walk: Walk, cast: Cast) -> None:
    walk.post("olu", "commitments/new", word_of(cast))
    walk.post("olu", "commitments/1/met", {"version": "1"})
    page = walk.page(query="/commitments/1")
    walk.post("olu", "close", {"outcome": "churned", "effective_on": TODAY.isoformat()})

    later = walk.page(query="/commitments/1")
    answer = walk.post("olu", "commitments/1/reopen", {"version": "2", "then": "page"})

    assert "It was not met" in page
    assert "It was not met" not in later
    assert (answer.status_code, "The account is closed." in answer.text) == (422, True)


def test_an_older_page_opens_nothing_again(walk: Walk, cast: Cast) -> None:
    walk.post("olu", "commitments/new", word_of(cast))
    walk.post("olu", "commitments/1/met", {"version": "1"})

    assert walk.post("olu", "commitments/1/reopen", {"version": "1"}).status_code == 409


def test_overdue_ones_come_first_on_today_and_nobody_elses(session: Saver, cast: Cast, browser_of: BrowserOf) -> None:
    account = make_account(session, team_id=cast.team.id)
    for action, days, owner in (("Later", 5, cast.olu), ("Late", -5, cast.olu), ("Hers", 1, cast.tess)):
        due_on = TODAY + timedelta(days)
        make_commitment(session, account, action=action, owner_user_id=owner.id, due_on=due_on)

    page = browser_of("olu").get("/").text

    assert page.index(">Late<") < page.index(">Later<")
    assert ">Hers<" not in page


def test_another_day_another_person_and_its_end_are_told_on_its_page(walk: Walk, cast: Cast) -> None:
    walk.post("olu", "commitments/new", word_of(cast))
    another = (TODAY + timedelta(9)).isoformat()

    answers = [
        walk.post("olu", "commitments/1/another-day", {"version": "1", "due_on": another, "because": "Mara is ill."}),
        walk.post("tess", "commitments/1/hand-over", {"version": "2", "owner": f"u{cast.tess.id}"}),
        walk.post("tess", "commitments/1/withdraw", {"version": "3", "reason": "They do it themselves."}),
    ]

    assert [answer.status_code for answer in answers] == [303, 303, 303]
    page = walk.page(query="/commitments/1")
    assert all(words in page for words in ("First due", "Tess", "Withdrawn", "They do it themselves."))


def test_the_outcome_that_asks_for_it_is_named_on_its_page(walk: Walk, cast: Cast, session: Saver) -> None:
    walk.post("olu", "commitments/new", word_of(cast))
    before = walk.page(query="/commitments/1")
    make_outcome(session, walk.account(), make_metric(session), statement="Close in a day")

    answer = walk.post("olu", "commitments/1/outcome", {"version": "1", "outcome_seq": "1"})

    assert "Name the outcome" not in before
    assert answer.status_code == 303
    assert "“Close in a day”" in walk.page(query="/commitments/1")
    assert "Outcome named for a commitment" in walk.page(query="?tab=history&kind=commitments")


def test_after_the_day_the_page_offers_no_other_day(walk: Walk, cast: Cast, clock: FixedClock) -> None:
    walk.post("olu", "commitments/new", word_of(cast))
    walk.wait(clock, days=8)

    page = walk.page(query="/commitments/1")
    answer = walk.post("olu", "commitments/1/another-day", {"version": "1", "due_on": "2027-01-01"})

    assert "Agree on another day" not in page
    assert " overdue</time>" in page
    assert answer.status_code == 422
    assert "It was due already" in answer.text


def test_two_who_decide_at_once_are_told_of_each_other(walk: Walk, cast: Cast) -> None:
    walk.post("olu", "commitments/new", word_of(cast))
    walk.post("tess", "commitments/1/hand-over", {"version": "1", "owner": f"u{cast.tess.id}"})

    answer = walk.post("olu", "commitments/1/withdraw", {"version": "1", "reason": "No."})

    assert answer.status_code == 409


def test_executives_look_and_change_nothing(walk: Walk, cast: Cast) -> None:
    walk.post("olu", "commitments/new", word_of(cast))

    page = walk.page("ed", "/commitments/1")

    assert "Send the plan" in page
    assert "It is done" not in page


@pytest.mark.parametrize("asked", ["whose=his", "when=never", "account=x", "who=olu", "state=lost"])
def test_what_cannot_be_asked_is_refused_in_words(browser_of: BrowserOf, asked: str) -> None:
    assert browser_of("olu").get(f"/learning/commitments?{asked}").status_code == 422


def test_another_teams_account_is_not_there_to_be_filtered_by(walk: Walk) -> None:
    for address in ("/learning/commitments", "/learning/commitments.csv"):
        assert walk.browser("otto").get(f"{address}?account={walk.id}").status_code == 404


def test_the_list_comes_as_a_file(session: Saver, cast: Cast, browser_of: BrowserOf) -> None:
    account = make_account(session, team_id=cast.team.id, name="=Acme")
    make_commitment(session, account, owner_user_id=cast.olu.id, owner_name="Olu")

    answer = browser_of("olu").get("/learning/commitments.csv")

    head, row = answer.text.strip().splitlines()
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="commitments-')
    assert head.startswith("account,commitment,action,owner,side,made_on,first_due_on,due_on")
    assert "Send the plan,Olu,ours" in row
    assert not row.startswith("=")


def test_words_of_people_are_shown_as_words(walk: Walk, cast: Cast) -> None:
    walk.post("olu", "commitments/new", word_of(cast, action="<script>alert(1)</script>"))

    for page in (walk.page(), walk.page(query="/commitments/1"), walk.browser("olu").get("/learning/commitments").text):
        assert "<script>alert" not in page


def test_an_empty_list_teaches(browser_of: BrowserOf) -> None:
    assert "A commitment is somebody" in browser_of("ada").get("/learning/commitments").text
