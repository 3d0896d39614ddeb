"""The record of an account by its pages: added, edited, also by two at once, named elsewhere, handed over."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from changetrack.models import Account, Alias
from changetrack.operations.accounts import edit_account
from changetrack.queries import account_choices
from tests.clock import NOW, TODAY
from tests.conftest import ON_ONE_DATABASE
from tests.factories import Cast, make_alias
from tests.factories._saving import Saver
from tests.factories.portfolio import make_accounts

BrowserOf = Callable[[str], FlaskClient]


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
@ON_ONE_DATABASE
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

    response = browser_of("olu").post("/accounts", data={"id": ids, "owner_id": str(cast.tess.id)})

    session.rollback()
    owners = [session.get_one(Account, int(key)).owner_id for key in ids]
    assert response.status_code == 200
    assert "2 accounts handed over" in response.text
    assert owners == [cast.tess.id, cast.tess.id, cast.otto.id]


def test_somebody_who_does_not_fit_into_the_menu_is_named_by_e_mail(
    session: Saver, cast: Cast, three: list[Account], browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_choices, "VALUES_AT_MOST", 1)
    browser, email = browser_of("olu"), "Tess@example.com"

    listed = browser.get("/accounts").text
    handed = browser.post("/accounts", data={"id": [str(three[0].id)], "owner_email": email})
    added = browser.post("/accounts/new", data=TYPED | {"team_id": str(cast.team.id), "owner_email": email})

    session.rollback()
    assert "Not everybody fits in here" in listed
    assert "1 account handed over" in handed.text
    assert added.status_code == 303
    owners = session.scalars(select(Account.owner_id).where(Account.name.in_(["Acme", "Nova"]))).all()
    assert owners == [cast.tess.id] * 2


def test_an_e_mail_that_nobody_has_is_refused_at_its_field(
    cast: Cast, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_choices, "VALUES_AT_MOST", 1)
    typed = TYPED | {"team_id": str(cast.team.id), "owner_email": "nobody@example.com"}

    response = browser_of("olu").post("/accounts/new", data=typed)

    assert response.status_code == 422
    assert "Nobody has this e-mail." in response.text


def test_as_long_as_everybody_fits_into_the_menu_nobody_is_typed(cast: Cast, browser_of: BrowserOf) -> None:
    assert "owner_email" not in browser_of("olu").get("/accounts/new").text


def test_a_refusal_of_one_does_not_stop_the_others(
    session: Saver, cast: Cast, three: list[Account], browser_of: BrowserOf
) -> None:
    ids = [str(account.id) for account in three[:2]]

    response = browser_of("olu").post("/accounts", data={"id": ids, "team_id": str(cast.other_team.id)})

    assert "0 accounts handed over, 2 not" in response.text
    assert "only to a team of yours" in response.text


@pytest.mark.parametrize(("sent", "sentence"), [({"owner_id": "1"}, "Choose the accounts"),
                                               ({"id": ["1"]}, "a new owner, a new team, or both")])  # fmt: skip
def test_handing_over_needs_accounts_and_somebody(
    browser_of: BrowserOf, sent: dict[str, object], sentence: str
) -> None:
    response = browser_of("olu").post("/accounts", data=sent)

    assert response.status_code == 422
    assert sentence in response.text


def test_a_hand_over_to_nobody_comes_back_to_the_list_with_the_ticks_kept(
    three: list[Account], browser_of: BrowserOf
) -> None:
    ticked = three[0]

    response = browser_of("olu").post("/accounts?sort=-name", data={"id": [str(ticked.id)]})

    ticks = re.findall(r'name="id" value="(\d+)" form="bulk" checked', response.text)
    assert response.status_code == 422
    assert ticks == [str(ticked.id)]
    assert 'name="owner_id" aria-invalid="true" aria-describedby="bulk-errors"' in response.text
    assert 'action="/accounts?sort=-name"' in response.text


def test_whom_to_hand_over_to_stays_chosen_when_no_account_is_ticked(
    cast: Cast, three: list[Account], browser_of: BrowserOf
) -> None:
    response = browser_of("olu").post("/accounts", data={"owner_id": str(cast.tess.id)})

    bar = response.text.partition('id="bulk"')[2].partition("</form>")[0]
    assert response.status_code == 422
    assert f'<option value="{cast.tess.id}" selected>' in bar
    assert "Choose the accounts" in bar


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
