"""Commitments: made, met, reopened, renegotiated in time, handed over, withdrawn; and which is due first."""

from collections.abc import Callable
from datetime import UTC, date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, StaleVersion
from changetrack.models import Alert, Commitment, Event
from changetrack.operations.coalition import add_contact
from changetrack.operations.commitments import (
    hand_over_commitment,
    link_commitment,
    make_commitment,
    meet_commitment,
    renegotiate_commitment,
    reopen_commitment,
    withdraw_commitment,
)
from changetrack.operations.journey.moves import close_account
from changetrack.operations.night import sweep_account
from changetrack.operations.usefulness import measure_alerts
from changetrack.queries.verify import verify
from tests.factories import make_alert, make_metric, make_outcome
from tests.factories.walk import COALITION, Walk


@pytest.fixture
def opened(walk: Walk) -> Walk:
    """An account at step 1, with three people of the customer's."""
    walk.open()
    for person in COALITION:
        add_contact(contact=person, **walk.by("olu"))
    return walk


def make(walk: Walk, **given: Any) -> int:
    """Olu promises something, by default for a week from now."""
    asked: dict[str, Any] = {"action": "Send the plan", "due_on": walk.today + timedelta(7)}
    if "owner_contact_seq" not in given:
        asked["owner_user_id"] = walk.cast.olu.id
    return make_commitment(**{**asked, **given}, **walk.by("olu"))


def kept(walk: Walk, seq: int) -> Commitment:
    """The commitment as it is on record."""
    walk.session.rollback()
    return walk.session.get_one(Commitment, (walk.account_id, seq))


def last_event(walk: Walk) -> Event:
    """The newest event of the account's history."""
    mine = select(Event).where(Event.account_id == walk.account_id).order_by(Event.seq.desc()).limit(1)
    return walk.session.scalars(mine).one()


def refused(error: pytest.ExceptionInfo[OperationRefused]) -> set[str | None]:
    """At which fields it was refused."""
    return {reason.field for reason in error.value.reasons}


def test_a_commitment_is_kept_with_its_owner_and_day_and_is_no_progress(opened: Walk) -> None:
    before = opened.account().progress_on

    seq = make(opened)

    row = kept(opened, seq)
    assert (row.owner_name, row.due_on, row.state) == ("Olu", opened.today + timedelta(7), "open")
    assert (last_event(opened).kind, last_event(opened).is_progress) == ("commitment_made", False)
    assert opened.account().progress_on == before


def test_the_account_knows_which_of_its_commitments_is_due_first(opened: Walk) -> None:
    later = make(opened, action="Train the users", due_on=opened.today + timedelta(20))
    sooner = make(opened, action="Call Mara", due_on=opened.today + timedelta(2))

    assert opened.account().commitment_due_on == opened.today + timedelta(2)
    assert opened.account().commitment_words == "“Call Mara” (Olu)"

    meet_commitment(seq=sooner, version=1, **opened.by("olu"))

    assert opened.account().commitment_due_on == opened.today + timedelta(20)

    withdraw_commitment(seq=later, version=1, reason="They train themselves.", **opened.by("olu"))

    assert (opened.account().commitment_due_on, opened.account().commitment_words) == (None, None)


def test_meeting_a_commitment_of_ours_is_progress_but_no_act_of_the_customers(opened: Walk) -> None:
    seq, silent_since = make(opened), opened.account().customer_on
    opened.move_on(3)

    meet_commitment(seq=seq, version=1, result="They read it.", **opened.by("olu"))

    event = last_event(opened)
    assert (event.kind, event.is_progress, event.note) == (
        "commitment_met",
        True,
        "“Send the plan” (Olu): They read it.",
    )
    assert opened.account().progress_on == opened.today
    assert opened.account().customer_on == silent_since


