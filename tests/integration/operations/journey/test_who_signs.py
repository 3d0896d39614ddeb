"""No way lets one person alone move an account of a team of several, and only words that still stand count."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from changetrack.domain.refusal import OperationRefused
from changetrack.models import Proposal, TeamMember
from changetrack.operations.accounts import edit_account
from changetrack.operations.coalition import add_contact, edit_contact
from changetrack.operations.journey.evidence import Statement, record_evidence
from changetrack.operations.journey.gate import (
    propose_advance,
    record_customer_sign_off,
    sign_off,
    withdraw_proposal,
)
from changetrack.operations.journey.moves import advance_by_exception
from changetrack.operations.journey.opening import state_gap, write_vision
from changetrack.operations.value.outcomes import propose_outcome
from changetrack.operations.value.statements import Word, agree_outcome
from tests.factories import make_metric, make_team, make_team_member, make_user
from tests.factories.people import actor_of
from tests.factories.walk import GAP, Walk


def fields(refused: pytest.ExceptionInfo[OperationRefused]) -> list[str | None]:
    """Where a refusal puts its reasons."""
    return [reason.field for reason in refused.value.reasons]


def proposed(walk: Walk) -> None:
    """Olu has proposed that the account leaves step 1."""
    walk.open()
    walk.prove_step_1()
    propose_advance(effective_on=walk.today, **walk.by("olu"))


def take_out(walk: Walk, name: str) -> None:
    """Somebody is no longer in the team."""
    user_id = getattr(walk.cast, name).id
    walk.session.execute(delete(TeamMember).where(TeamMember.user_id == user_id))
    walk.session.commit()


def test_a_proposal_of_somebody_who_left_the_team_cannot_be_signed(walk: Walk) -> None:
    proposed(walk)
    take_out(walk, "olu")

    with pytest.raises(OperationRefused) as refused:
        sign_off(**walk.by("tess"))

    assert fields(refused) == ["proposal"]
    assert walk.account().claimed_step == 1


def test_a_proposal_is_void_once_the_account_goes_to_another_team(walk: Walk) -> None:
    proposed(walk)

    edit_account(record={"team_id": walk.cast.other_team.id}, version=1, **walk.by("ada"))

    assert walk.session.scalars(select(Proposal.state)).all() == ["void"]


def test_a_signature_of_somebody_who_became_value_stream_manager_does_not_count(walk: Walk) -> None:
    mia = make_user(walk.session, email="mia@example.com")
    make_team_member(walk.session, walk.cast.team, mia, "member")
    proposed(walk)
    sign_off(**walk.by("olu", actor=actor_of(mia)))
    take_out(walk, "vik")
    for user_id, role in ((walk.cast.tess.id, "member"), (mia.id, "vsm"), (walk.cast.olu.id, "coordinator")):
        mine = (TeamMember.user_id == user_id,)
        walk.session.execute(update(TeamMember).where(*mine).values(role=role))
    walk.session.commit()
    seq = add_contact(contact={"name": "Rosa"}, **walk.by("olu"))

    result = record_customer_sign_off(contact_seq=seq, said_how="call", **walk.by("olu"))

    assert not result.advanced


def test_nobody_hands_an_account_to_a_team_in_which_they_stand_alone(walk: Walk) -> None:
    alone = make_team(walk.session, name="Just Olu")
    make_team_member(walk.session, alone, walk.cast.olu)

    with pytest.raises(OperationRefused) as refused:
        edit_account(record={"team_id": alone.id}, version=1, **walk.by("olu", actor=actor_of(walk.cast.olu)))

    assert fields(refused) == ["team_id"]


def test_an_administrator_hands_an_account_to_a_team_of_one(walk: Walk) -> None:
    alone = make_team(walk.session, name="Just Olu")
    make_team_member(walk.session, alone, walk.cast.olu)

    edit_account(record={"team_id": alone.id}, version=1, **walk.by("ada"))

    assert walk.account().team_id == alone.id


def test_the_word_of_a_customers_person_who_left_does_not_count(walk: Walk) -> None:
    walk.open()
    for _ in (1, 2):
        advance_by_exception(reason="Go", ends_on=walk.ago(-9), effective_on=walk.today, **walk.by("vik"))
    _prove_steps_1_to_3(walk)
    seq = add_contact(contact={"name": "Rosa"}, **walk.by("olu"))
    propose_advance(effective_on=walk.today, **walk.by("olu"))
    record_customer_sign_off(contact_seq=seq, said_how="call", **walk.by("olu"))
    edit_contact(seq=seq, contact={"left_on": walk.today}, version=1, **walk.by("olu"))

    result = sign_off(**walk.by("tess"))

    assert result.needed == ("a named person of the customer",)


def _prove_steps_1_to_3(walk: Walk) -> None:
    """Every point up to step 3."""
    walk.prove_step_1(days_ago=0)
    walk.prove_step_2()
    write_vision(vision="All in a day.", contact_seq=2, effective_on=walk.today, **walk.by("olu"))
    walk.record("3b", who="Jon")
    walk.record("3b", who="Ines")
    terms = {"beneficiary_seq": 1, "statement": "Books close in a day.", "threshold": Decimal(40), "rate": 10_000}
    terms |= {"metric_id": make_metric(walk.session).id, "currency": "EUR", "period": "week"}
    seq = propose_outcome(terms=terms, **walk.by("olu"))
    agree_outcome(seq=seq, word=Word(contact_seq=1, said_how="call", given_on=walk.today), **walk.by("olu"))


def test_one_person_named_twice_is_still_one_person(walk: Walk) -> None:
    walk.open()

    walk.record("3b", who="Jon")
    recorded = walk.record("3b", who=" jon ")

    assert not recorded.holds


@pytest.mark.parametrize("change", [{"gap_to": "9"}, {"gap_evidence": "Hearsay"}])
def test_a_record_rewritten_under_the_same_date_voids_the_proposal(walk: Walk, change: dict[str, Any]) -> None:
    walk.open()
    walk.prove_step_1()
    propose_advance(effective_on=walk.today, **walk.by("olu"))

    state_gap(gap=GAP | change, effective_on=walk.ago(10), **walk.by("olu"))

    assert walk.session.scalars(select(Proposal.state)).all() == ["void"]


def test_a_record_written_again_as_it_was_leaves_the_proposal_alone(walk: Walk) -> None:
    walk.open()
    walk.prove_step_1()
    propose_advance(effective_on=walk.today, **walk.by("olu"))

    state_gap(gap=GAP, effective_on=walk.ago(10), **walk.by("olu"))

    assert walk.session.scalars(select(Proposal.state)).all() == ["open"]


def test_nobody_leaves_a_step_on_a_day_on_which_its_points_did_not_hold(walk: Walk) -> None:
    walk.open(days_ago=30)
    walk.prove_step_1(days_ago=10)

    with pytest.raises(OperationRefused) as refused:
        propose_advance(effective_on=walk.ago(20), **walk.by("olu"))

    assert fields(refused) == ["effective_on"]
    assert "1b, 1c" in str(refused.value)


def test_a_signature_on_a_proposal_that_was_signed_off_says_so(walk: Walk) -> None:
    proposed(walk)
    sign_off(proposal_seq=1, **walk.by("tess"))

    with pytest.raises(OperationRefused, match="moved on"):
        sign_off(proposal_seq=1, **walk.by("tess"))


def test_a_team_that_shrank_to_one_proposes_anew_and_is_labelled(walk: Walk) -> None:
    proposed(walk)
    take_out(walk, "tess")
    take_out(walk, "vik")
    withdraw_proposal(**walk.by("olu"))

    assert propose_advance(effective_on=walk.today, **walk.by("olu")).self_attested


def test_evidence_of_a_person_who_had_left_is_refused(walk: Walk) -> None:
    walk.open()
    seq = add_contact(contact={"name": "Rosa", "left_on": walk.ago(5)}, **walk.by("olu"))
    said = Statement(contact_seq=seq, said_how="call", numbers={"asked": 4, "yes": 4})

    def record(on: date) -> bool:
        return record_evidence(point="1c", statement=said, effective_on=on, **walk.by("olu")).holds

    assert record(walk.ago(6))
    with pytest.raises(OperationRefused) as refused:
        record(walk.ago(5))
    assert fields(refused) == ["contact_seq"]
