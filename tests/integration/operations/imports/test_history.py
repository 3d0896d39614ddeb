"""Bringing history in: late, out of order, twice; what was known stays known, and everything derived follows."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from changetrack.domain.people import Actor
from changetrack.models import Alert, Evidence, MovementCell, Proposal, Standing
from changetrack.operations.journey.evidence import Statement, record_evidence
from changetrack.operations.journey.moves import hold_account, move_back
from changetrack.operations.journey.opening import open_account
from changetrack.operations.night import sweep_account
from tests.integration.operations.imports.conftest import Clerk

HEAD = "external_id,step,entered_on,reason\n"


@pytest.fixture
def known(clerk: Clerk) -> Clerk:
    """An account on record, not opened since it started."""
    clerk.load("accounts", "external_id,name,team,started_on\nA-1,Ahorn,North,2025-06-02\n")
    return clerk


def test_places_become_visits_wherever_they_stand_in_the_file(known: Clerk) -> None:
    known.load("history", HEAD + "A-1,3,2025-11-03,\nA-1,1,2025-07-01,\nA-1,2,2025-09-01,\n")

    assert known.visits() == [
        (1, 0, "imported", "2025-06-02"),
        (2, 1, "opened", "2025-07-01"),
        (3, 2, "advanced", "2025-09-01"),
        (4, 3, "advanced", "2025-11-03"),
    ]
    assert known.believed() == [("2025-06-02", 0), ("2025-07-01", 1), ("2025-09-01", 2), ("2025-11-03", 3)]
    assert (known.account().claimed_step, known.account().visit_seq) == (3, 4)
    assert known.is_sound()


def test_going_back_holding_and_closing_keep_their_reasons(known: Clerk) -> None:
    known.load(
        "history",
        HEAD
        + "A-1,2,2025-07-01,\nA-1,1,2025-08-01,Sponsor left\nA-1,held,2025-09-01,Budget freeze\n"
        + "A-1,1,2025-10-01,\nA-1,closed,2025-11-01,bought by a competitor\n",
    )

    account = known.account()
    assert [kind for _, _, kind, _ in known.visits()] == ["imported", "opened", "regressed"]
    assert known.holds() == [("2025-09-01", "2025-10-01", "Budget freeze")]
    assert (account.status, account.due_on) == ("closed", None)
    assert known.is_sound()


def test_days_on_hold_do_not_count(known: Clerk) -> None:
    known.load("history", HEAD + "A-1,1,2026-01-05,\nA-1,held,2026-01-12,wait\nA-1,1,2026-01-26,\n")

    account = known.account()
    assert (account.held_days, account.held_workdays) == (14, 10)
    assert known.is_sound()


def test_a_second_file_with_the_same_rows_changes_nothing(known: Clerk) -> None:
    rows = HEAD + "A-1,1,2025-07-01,\nA-1,3,2025-09-01,\nA-1,2,2025-10-01,use_lapsed\n"
    known.load("history", rows)

    result = known.again("history", rows)

    assert (result.updated, result.unchanged) == (0, 1)
    assert known.events() == ["account_imported", "history_imported"]


def test_what_was_known_before_a_late_record_stays_known(known: Clerk) -> None:
    known.load("history", HEAD + "A-1,1,2025-07-01,\nA-1,3,2026-01-05,\n")
    known.next_day()

    known.load("history", HEAD + "A-1,2,2025-10-01,\n")

    rows = known.session.scalars(select(Standing).order_by(Standing.seq)).all()
    moment = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
    before = [(str(s.effective_on), s.place) for s in rows if s.recorded_at < moment]
    assert sorted(before) == [("2025-06-02", 0), ("2025-07-01", 1), ("2026-01-05", 3)]
    assert ("2025-10-01", 2) in known.believed()
    assert known.is_sound()


def test_a_placed_account_learns_the_steps_before(clerk: Clerk) -> None:
    clerk.load("accounts", "external_id,name,step,step_entered_on\nA-1,Ahorn,3,2025-11-03\n")

    clerk.load("history", HEAD + "A-1,1,2025-07-01,\nA-1,2,2025-09-01,\nA-1,3,2025-11-03,\n")

    assert [step for _, step, _, _ in clerk.visits()] == [1, 2, 3]
    assert clerk.is_sound()


def test_the_placeholder_of_an_account_without_dates_gives_way(clerk: Clerk) -> None:
    clerk.load("accounts", "external_id,name\nA-1,Ahorn\n")

    clerk.load("history", HEAD + "A-1,1,2025-07-01,\nA-1,2,2025-09-01,\n")

    assert clerk.visits() == [(1, 1, "imported", "2025-07-01"), (2, 2, "advanced", "2025-09-01")]
    assert clerk.account().progress_on.isoformat() == "2025-09-01"
    assert clerk.is_sound()


def test_flows_balance_after_late_records(known: Clerk) -> None:
    known.load("history", HEAD + "A-1,1,2025-07-01,\nA-1,3,2026-01-05,\n")
    known.load("history", HEAD + "A-1,2,2025-10-01,\n")

    query = select(MovementCell.place, func.sum(MovementCell.advanced_in)).group_by(MovementCell.place)
    assert {place: int(n) for place, n in known.session.execute(query) if n} == {1: 1, 2: 1, 3: 1}


def test_an_opened_account_with_evidence_is_settled_as_by_any_operation(known: Clerk) -> None:
    id_ = known.account().id
    day = known.today - timedelta(days=30)
    open_account(
        account_id=id_, beneficiary="The buyers", value_statement="Fewer returns.", effective_on=day, **known.olu()
    )
    said = Statement(contact_name="Mira", said_how="call", numbers={"asked": 4, "yes": 4})
    record_evidence(account_id=id_, point="1c", statement=said, effective_on=day, **known.olu())

    known.load("history", HEAD + f"A-1,2,{known.today - timedelta(days=10)},\n")

    account = known.account()
    assert (account.claimed_step, account.supported_step) == (2, 1)
    assert [step for _, step, _, _ in known.visits()] == [0, 1, 2]
    assert known.session.scalar(select(func.count()).select_from(Evidence)) == 2
    assert known.is_sound()


def test_an_alert_resolves_when_history_takes_the_account_on(known: Clerk) -> None:
    known.load("history", HEAD + "A-1,1,2025-07-01,\n")
    id_ = known.account().id
    sweep_account(account_id=id_, actor=Actor.system("stale-sweep"), now=known.now, today=known.today)
    known.next_day()

    known.load("history", HEAD + f"A-1,2,{known.today},\n")

    assert known.session.scalars(select(Alert.state)).all() == ["resolved"]
    assert known.account().stale is False
    assert known.is_sound()


def test_an_alert_follows_its_visit_when_earlier_visits_are_learned(known: Clerk) -> None:
    known.load("history", HEAD + "A-1,2,2025-09-01,\n")
    id_ = known.account().id
    sweep_account(account_id=id_, actor=Actor.system("stale-sweep"), now=known.now, today=known.today)

    known.load("history", HEAD + "A-1,1,2025-07-01,\n")

    alert = known.session.scalars(select(Alert)).one()
    assert (alert.state, alert.visit_seq) == ("firing", 3)
    assert known.is_sound()


def test_an_account_worked_on_by_hand_takes_late_history(known: Clerk) -> None:
    known.load("history", HEAD + "A-1,3,2025-11-03,\n")
    id_ = known.account().id
    move_back(account_id=id_, to_step=2, reason="use_lapsed", effective_on=known.today, **known.olu())
    review_on = known.today + timedelta(days=20)
    hold_account(account_id=id_, reason="Strike", review_on=review_on, effective_on=known.today, **known.olu())

    known.load("history", HEAD + "A-1,2,2025-09-01,\n")

    assert [(step, kind) for _, step, kind, _ in known.visits()] == [
        (0, "imported"),
        (2, "opened"),
        (3, "advanced"),
        (2, "regressed"),
    ]
    assert (known.account().status, known.account().review_on) == ("held", review_on)
    assert known.session.scalar(select(func.count()).select_from(Proposal)) == 0
    assert known.is_sound()


def test_day_first_dates_are_read_when_announced(known: Clerk) -> None:
    known.load("history", HEAD + "A-1,1,01-07-2025,\n", date_format="dd-mm-yyyy")

    assert known.visits()[-1] == (2, 1, "opened", "2025-07-01")


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("A-1,9,2025-07-01,", "step"),
        ("A-1,,2025-07-01,", "step"),
        ("A-1,1,,", "entered_on"),
        ("A-1,1,2026-03-03,", "entered_on"),
        ("A-1,1,01.07.2025,", "entered_on"),
    ],
)
def test_what_cannot_be_is_refused_by_field(known: Clerk, row: str, field: str) -> None:
    assert known.refused("history", HEAD + row + "\n") == [(2, field)]


def test_a_dry_run_counts_the_accounts_whose_story_would_change(known: Clerk) -> None:
    result = known.load("history", HEAD + "A-1,1,2025-07-01,\nA-1,2,2025-08-01,\n", dry_run=True)

    assert (result.rows, result.updated, result.unchanged) == (2, 1, 0)
    assert len(known.visits()) == 1
