"""The pages of value: what is real of what was promised, and every figure down to its entries."""

import csv
import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from changetrack.models import Account, Metric, Outcome
from changetrack.operations._cells import FunnelTally
from changetrack.operations._dossier import cell_state
from tests.clock import NOW, TODAY, FixedClock
from tests.conftest import ON_ONE_DATABASE
from tests.factories import (
    Cast,
    make_account,
    make_entry,
    make_metric,
    make_outcome,
    make_reading,
    make_session,
    make_standing,
    make_statement,
    make_value_cell,
    make_value_flow,
)
from tests.factories._saving import Saver
from tests.factories.use import FIRST_DAY, Use

BrowserOf = Callable[[str], FlaskClient]
Counted = Callable[[], AbstractContextManager[list[str]]]
FEBRUARY, JANUARY = date(2026, 2, 1), date(2026, 1, 1)
MONDAY = date(2026, 2, 9)
MONEY = re.compile(r'<data class="money num" value="(-?\d+)"')
LINKED = re.compile(r'<a href="(/value/ledger\?[^"]+)"><data class="money num" value="(-?\d+)"')


@dataclass(frozen=True)
class Portfolio:
    """Olu's account and Otto's, each with an outcome in dollars, and one in euros of Olu's."""

    account: Account
    theirs: Account
    metric: Metric
    outcome: Outcome


@pytest.fixture
def portfolio(session: Saver, cast: Cast) -> Portfolio:
    """Of 3,000.00 USD promised 1,200.00 are realized, 200.00 a week live; Otto's team has a third of it."""
    metric, tally = make_metric(session, "orders"), FunnelTally()
    mine = make_account(session, name="Acme", team_id=cast.team.id, segment="Retail")
    theirs = make_account(session, name="Zenith", team_id=cast.other_team.id, segment="Public")
    for account in (mine, theirs):
        tally.count(None, cell_state(account))
    tally.flush(session)
    confirmed = {"state": "confirmed", "agreed_on": JANUARY, "state_since": MONDAY, "plan_start": JANUARY}
    outcome = make_outcome(session, mine, metric, realized=80_000, promised=200_000, live=10_000, **confirmed)
    other = make_outcome(
        session, theirs, metric, realized=40_000, promised=100_000, live=10_000, statement="Nobody calls.", **confirmed
    )
    make_outcome(session, mine, metric, currency="EUR", statement="Später.")
    for one, amount in ((outcome, 80_000), (other, 40_000)):
        make_reading(session, one, period_start=MONDAY, recorded_on=MONDAY, value=Decimal(45))
        make_entry(
            session, one, amount=amount + 5_000, posted_on=MONDAY + timedelta(7), known_on=MONDAY + timedelta(7),
            period_start=MONDAY, reading_recorded_on=MONDAY,
        )  # fmt: skip
        make_entry(
            session, one, seq=2, amount=-5_000, cause="corrected", words="Corrected: 39.",
            posted_on=MONDAY + timedelta(7), known_on=TODAY,
        )  # fmt: skip
    for team, share in ((cast.team.id, 2), (cast.other_team.id, 1)):
        for line, amount in (("promised", 100_000 * share), ("accrued", 40_000 * share + 5_000), ("corrected", -5_000)):
            make_value_flow(session, month=FEBRUARY, team_id=team, line=line, amount=amount)
        figures = {"promised": 100_000 * share, "realized": 40_000 * share, "live": 10_000}
        make_value_cell(session, field="team", value=str(team), **figures)
    make_value_cell(session, promised=300_000, realized=120_000, live=20_000)
    return Portfolio(mine, theirs, metric, outcome)


def amounts(html: str) -> list[int]:
    """The top figures in minor units."""
    return [int(value) for value in MONEY.findall(html.partition('class="figures"')[2].partition("</dl>")[0])]


def listed(browser: FlaskClient, address: str) -> list[dict[str, str]]:
    """The lines of the file behind a list."""
    answer = browser.get(address.replace("/value/ledger", "/value/ledger.csv").replace("outcomes?", "outcomes.csv?"))
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))


@pytest.mark.usefixtures("portfolio")
def test_an_executive_reads_what_is_real_of_what_was_promised(browser_of: BrowserOf) -> None:
    page = browser_of("ed").get("/value").text

    assert "$1,200 realized of $3,000 promised by 2 Mar 2026; $200 a period is live" in page
    assert amounts(page) == [300_000, 0, 120_000, 20_000]
    assert "40%" in page


