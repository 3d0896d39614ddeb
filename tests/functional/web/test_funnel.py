"""The pages of the funnel: every figure leads to exactly what it counts, and says how it came about."""

import csv
import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from changetrack.domain.funnel import CLOSED, HELD, status_of
from changetrack.models import Account
from changetrack.operations._cells import FunnelTally, shard_of, standing_facts
from changetrack.operations._dossier import cell_state
from tests.clock import NOW, TODAY
from tests.conftest import ON_ONE_DATABASE
from tests.factories import Cast, make_account, make_job_run, make_standing
from tests.factories._saving import Saver

BrowserOf = Callable[[str], FlaskClient]
WEEK_AGO = TODAY - timedelta(days=7)
LINKED = re.compile(r'<a href="([^"]+)"[^>]*>[+−]?([\d,]+)</a>')


def settled(session: Saver, tally: FunnelTally, account: Account, *places: tuple[date, int]) -> None:
    """Put on record where an account stood since when, the last of it now, and in the summaries."""
    before = None
    for since, place in places:
        step = min(place, 9)
        account.place, account.claimed_step, account.status = place, step, status_of(place)
        row = make_standing(
            session, account, effective_on=since, recorded_at=NOW - timedelta(days=60), segment=account.segment
        )
        facts = standing_facts(account.id, row, row.recorded_at)
        tally.flow(before, facts, shard_of(account.team_id))
        before = facts
    tally.count(None, cell_state(account))
    session.commit()


@pytest.fixture
def portfolio(session: Saver, cast: Cast) -> None:
    """Twelve accounts that went forward, back, on hold and out, of two teams and none."""
    tally, start = FunnelTally(), TODAY - timedelta(days=50)
    roads = (
        (1, 2, 3), (1, 2, 1), (2, 4), (3, HELD, 3), (3, HELD), (5, CLOSED), (0,), (0, 1), (9,), (9, 8), (6,), (6, 7),
    )  # fmt: skip
    for n, road in enumerate(roads):
        team = (cast.team.id, cast.other_team.id, None)[n % 3]
        account = make_account(
            session,
            name=f"Customer {n:02}",
            team_id=team,
            segment=("Retail", "<b>Public & Co</b>")[n % 2],
            supported_step=0,
            stale=n % 4 == 1,
        )
        settled(session, tally, account, *((start + timedelta(days=14 * i), p) for i, p in enumerate(road)))
    tally.flush(session)
    session.commit()


def figures(html: str, to: str) -> list[tuple[str, int]]:
    """(address, number) of every linked figure that leads to a page."""
    found = [(unescape(href), int(number.replace(",", ""))) for href, number in LINKED.findall(html)]
    return [(href, number) for href, number in found if href.startswith(to)]


