"""The pages of outcomes: proposing, what the customer says, the plot and the ledger, editing, other terms."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from changetrack.models import LedgerEntry, Outcome, OutcomeStatement
from changetrack.web.formatting import exact_date
from tests.clock import TODAY
from tests.conftest import ON_ONE_DATABASE
from tests.factories import (
    Cast,
    make_contact,
    make_daily,
    make_entry,
    make_event,
    make_metric,
    make_outcome,
    make_reading,
    make_statement,
)
from tests.functional.web.account_walk import BrowserOf, Saver, Walk

TERMS = {
    "beneficiary_seq": "1", "statement": "Orders leave the house on the same day.", "threshold": "40", "period": "week",
    "rate": "2500.50", "currency": "eur", "requires_attestation": "y", "accrual": "flat",
}  # fmt: skip
WORD = {"contact_seq": "1", "said_how": "call", "given_on": TODAY.isoformat()}


class Desk(Walk):
    """An account with Carla, who benefits, and a metric of use."""

    def __init__(self, browser_of: BrowserOf, cast: Cast, session: Saver) -> None:
        super().__init__(browser_of, cast, session)
        make_contact(session, self.account(), name="Carla Customer")
        make_contact(session, self.account(), name="Jon Jansen")
        self.metric = make_metric(session, "orders")

    def propose(self, who: str = "olu", **typed: str) -> Any:
        """Send the form of a new outcome."""
        return self.post(who, "outcomes/new", TERMS | {"metric_id": str(self.metric.id)} | typed)

    def say(self, kind: str, seq: int = 1, **typed: str) -> Any:
        """Send the form of a customer's word."""
        return self.post("olu", f"outcomes/{seq}/words/{kind}", WORD | typed)

    def see(self, seq: int = 1, who: str = "olu", query: str = "") -> str:
        """The outcome's page."""
        return self.browser(who).get(f"{self.address}/outcomes/{seq}{query}").text

    def outcome(self, seq: int = 1) -> Outcome:
        """The outcome's row as it is now."""
        self.session.rollback()
        return self.session.get_one(Outcome, (self.id, seq))


@pytest.fixture
def desk(browser_of: BrowserOf, cast: Cast, session: Saver) -> Desk:
    """An account of Olu's team."""
    return Desk(browser_of, cast, session)


def test_an_outcome_is_proposed_agreed_attested_and_the_report_taken_back_by_its_page(desk: Desk) -> None:
    proposed = desk.propose()
    first = desk.see()
    agreed = desk.say("agreed", note="Exactly that.")
    attested = desk.say("attested", contact_seq="2", said_how="mail")
    page = desk.see()
    back = desk.post("olu", "outcomes/1/words/2/retract", {"because": "He meant another site."})

    assert proposed.location == f"{desk.address}/outcomes/1"
    assert "Waits for Carla Customer to agree; until then it is worth nothing." in first
    assert (agreed.status_code, attested.status_code, back.status_code) == (303, 303, 303)
    assert "“Exactly that.”" in page or "Exactly that." in page
    assert "Jon Jansen" in page
    assert "reported by Olu, by mail" in page
    assert "He meant another site." in desk.see()
    assert (desk.outcome().rate, desk.outcome().currency) == (250_050, "EUR")


def test_a_form_that_is_refused_keeps_what_was_typed_and_says_everything(desk: Desk) -> None:
    refused = desk.propose(beneficiary_seq="", statement=" ", threshold="0", rate="", metric_id="")

    assert refused.status_code == 422
    for words in (
        "Name who of the customer&#39;s benefits.",
        "Say what will be different, in the customer&#39;s words.",
        "With nothing as its threshold, no use at all would pass.",
        "Say what a period of it is worth to the customer, more than nothing.",
        "Choose the metric that shows it.",
    ):
        assert words in refused.text
    assert 'value="eur"' in refused.text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"threshold": "many"}, "Not a valid decimal value."),
        ({"threshold": "NaN"}, "A number from 0 to"),
        ({"threshold": "1e99999"}, "A number from 0 to"),
        ({"rate": "1,500"}, "write digits with a point for decimals"),
        ({"rate": "1,250.50"}, "Write 1250.50."),
        ({"currency": "EURO"}, "is not a currency"),
        ({"confirm_after": "99999999999999999999"}, "A whole number from 1 to 60 is needed."),
        ({"metric_id": "none"}, "Choose the metric that shows it."),
        ({"beneficiary_seq": "77"}, "That person is not among the customer&#39;s people."),
        ({"realized": "1000000"}, "This form has no field realized."),
    ],
)
@ON_ONE_DATABASE
def test_terms_that_cannot_be_are_refused(desk: Desk, typed: Mapping[str, str], words: str) -> None:
    refused = desk.propose(**typed)

    assert refused.status_code == 422
    assert words in refused.text


