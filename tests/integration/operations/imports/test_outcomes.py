"""Importing outcomes: known by account, statement and metric; agreed ones stay as they are; words as reported."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from changetrack.models import Contact, Outcome, OutcomeStatement
from tests.factories import make_metric
from tests.integration.operations.imports.conftest import Clerk

HEAD = "external_id,statement,beneficiary,metric,threshold,rate,currency"
ONE = f"{HEAD}\nA-1,Orders leave the same day,Carla Customer,orders,40,100.00,USD\n"
AGREED = (
    f"{HEAD},agreed_on,attested_on,attested_by\n"
    "A-1,Orders leave the same day,Carla Customer,orders,40,100.00,USD,2026-01-05,2026-01-28;2026-02-20,"
    "jon@acme.example\n"
)


@pytest.fixture
def known(clerk: Clerk) -> Clerk:
    """A clerk who knows one account, one of its people, and a metric."""
    clerk.load("accounts", "external_id,name,step,step_entered_on\nA-1,Ahorn,3,2026-01-05\nA-2,Birke,,\n")
    clerk.load("contacts", "external_id,name,email\nA-1,Carla Customer,\nA-1,Jon Jansen,jon@acme.example\n")
    make_metric(clerk.session, "orders")
    make_metric(clerk.session, "faxes", archived_at=clerk.now)
    return clerk


def outcomes(clerk: Clerk) -> list[Outcome]:
    """All outcomes of the account, in order."""
    clerk.session.expire_all()
    query = select(Outcome).where(Outcome.account_id == clerk.account().id).order_by(Outcome.seq)
    return list(clerk.session.scalars(query))


def words(clerk: Clerk) -> list[tuple[str, str, str, str | None]]:
    """(kind, day, person, how) of all that was said, in order."""
    query = select(OutcomeStatement).order_by(OutcomeStatement.account_id, OutcomeStatement.seq)
    return [(w.kind, str(w.given_on), w.person_name, w.said_how) for w in clerk.session.scalars(query)]


def test_an_outcome_is_proposed_with_the_rules_of_the_house(known: Clerk) -> None:
    result = known.load("outcomes", ONE)

    (outcome,) = outcomes(known)
    assert (result.created, result.updated, result.unchanged) == (1, 0, 0)
    assert (outcome.state, outcome.threshold, outcome.rate, outcome.currency) == (
        "proposed", Decimal(40), 10_000, "USD",
    )  # fmt: skip
    assert (outcome.period, outcome.confirm_after, outcome.attestation_valid_days) == ("week", 4, 90)
    assert outcome.beneficiary_seq == 1
    assert "outcome_proposed" in known.events()


def test_importing_a_file_twice_changes_nothing(known: Clerk) -> None:
    known.load("outcomes", AGREED)
    before, events = words(known), known.events()

    result = known.again("outcomes", AGREED)

    assert (result.created, result.updated, result.unchanged) == (0, 0, 1)
    assert (words(known), known.events()) == (before, events)


def test_days_of_words_are_kept_as_reported_by_mail(known: Clerk) -> None:
    known.load("outcomes", AGREED)

    assert words(known) == [
        ("agreed", "2026-01-05", "Carla Customer", "mail"),
        ("attested", "2026-01-28", "Jon Jansen", "mail"),
        ("attested", "2026-02-20", "Jon Jansen", "mail"),
    ]
    assert str(outcomes(known)[0].agreed_on) == "2026-01-05"


def test_a_word_that_is_new_is_added_to_what_is_on_record(known: Clerk) -> None:
    known.load("outcomes", ONE)

    result = known.load("outcomes", AGREED.replace("said", "said"))

    assert (result.created, result.updated) == (0, 1)
    assert [word[0] for word in words(known)] == ["agreed", "attested", "attested"]


def test_a_proposal_follows_the_file_and_what_it_does_not_say_is_left_alone(known: Clerk) -> None:
    known.load("outcomes", f"{HEAD},target\nA-1,Orders leave the same day,Carla Customer,orders,40,100.00,USD,55\n")

    known.load("outcomes", ONE.replace(",40,", ",45,"))

    (outcome,) = outcomes(known)
    assert (outcome.threshold, outcome.target, outcome.version) == (Decimal(45), Decimal(55), 2)
    assert "outcome_edited" in known.events()


def test_agreed_terms_are_frozen_for_files_too(known: Clerk) -> None:
    known.load("outcomes", AGREED)

    assert known.refused("outcomes", ONE.replace("100.00", "900.00")) == [(2, "statement")]
    assert outcomes(known)[0].rate == 10_000


def test_somebody_new_joins_the_customers_people(known: Clerk) -> None:
    known.load("outcomes", ONE.replace("Carla Customer", "nora@acme.example"))

    nora = known.session.get_one(Contact, (known.account().id, 3))
    assert (nora.email, outcomes(known)[0].beneficiary_seq) == ("nora@acme.example", 3)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        (("A-1", "A-9"), "external_id"),
        (("orders,", "pigeons,"), "metric"),
        (("orders,", "faxes,"), "metric"),
        ((",40,", ",0,"), "threshold"),
        ((",40,", ",1.23456,"), "threshold"),
        (("USD", "XXX"), "currency"),
        (("100.00", "100.001"), "rate"),
        (("100.00", "0"), "rate"),
    ],
)
def test_a_row_that_cannot_be_taken_is_turned_away(known: Clerk, changed: tuple[str, str], field: str) -> None:
    assert known.refused("outcomes", ONE.replace(*changed)) == [(2, field)]


@pytest.mark.parametrize(
    ("columns", "cells", "field"),
    [
        ("attested_on", "2026-01-28", "attested_on"),
        ("agreed_on,attested_on", "2026-01-28,2026-01-05", "attested_on"),
        ("agreed_on,withdrawn_on,disputed_on", "2026-01-05,2026-02-02,2026-02-03", "withdrawn_on"),
        ("agreed_on,said_how", "2026-01-05,rumour", "said_how"),
        ("agreed_on", "2099-01-05", "agreed_on"),
        ("agreed_on,attested_on,attested_by", "2026-01-05,2026-01-28,a;b", "attested_by"),
        ("overlap_group", "shipping", "group_cap"),
        ("confirm_after", "0", "confirm_after"),
        ("period", "day", "period"),
    ],
)
def test_cells_that_contradict_each_other_are_turned_away(known: Clerk, columns: str, cells: str, field: str) -> None:
    text = ONE.replace("currency\n", f"currency,{columns}\n").replace("USD\n", f"USD,{cells}\n")

    assert known.refused("outcomes", text) == [(2, field)]


def test_the_same_outcome_twice_in_a_file_is_turned_away(known: Clerk) -> None:
    again = ONE + "A-1,orders leave  the SAME day,Carla Customer,orders,50,100.00,USD\n"

    assert known.refused("outcomes", again) == [(3, "statement")]


def test_outcomes_of_a_group_agree_on_its_limit(known: Clerk) -> None:
    row = "Carla Customer,orders,40,100.00,USD,shipping,{}\n"
    rows = f"A-1,One,{row}A-1,Two,{row}"
    head = f"{HEAD},overlap_group,group_cap\n"

    assert known.refused("outcomes", head + rows.format(150, 200)) == [(3, "group_cap")]
    assert known.load("outcomes", head + rows.format(150, 150)).created == 2


def test_nobody_says_anything_after_they_have_left(known: Clerk) -> None:
    left = known.today - timedelta(days=40)
    known.load("contacts", f"external_id,name,left_on\nA-1,Carla Customer,{left}\n")
    text = ONE.replace("currency\n", "currency,agreed_on\n").replace("USD\n", "USD,{}\n")

    assert known.refused("outcomes", text.format(left)) == [(2, "agreed_on")]
    assert known.load("outcomes", text.format(left - timedelta(days=1))).created == 1


def test_a_withdrawn_outcome_comes_in_withdrawn(known: Clerk) -> None:
    text = ONE.replace("currency\n", "currency,agreed_on,withdrawn_on\n").replace(
        "USD\n", "USD,2026-01-05,2026-02-02\n"
    )

    known.load("outcomes", text)

    assert outcomes(known)[0].state == "withdrawn"
    assert known.again("outcomes", text).unchanged == 1
