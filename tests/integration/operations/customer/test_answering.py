"""Claims about a customer's own word: what it proves, whose it is, how it is changed, and what it cannot do."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused
from changetrack.models import Contact, Event, Evidence, OutcomeStatement, PlaybookVersion, SignOff
from changetrack.operations.customer_answers import Answer, answer_ask
from changetrack.operations.customer_links import revoke_link
from changetrack.operations.journey.evidence import retract_evidence
from changetrack.operations.journey.gate import sign_off
from changetrack.operations.sign_in import TooManyTries
from changetrack.queries.journey import get_journey
from tests.factories.asking import INES, JON, MARA, Asking
from tests.factories.walk import Walk


def evidence(asking: Asking, point: str) -> list[Evidence]:
    asking.walk.session.rollback()
    query = select(Evidence).where(Evidence.point == point, Evidence.kind != "record").order_by(Evidence.seq)
    return list(asking.walk.session.scalars(query))


def statements(asking: Asking) -> list[OutcomeStatement]:
    asking.walk.session.rollback()
    return list(asking.walk.session.scalars(select(OutcomeStatement).order_by(OutcomeStatement.seq)))


def events(asking: Asking, kind: str) -> list[Event]:
    asking.walk.session.rollback()
    return list(asking.walk.session.scalars(select(Event).where(Event.kind == kind).order_by(Event.seq)))


def holds(walk: Walk, point: str) -> bool:
    view = get_journey(walk.account_id, actor=walk.cast.actor("olu"), today=walk.today, step=int(point[0]))
    return next(one.holds for one in view.selected.points if one.key == point)


def need_own_hand(walk: Walk, point: str) -> None:
    """Let the playbook accept nothing but the customer's own hand on a point."""
    row = walk.session.get_one(PlaybookVersion, 1)
    body = {"steps": [{**step, "points": [_asking(p, point) for p in step["points"]]} for step in row.body["steps"]]}
    row.body = body
    walk.session.commit()


def _asking(point: dict[str, object], key: str) -> dict[str, object]:
    return {**point, "own_hand": True} if point["key"] == key else point


def test_a_yes_to_a_control_point_is_evidence_by_the_persons_own_hand(asking: Asking) -> None:
    asking.answer(asking.token("point-5c"), "point-5c", comment="They asked me twice already.")

    (row,) = evidence(asking, "5c")
    assert (row.hand, row.said_how, row.person_name, row.contact_seq) == ("own", None, "Mara", MARA)
    assert (row.passes, row.note, row.side) == (True, "They asked me twice already.", "customer")
    assert holds(asking.walk, "5c")


def test_the_history_names_the_person_and_not_the_team(asking: Asking) -> None:
    asking.answer(asking.token("point-5c"), "point-5c")

    (event,) = events(asking, "evidence_recorded")
    assert (event.actor, event.is_progress) == ("customer:Mara", True)


@pytest.mark.parametrize(("answer", "words"), [("not_yet", "Not yet."), ("not_valued", "That’s not what we value.")])
def test_a_no_is_kept_in_the_words_it_was_said(asking: Asking, answer: str, words: str) -> None:
    asking.answer(asking.token("point-5c"), "point-5c", answer)

    (row,) = evidence(asking, "5c")
    assert (row.passes, row.explanation) == (False, words)
    assert not holds(asking.walk, "5c")


def test_numbers_are_judged_by_the_rule_of_the_point(asking: Asking) -> None:
    token = asking.token("point-1c")

    asking.answer(token, "point-1c", numbers={"asked": 4, "yes": 2})
    too_few = holds(asking.walk, "1c")
    asking.answer(token, "point-1c", numbers={"asked": 4, "yes": 4})

    assert (too_few, holds(asking.walk, "1c")) == (False, True)


def test_numbers_that_cannot_be_are_refused_and_a_bare_no_needs_none(asking: Asking) -> None:
    token = asking.token("point-1c")

    with pytest.raises(OperationRefused) as refusal:
        asking.answer(token, "point-1c", numbers={"asked": 3, "yes": 4})
    asking.answer(token, "point-1c", "not_yet")

    assert [reason.field for reason in refusal.value.reasons] == ["yes"]
    assert [row.passes for row in evidence(asking, "1c")] == [False]


def test_a_link_leads_somewhere(asking: Asking) -> None:
    token = asking.token("point-8b")

    with pytest.raises(OperationRefused, match="https://"):
        asking.answer(token, "point-8b", url="javascript:alert(1)")
    asking.answer(token, "point-8b", url="https://intranet.example/handbook")

    assert [row.url for row in evidence(asking, "8b")] == ["https://intranet.example/handbook"]


def test_a_bare_no_needs_no_link_but_keeps_none_that_leads_nowhere(asking: Asking) -> None:
    token = asking.token("point-8b")

    with pytest.raises(OperationRefused, match="https://"):
        asking.answer(token, "point-8b", "not_yet", url="javascript:alert(1)")
    asking.answer(token, "point-8b", "not_yet")

    assert [(row.url, row.passes) for row in evidence(asking, "8b")] == [(None, False)]