def test_a_customers_person_who_meets_theirs_is_heard(opened: Walk) -> None:
    seq = make(opened, action="Name the trainers", owner_contact_seq=1)
    opened.move_on(3)

    meet_commitment(seq=seq, version=1, **opened.by("olu"))

    assert kept(opened, seq).owner_name == "Mara"
    assert opened.account().customer_on == opened.today


def test_it_was_met_on_the_day_that_is_said_and_never_before_it_was_made(opened: Walk) -> None:
    seq, made_on = make(opened), opened.today
    opened.move_on(5)

    with pytest.raises(OperationRefused) as early:
        meet_commitment(seq=seq, version=1, met_on=made_on - timedelta(1), **opened.by("olu"))
    with pytest.raises(OperationRefused) as future:
        meet_commitment(seq=seq, version=1, met_on=opened.today + timedelta(1), **opened.by("olu"))
    meet_commitment(seq=seq, version=1, met_on=made_on + timedelta(2), **opened.by("olu"))

    assert refused(early) == refused(future) == {"met_on"}
    assert kept(opened, seq).ended_on == made_on + timedelta(2)
    assert opened.account().progress_on == made_on + timedelta(2)


def test_another_day_is_agreed_up_to_the_due_day_and_is_no_progress(opened: Walk) -> None:
    seq, first = make(opened), opened.today + timedelta(7)
    before = opened.account().progress_on
    opened.move_on(7)

    renegotiate_commitment(seq=seq, version=1, due_on=first + timedelta(7), because="Mara is ill.", **opened.by("olu"))

    row = kept(opened, seq)
    assert (row.due_on, row.first_due_on, row.renegotiated) == (first + timedelta(7), first, 1)
    assert opened.account().commitment_due_on == first + timedelta(7)
    assert (last_event(opened).kind, last_event(opened).is_progress) == ("commitment_renegotiated", False)
    assert opened.account().progress_on == before


def test_after_the_due_day_no_other_day_is_agreed(opened: Walk) -> None:
    seq = make(opened)
    opened.move_on(8)

    with pytest.raises(OperationRefused, match="due already"):
        renegotiate_commitment(seq=seq, version=1, due_on=opened.today + timedelta(7), **opened.by("olu"))


def test_a_commitment_is_handed_over_to_one_person_of_either_side(opened: Walk) -> None:
    seq = make(opened)

    hand_over_commitment(seq=seq, version=1, owner_user_id=opened.cast.tess.id, **opened.by("vik"))
    hand_over_commitment(seq=seq, version=2, owner_contact_seq=2, **opened.by("tess"))

    assert (kept(opened, seq).owner_user_id, kept(opened, seq).owner_name) == (None, "Jon")
    assert last_event(opened).changes["owner"] == ["Tess", "Jon"]
    assert opened.account().commitment_words == "“Send the plan” (Jon)"


def test_which_outcome_asks_for_it_can_be_said_later_and_is_no_progress(opened: Walk) -> None:
    seq, before = make(opened), opened.account().progress_on
    make_outcome(opened.session, opened.account(), make_metric(opened.session))

    link_commitment(seq=seq, version=1, outcome_seq=1, **opened.by("olu"))

    assert (kept(opened, seq).outcome_seq, kept(opened, seq).version) == (1, 2)
    assert (last_event(opened).kind, last_event(opened).is_progress) == ("commitment_linked", False)
    assert last_event(opened).changes["outcome_seq"] == [None, 1]
    assert opened.account().progress_on == before


def test_only_an_outcome_of_the_account_asks_for_it(opened: Walk) -> None:
    seq = make(opened)

    with pytest.raises(OperationRefused) as error:
        link_commitment(seq=seq, version=1, outcome_seq=9, **opened.by("olu"))

    assert refused(error) == {"outcome_seq"}


def test_withdrawing_needs_a_reason(opened: Walk) -> None:
    seq = make(opened)

    with pytest.raises(OperationRefused) as error:
        withdraw_commitment(seq=seq, version=1, reason=" ", **opened.by("olu"))

    assert refused(error) == {"reason"}


