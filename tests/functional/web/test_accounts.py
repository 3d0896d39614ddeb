"""The list of accounts: what its address says, its pages, its export, its views."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from changetrack.models import Account, SavedView
from changetrack.operations.account_views import VIEWS_AT_MOST
from tests.clock import TODAY
from tests.conftest import ON_ONE_DATABASE
from tests.factories import Cast, make_alert, make_saved_view
from tests.factories._saving import Saver
from tests.factories.portfolio import make_accounts

BrowserOf = Callable[[str], FlaskClient]
ROW = re.compile(r'<th scope="row" class="cell-name"><a href="/accounts/\d+">(.*?)</a>')


def names(page: str) -> list[str]:
    """The accounts that a page of the list shows."""
    return [unescape(name) for name in ROW.findall(page)]


@pytest.fixture
def three(session: Saver, cast: Cast) -> list[Account]:
    """Two accounts of Olu's team and one of Otto's."""
    mine = {"team_id": cast.team.id, "owner_id": cast.olu.id}
    return make_accounts(session, [
        mine | {"name": "Acme", "place": 3, "supported_step": 3, "segment": "Small", "external_id": "A-1",
                "annual_value": 1250050, "currency": "EUR"},
        mine | {"name": "Bolt <b>", "place": 5, "stale": True, "external_id": "=A2"},
        {"name": "Crane", "place": 3, "team_id": cast.other_team.id, "owner_id": cast.otto.id},
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("who", "query", "expected"),
    [
        ("olu", "", ["Acme", "Bolt <b>"]),
        ("otto", "", ["Crane"]),
        ("ed", "?sort=-name", ["Crane", "Bolt <b>", "Acme"]),
        ("ed", "?place=3", ["Acme", "Crane"]),
        ("ed", "?step=3&step=5", ["Acme", "Bolt <b>", "Crane"]),
        ("ed", "?segment=Small", ["Acme"]),
        ("ed", "?segment=(none)", ["Bolt <b>", "Crane"]),
        ("ed", "?segment=&place=", ["Acme", "Bolt <b>", "Crane"]),
        ("ed", "?unsupported=1&place=3", ["Crane"]),
        ("ed", "?stale=1", ["Bolt <b>"]),
        ("ed", "?q=cra", ["Crane"]),
        ("olu", "?owner=me&place=3", ["Acme"]),
        ("olu", "?owner=(none)", []),
        ("olu", "?q=crane", []),
    ],
)
@pytest.mark.usefixtures("three")
def test_the_address_says_which_accounts_are_listed(
    browser_of: BrowserOf, who: str, query: str, expected: list[str]
) -> None:
    response = browser_of(who).get("/accounts" + query)

    assert response.status_code == 200
    assert names(response.text) == expected


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("place=12", "There is no step “12”"),
        ("sort=colour", "Accounts are not sorted by “colour”"),
        ("team=seven", "There is no team “seven”"),
        ("attr:=x", "There is no field"),
        ("as_of=soon", "“soon” is not a date"),
        ("as_of=2099-01-01", "lies in the future"),
    ],
)
@ON_ONE_DATABASE
def test_what_cannot_be_meant_is_refused_rather_than_left_out(browser_of: BrowserOf, query: str, sentence: str) -> None:
    response = browser_of("ed").get(f"/accounts?{query}")

    assert response.status_code == 422
    assert sentence in response.text


@pytest.mark.usefixtures("three")
def test_each_filter_is_a_chip_that_takes_itself_away(browser_of: BrowserOf, cast: Cast) -> None:
    page = unescape(browser_of("ed").get(f"/accounts?place=3&place=5&team={cast.team.id}&stale=1").text)

    removals = re.findall(r'<a class="chip" href="(.*?)"', page)
    assert removals == [
        "?place=3&place=5&stale=1",
        f"?place=3&place=5&team={cast.team.id}",
        f"?place=5&team={cast.team.id}&stale=1",
        f"?place=3&team={cast.team.id}&stale=1",
    ]
    assert ">Team</span>North" in page


def test_pages_lead_on_and_back_and_keep_the_filters(session: Saver, browser_of: BrowserOf) -> None:
    make_accounts(session, [{"name": f"Same {n % 2}", "segment": "Small"} for n in range(120)])
    browser, address, seen, pages = browser_of("ed"), "/accounts?segment=Small", [], []

    while address:
        page = unescape(browser.get(address).text)
        pages.append(page)
        seen += re.findall(r'<a href="/accounts/(\d+)">Same', page)
        following = re.search(r'href="(\?[^"]*)" rel="next"', page)
        address = f"/accounts{following[1]}" if following else ""

    assert [len(names(page)) for page in pages] == [50, 50, 20]
    assert len(set(seen)) == 120
    assert "120 accounts" in pages[0]
    assert 'rel="prev"' not in pages[0]
    back = re.search(r'href="(\?[^"]*)" rel="prev"', pages[-1])
    assert back is not None
    assert "segment=Small" in back[1]
    assert names(browser.get(f"/accounts{back[1]}").text) == names(pages[1])


@pytest.mark.usefixtures("three")
def test_columns_are_chosen_by_the_address(browser_of: BrowserOf) -> None:
    page = browser_of("ed").get("/accounts?col=segment&col=id").text

    assert "<code>A-1</code>" in page
    assert ">Segment</th>" in page
    assert "A year</th>" not in page


def test_a_stale_account_says_why(session: Saver, browser_of: BrowserOf, three: list[Account]) -> None:
    make_alert(
        session, three[1], reasons={"no_progress": {"since": "2026-01-01", "why": "12 business days.", "rule": "1"}}
    )

    page = browser_of("olu").get("/accounts").text

    assert "No progress" in page
    assert "12 business days." in page


def test_without_accounts_the_page_says_how_to_begin(browser_of: BrowserOf) -> None:
    assert "Import a file" in browser_of("ada").get("/accounts").text
    assert "Add an account" in browser_of("olu").get("/accounts").text
    assert "Add an account" not in browser_of("ed").get("/accounts").text


@pytest.mark.usefixtures("three")
def test_the_export_holds_exactly_the_listed_accounts_and_no_formula(browser_of: BrowserOf) -> None:
    response = browser_of("olu").get("/accounts/export?sort=-name")

    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["name"] for row in rows] == ["Bolt <b>", "Acme"]
    assert rows[0]["external_id"] == "'=A2"
    assert (rows[1]["step"], rows[1]["annual_value"], rows[1]["owner_email"]) == ("3", "12500.50", "olu@example.com")
    assert response.headers["Content-Disposition"] == 'attachment; filename="accounts-2026-03-02.csv"'
    assert response.mimetype == "text/csv"


def test_an_export_of_many_holds_each_once_in_the_order_of_the_list(
    session: Saver, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("changetrack.web.accounts.export.AT_ONCE", 4)
    accounts = make_accounts(session, [
        {"name": f"Same {n % 3}", "place": 3, "step_entered_on": TODAY - timedelta(days=n % 4)} for n in range(30)
    ])  # fmt: skip

    response = browser_of("ed").get("/accounts/export?sort=-days&place=3")

    rows = [row["external_id"] for row in csv.DictReader(io.StringIO(response.text))]
    expected = sorted(accounts, key=lambda a: (a.step_entered_on, a.id))
    assert rows == [account.external_id for account in expected]


def test_a_long_name_is_shown_whole(session: Saver, browser_of: BrowserOf) -> None:
    make_accounts(session, [{"name": "Ü" * 200, "place": 1, "step_entered_on": TODAY - timedelta(days=400)}])

    assert names(browser_of("ed").get("/accounts").text) == ["Ü" * 200]


def test_a_view_is_kept_under_its_name_and_leads_back(cast: Cast, browser_of: BrowserOf) -> None:
    browser = browser_of("olu")

    kept = browser.post("/accounts/views", data={"name": "My stale", "query": "?stale=1&place=3&place=5&after=xyz"})

    assert (kept.status_code, kept.location) == (303, "/accounts?place=3&place=5&stale=1")
    page = unescape(browser.get(kept.location).text)
    assert '<a class="menu-item" href="/accounts?place=3&place=5&stale=1" aria-current="true">' in page
    assert "My stale" in page


def test_the_same_name_replaces_and_a_removed_view_is_gone(session: Saver, cast: Cast, browser_of: BrowserOf) -> None:
    browser = browser_of("olu")
    for query in ("stale=1", "place=3"):
        browser.post("/accounts/views", data={"name": "Mine", "query": query})
    ((view_id, query),) = session.execute(select(SavedView.id, SavedView.query)).all()

    removed = browser.post(f"/accounts/views/{view_id}/remove?sort=-name")

    assert query == "place=3"
    assert (removed.status_code, removed.location) == (303, "/accounts?sort=-name")
    assert session.scalars(select(SavedView)).all() == []


@pytest.mark.parametrize(("who", "shared", "is_seen"), [("tess", True, True), ("tess", False, False),
                                                        ("otto", True, False), ("ed", True, False)])  # fmt: skip
def test_a_shared_view_is_seen_by_the_team(
    session: Saver, cast: Cast, browser_of: BrowserOf, who: str, shared: bool, is_seen: bool
) -> None:
    make_saved_view(session, cast.olu, name="Worth a look", is_shared=shared)

    page = browser_of(who).get("/accounts").text

    assert ("Worth a look" in page) is is_seen
    assert "Remove the view Worth a look" not in page


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [({"name": " ", "query": ""}, "Give the view a name."), ({"name": "X", "query": "place=99"}, "There is no step"),
     ({"name": "X" * 81, "query": ""}, "At most 80 characters."),
     ({"name": "X", "query": "q=" + "x" * 100 + "&col=days" * 300}, "too many filters"),
     ({"name": "X", "owner": "1"}, "This form has no field owner")],
)  # fmt: skip
def test_a_view_that_cannot_be_kept_says_why(browser_of: BrowserOf, sent: dict[str, str], sentence: str) -> None:
    response = browser_of("olu").post("/accounts/views", data=sent)

    assert response.status_code == 422
    assert sentence in response.text


def test_nobody_keeps_more_views_than_can_be_looked_through(session: Saver, cast: Cast, browser_of: BrowserOf) -> None:
    for _ in range(VIEWS_AT_MOST):
        make_saved_view(session, cast.olu)

    response = browser_of("olu").post("/accounts/views", data={"name": "One more", "query": "stale=1"})

    assert response.status_code == 422
    assert "Remove one first" in response.text