def test_the_form_marks_what_it_needs_and_sums_up_what_lacks_in_sentences(desk: Desk) -> None:
    blank = desk.browser("olu").get(f"{desk.address}/outcomes/new").text

    refused = desk.propose(rate="").text

    assert blank.count('class="required"') == 7
    assert "What is that worth to them?</a> Say what a period" in refused
    assert "?</a>:" not in refused


def test_a_word_that_is_good_is_not_asked_for_first_and_ends_on_one_day_everywhere(desk: Desk) -> None:
    desk.propose()
    desk.say("agreed")
    wanted = desk.see()
    desk.say("attested")
    day = exact_date(TODAY + timedelta(days=89))

    page = desk.see()
    asked = desk.browser("olu").get(f"{desk.address}/requests").text

    assert '<summary class="btn primary">' in wanted
    assert '<summary class="btn primary">' not in page
    assert f"good until {day}" in page
    assert f"attested until {day}" in asked
    assert exact_date(TODAY + timedelta(days=90)) not in page + asked


def test_a_beneficiary_who_is_new_is_named_on_the_form(desk: Desk) -> None:
    desk.propose(beneficiary_seq="new", beneficiary_name="Nora Neu", beneficiary_title="Planner")

    assert desk.outcome().beneficiary_seq == 3
    assert "Nora Neu" in desk.see()


def test_only_the_beneficiary_is_offered_where_only_they_may_speak(desk: Desk) -> None:
    desk.propose()

    refused = desk.say("agreed", contact_seq="2")

    assert refused.status_code == 422
    assert "Only Carla Customer, who is to benefit, agrees to an outcome." in refused.text
    assert desk.outcome().agreed_on is None


def test_a_word_without_day_or_how_comes_back_on_the_same_page(desk: Desk) -> None:
    desk.propose()

    refused = desk.say("agreed", said_how="", given_on=(TODAY + timedelta(1)).isoformat(), note="On the phone")

    assert refused.status_code == 422
    assert "3 Mar 2026 is in the future." in refused.text
    assert "Say how you heard it: call, mail or meeting." in refused.text
    assert "On the phone</textarea>" in refused.text


def test_an_unknown_word_or_outcome_is_a_page_that_does_not_exist(desk: Desk) -> None:
    desk.propose()

    assert desk.say("praised").status_code == 404
    assert desk.say("agreed", seq=9).status_code == 404
    assert desk.post("olu", "outcomes/1/words/9/retract", {"because": "It was wrong."}).status_code == 404


def test_a_proposal_is_edited_and_a_late_edit_is_a_conflict_that_shows_both(desk: Desk) -> None:
    desk.propose()
    metric = {"metric_id": str(desk.metric.id)}

    saved = desk.post("olu", "outcomes/1/edit", TERMS | metric | {"threshold": "45", "version": "1"})
    late = desk.post("tess", "outcomes/1/edit", TERMS | metric | {"threshold": "50", "version": "1"})

    assert (saved.status_code, late.status_code) == (303, 409)
    assert "Somebody saved this before you" in late.text
    assert "2500.50" in late.text
    assert desk.outcome().threshold == 45


def test_agreed_terms_are_changed_by_a_new_proposal_that_shows_the_old_beside_the_new(desk: Desk) -> None:
    desk.propose()
    desk.say("agreed")
    form = desk.browser("olu").get(f"{desk.address}/outcomes/1/change").text
    edited = desk.post("olu", "outcomes/1/edit", TERMS | {"metric_id": str(desk.metric.id), "version": "2"})

    changed = desk.post("olu", "outcomes/1/change", TERMS | {"metric_id": str(desk.metric.id), "threshold": "60"})

    assert "Now: 40" in form
    assert edited.status_code in (409, 422)
    assert changed.location == f"{desk.address}/outcomes/2"
    assert "These hold until Carla Customer agrees" in desk.see()
    assert "Change proposed" in desk.see(2)


def test_a_proposal_is_taken_back_with_a_reason(desk: Desk) -> None:
    desk.propose()

    silent = desk.post("olu", "outcomes/1/take-back")
    gone = desk.post("olu", "outcomes/1/take-back", {"because": "They want something else."})

    assert (silent.status_code, gone.status_code) == (422, 303)
    assert "Taken back" in desk.see()
    assert "No outcome is proposed yet" in desk.page(query="?tab=value")


