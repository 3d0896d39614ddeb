"""Claims about the share of customers' words that are in their own hand."""

from datetime import date, timedelta

import pytest

from changetrack.domain.people import Actor
from changetrack.operations.playbook import install_playbook
from changetrack.queries.hands import Hands, get_hands
from tests.clock import NOW, TODAY
from tests.factories import (
    Cast,
    make_account,
    make_contact,
    make_evidence,
    make_metric,
    make_outcome,
    make_statement,
    make_team,
)
from tests.factories._saving import Saver

BY_THEM = {"side": "customer", "hand": "own", "contact_seq": 1}
BY_US = {"side": "customer", "hand": "reported", "said_how": "call", "contact_seq": 1}


@pytest.fixture(autouse=True)
def playbook(session: Saver) -> None:
    install_playbook(actor=Actor.system("test"), now=NOW)


def test_words_that_carry_points_are_counted_by_their_hand(session: Saver, cast: Cast) -> None:
    account = make_account(session, team_id=cast.team.id)
    make_evidence(session, account, "1c", **BY_US)
    make_evidence(session, account, "5c", **BY_THEM)
    make_evidence(session, account, "2c")  # ours, which is in nobody's hand

    hands = get_hands(actor=cast.actor("ed"), today=TODAY)

    assert (hands, hands.share) == (Hands(own=1, reported=1), 0.5)


@pytest.mark.parametrize(
    "ended",
    [
        {"passes": False},
        {"expires_on": TODAY},
        {"retracted_on": TODAY},
        {"effective_on": TODAY + timedelta(days=1)},
    ],
)
def test_a_word_that_carries_nothing_today_does_not_count(
    session: Saver, cast: Cast, ended: dict[str, date | bool]
) -> None:
    account = make_account(session, team_id=cast.team.id)
    make_evidence(session, account, "5c", **({"effective_on": TODAY - timedelta(days=9)} | BY_THEM | ended))

    hands = get_hands(actor=cast.actor("ed"), today=TODAY)

    assert (hands, hands.share) == (Hands(0, 0), None)


def test_the_newest_word_on_a_point_is_the_one_that_counts(session: Saver, cast: Cast) -> None:
    account = make_account(session, team_id=cast.team.id)
    make_evidence(session, account, "5c", **BY_US, effective_on=TODAY - timedelta(days=3))
    make_evidence(session, account, "5c", **BY_THEM)

    assert get_hands(actor=cast.actor("ed"), today=TODAY) == Hands(own=1, reported=0)


def test_where_two_have_to_speak_each_of_them_counts(session: Saver, cast: Cast) -> None:
    account = make_account(session, team_id=cast.team.id)
    make_evidence(session, account, "3b", **BY_US)
    make_evidence(session, account, "3b", **(BY_THEM | {"contact_seq": 2}))

    assert get_hands(actor=cast.actor("ed"), today=TODAY) == Hands(own=1, reported=1)


def test_the_newest_attestation_of_an_outcome_counts_while_it_is_valid(session: Saver, cast: Cast) -> None:
    account = make_account(session, team_id=cast.team.id)
    make_contact(session, account)
    metric = make_metric(session)
    agreed = {"agreed_on": TODAY - timedelta(days=9), "state": "agreed"}
    valid = make_outcome(session, account, metric, **agreed, valid_until=TODAY + timedelta(days=1))
    ended = make_outcome(session, account, metric, **agreed, valid_until=TODAY)
    make_statement(session, valid, "attested", given_on=TODAY - timedelta(days=5))
    make_statement(session, valid, "attested", hand="own", said_how=None)
    make_statement(session, ended, "attested")

    assert get_hands(actor=cast.actor("ed"), today=TODAY) == Hands(own=1, reported=0)


def test_everybody_counts_what_they_may_see(session: Saver, cast: Cast) -> None:
    for team in (cast.team, cast.other_team, make_team(session)):
        make_evidence(session, make_account(session, team_id=team.id), "5c", **BY_THEM)
    make_evidence(session, make_account(session, team_id=cast.team.id, status="closed", place=11), "5c", **BY_THEM)

    counts = [get_hands(actor=cast.actor(name), today=TODAY).own for name in ("olu", "otto", "ed")]
    of_a_team = get_hands(actor=cast.actor("ed"), today=TODAY, team_id=cast.team.id).own

    assert (counts, of_a_team) == ([1, 1, 3], 1)
    assert get_hands(actor=cast.actor("otto"), today=TODAY, team_id=cast.team.id) == Hands(0, 0)
