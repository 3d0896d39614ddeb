"""Bringing in other systems' names of accounts, and the customers' people."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from changetrack.models import Alias, Contact, Evidence
from tests.integration.operations.imports.conftest import Clerk

PEOPLE = (
    "external_id,name,email,title,function,roles,in_coalition,sponsor\n"
    "A-1,Mira,mira@ahorn.example,CFO,Finance,decider;approver,yes,yes\n"
    "A-1,Jon,,Clerk,Operations,user;initiator,yes,no\n"
    "A-1,Ines,ines@ahorn.example,,IT,influencer;gatekeeper,yes,no\n"
)


@pytest.fixture
def known(clerk: Clerk) -> Clerk:
    """Two accounts on record."""
    clerk.load("accounts", "external_id,name,step,step_entered_on\nA-1,Ahorn,2,2026-02-02\nA-2,Birke,1,2026-02-02\n")
    return clerk


def people(clerk: Clerk) -> dict[str, Contact]:
    return {contact.name: contact for contact in clerk.session.scalars(select(Contact))}


def test_aliases_are_added_once(known: Clerk) -> None:
    rows = "external_id,alias\nA-1,crm-1\nA-1,sub-1\nA-2,crm-2\n"
    first = known.load("aliases", rows)

    second = known.again("aliases", rows)

    assert (first.created, second.created, second.unchanged) == (3, 0, 3)
    assert set(known.session.scalars(select(Alias.alias))) == {"crm-1", "sub-1", "crm-2"}
    assert known.events() == ["account_imported", "alias_added", "alias_added"]
    assert known.is_sound()


def test_an_alias_may_name_the_account_to_which_another_is_added(known: Clerk) -> None:
    known.load("aliases", "external_id,alias\nA-1,crm-1\n")

    assert known.load("aliases", "external_id,alias\ncrm-1,sub-1\n").created == 1


@pytest.mark.parametrize("taken", ["crm-1", "A-1"])
def test_a_name_of_another_account_is_turned_away(known: Clerk, taken: str) -> None:
    known.load("aliases", "external_id,alias\nA-1,crm-1\n")

    assert known.refused("aliases", f"external_id,alias\nA-2,{taken}\n") == [(2, "alias")]


def test_one_alias_for_two_accounts_is_turned_away_by_line(known: Clerk) -> None:
    assert known.refused("aliases", "external_id,alias\nA-1,x\nA-1,x\nA-2,x\n") == [(4, "alias")]


def test_people_arrive_with_their_part_in_the_change(known: Clerk) -> None:
    known.load("contacts", PEOPLE)

    mira, jon = people(known)["Mira"], people(known)["Jon"]
    assert (mira.email, mira.title, mira.function) == ("mira@ahorn.example", "CFO", "Finance")
    assert (mira.path_roles, mira.in_coalition, mira.is_sponsor) == (["approver", "decider"], True, True)
    assert (jon.email, jon.is_sponsor, jon.left_on) == (None, False, None)


def test_people_prove_what_they_prove(known: Clerk) -> None:
    known.load("contacts", PEOPLE)

    held = known.session.scalars(select(Evidence.point).where(Evidence.kind == "record"))
    assert sorted(held) == ["2a", "2b"]
    assert known.is_sound()


def test_people_are_imported_once(known: Clerk) -> None:
    known.load("contacts", PEOPLE)

    result = known.again("contacts", PEOPLE)

    assert (result.created, result.updated, result.unchanged) == (0, 0, 3)


def test_somebody_is_known_again_by_address_and_edited(known: Clerk) -> None:
    known.load("contacts", PEOPLE)
    gone = known.today - timedelta(days=1)

    result = known.load("contacts", f"external_id,name,email,left_on\nA-1,Mira Lind,mira@ahorn.example,{gone}\n")

    mira = people(known)["Mira Lind"]
    assert (result.created, result.updated, mira.left_on) == (0, 1, gone)
    assert (mira.title, mira.is_sponsor) == ("CFO", True)
    assert known.is_sound()


def test_somebody_without_an_address_is_known_again_by_name_and_gets_one(known: Clerk) -> None:
    known.load("contacts", PEOPLE)

    result = known.load("contacts", "external_id,name,email\nA-1,jon,jon@ahorn.example\n")

    assert (result.created, result.updated) == (0, 1)
    assert people(known)["jon"].email == "jon@ahorn.example"


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("A-1,,m@x.example,user,yes,", "name"),
        ("A-1,Mira,mira,user,yes,", "email"),
        ("A-1,Mira,,champion,yes,", "roles"),
        ("A-1,Mira,,user,perhaps,", "in_coalition"),
        (f"A-1,Mira,,user,yes,{date(2026, 3, 3)}", "left_on"),
    ],
)
def test_what_cannot_be_is_refused_by_field(known: Clerk, row: str, field: str) -> None:
    text = f"external_id,name,email,roles,in_coalition,left_on\n{row}\n"

    assert known.refused("contacts", text) == [(2, field)]


def test_somebody_who_stands_twice_is_turned_away(known: Clerk) -> None:
    text = "external_id,name,email\nA-1,Mira,m@x.example\nA-1,M. Lind,m@x.example\n"

    assert known.refused("contacts", text) == [(3, "name")]