def test_agreement_by_own_hand_makes_an_outcome_agreed(asking: Asking) -> None:
    asking.answer(asking.token("agree-1"), "agree-1", comment="Forty is right.")

    (row,) = statements(asking)
    assert (row.kind, row.hand, row.said_how, row.person_name) == ("agreed", "own", None, "Mara")
    assert (row.given_on, row.note) == (asking.walk.today, "Forty is right.")
    assert asking.outcome().agreed_on == asking.walk.today


def test_an_attestation_by_own_hand_lasts_as_long_as_the_terms_say(asking: Asking) -> None:
    token = asking.token("agree-1")
    asking.answer(token, "agree-1")
    asking.ask("attest-1")

    asking.answer(token, "attest-1")

    assert [(row.kind, row.hand) for row in statements(asking)] == [("agreed", "own"), ("attested", "own")]
    assert asking.outcome().valid_until == asking.walk.today + timedelta(days=90)


def test_somebody_else_than_the_beneficiary_may_attest_but_not_dispute(asking: Asking) -> None:
    asking.answer(asking.token("agree-1"), "agree-1")
    token = asking.token("attest-1", contact_seq=JON)

    with pytest.raises(OperationRefused, match="Choose one of the answers"):
        asking.answer(token, "attest-1", "not_valued")
    asking.answer(token, "attest-1")

    assert [row.person_name for row in statements(asking)] == ["Mara", "Jon"]


def test_that_is_not_what_we_value_disputes_the_outcome(asking: Asking) -> None:
    token = asking.token("agree-1")

    asking.answer(token, "agree-1", "not_valued", comment="We measure it otherwise.")

    assert asking.outcome().state == "disputed"
    assert [row.kind for row in statements(asking)] == ["disputed"]


def test_a_mistake_is_taken_back_by_answering_otherwise(asking: Asking) -> None:
    token = asking.token("agree-1", "point-5c")
    asking.answer(token, "agree-1", "not_valued")
    asking.answer(token, "point-5c", "not_yet")

    asking.answer(token, "agree-1")
    asking.answer(token, "point-5c")

    said = [(row.kind, row.retracted_because) for row in statements(asking)]
    assert said == [("disputed", "Mara gave another answer."), ("agreed", None)]
    assert [row.retracted_on is None for row in evidence(asking, "5c")] == [False, True]
    assert asking.outcome().state == "agreed"
    assert holds(asking.walk, "5c")


def test_with_the_agreement_goes_what_it_proved(asking: Asking) -> None:
    token = asking.token("agree-1")
    asking.answer(token, "agree-1")
    agreed = holds(asking.walk, "3c")

    asking.answer(token, "agree-1", "not_yet")

    assert (agreed, holds(asking.walk, "3c")) == (True, False)
    assert (asking.outcome().state, asking.outcome().agreed_on) == ("proposed", None)


def test_a_second_click_is_no_second_word(asking: Asking) -> None:
    token = asking.token("point-5c")

    asking.answer(token, "point-5c", comment="So it is.")
    asking.answer(token, "point-5c", comment=" So it is. ")

    assert len(evidence(asking, "5c")) == 1


def test_the_page_keeps_what_was_said_and_when(asking: Asking) -> None:
    asking.answer(asking.token("point-1c"), "point-1c", numbers={"asked": 4, "yes": 4}, comment="All of us.")

    (ask,) = asking.link().asks
    assert (ask["answer"], ask["comment"], ask["numbers"]) == ("yes", "All of us.", {"asked": 4, "yes": 4})
    assert (ask["answered_at"], asking.link().answered_at) == (asking.walk.now.isoformat(), asking.walk.now)


def test_a_customer_signs_a_proposal_by_their_own_hand_and_the_last_word_moves_the_account(asking: Asking) -> None:
    walk = asking.walk
    walk.prove_step_1()
    row = walk.session.get_one(PlaybookVersion, 1)
    row.body = {"steps": [{**step, "customer_signs": step["number"] == 1} for step in row.body["steps"]]}
    walk.session.commit()
    walk.advance()
    before = walk.account().claimed_step

    asking.answer(asking.token("sign_off-1", contact_seq=JON), "sign_off-1", comment="Go on.")

    (signed,) = walk.session.scalars(select(SignOff).where(SignOff.contact_seq.is_not(None)))
    assert (signed.hand, signed.said_how, signed.contact_seq, signed.note) == ("own", None, JON, "Go on.")
    assert (before, walk.account().claimed_step) == (1, 2)
    with pytest.raises(OperationRefused):
        asking.answer(asking.token("point-5c", contact_seq=INES), "sign_off-1")