def test_everything_that_is_wrong_is_said_at_once(opened: Walk) -> None:
    with pytest.raises(OperationRefused) as error:
        make(opened, action=" ", due_on=opened.ago(1), owner_user_id=opened.cast.otto.id, outcome_seq=99)

    assert refused(error) == {"action", "due_on", "owner", "outcome_seq"}


@pytest.mark.parametrize("whose", [{"owner_user_id": None}, {"owner_user_id": 2**63}, {"owner_contact_seq": 2**40}])
def test_it_is_the_word_of_one_known_person(opened: Walk, whose: dict[str, Any]) -> None:
    with pytest.raises(OperationRefused) as error:
        make(opened, **whose)

    assert refused(error) == {"owner"}


def test_what_has_ended_does_not_change_any_more(opened: Walk) -> None:
    seq = make(opened)
    meet_commitment(seq=seq, version=1, **opened.by("olu"))

    attempts: tuple[tuple[Callable[..., None], dict[str, Any]], ...] = (
        (meet_commitment, {}),
        (renegotiate_commitment, {"due_on": date(2027, 5, 1)}),
        (hand_over_commitment, {"owner_contact_seq": 1}),
        (link_commitment, {"outcome_seq": None}),
        (withdraw_commitment, {"reason": "No."}),
    )
    for attempt, given in attempts:
        with pytest.raises(OperationRefused):
            attempt(seq=seq, version=2, **given, **opened.by("olu"))


def test_who_saw_an_older_version_decides_nothing(opened: Walk) -> None:
    seq = make(opened)
    renegotiate_commitment(seq=seq, version=1, due_on=opened.today + timedelta(9), **opened.by("tess"))

    with pytest.raises(StaleVersion) as error:
        meet_commitment(seq=seq, version=1, **opened.by("olu"))

    assert error.value.current["version"] == 2


def test_strangers_see_none_and_executives_change_none(opened: Walk) -> None:
    seq = make(opened)

    with pytest.raises(NotFound):
        meet_commitment(seq=seq, version=1, **opened.by("otto"))
    with pytest.raises(Forbidden):
        meet_commitment(seq=seq, version=1, **opened.by("ed"))
    with pytest.raises(NotFound):
        meet_commitment(seq=seq + 1, version=1, **opened.by("olu"))


def test_a_closed_account_takes_no_commitment(opened: Walk) -> None:
    close_account(outcome="churned", note="", effective_on=opened.today, **opened.by("olu"))

    with pytest.raises(OperationRefused, match="closed"):
        make(opened)


def clocks(walk: Walk) -> tuple[date, date | None, date | None, bool]:
    """What an account keeps for its clocks."""
    account = walk.account()
    return account.progress_on, account.customer_on, account.commitment_due_on, account.stale


@pytest.mark.parametrize("whose", ["ours", "the customer's"])
def test_what_was_met_by_mistake_is_open_again_as_if_nothing_had_been_told(opened: Walk, whose: str) -> None:
    seq = make(opened, **({"owner_contact_seq": 1} if whose != "ours" else {}))
    before = clocks(opened)
    opened.move_on(3)

    meet_commitment(seq=seq, version=1, result="They read it.", **opened.by("olu"))
    assert clocks(opened) != before
    reopen_commitment(seq=seq, version=2, **opened.by("tess"))

    row = kept(opened, seq)
    assert (row.state, row.ended_on, row.result, row.version) == ("open", None, None, 3)
    assert (last_event(opened).kind, last_event(opened).is_progress) == ("commitment_reopened", False)
    assert clocks(opened) == before
    assert verify(today=opened.today).differences == ()