def test_the_plot_and_its_table_say_which_weeks_passed_failed_or_had_no_data(desk: Desk) -> None:
    outcome = make_outcome(desk.session, desk.account(), desk.metric, agreed_on=TODAY - timedelta(70))
    for week, value in ((5, "45"), (4, "12.5"), (2, "41"), (1, "46")):
        start = TODAY - timedelta(weeks=week)
        make_reading(desk.session, outcome, period_start=start, recorded_on=start, value=Decimal(value))
    late = {"period_start": TODAY - timedelta(weeks=2), "recorded_on": TODAY, "value": Decimal(31)}
    make_reading(desk.session, outcome, **late)

    page = desk.see()

    assert page.count('class="plot-dot passed') == 1 + 1  # one in the legend
    assert page.count('class="plot-dot failed') == 2 + 1
    assert page.count('class="plot-dot open') == 1 + 1  # last week waits for late numbers
    assert page.count('class="plot-gap" x=') == 2  # the week without data, and this one
    assert "12.5" in page
    assert "was 41" in page


def test_the_ledger_shows_each_figure_newest_first_with_the_reading_behind(desk: Desk) -> None:
    outcome = make_outcome(desk.session, desk.account(), desk.metric, agreed_on=TODAY, realized=10_000)
    monday = TODAY - timedelta(7)
    make_reading(desk.session, outcome, period_start=monday, recorded_on=TODAY, value=Decimal(45))
    make_entry(desk.session, outcome, period_start=monday, reading_recorded_on=TODAY, words="It passed.")
    make_entry(desk.session, outcome, seq=2, measure="live", words="It is confirmed.")

    realized, live = desk.see(), desk.see(query="?measure=live")

    assert "It passed." in realized
    assert f'href="#period-{monday.isoformat()}">45</a>' in realized
    assert "It is confirmed." not in realized
    assert "It is confirmed." in live


def test_a_long_ledger_goes_on_on_older_pages(desk: Desk) -> None:
    outcome = make_outcome(desk.session, desk.account(), desk.metric, agreed_on=TODAY)
    for seq in range(1, 15):
        make_entry(desk.session, outcome, seq=seq, words=f"Entry {seq}.")

    newest, older = desk.see(), desk.see(query="?before=3")

    assert "Entry 14." in newest
    assert "Entry 2." not in newest
    assert "before=3" in newest
    assert "Entry 2." in older
    assert 'rel="next"' not in older


def test_an_executive_reads_and_has_no_form(desk: Desk) -> None:
    desk.propose()

    page = desk.see(who="ed")

    assert "Waits for Carla Customer" in page
    assert 'method="post"' not in page.partition('id="content"')[2]


def test_the_account_page_shows_each_outcome_with_state_reason_and_figures(desk: Desk) -> None:
    account = desk.account()
    make_outcome(desk.session, account, desk.metric, state="lapsed", detail="use", agreed_on=TODAY, realized=1_000_000)
    make_outcome(desk.session, account, desk.metric, agreed_on=TODAY, state="confirmed", live=10_000, promised=20_000)

    page = desk.page(query="?tab=value")

    assert "Use has been below the threshold since 2 Mar 2026, 2 weeks or more." in page
    assert "$10K" in page
    assert "Together" in page
    assert page.count(f'href="{desk.address}/outcomes/1"') == 2


def test_an_account_without_outcomes_learns_what_one_is(desk: Desk) -> None:
    page = desk.page(query="?tab=value")

    assert "No outcome is proposed yet" in page
    assert f'href="{desk.address}/outcomes/new"' in page


def test_without_metrics_the_form_says_how_to_add_one(desk: Desk) -> None:
    desk.session.delete(desk.metric)
    desk.session.commit()

    page = desk.browser("olu").get(f"{desk.address}/outcomes/new").text

    assert "Nothing is measured yet" in page


@pytest.mark.parametrize(("place", "most"), [("outcomes/1", 9), ("?tab=value", 12), ("outcomes/1/change", 10)])
def test_a_page_costs_the_same_however_much_there_is(
    desk: Desk, counted: Callable[[], AbstractContextManager[list[str]]], place: str, most: int
) -> None:
    account = desk.account()
    group = {"overlap_group": "shipping", "group_cap": 5_000}
    for n in range(8):
        outcome = make_outcome(desk.session, account, desk.metric, agreed_on=TODAY, **group)
        for week in range(30):
            make_reading(desk.session, outcome, period_start=TODAY - timedelta(weeks=week))
            make_entry(desk.session, outcome, seq=week + 1)
        make_statement(desk.session, outcome, "attested", contact_seq=1 + n % 2)
        make_event(desk.session, account, kind="outcome_agreed", changes={"outcome_seq": [None, outcome.seq]})
    make_daily(desk.session, account, desk.metric)
    browser = desk.browser("olu")
    address = f"{desk.address}{'' if place.startswith('?') else '/'}{place}"

    with counted() as statements:
        answer = browser.get(address)

    assert answer.status_code == 200
    assert len(statements) <= most
    assert len(desk.rows(LedgerEntry)) == 240
    assert len(desk.rows(OutcomeStatement)) == 8
