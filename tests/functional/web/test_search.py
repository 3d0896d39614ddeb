"""Search over accounts, people, pages and actions; and the few lines below the field."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from changetrack.models import Account
from tests.conftest import ON_ONE_DATABASE
from tests.factories import Cast, make_alias
from tests.factories._saving import Saver
from tests.factories.portfolio import make_accounts

BrowserOf = Callable[[str], FlaskClient]


@pytest.fixture
def acme(session: Saver, cast: Cast) -> Account:
    """An account of Olu's team, known elsewhere as SUB-1."""
    (account,) = make_accounts(session, [{"name": "Acme", "place": 3, "team_id": cast.team.id}])
    make_alias(session, account, alias="SUB-1")
    return account


@pytest.mark.parametrize("text", ["acm", "sub-1"])
def test_an_account_is_found_and_its_step_shown(acme: Account, browser_of: BrowserOf, text: str) -> None:
    page = browser_of("olu").get(f"/search?q={text}").text

    assert f'href="/accounts/{acme.id}"' in page
    assert "claims 3, evidence carries nothing" in page


def test_another_team_finds_nothing(acme: Account, browser_of: BrowserOf) -> None:
    page = browser_of("otto").get("/search?q=acme").text

    assert f'href="/accounts/{acme.id}"' not in page
    assert "Nothing is called “acme”" in page


@pytest.mark.parametrize(
    ("who", "text", "expected"),
    [
        ("olu", "kanban", ["/board"]),
        ("olu", "add", ["/accounts/new"]),
        ("ed", "add", []),
        ("ada", "new person", ["/admin/people/new"]),
        ("olu", "playbook", []),
        ("ada", "playb", ["/admin/playbook"]),
        ("olu", "password", ["/me/password"]),
    ],
)
@ON_ONE_DATABASE
def test_pages_and_actions_are_found_by_the_words_people_use(
    browser_of: BrowserOf, who: str, text: str, expected: list[str]
) -> None:
    page = browser_of(who).get(f"/search?q={text}").text

    for address in ("/board", "/accounts/new", "/admin/people/new", "/admin/playbook", "/me/password"):
        assert (f'<p class="item-title"><a href="{address}">' in page) is (address in expected)


def test_people_of_ours_lead_to_their_accounts(cast: Cast, browser_of: BrowserOf) -> None:
    assert f'href="/accounts?owner={cast.tess.id}"' in browser_of("olu").get("/search?q=tess").text
    assert f'href="/admin/people/{cast.tess.id}"' in browser_of("ada").get("/search?q=tess").text


def test_below_the_field_stand_a_few_lines(acme: Account, browser_of: BrowserOf) -> None:
    response = browser_of("olu").get("/search?q=ac", headers={"HX-Request": "true"})

    assert "<html" not in response.text
    assert f'href="/accounts/{acme.id}"' in response.text
    assert 'href="/search?q=ac"' in response.text


def test_an_empty_search_asks_what_for(browser_of: BrowserOf) -> None:
    page = browser_of("olu").get("/search").text

    assert "Accounts by name, id or alias" in page
    assert "Nothing is called" not in page