def listed(browser: FlaskClient, address: str) -> int:
    """How many accounts the list at an address holds, by its file."""
    answer = browser.get(address.replace("/accounts?", "/accounts/export?"))
    assert answer.status_code == 200
    return len(list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff")))))


@pytest.mark.usefixtures("portfolio")
@pytest.mark.parametrize("who", ["ed", "olu"])
@pytest.mark.parametrize(
    "query",
    ["", "?segment=Retail", "?by=segment", f"?as_of={WEEK_AGO}", f"?as_of={WEEK_AGO}&known_at={WEEK_AGO}&by=team"],
)
def test_every_figure_leads_to_exactly_the_accounts_it_counts(browser_of: BrowserOf, who: str, query: str) -> None:
    browser = browser_of(who)

    shown = figures(browser.get(f"/funnel{query}").text, "/accounts?")

    assert len(shown) >= 8
    assert {href: listed(browser, href) for href, _ in shown} == dict(shown)


@pytest.mark.usefixtures("portfolio")
@pytest.mark.parametrize("who", ["ed", "olu"])
@pytest.mark.parametrize("query", ["", "?segment=Retail&period=91", f"?as_of={WEEK_AGO}&known_at={WEEK_AGO}"])
def test_every_move_counted_is_a_move_listed(browser_of: BrowserOf, who: str, query: str) -> None:
    browser = browser_of(who)

    shown = figures(browser.get(f"/funnel/movement{query}").text, "/funnel/moves?")

    assert shown
    for address, number in shown:
        page = browser.get(address).text
        assert f"{number} move" in page
        assert page.count('<th scope="row"') == number


@pytest.mark.usefixtures("portfolio")
def test_the_top_line_counts_changes_since_the_day_of_comparison(browser_of: BrowserOf) -> None:
    page = browser_of("ed").get(f"/funnel?compare={TODAY - timedelta(days=45)}").text

    assert "−2 since 16 Jan 2026" in page  # one put on hold, one closed
    assert "+1 since 16 Jan 2026" in page


@pytest.mark.usefixtures("portfolio")
def test_the_movement_says_that_it_balances_with_and_without_script(browser_of: BrowserOf) -> None:
    browser = browser_of("ed")

    page = browser.get("/funnel/movement?period=91").text
    part = browser.get("/funnel/movement?period=91", headers={"HX-Request": "true"}).text

    assert "Every row balances" in page
    assert "<!doctype" in page
    assert "Every row balances" in part
    assert "<!doctype" not in part


@pytest.mark.usefixtures("portfolio")
def test_every_figure_says_how_it_is_computed(browser_of: BrowserOf) -> None:
    page = browser_of("ed").get("/funnel").text

    for key in ("in_journey", "unsupported", "stale", "held", "closed", "change", "funnel"):
        assert f'id="explain-{key}"' in page


@pytest.mark.usefixtures("portfolio")
def test_a_picture_of_the_past_says_so_and_what_is_of_today(browser_of: BrowserOf) -> None:
    browser = browser_of("ed")

    today = browser.get("/funnel").text
    past = browser.get(f"/funnel?as_of={WEEK_AGO}&organization=Acme&segment=Retail").text
    known = browser.get(f"/funnel?known_at={WEEK_AGO}").text

    assert "A picture of the past" not in today
    assert "By organization it is filtered as of today" in past
    assert "nothing recorded later is in it" in known


@pytest.mark.usefixtures("portfolio")
def test_an_address_is_brought_into_its_shortest_form(browser_of: BrowserOf) -> None:
    browser, usual = browser_of("ed"), TODAY - timedelta(days=28)
    sent = f"as_of={TODAY}&known_at={TODAY}&period=28&compare={usual}&usual={usual}&by="

    answer = browser.get(f"/funnel?{sent}&segment=Retail")
    typed = browser.get("/funnel?attr=Plan+%3D+gold")
    without = browser.get(f"/funnel?compare=&usual={usual}")

    assert (answer.status_code, answer.location) == (302, "/funnel?segment=Retail")
    assert typed.location == "/funnel?attr%3Aplan=gold"
    assert without.location == "/funnel?compare=none"


@pytest.mark.usefixtures("portfolio")
@pytest.mark.parametrize(
    "query",
    [
        "as_of=2099-01-01", "known_at=2099-01-01", "as_of=1066-10-14", "as_of=yesterday", "compare=2099-01-01",
        "period=3", "by=mood", "by=owner", "segmnt=Retail", "team=North", "attr=plan", "owner=0",
    ],
)  # fmt: skip
@ON_ONE_DATABASE
def test_what_cannot_be_meant_is_refused_rather_than_left_out(browser_of: BrowserOf, query: str) -> None:
    browser, paths = browser_of("ed"), ("/funnel", "/funnel/movement", "/funnel.csv")

    answers = {browser.get(f"{path}?{query}").status_code for path in paths}

    assert answers == {422}


@pytest.mark.parametrize("query", ["flow=sideways", "flow=left&place=held", "flow=left&after=x", ""])
def test_moves_that_do_not_exist_are_refused(browser_of: BrowserOf, query: str) -> None:
    assert browser_of("ed").get(f"/funnel/moves?{query}").status_code == 422


@pytest.mark.usefixtures("portfolio")
def test_the_file_holds_every_place_its_movement_and_every_group(browser_of: BrowserOf) -> None:
    answer = browser_of("ed").get("/funnel.csv?by=segment")

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    whole = [row for row in rows if not row["group"]]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="funnel-{TODAY}.csv"'
    assert len(rows) == 12 * 3
    assert sum(int(row["accounts"]) for row in whole) == 12
    assert sum(int(row["accounts"]) for row in rows) == 24
    for row in whole[:10]:
        gained = int(row["entered"]) + int(row["advanced_in"]) + int(row["regressed_in"])
        lost = int(row["advanced_out"]) + int(row["regressed_out"]) + int(row["left"])
        assert int(row["start"]) + gained - lost == int(row["end"]) == int(row["accounts"])


@pytest.mark.usefixtures("portfolio")
def test_the_team_of_others_is_not_there_for_a_member(browser_of: BrowserOf, cast: Cast) -> None:
    browser, paths = browser_of("olu"), ("/funnel", "/funnel/movement", "/funnel.csv")

    theirs = {browser.get(f"{path}?team={cast.other_team.id}").status_code for path in paths}
    none = {browser.get(f"{path}?team=424242").status_code for path in paths}

    assert theirs == none == {404}


@pytest.mark.usefixtures("portfolio")
def test_names_are_text_whatever_they_hold(browser_of: BrowserOf) -> None:
    page = browser_of("ed").get("/funnel?by=segment").text

    assert "<b>Public" not in page
    assert "&lt;b&gt;Public &amp; Co&lt;/b&gt;" in page


def test_an_empty_funnel_says_how_it_fills(browser_of: BrowserOf) -> None:
    browser = browser_of("ed")

    assert "Your funnel begins with an account" in browser.get("/funnel").text
    assert "No account is left" in browser.get("/funnel?segment=Retail").text
    assert "Nothing was on record" in browser.get(f"/funnel?as_of={WEEK_AGO}&known_at={WEEK_AGO}").text


@pytest.mark.usefixtures("portfolio")
def test_the_page_says_when_staleness_was_checked(session: Saver, browser_of: BrowserOf) -> None:
    browser = browser_of("ed")

    before = browser.get("/funnel").text
    make_job_run(session, finished_at=NOW - timedelta(days=1))
    after = browser.get("/funnel").text

    assert "have not been checked" in before
    assert "checked <time" in after


@pytest.mark.usefixtures("portfolio")
def test_a_comparison_that_has_to_be_counted_waits_to_be_asked_for(
    browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("changetrack.web.funnel.overview.COUNTED_UNASKED", 3)
    browser, since = browser_of("ed"), TODAY - timedelta(days=28)

    unasked = browser.get("/funnel?segment=Retail").text
    asked = browser.get(f"/funnel?segment=Retail&compare={since}").text

    assert "Count it" in unasked
    assert "counted move by move" in unasked
    assert 'data-label="advanced"' not in unasked
    assert "since 2 Feb 2026</dd>" not in unasked
    assert "Count it" not in asked


@pytest.mark.usefixtures("portfolio")
def test_the_page_takes_the_same_few_statements_for_everyone_who_sees_all(
    browser_of: BrowserOf, counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    browser = browser_of("ed")
    browser.get("/funnel")

    with counted() as of_a_page:
        browser.get("/me/sessions")
    with counted() as statements:
        browser.get("/funnel")

    assert len(statements) <= len(of_a_page) + 2


@pytest.mark.parametrize(("not_opened", "widths", "is_cut"), [(490, ["100", "100.0", "50.0"], True),
                                                              (8, ["100.0", "25.0", "12.5"], False)])  # fmt: skip
def test_a_crowd_that_is_not_opened_does_not_dwarf_the_steps(
    app: Flask, not_opened: int, widths: list[str], is_cut: bool
) -> None:
    row = {"unsupported": 0, "stale": 0, "name": "Somewhere", "href": ""}
    counts = {0: not_opened, 1: 2, 2: 1, 3: 0} if not is_cut else {0: not_opened, 1: 4, 2: 2, 3: 0}

    with app.test_request_context():
        macros: Any = app.jinja_env.get_template("_macros/funnel.html").make_module()
        drawn = str(macros.funnel([row | {"place": place, "accounts": count} for place, count in counts.items()]))

    assert re.findall(r'funnel-carried" width="([\d.]+)%"', drawn) == widths
    assert ("funnel-cut" in drawn) is is_cut
