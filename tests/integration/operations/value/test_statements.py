"""What the customer's people say of outcomes: who may say what, what follows at once, and taking it back."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from changetrack.domain.refusal import NotFound, OperationRefused
from changetrack.models import Contact
from changetrack.operations.value import statements
from tests.factories import make_daily, make_statement
from tests.factories.bargain import CARLA, JON, Bargain
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


def test_an_agreement_is_kept_as_reported_with_person_day_and_how(bargain: Bargain) -> None:
    seq = bargain.propose()

    bargain.say("agreed", seq, on=bargain.walk.ago(9), note="Yes, exactly that.")

    outcome, (word,) = bargain.outcome(seq), bargain.words(seq)
    assert (outcome.state, outcome.agreed_on) == ("agreed", bargain.walk.ago(9))
    assert (word.person_name, word.person_role, word.hand, word.said_how) == (
        "Carla Customer", "Head of logistics", "reported", "call",
    )  # fmt: skip
    assert (word.given_on, word.recorded_on, word.recorded_by) == (
        bargain.walk.ago(9), bargain.walk.today, "olu@example.com",
    )  # fmt: skip


def test_an_agreement_and_an_attestation_are_progress_and_other_words_are_not(bargain: Bargain) -> None:
    seq = bargain.agreed(days_ago=3)
    bargain.say("attested", seq, JON, on=bargain.walk.ago(1))
    bargain.say("not_yet", seq, JON)

    told = {kind: [e.is_progress for e in bargain.events(f"outcome_{kind}")] for kind in ("agreed", "attested")}

    assert told == {"agreed": [True], "attested": [True]}
    assert [event.is_progress for event in bargain.events("outcome_not_yet")] == [False]
    assert bargain.walk.account().progress_on == bargain.walk.ago(1)


@pytest.mark.parametrize("kind", ["agreed", "disputed", "withdrawn"])
def test_only_the_beneficiary_agrees_disputes_and_withdraws(bargain: Bargain, kind: str) -> None:
    seq = bargain.propose() if kind == "agreed" else bargain.agreed()

    reasons = refused(bargain.say, kind, seq, JON)

    assert set(reasons) == {"contact_seq"}
    assert reasons["contact_seq"].startswith("Only Carla Customer, who is to benefit,")


def test_anybody_of_the_customers_attests_for_as_long_as_the_terms_say(bargain: Bargain) -> None:
    seq = bargain.agreed(days_ago=30, attestation_valid_days=60)

    bargain.say("attested", seq, JON, on=bargain.walk.ago(20))
    bargain.say("attested", seq, CARLA, on=bargain.walk.ago(2))

    assert [word.valid_days for word in bargain.words(seq)] == [None, 60, 60]
    assert bargain.outcome(seq).valid_until == bargain.walk.ago(2) + timedelta(60)


def test_all_that_is_wrong_with_a_word_is_said_at_once(bargain: Bargain) -> None:
    seq = bargain.propose()

    reasons = refused(
        bargain.say, "agreed", seq, None, on=bargain.walk.today + timedelta(1), said_how="rumour", note="x" * 8001
    )

    assert set(reasons) == {"contact_seq", "given_on", "said_how", "note"}


def test_a_day_is_needed(bargain: Bargain) -> None:
    assert set(refused(bargain.say, "agreed", bargain.propose(), given_on=None)) == {"given_on"}


def test_a_person_says_nothing_after_they_have_left(bargain: Bargain) -> None:
    seq = bargain.agreed(days_ago=30)
    jon = bargain.walk.session.get_one(Contact, (bargain.walk.account_id, JON))
    jon.left_on = bargain.walk.ago(10)
    bargain.walk.session.commit()

    assert set(refused(bargain.say, "attested", seq, JON, on=bargain.walk.ago(10))) == {"contact_seq"}
    assert bargain.say("attested", seq, JON, on=bargain.walk.ago(11)) == 2


def test_nobody_attests_to_or_withdraws_from_what_was_never_agreed(bargain: Bargain) -> None:
    seq = bargain.propose()

    assert list(refused(bargain.say, "attested", seq)) == [None]
    assert list(refused(bargain.say, "withdrawn", seq)) == [None]


def test_nothing_is_said_of_an_outcome_before_its_agreement(bargain: Bargain) -> None:
    seq = bargain.agreed(days_ago=5)

    assert set(refused(bargain.say, "attested", seq, on=bargain.walk.ago(6))) == {"given_on"}


def test_it_is_agreed_once(bargain: Bargain) -> None:
    seq = bargain.agreed(days_ago=5)

    assert list(refused(bargain.say, "agreed", seq)) == [None]


@pytest.mark.parametrize("kind", ["disputed", "withdrawn"])
def test_a_dispute_and_a_withdrawal_end_it_from_their_day(bargain: Bargain, kind: str) -> None:
    seq = bargain.agreed(days_ago=30)

    bargain.say(kind, seq, on=bargain.walk.ago(3))

    outcome = bargain.outcome(seq)
    assert (outcome.state, outcome.state_since) == (kind, bargain.walk.ago(3))
    assert list(refused(bargain.say, "attested", seq)) == [None]


def test_a_proposal_can_be_disputed_and_written_anew(bargain: Bargain) -> None:
    seq = bargain.propose()
    bargain.say("disputed", seq, note="That is not what we value.")

    new = bargain.change(seq, statement="Nobody works on Saturdays.")
    bargain.say("agreed", new)

    assert bargain.outcome(seq).replaced_on == bargain.walk.today
    assert bargain.outcome(new).state == "agreed"


def test_not_yet_is_kept_and_changes_nothing(bargain: Bargain) -> None:
    seq = bargain.agreed()

    bargain.say("not_yet", seq, JON, note="Half of the team only.")

    assert bargain.outcome(seq).state == "agreed"
    assert [word.kind for word in bargain.words(seq)] == ["agreed", "not_yet"]


def test_a_report_is_taken_back_with_a_reason_and_what_followed_from_it_too(bargain: Bargain) -> None:
    seq = bargain.agreed(days_ago=30)
    word = bargain.say("attested", seq, JON)

    silent = refused(bargain.take_back, word, " ")
    bargain.take_back(word, "He spoke of another site.")
    twice = refused(bargain.take_back, word)

    assert (set(silent), list(twice)) == ({"because"}, [None])
    assert bargain.outcome(seq).valid_until is None
    assert bargain.words(seq)[1].retracted_because == "He spoke of another site."
    assert bargain.words(seq)[1].retracted_on == bargain.walk.today


def test_an_agreement_that_is_taken_back_leaves_a_proposal(bargain: Bargain) -> None:
    seq = bargain.agreed()

    bargain.take_back(1)

    assert (bargain.outcome(seq).state, bargain.outcome(seq).agreed_on) == ("proposed", None)
    assert bargain.say("agreed", seq) == 2


def test_a_dispute_that_is_taken_back_leaves_the_agreement(bargain: Bargain) -> None:
    seq = bargain.agreed(days_ago=9)
    word = bargain.say("disputed", seq)

    bargain.take_back(word)

    assert (bargain.outcome(seq).state, bargain.outcome(seq).agreed_on) == ("agreed", bargain.walk.ago(9))


def test_what_somebody_gave_by_their_own_hand_is_not_ours_to_take_back(bargain: Bargain) -> None:
    seq = bargain.propose()
    word = make_statement(bargain.walk.session, bargain.outcome(seq), "disputed", hand="own", said_how=None)

    reasons = refused(bargain.take_back, word.seq)

    assert reasons == {None: "Carla Customer said so by their own hand: ask them for another word."}


def test_v2_by_the_customers_words_and_daily_numbers(bargain: Bargain) -> None:
    account, metric = bargain.walk.account(), bargain.metric("parcels")
    for week, value in enumerate((41, 44, 47, 40, 45, 46, 44, 48)):
        day = date(2026, 1, 5) + timedelta(weeks=week, days=2)
        make_daily(bargain.walk.session, account, metric, day=day, recorded_on=day, stated=Decimal(value))
    seq = bargain.propose(metric_id=metric.id, settle_lag_days=0)

    bargain.say("agreed", seq, on=date(2026, 1, 5))
    before = bargain.outcome(seq).state
    bargain.say("attested", seq, on=date(2026, 1, 28))

    outcome = bargain.outcome(seq)
    assert (before, outcome.state, outcome.confirmed_from) == ("in_use", "confirmed", date(2026, 2, 2))
    assert (outcome.realized, outcome.live) == (40_000, 10_000)
    assert bargain.walk.account().value["USD"][2:] == [40_000, 10_000]


def test_a_word_that_is_taken_back_takes_back_what_it_made_realized(bargain: Bargain) -> None:
    account, metric = bargain.walk.account(), bargain.metric("parcels")
    for week in range(8):
        day = date(2026, 1, 5) + timedelta(weeks=week, days=2)
        make_daily(bargain.walk.session, account, metric, day=day, recorded_on=day, stated=Decimal(45))
    seq = bargain.propose(metric_id=metric.id, settle_lag_days=0)
    agreement = bargain.say("agreed", seq, on=date(2026, 1, 5))
    bargain.say("attested", seq, on=date(2026, 1, 28))

    bargain.take_back(agreement)

    outcome = bargain.outcome(seq)
    assert (outcome.state, outcome.realized, outcome.live, outcome.promised) == ("proposed", 0, 0, 0)
    assert bargain.walk.account().value == {}


def test_a_word_that_nobody_said_is_not_found(bargain: Bargain) -> None:
    with pytest.raises(NotFound):
        bargain.take_back(77)
    with pytest.raises(NotFound):
        statements.agree_outcome(
            seq=5, word=statements.Word(CARLA, "call", bargain.walk.today), **bargain.walk.by("olu")
        )