@pytest.mark.usefixtures("portfolio")
def test_a_team_reads_its_own_part_only(browser_of: BrowserOf) -> None:
    otto = browser_of("otto")

    page, outcomes, ledger = (otto.get(f"/value{path}").text for path in ("", "/outcomes", "/ledger"))

    assert amounts(page) == [100_000, 0, 40_000, 10_000]
    assert ("Zenith" in outcomes, "Acme" in outcomes) == (True, False)
    assert ("Zenith" in ledger, "Acme" in ledger) == (True, False)


@pytest.mark.usefixtures("portfolio")
def test_a_team_is_asked_for_by_those_who_may_see_it(browser_of: BrowserOf, cast: Cast) -> None:
    address = f"/value?team={cast.team.id}"

    assert amounts(browser_of("ed").get(address).text) == [200_000, 0, 80_000, 10_000]
    assert browser_of("otto").get(address).status_code == 404


@pytest.mark.parametrize("who", ["ed", "olu"])
@pytest.mark.usefixtures("portfolio")
def test_every_figure_of_a_month_is_the_sum_of_the_entries_it_leads_to(browser_of: BrowserOf, who: str) -> None:
    browser = browser_of(who)

    shown = [(unescape(href), int(amount)) for href, amount in LINKED.findall(browser.get("/value").text)]

    assert len(shown) >= 3  # what is realized, what accrued and what was corrected
    for href, amount in (pair for pair in shown if "measure=live" not in pair[0]):
        assert sum(Decimal(line["amount"]) for line in listed(browser, href)) * 100 == amount, href


@pytest.mark.usefixtures("portfolio")
def test_the_chart_has_a_bar_for_every_line_and_a_table_beside_it(browser_of: BrowserOf) -> None:
    page = browser_of("ed").get("/value").text

    assert "Feb 2026: $1,300.00 accrued" in page
    assert "Feb 2026: −$100.00 corrected" in page
    assert "Feb 2026: $3,000.00 promised to date" in page
    assert "Mar 2026: $1,200.00 realized to date" in page
    assert 'aria-label="Value by month"' in page


def test_the_funnel_of_a_day_leads_to_the_value_of_that_day(
    browser_of: BrowserOf, portfolio: Portfolio, session: Saver
) -> None:
    make_standing(session, portfolio.account, effective_on=FEBRUARY, recorded_at=NOW - timedelta(days=9))
    ed, asked = browser_of("ed"), f"as_of={TODAY - timedelta(days=1)}"

    linked = re.findall(r'href="(/value\?[^"]+)"', ed.get(f"/funnel?{asked}").text)

    assert linked
    for address in map(unescape, linked):
        assert asked in address
        assert ed.get(address).status_code == 200


@pytest.mark.usefixtures("portfolio")
def test_currencies_are_never_added_up(browser_of: BrowserOf) -> None:
    browser = browser_of("ed")

    euros = browser.get("/value?currency=EUR").text

    assert 'href="/value?currency=EUR"' in browser.get("/value").text
    assert amounts(euros) == [0, 0, 0, 0]
    assert "Nothing is promised in EUR yet" in euros


def test_the_past_is_what_was_known_then(browser_of: BrowserOf, portfolio: Portfolio, session: Saver) -> None:
    make_statement(session, portfolio.outcome, given_on=JANUARY, recorded_on=JANUARY)
    browser, eve = browser_of("ed"), TODAY - timedelta(days=1)

    then = browser.get(f"/value?as_of={eve}&known_at={eve}").text
    now = browser.get(f"/value?as_of={eve}").text
    entries = listed(browser, f"/value/ledger?known_at={eve}")

    assert amounts(then)[2] == 130_000  # the correction came today
    assert amounts(now)[2] == 120_000
    assert "A picture of the past" in then
    assert [line["cause"] for line in entries] == ["accrued", "accrued"]


@pytest.mark.usefixtures("portfolio")
def test_a_comparison_says_what_changed_since_as_known_then(browser_of: BrowserOf) -> None:
    page = browser_of("ed").get(f"/value?compare={TODAY - timedelta(days=1)}").text

    assert "Changes are since 1 Mar 2026" in page
    assert '<dd class="figure-change">−$100</dd>' in page  # realized: 1,300 were known then


