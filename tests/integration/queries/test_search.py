"""Search finds what a few letters mean, and nothing that the person may not see."""

import pytest

from changetrack.domain.people import Actor
from changetrack.queries import account_reach
from changetrack.queries.search import search
from tests.factories import Cast, make_alias, make_cast, make_contact, make_user
from tests.factories._saving import Saver
from tests.factories.portfolio import make_accounts

EVERYBODY = Actor.operator("test")


@pytest.fixture
def cast(session: Saver) -> Cast:
    """Two teams, six people."""
    return make_cast(session)


def test_an_account_is_found_by_name_organization_id_and_alias(session: Saver) -> None:
    (acme,) = make_accounts(session, [{"name": "Acme Süd", "organization": "Roadrunner AG", "external_id": "CRM-7"}])
    make_alias(session, acme, alias="SUB-778")

    hits = {text: [(hit.id, hit.by) for hit in search(text, actor=EVERYBODY).accounts]
            for text in ("acme", "süd", "runner", "crm-7", "sub-778")}  # fmt: skip

    assert hits == {"acme": [(acme.id, "name")], "süd": [(acme.id, "name")], "runner": [(acme.id, "organization")],
                    "crm-7": [(acme.id, "id")], "sub-778": [(acme.id, "alias")]}  # fmt: skip


def test_what_begins_with_the_text_comes_before_what_holds_it(session: Saver) -> None:
    make_accounts(session, [{"name": name} for name in ("Big Bank", "Bank of Bern", "Bankhaus")])

    found = search(" BANK ", actor=EVERYBODY)

    assert [hit.name for hit in found.accounts] == ["Bank of Bern", "Bankhaus", "Big Bank"]


@pytest.mark.parametrize(
    ("name", "typed"),
    [("Müller", "Mueller"), ("Mueller", "müller"), ("José", "jose"), ("Jose", "José"), ("Łódź", "lodz"),
     ("ÉCOLE", "école"), ("Straße", "STRASSE"), ("Smørrebrød", "smoerrebroed"), ("ιωάννης", "ιωαννησ")],
)  # fmt: skip
def test_names_are_found_with_and_without_their_accents(session: Saver, cast: Cast, name: str, typed: str) -> None:
    named, theirs = make_accounts(session, [{"name": name}, {"name": "Other", "organization": f"The {name} Group"}])
    make_contact(session, theirs, name=f"Mara {name}")
    make_user(session, name=f"Ida {name}")

    found = search(typed, actor=EVERYBODY)

    assert [hit.id for hit in found.accounts] == [named.id, theirs.id]
    assert {hit.name for hit in found.people} == {f"Mara {name}", f"Ida {name}"}


@pytest.mark.parametrize("text", ["", "   ", "%", "_", "\\", "'; drop table accounts; --"])
def test_signs_mean_only_themselves(session: Saver, text: str) -> None:
    make_accounts(session, [{"name": "Plain"}])

    assert search(text, actor=EVERYBODY).is_nothing


def test_nobody_finds_accounts_and_people_of_other_teams(session: Saver, cast: Cast) -> None:
    mine, theirs = make_accounts(session, [{"name": "Bolt North", "team_id": cast.team.id},
                                           {"name": "Bolt South", "team_id": cast.other_team.id}])  # fmt: skip
    make_contact(session, mine, name="Mara Bolt")
    make_contact(session, theirs, name="Nils Bolt")
    make_alias(session, theirs, alias="bolt")

    found = search("bolt", actor=cast.actor("olu"))

    assert [hit.id for hit in found.accounts] == [mine.id]
    assert [hit.name for hit in found.people] == ["Mara Bolt"]


@pytest.mark.parametrize(("who", "names"), [("olu", {"Olu"}), ("ed", {"Olu", "Otto"})])
def test_people_of_ours_are_found_as_far_as_one_sees_them(
    session: Saver, cast: Cast, who: str, names: set[str]
) -> None:
    found = search("o", actor=cast.actor(who))

    assert {hit.name for hit in found.people if hit.name in ("Olu", "Otto")} == names


def test_among_very_many_accounts_only_beginnings_are_looked_up(
    session: Saver, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_accounts(session, [{"name": name} for name in ("Big Bank", "Bank of Bern")])
    monkeypatch.setattr(account_reach, "SEARCHED_WHOLE", 1)

    found = search("bank", actor=EVERYBODY)

    assert [hit.name for hit in found.accounts] == ["Bank of Bern"]
    assert not found.is_whole