def test_who_does_not_sign_yet_is_heard_and_the_proposal_goes_on(asking: Asking) -> None:
    walk = asking.walk
    walk.prove_step_1()
    row = walk.session.get_one(PlaybookVersion, 1)
    row.body = {"steps": [{**step, "customer_signs": step["number"] == 1} for step in row.body["steps"]]}
    walk.session.commit()
    walk.advance()
    token = asking.token("sign_off-1")

    asking.answer(token, "sign_off-1", "not_yet", comment="One manager is missing.")
    (event,) = events(asking, "customer_declined")
    asking.answer(token, "sign_off-1")

    assert (event.actor, event.note) == ("customer:Mara", "One manager is missing.")
    assert walk.account().claimed_step == 2


def test_a_point_that_asks_for_own_hand_holds_only_with_it(asking: Asking) -> None:
    walk = asking.walk
    walk.record("5c")
    reported = holds(walk, "5c")
    need_own_hand(walk, "5c")
    asked_for = holds(walk, "5c")
    with pytest.raises(OperationRefused, match="own hand"):
        walk.record("5c")

    asking.answer(asking.token("point-5c"), "point-5c")

    assert (reported, asked_for, holds(walk, "5c")) == (True, False, True)


def test_what_somebody_said_by_their_own_hand_the_team_does_not_take_back(asking: Asking) -> None:
    asking.answer(asking.token("point-5c"), "point-5c", "not_yet")
    (row,) = evidence(asking, "5c")

    with pytest.raises(OperationRefused, match="by their own hand"):
        retract_evidence(seq=row.seq, because="It looks bad.", **asking.walk.by("olu"))


def test_nothing_is_answered_on_a_page_that_expired_or_was_revoked_or_whose_person_left(asking: Asking) -> None:
    expired = asking.token("point-5c")
    actor = asking.open(expired)
    asking.walk.move_on(14)
    revoked = asking.token("point-5c", contact_seq=JON)
    revoke_link(link_id=asking.link().id, **asking.walk.by("olu"))
    left = asking.token("point-5c", contact_seq=INES)
    asking.walk.session.get_one(Contact, (asking.walk.account_id, INES)).left_on = asking.walk.today
    asking.walk.session.commit()

    moment = {"actor": actor, "now": asking.walk.now, "today": asking.walk.today, "address": "192.0.2.1"}
    for token, refusal in ((expired, OperationRefused), (revoked, NotFound), (left, NotFound), ("x" * 43, NotFound)):
        with pytest.raises(refusal):
            answer_ask(token=token, key="point-5c", answer=Answer("yes"), **moment)

    assert evidence(asking, "5c") == []


def test_a_page_answers_only_what_it_asks(asking: Asking) -> None:
    token = asking.token("point-5c")

    with pytest.raises(OperationRefused, match="does not ask that"):
        asking.answer(token, "agree-1")


def test_opening_marks_the_page_once_and_expired_ones_never(asking: Asking) -> None:
    token = asking.token("point-5c")
    asking.open(token)
    opened_at = asking.link().opened_at
    asking.walk.move_on(1)

    asking.open(token)

    assert asking.link().opened_at == opened_at == asking.walk.now - timedelta(days=1)


@pytest.mark.parametrize("name", ["olu", "tess", "vik", "ada", "ed"])
def test_nobody_of_ours_answers_in_a_customers_place(asking: Asking, name: str) -> None:
    token = asking.token("point-5c")
    actors = [asking.walk.cast.actor(name), Actor.system("night"), Actor.operator("cli")]

    for actor in actors:
        with pytest.raises(Forbidden):
            answer_ask(
                token=token,
                key="point-5c",
                answer=Answer("yes"),
                actor=actor,
                now=asking.walk.now,
                today=asking.walk.today,
                address="192.0.2.1",
            )

    assert evidence(asking, "5c") == []


def test_a_customer_may_do_nothing_but_answer(asking: Asking) -> None:
    mara = asking.open(asking.token("point-5c"))

    with pytest.raises(NotFound):
        sign_off(**(asking.walk.by("olu") | {"actor": mara}))

    assert [action for action in Action if may(mara, action, asking.walk.cast.team.id)] == [Action.ANSWER]


def test_guessing_addresses_is_slowed_down_and_keeps_nobody_out_who_has_the_right_one(asking: Asking) -> None:
    token = asking.token("point-5c")
    for number in range(20):
        with pytest.raises(NotFound):
            asking.open(f"guess-{number}")

    with pytest.raises(TooManyTries):
        asking.open("guess-20")
    beside = asking.open(token)
    with pytest.raises(NotFound):
        asking.open("guess-21", address="198.51.100.4")
    asking.walk.now += timedelta(minutes=6)
    with pytest.raises(NotFound):
        asking.open("guess-22")

    assert beside.name == "Mara"


def test_answers_on_one_page_are_limited_wherever_they_come_from(asking: Asking) -> None:
    token = asking.token("point-5c")
    for number in range(30):
        asking.answer(token, "point-5c", comment=f"Take {number}", address=f"192.0.2.{number}")

    with pytest.raises(TooManyTries) as refusal:
        asking.answer(token, "point-5c", comment="One more", address="198.51.100.4")

    assert 0 < refusal.value.retry_after <= 300
