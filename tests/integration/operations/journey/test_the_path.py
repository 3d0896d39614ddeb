"""An account goes its way through the one gate: opened, proven, proposed, signed off, and back."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import select

from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused
from changetrack.models import Event, FunnelCell, MovementCell, Proposal, Standing, Visit
from changetrack.operations.journey.evidence import Statement, record_evidence, retract_evidence
from changetrack.operations.journey.gate import (
    propose_advance,
    record_customer_sign_off,
    sign_off,
    withdraw_proposal,
)
from changetrack.operations.journey.moves import advance_by_exception, move_back
from tests.factories.walk import Walk


def fields(refused: pytest.ExceptionInfo[OperationRefused]) -> list[str | None]:
    """Where a refusal puts its reasons."""
    return [reason.field for reason in refused.value.reasons]


def ready(walk: Walk) -> None:
    """All points of step 1 hold."""
    walk.open()
    walk.prove_step_1()


def test_the_opening_takes_the_account_to_step_1(walk: Walk) -> None:
    walk.open(days_ago=30)

    account = walk.account()
    assert (account.status, account.claimed_step, account.supported_step) == ("active", 1, 1)
    assert account.step_entered_on == walk.ago(30)


def test_the_gate_refuses_with_everything_that_is_missing(walk: Walk) -> None:
    walk.open()

    with pytest.raises(OperationRefused) as refused:
        propose_advance(effective_on=walk.today, **walk.by("olu"))

    assert fields(refused) == ["1b", "1c"]


def test_two_people_move_an_account_whose_points_hold(walk: Walk) -> None:
    ready(walk)

    proposed = propose_advance(effective_on=walk.today, **walk.by("olu"))
    signed = sign_off(**walk.by("tess"))

    assert proposed.needed == ("the team coordinator",)
    assert signed.advanced
    assert (walk.account().claimed_step, walk.account().supported_step) == (2, 2)


def test_a_move_writes_visit_standing_history_and_summaries_together(walk: Walk) -> None:
    ready(walk)
    walk.advance()

    visits = walk.session.scalars(select(Visit).order_by(Visit.seq)).all()
    standings = walk.session.scalars(select(Standing).order_by(Standing.seq)).all()
    cells = walk.session.scalars(select(FunnelCell).where(FunnelCell.field == "", FunnelCell.accounts != 0)).all()
    moved = walk.session.scalars(select(MovementCell).where(MovementCell.day == walk.today)).all()
    assert [(v.step, v.kind, v.left_kind) for v in visits] == [
        (0, "created", "opened"),
        (1, "opened", "advanced"),
        (2, "advanced", None),
    ]
    assert [(s.place, s.supported_step) for s in standings] == [(0, 0), (1, 1), (2, 2)]
    assert [(c.place, c.accounts, c.unsupported, c.stale) for c in cells] == [(2, 1, 0, 0)]
    assert {(m.place, m.advanced_out, m.advanced_in) for m in moved} == {(1, 1, 0), (2, 0, 1)}
    assert walk.session.scalars(select(Event.kind).order_by(Event.seq)).all()[-1] == "account_advanced"


@pytest.mark.parametrize(("who", "field"), [("olu", "user"), ("vik", "user")])
def test_neither_proposer_nor_value_stream_manager_signs(walk: Walk, who: str, field: str) -> None:
    ready(walk)
    propose_advance(effective_on=walk.today, **walk.by("olu"))

    with pytest.raises(OperationRefused) as refused:
        sign_off(**walk.by(who))

    assert fields(refused) == [field]


def test_an_outsider_does_not_know_that_the_account_exists(walk: Walk) -> None:
    ready(walk)
    propose_advance(effective_on=walk.today, **walk.by("olu"))

    with pytest.raises(NotFound):
        sign_off(**walk.by("otto"))


def test_an_executive_looks_but_does_not_touch(walk: Walk) -> None:
    with pytest.raises(Forbidden):
        record_evidence(point="1c", statement=Statement(), effective_on=walk.today, **walk.by("ed"))


def test_new_evidence_voids_a_proposal(walk: Walk) -> None:
    ready(walk)
    propose_advance(effective_on=walk.today, **walk.by("olu"))
    walk.record("1c", numbers={"asked": 5, "yes": 5})

    with pytest.raises(OperationRefused) as refused:
        sign_off(**walk.by("tess"))

    assert fields(refused) == ["proposal"]
    proposal = walk.session.scalars(select(Proposal)).one()
    assert (proposal.state, proposal.ended_because) == ("void", "The evidence has changed since it was proposed.")


def test_a_proposal_lapses_after_ten_business_days(walk: Walk) -> None:
    ready(walk)
    propose_advance(effective_on=walk.today, **walk.by("olu"))
    walk.move_on(15)

    with pytest.raises(OperationRefused) as refused:
        sign_off(**walk.by("tess"))

    assert fields(refused) == ["proposal"]


def test_a_lapsed_proposal_makes_room_for_a_new_one(walk: Walk) -> None:
    ready(walk)
    propose_advance(effective_on=walk.today, **walk.by("olu"))
    walk.move_on(15)

    propose_advance(effective_on=walk.today, **walk.by("olu"))

    states = walk.session.scalars(select(Proposal.state).order_by(Proposal.seq)).all()
    assert states == ["lapsed", "open"]


def test_a_withdrawn_proposal_makes_room_for_a_new_one(walk: Walk) -> None:
    ready(walk)
    propose_advance(effective_on=walk.today, **walk.by("olu"))

    withdraw_proposal(**walk.by("olu"))

    assert propose_advance(effective_on=walk.today, **walk.by("tess")).needed == ("one other person of the team",)


def test_an_exception_moves_the_claim_and_not_the_support(walk: Walk) -> None:
    walk.open()

    advance_by_exception(reason="The sponsor insists", ends_on=walk.ago(-30), effective_on=walk.today, **walk.by("vik"))

    account = walk.account()
    assert (account.claimed_step, account.supported_step) == (2, 1)
    assert walk.session.get_one(Visit, (walk.account_id, 3)).missing == ["1b", "1c"]


def test_only_the_value_stream_manager_makes_an_exception(walk: Walk) -> None:
    walk.open()

    with pytest.raises(Forbidden):
        advance_by_exception(reason="Why not", ends_on=walk.ago(-30), effective_on=walk.today, **walk.by("tess"))


def test_going_back_opens_a_new_visit_with_its_reason(walk: Walk) -> None:
    ready(walk)
    walk.advance()

    move_back(to_step=1, reason="sponsor_left", effective_on=walk.today, **walk.by("olu"))

    visit = walk.session.get_one(Visit, (walk.account_id, 4))
    assert (visit.step, visit.kind, visit.reason) == (1, "regressed", "sponsor_left")


@pytest.mark.parametrize("to_step", [2, 3, 9, 0])
def test_going_back_to_a_step_that_is_not_earlier_is_refused(walk: Walk, to_step: int) -> None:
    ready(walk)
    walk.advance()

    with pytest.raises(OperationRefused) as refused:
        move_back(to_step=to_step, reason="no reason", effective_on=walk.ago(-1), **walk.by("olu"))

    assert fields(refused) == ["to_step", "reason", "effective_on"]


def test_a_point_that_is_taken_back_lowers_the_support_and_not_the_claim(walk: Walk) -> None:
    ready(walk)
    walk.advance()
    seq = walk.record("1c", numbers={"asked": 4, "yes": 4}).seq

    retract_evidence(seq=seq, because="They were asked another question", **walk.by("tess"))
    retract_evidence(seq=seq - 1, because="So was this", **walk.by("tess"))

    assert (walk.account().claimed_step, walk.account().supported_step) == (2, 1)


def test_evidence_of_an_earlier_day_supports_from_that_day_on(walk: Walk) -> None:
    walk.open()
    advance_by_exception(reason="Go", ends_on=walk.ago(-9), effective_on=walk.ago(20), **walk.by("vik"))

    walk.prove_step_1(days_ago=10)

    on_record = walk.session.scalars(select(Standing).order_by(Standing.effective_on, Standing.seq)).all()
    assert [(s.effective_on, s.place, s.supported_step) for s in on_record][-2:] == [
        (walk.ago(20), 2, 1),
        (walk.ago(10), 2, 2),
    ]


def test_the_customers_word_is_asked_for_where_the_playbook_says_so(walk: Walk) -> None:
    ready(walk)
    walk.advance()
    walk.prove_step_2()
    walk.advance()

    with pytest.raises(NotFound):
        record_customer_sign_off(contact_seq=1, said_how="call", **walk.by("olu"))

    assert walk.account().claimed_step == 3


def test_a_step_change_takes_few_statements_and_writes_the_account_once(
    walk: Walk, counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    ready(walk)
    propose_advance(effective_on=walk.today, **walk.by("olu"))
    tess = walk.by("tess")

    with counted() as statements:
        assert sign_off(**tess).advanced

    assert len(statements) <= 17, statements
    assert sum(statement.startswith("UPDATE accounts") for statement in statements) == 1


def test_what_is_wrong_with_evidence_is_said_at_once(walk: Walk) -> None:
    walk.open()

    with pytest.raises(OperationRefused) as refused:
        record_evidence(
            point="1c", statement=Statement(numbers={"asked": 3}), effective_on=walk.ago(-1), **walk.by("olu")
        )

    assert fields(refused) == ["effective_on", "contact_seq", "said_how", "yes"]


@pytest.mark.parametrize(("point", "field"), [("9z", "point"), ("1a", "point"), ("6b", "point")])
def test_nobody_types_in_what_is_computed(walk: Walk, point: str, field: str) -> None:
    walk.open()

    with pytest.raises(OperationRefused) as refused:
        walk.record(point)

    assert fields(refused) == [field]
