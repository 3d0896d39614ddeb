"""The list of accounts and the record by its pages."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from changetrack.models import Account, Alias
from changetrack.operations.accounts import edit_account
from tests.clock import NOW, TODAY
from tests.factories import Cast, make_alert, make_alias
from tests.factories._saving import Saver
from tests.factories.portfolio import make_accounts

BrowserOf = Callable[[str], FlaskClient]
ROW = re.compile(r'<th scope="row" class="cell-name"><a href="/accounts/\d+">(.*?)</a>')
HIDDEN = re.compile(r'name="(version|shown)" type="hidden" value="(.*?)"')


def names(page: str) -> list[str]:
    """The accounts that a page of the list shows."""
    return [unescape(name) for name in ROW.findall(page)]


def opened(page: str) -> dict[str, str]:
    """What a form was opened with."""
    return {name: unescape(value) for name, value in HIDDEN.findall(page)}


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
    assert "Annual value</th>" not in page


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


TYPED = {"name": " Nova ", "external_id": "N-1", "product": "Core", "started_on": "2026-01-15", "annual_value": "950.5",
         "currency": "eur", "attributes": "contract: C-1\nSize of fleet: 12"}  # fmt: skip


def test_an_account_is_added_by_hand(session: Saver, cast: Cast, browser_of: BrowserOf) -> None:
    typed = TYPED | {"team_id": str(cast.team.id), "owner_id": str(cast.olu.id)}

    response = browser_of("olu").post("/accounts/new", data=typed)

    added = session.scalars(select(Account)).one()
    assert (response.status_code, response.location) == (303, f"/accounts/{added.id}")
    assert (added.name, added.team_id, added.annual_value, added.currency) == ("Nova", cast.team.id, 95050, "EUR")
    assert added.attributes == {"contract": "C-1", "size_of_fleet": "12"}
    assert added.status == "not_opened"


@pytest.mark.parametrize(
    ("typed", "sentences"),
    [
        ({"name": ""}, ["An account needs a name."]),
        ({"annual_value": "1,5"}, ["“1,5” is not an amount"]),
        ({"currency": ""}, ["An annual value needs its currency"]),
        ({"currency": "XXQ", "annual_value": "x"}, ["“XXQ” is not a currency", "“x” is not an amount"]),
        ({"attributes": "no colon\na: 1\nA: 2"}, ["“no colon” is not a name, a colon", "“a” stands there twice."]),
        ({"started_on": "2026-03-03"}, ["is in the future"]),
        ({"name": "Bell\x07"}, ["control character"]),
        ({"team_id": "99999"}, ["your own teams only"]),
        ({"claimed_step": "8"}, ["This form has no field claimed_step"]),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_and_what_was_typed_stays(
    cast: Cast, browser_of: BrowserOf, typed: dict[str, str], sentences: list[str]
) -> None:
    sent = TYPED | {"team_id": str(cast.team.id)} | typed

    response = browser_of("olu").post("/accounts/new", data=sent)

    page = unescape(response.text)
    assert response.status_code in (403, 422)
    assert all(sentence in page for sentence in sentences)
    assert response.status_code == 403 or 'value="N-1"' in page


def test_an_external_id_in_use_is_refused_at_its_field(three: list[Account], cast: Cast, browser_of: BrowserOf) -> None:
    response = browser_of("olu").post(
        "/accounts/new", data={"name": "Twin", "external_id": "A-1", "team_id": str(cast.team.id)}
    )

    assert response.status_code == 422
    assert "another account’s" in response.text.replace("&#39;", "’").replace("'", "’")


def test_a_record_is_edited(session: Saver, three: list[Account], browser_of: BrowserOf) -> None:
    browser, address = browser_of("olu"), f"/accounts/{three[0].id}/edit"
    page = browser.get(address).text

    response = browser.post(address, data=_fields(page) | {"region": "Nordics", "owner_id": ""})

    session.rollback()
    account = session.get_one(Account, three[0].id)
    assert response.status_code == 303
    assert (account.region, account.owner_id, account.version) == ("Nordics", None, 2)
    assert (account.annual_value, account.currency, account.segment) == (1250050, "EUR", "Small")


def test_a_stale_edit_shows_both_and_loses_nothing(
    session: Saver, cast: Cast, three: list[Account], browser_of: BrowserOf
) -> None:
    browser, address = browser_of("olu"), f"/accounts/{three[0].id}/edit"
    sent = _fields(browser.get(address).text)
    theirs = {"region": "Nordics", "tier": "Gold"}
    edit_account(account_id=three[0].id, record=theirs, version=1, actor=cast.actor("tess"), now=NOW, today=TODAY)

    response = browser.post(address, data=sent | {"tier": "Platinum", "segment": "Large"})

    page = unescape(response.text)
    assert response.status_code == 409
    assert all(word in page for word in ("Nordics", "Gold", "Platinum", "Large", "Small"))
    session.rollback()
    assert session.get_one(Account, three[0].id).tier == "Gold"

    again = browser.post(address, data=_fields(page))

    session.rollback()
    account = session.get_one(Account, three[0].id)
    assert again.status_code == 303
    assert (account.tier, account.segment, account.region) == ("Platinum", "Large", "Nordics")


def test_a_spoilt_memory_of_the_form_keeps_what_was_typed(
    session: Saver, cast: Cast, three: list[Account], browser_of: BrowserOf
) -> None:
    browser, address = browser_of("olu"), f"/accounts/{three[0].id}/edit"
    sent = _fields(browser.get(address).text) | {"tier": "Platinum", "shown": "[1, oops"}
    edit_account(
        account_id=three[0].id, record={"tier": "Gold"}, version=1, actor=cast.actor("tess"), now=NOW, today=TODAY
    )

    response = browser.post(address, data=sent)

    assert response.status_code == 409
    assert _fields(response.text)["tier"] == "Platinum"


def test_names_in_other_systems_are_added_and_taken_away(
    session: Saver, three: list[Account], browser_of: BrowserOf
) -> None:
    browser, address = browser_of("olu"), f"/accounts/{three[0].id}/aliases"

    added = browser.post(address, data={"alias": "SUB-1"})
    taken = browser.post(f"/accounts/{three[1].id}/aliases", data={"alias": "SUB-1"})
    shown = browser.get(f"/accounts/{three[0].id}/edit").text
    removed = browser.post(f"{address}/remove", data={"alias": "SUB-1"})

    assert (added.status_code, taken.status_code, removed.status_code) == (303, 422, 303)
    assert "names an account already" in taken.text
    assert "<code>SUB-1</code>" in shown
    assert session.scalars(select(Alias)).all() == []


def test_an_alias_of_another_account_is_not_taken_away(
    session: Saver, three: list[Account], browser_of: BrowserOf
) -> None:
    make_alias(session, three[2], alias="SUB-9")

    response = browser_of("olu").post(f"/accounts/{three[0].id}/aliases/remove", data={"alias": "SUB-9"})

    assert response.status_code == 404


def test_chosen_accounts_are_handed_over_each_by_itself(
    session: Saver, cast: Cast, three: list[Account], browser_of: BrowserOf
) -> None:
    ids = [str(account.id) for account in three]

    response = browser_of("olu").post("/accounts/reassign", data={"id": ids, "owner_id": str(cast.tess.id)})

    session.rollback()
    owners = [session.get_one(Account, int(key)).owner_id for key in ids]
    assert response.status_code == 200
    assert "2 accounts handed over" in response.text
    assert owners == [cast.tess.id, cast.tess.id, cast.otto.id]


def test_a_refusal_of_one_does_not_stop_the_others(
    session: Saver, cast: Cast, three: list[Account], browser_of: BrowserOf
) -> None:
    ids = [str(account.id) for account in three[:2]]

    response = browser_of("olu").post("/accounts/reassign", data={"id": ids, "team_id": str(cast.other_team.id)})

    assert "0 accounts handed over, 2 not" in response.text
    assert "only to a team of yours" in response.text


@pytest.mark.parametrize(("sent", "sentence"), [({"owner_id": "1"}, "Choose the accounts"),
                                               ({"id": ["1"]}, "a new owner, a new team, or both")])  # fmt: skip
def test_handing_over_needs_accounts_and_somebody(
    browser_of: BrowserOf, sent: dict[str, object], sentence: str
) -> None:
    response = browser_of("olu").post("/accounts/reassign", data=sent)

    assert response.status_code == 422
    assert sentence in response.text


def test_a_long_name_is_shown_whole(session: Saver, browser_of: BrowserOf) -> None:
    make_accounts(session, [{"name": "Ü" * 200, "place": 1, "step_entered_on": TODAY - timedelta(days=400)}])

    assert names(browser_of("ed").get("/accounts").text) == ["Ü" * 200]


def _fields(page: str) -> dict[str, str]:
    """Everything that the form of a record would send as it stands."""
    form = page.partition('<form method="post" class="form"')[2].partition("</form>")[0]
    found = {
        unescape(m[1]): unescape(m[2]) for m in re.finditer(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form)
    }
    for select_name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option selected value="([^"]*)"', options)
        found[select_name] = chosen[1] if chosen else ""
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = unescape(text).strip()
    found.pop("csrf_token", None)
    return found
