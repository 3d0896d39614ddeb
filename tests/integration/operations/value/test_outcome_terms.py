"""The terms of outcomes: proposing, editing while nobody has agreed, frozen after, other terms by a new agreement."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, StaleVersion
from changetrack.models import Contact
from changetrack.operations.journey.moves import close_account
from changetrack.operations.value import outcomes
from tests.clock import NOW
from tests.factories import make_account, make_daily, make_visit
from tests.factories.bargain import CARLA, Bargain
from tests.factories.walk import Walk


@pytest.fixture
def bargain(walk: Walk) -> Bargain:
    """Carla, Jon, and a metric of their use."""
    return Bargain(walk)


def refused(action: Any, *args: Any, **given: Any) -> dict[str | None, str]:
    """The reasons for which it is refused, by field."""
    with pytest.raises(OperationRefused) as caught:
        action(*args, **given)
    return {reason.field: reason.message for reason in caught.value.reasons}


def test_a_proposal_is_worth_nothing_and_has_the_rules_of_the_house(bargain: Bargain) -> None:
    outcome = bargain.outcome(bargain.propose())

    assert (outcome.seq, outcome.state, outcome.agreed_on) == (1, "proposed", None)
    assert (outcome.confirm_after, outcome.lapse_after, outcome.restore_after, outcome.min_hold) == (4, 2, 4, 4)
    assert (outcome.attestation_valid_days, outcome.settle_lag_days, outcome.requires_attestation) == (90, 2, True)
    assert (outcome.promised, outcome.probationary, outcome.realized, outcome.live) == (0, 0, 0, 0)
    assert [event.note for event in bargain.events("outcome_proposed")] == ["Orders leave on the day they come in."]


def test_everything_that_is_wrong_is_said_at_once(bargain: Bargain) -> None:
    wrong = {"beneficiary_seq": 9, "statement": " ", "metric_id": None, "threshold": Decimal(0), "rate": 0}

    reasons = refused(bargain.propose, **wrong, currency="XXX", accrual="proportional", confirm_after=0)

    fields = {"beneficiary_seq", "statement", "metric_id", "threshold", "rate", "currency", "target", "confirm_after"}
    assert set(reasons) == fields


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"threshold": Decimal("1.23456")}, "threshold"),
        ({"target": Decimal(39)}, "target"),
        ({"overlap_group": "shipping"}, "group_cap"),
        ({"group_cap": 5}, "overlap_group"),
        ({"statement": "x" * 2001}, "statement"),
        ({"plan_periods": 0}, "plan_periods"),
        ({"metric_id": 999}, "metric_id"),
        ({"period": "day"}, "period"),
        ({"charm": 7}, "charm"),
    ],
)
def test_terms_that_cannot_be_are_refused(bargain: Bargain, changed: dict[str, Any], field: str) -> None:
    assert set(refused(bargain.propose, **changed)) == {field}


def test_a_metric_that_is_no_longer_measured_is_refused(bargain: Bargain) -> None:
    gone = bargain.metric("faxes", archived_at=NOW)

    assert set(refused(bargain.propose, metric_id=gone.id)) == {"metric_id"}


def test_a_beneficiary_who_is_new_joins_the_customers_people_and_is_known_the_next_time(bargain: Bargain) -> None:
    terms = bargain.terms(beneficiary_seq=None)
    for _ in range(2):
        outcomes.propose_outcome(terms=terms, beneficiary_name="Nora Neu", **bargain.walk.by("olu"))

    first, second = bargain.outcome(1), bargain.outcome(2)
    assert first.beneficiary_seq == second.beneficiary_seq == 3
    assert bargain.walk.session.get_one(Contact, (bargain.walk.account_id, 3)).name == "Nora Neu"


def test_use_from_before_the_proposal_is_to_be_read(bargain: Bargain) -> None:
    day, account = bargain.walk.ago(40), bargain.walk.account()
    metric = bargain.metric("parcels")
    make_daily(bargain.walk.session, account, metric, day=day)

    outcome = bargain.outcome(bargain.propose(metric_id=metric.id))

    assert outcome.due_on == bargain.walk.today or outcome.recognised_on == bargain.walk.today


def test_outcomes_of_a_group_share_period_currency_and_limit(bargain: Bargain) -> None:
    bargain.propose(overlap_group="shipping", group_cap=15_000)

    other = {"overlap_group": "shipping", "group_cap": 20_000, "period": "month", "currency": "EUR"}
    reasons = refused(bargain.propose, **other)

    assert set(reasons) == {"group_cap", "period", "currency"}
    assert bargain.propose(overlap_group="shipping", group_cap=15_000) == 2


def test_a_proposal_is_edited_and_the_history_says_what_changed(bargain: Bargain) -> None:
    seq = bargain.propose()

    bargain.edit(seq, threshold=Decimal(45), target=Decimal("50.5"))

    outcome = bargain.outcome(seq)
    assert (outcome.threshold, outcome.target, outcome.rate, outcome.version) == (
        Decimal(45), Decimal("50.5"), 10_000, 2,
    )  # fmt: skip
    (event,) = bargain.events("outcome_edited")
    assert event.changes == {"outcome_seq": [None, seq], "threshold": ["40", "45"], "target": [None, "50.5"]}


def test_what_somebody_saved_meanwhile_is_not_overwritten(bargain: Bargain) -> None:
    seq = bargain.propose()
    bargain.edit(seq, threshold=Decimal(45))

    with pytest.raises(StaleVersion) as stale:
        bargain.edit(seq, threshold=Decimal(50))

    assert (stale.value.current["threshold"], stale.value.typed["threshold"]) == (45, 50)
    assert bargain.outcome(seq).threshold == 45


def test_agreed_terms_are_frozen_even_if_the_agreement_is_taken_back(bargain: Bargain) -> None:
    seq = bargain.agreed()
    version = bargain.outcome(seq).version

    while_agreed = refused(bargain.edit, seq, version, rate=1)
    bargain.take_back(1)
    after = refused(bargain.edit, seq, version + 1, rate=1)

    assert list(while_agreed) == list(after) == [None]
    assert bargain.outcome(seq).rate == 10_000


def test_other_terms_take_the_place_of_agreed_ones_when_the_beneficiary_agrees(bargain: Bargain) -> None:
    seq = bargain.agreed(days_ago=30)

    new = bargain.change(seq, threshold=Decimal(60), rate=12_000)
    before = bargain.outcome(seq).replaced_on
    bargain.say("agreed", new, on=bargain.walk.ago(2))

    old, now = bargain.outcome(seq), bargain.outcome(new)
    assert before is None
    assert (now.replaces, now.threshold, now.rate, now.agreed_on) == (
        seq, Decimal(60), 12_000, bargain.walk.ago(2),
    )  # fmt: skip
    assert (old.threshold, old.replaced_on) == (Decimal(40), bargain.walk.ago(2))
    assert len(bargain.events("outcome_replaced")) == 1


def test_the_old_terms_hold_again_when_the_new_agreement_is_taken_back(bargain: Bargain) -> None:
    seq = bargain.agreed(days_ago=30)
    new = bargain.change(seq, rate=12_000)
    word = bargain.say("agreed", new)

    bargain.take_back(word)

    assert bargain.outcome(seq).replaced_on is None
    assert bargain.outcome(new).agreed_on is None


def test_new_terms_are_not_agreed_to_before_the_old_ones_were(bargain: Bargain) -> None:
    seq = bargain.agreed(days_ago=5)
    new = bargain.change(seq, rate=12_000)

    assert set(refused(bargain.say, "agreed", new, on=bargain.walk.ago(6))) == {"given_on"}


def test_one_change_waits_at_a_time_and_has_to_change_something(bargain: Bargain) -> None:
    seq = bargain.agreed()

    same = refused(bargain.change, seq)
    bargain.change(seq, rate=12_000)
    twice = refused(bargain.change, seq, rate=13_000)

    assert same == {None: "These are the terms that hold already."}
    assert twice[None].startswith("Other terms wait for an answer already")


def test_what_nobody_agreed_to_is_edited_and_not_renegotiated(bargain: Bargain) -> None:
    assert refused(bargain.change, bargain.propose(), rate=1) == {None: "Nobody has agreed to it yet: edit it instead."}


def test_a_proposal_is_taken_back_with_a_reason_and_stays_in_the_history(bargain: Bargain) -> None:
    seq = bargain.propose()

    silent = refused(outcomes.withdraw_proposal, seq=seq, because=" ", **bargain.walk.by("olu"))
    outcomes.withdraw_proposal(seq=seq, because="They want something else.", **bargain.walk.by("olu"))

    assert set(silent) == {"because"}
    assert bargain.outcome(seq).state == "withdrawn"
    assert [event.note for event in bargain.events("outcome_taken_back")] == ["They want something else."]
    assert list(refused(bargain.say, "agreed", seq)) == [None]


def test_an_agreed_outcome_is_not_ours_to_take_back(bargain: Bargain) -> None:
    seq = bargain.agreed()

    reasons = refused(outcomes.withdraw_proposal, seq=seq, because="It lapsed.", **bargain.walk.by("olu"))

    assert reasons == {None: "It is agreed: only its beneficiary can withdraw from it."}


def test_nothing_is_proposed_for_a_closed_account(bargain: Bargain) -> None:
    seq = bargain.propose()
    close_account(outcome="churned", note="", effective_on=bargain.walk.today, **bargain.walk.by("olu"))

    assert refused(bargain.propose) == {None: "The account is closed."}
    assert refused(bargain.say, "agreed", seq) == {None: "The account is closed."}


def test_executives_look_and_outsiders_see_nothing(bargain: Bargain) -> None:
    for name, error in (("ed", Forbidden), ("ada", Forbidden), ("otto", NotFound)):
        with pytest.raises(error):
            outcomes.propose_outcome(terms=bargain.terms(), **bargain.walk.by(name))


def test_an_outcome_of_another_account_is_not_found(bargain: Bargain) -> None:
    seq = bargain.propose()
    other = make_account(bargain.walk.session, team_id=bargain.walk.cast.team.id)
    make_visit(bargain.walk.session, other)

    with pytest.raises(NotFound):
        outcomes.withdraw_proposal(seq=seq, because="It is not theirs.", **bargain.walk.by("olu", account_id=other.id))


def test_somebody_who_left_is_no_beneficiary(bargain: Bargain) -> None:
    gone = bargain.walk.session.get_one(Contact, (bargain.walk.account_id, CARLA))
    gone.left_on = bargain.walk.today - timedelta(1)
    bargain.walk.session.commit()

    assert set(refused(bargain.propose)) == {"beneficiary_seq"}