@pytest.mark.usefixtures("portfolio")
def test_states_lead_to_exactly_the_outcomes_they_count(browser_of: BrowserOf) -> None:
    browser = browser_of("ed")
    page = browser.get("/value").text

    counts = re.findall(r'<a class="num" href="(/value/outcomes\?[^"]+)">(\d+)</a>', page)

    assert counts
    assert {href: len(listed(browser, unescape(href))) for href, _ in counts} == {href: int(n) for href, n in counts}


def test_an_entry_leads_to_the_reading_behind_it(browser_of: BrowserOf, portfolio: Portfolio) -> None:
    browser = browser_of("olu")

    page = browser.get("/value/ledger").text

    outcome = f"/accounts/{portfolio.account.id}/outcomes/{portfolio.outcome.seq}"
    assert f'<a href="{outcome}#period-{MONDAY}">45 ' in page
    assert f'id="period-{MONDAY}"' in browser.get(outcome).text


@pytest.mark.usefixtures("portfolio")
def test_the_ledger_of_an_account_is_for_those_who_may_see_it(browser_of: BrowserOf, portfolio: Portfolio) -> None:
    address = f"/value/ledger?account={portfolio.account.id}"

    assert "Acme" in browser_of("olu").get(address).text
    otto = browser_of("otto")
    assert otto.get(address).status_code == 404
    assert otto.get(address.replace("ledger", "ledger.csv")).status_code == 404


@pytest.mark.usefixtures("portfolio")
@pytest.mark.parametrize(
    "address",
    [
        "/value?currency=XXX",
        "/value?as_of=2999-01-01",
        "/value?months=7",
        "/value?colour=red",
        "/value/outcomes?state=x",
        "/value/outcomes?detail=x",
        "/value/outcomes?owner=x",
        "/value/ledger?measure=x",
        "/value/ledger?cause=live",
        "/value/ledger?month=2026",
        "/value/ledger?account=-1",
        "/value/ledger?as_of=soon",
    ],
)
@ON_ONE_DATABASE
def test_what_cannot_be_meant_is_said_so(browser_of: BrowserOf, address: str) -> None:
    assert browser_of("ed").get(address).status_code == 422


@pytest.mark.usefixtures("portfolio")
@pytest.mark.parametrize("path", ["/value", "/value/outcomes", "/value/ledger"])
@pytest.mark.parametrize("who", ["ed", "olu"])
def test_a_page_costs_the_same_number_of_statements_however_much_there_is(
    browser_of: BrowserOf, session: Saver, portfolio: Portfolio, counted: Counted, path: str, who: str
) -> None:
    browser = browser_of(who)
    browser.get(path)
    with counted() as few:
        browser.get(path)
    for _ in range(40):
        one = make_outcome(session, portfolio.account, portfolio.metric, agreed_on=JANUARY, state="agreed")
        make_entry(session, one)

    with counted() as many:
        browser.get(path)

    assert len(many) == len(few) <= 16


def test_without_anything_measured_the_page_says_how_to_begin(browser_of: BrowserOf) -> None:
    page = browser_of("ada").get("/value").text

    assert "Value begins with use" in page
    assert "/admin/sources" in page


def test_without_an_outcome_the_page_says_what_one_is(browser_of: BrowserOf, session: Saver) -> None:
    make_metric(session, "orders")

    assert "No outcome is proposed yet" in browser_of("olu").get("/value").text


def test_what_is_recognised_stands_on_the_page_in_the_ledger_and_in_its_file(
    app: Flask, session: Saver, clock: FixedClock
) -> None:
    use = Use(session)
    use.propose(plan_start=FIRST_DAY)
    use.say("agreed", FIRST_DAY)
    use.weeks((41, 44, 47, 40, 45, 46, 44, 48))
    use.say("attested", date(2026, 1, 28))
    use.recognise(TODAY)  # V2: eight weeks agreed, the last four confirmed
    make_session(session, use.cast.ed, "the browser of ed")
    browser = app.test_client()
    with browser.session_transaction() as cookie:
        cookie["_user_id"] = "the browser of ed"

    page, entries = browser.get("/value").text, listed(browser, "/value/ledger")

    assert clock.today() == TODAY
    assert amounts(page) == [80_000, 40_000, 40_000, 10_000]
    assert [line["amount"] for line in entries] == ["100.00"] * 4
    assert {line["reading_value"] for line in entries} == {"45", "46", "44", "48"}