def test_other_progress_of_the_day_keeps_counting_when_a_commitment_is_opened_again(opened: Walk) -> None:
    first, second = make(opened), make(opened)
    opened.move_on(3)
    met_on = opened.today
    meet_commitment(seq=first, version=1, **opened.by("olu"))
    meet_commitment(seq=second, version=1, **opened.by("olu", now=opened.now + timedelta(minutes=1)))

    reopen_commitment(seq=second, version=2, **opened.by("olu", now=opened.now + timedelta(minutes=2)))

    assert opened.account().progress_on == met_on


def test_it_can_be_met_again_and_counts_again(opened: Walk) -> None:
    seq = make(opened)
    meet_commitment(seq=seq, version=1, **opened.by("olu"))
    reopen_commitment(seq=seq, version=2, **opened.by("olu"))
    opened.move_on(2)

    meet_commitment(seq=seq, version=3, **opened.by("olu"))

    assert (kept(opened, seq).state, opened.account().progress_on) == ("met", opened.today)


def test_what_was_overdue_is_overdue_again_and_the_night_looks_at_it(opened: Walk) -> None:
    seq = make(opened)
    opened.move_on(10)
    sweep_account(**opened.by("olu", actor=Actor.system("stale-sweep")))
    assert "overdue_commitment" in open_reasons(opened)
    meet_commitment(seq=seq, version=1, **opened.by("olu"))
    assert "overdue_commitment" not in open_reasons(opened)

    reopen_commitment(seq=seq, version=2, **opened.by("olu"))

    assert opened.account().due_on == opened.today
    sweep_account(**opened.by("olu", actor=Actor.system("stale-sweep")))
    assert "overdue_commitment" in open_reasons(opened)


def open_reasons(walk: Walk) -> set[str]:
    """The reasons of the account's open alert, none without one."""
    walk.session.rollback()
    mine = select(Alert.reasons).where(Alert.account_id == walk.account_id, Alert.state != "resolved")
    return set(walk.session.scalar(mine) or ())


def test_whether_its_alerts_helped_is_measured_anew(opened: Walk) -> None:
    seq = make(opened)
    opened.move_on(3)
    days: dict[str, Any] = {"raised_on": opened.ago(2), "raised_at": opened.now - timedelta(2)}
    alert = make_alert(opened.session, opened.account(), useful_until=opened.ago(-8), **days)
    night: dict[str, Any] = {"zone": UTC, "actor": Actor.system("measure-alerts"), "now": opened.now}
    meet_commitment(seq=seq, version=1, **opened.by("olu"))
    assert measure_alerts(today=opened.today, **night)["useful"] == 1

    reopen_commitment(seq=seq, version=2, **opened.by("olu"))

    assert measure_alerts(today=opened.ago(-20), **night) == {"useful": 0, "useless": 1}
    opened.session.refresh(alert)
    assert alert.useful is False


@pytest.mark.parametrize("why", ["open", "withdrawn", "moved", "closed"])
def test_only_what_is_met_is_opened_again_while_the_account_is_where_it_was(opened: Walk, why: str) -> None:
    seq, version = make(opened), 1
    if why == "withdrawn":
        withdraw_commitment(seq=seq, version=version, reason="No.", **opened.by("olu"))
    elif why != "open":
        meet_commitment(seq=seq, version=version, **opened.by("olu"))
        opened.move_on(1)
    if why == "moved":
        opened.prove_step_1()
        opened.advance()
    if why == "closed":
        close_account(outcome="churned", effective_on=opened.today, **opened.by("olu"))

    with pytest.raises(OperationRefused):
        reopen_commitment(seq=seq, version=kept(opened, seq).version, **opened.by("olu"))


def test_two_who_open_it_again_at_once_do_so_once(opened: Walk) -> None:
    seq = make(opened)
    meet_commitment(seq=seq, version=1, **opened.by("olu"))
    reopen_commitment(seq=seq, version=2, **opened.by("olu"))

    with pytest.raises(StaleVersion):
        reopen_commitment(seq=seq, version=2, **opened.by("tess"))
