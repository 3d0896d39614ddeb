"""Control points that outcomes and counted use prove, written down as evidence like any other."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from changetrack.domain.people import Actor
from changetrack.domain.usage import member_hash
from changetrack.models import Account, Evidence, Journey, Outcome
from changetrack.operations.night import sweep_account
from changetrack.operations.usage.waking import wake_accounts
from tests.factories import (
    make_contact,
    make_evidence,
    make_member,
    make_metric,
    make_outcome,
    make_reading,
)
from tests.factories._saving import Saver
from tests.factories.walk import Walk

SECRET = "a-key-that-signs-nothing-outside-of-these-tests"
WEEK = timedelta(weeks=1)
Sweep = Callable[[], None]


@pytest.fixture
def account(session: Saver, walk: Walk) -> Account:
    """An account at step 1, due tonight, which five people are to use."""
    walk.open()
    account = session.get_one(Account, walk.account_id)
    account.planned_users = 5
    session.commit()
    return account


@pytest.fixture
def sweep(session: Saver, account: Account, now: datetime, today: date) -> Sweep:
    """Let the night visit the account."""

    def visit() -> None:
        account.due_on = today
        session.commit()
        sweep_account(account_id=account.id, actor=Actor.system("night"), now=now, today=today, secret=SECRET)
        session.expire_all()

    return visit


def live(session: Saver, account: Account, point: str) -> list[Evidence]:
    found = session.query(Evidence).filter_by(account_id=account.id, point=point, retracted_on=None)
    return list(found.order_by(Evidence.seq))


def test_two_of_the_coalition_seen_using_it_hold_4c_for_28_days(
    session: Saver, account: Account, sweep: Sweep, today: date
) -> None:
    users = make_metric(session, "active_users", aggregation="distinct", purpose="active_users")
    for n, days in enumerate((0, 5)):
        person = make_contact(session, account, email=f"user{n}@customer.example", in_coalition=True)
        seen = member_hash(SECRET, str(person.email))
        make_member(session, account, users, member=seen, day=today - timedelta(days=days))

    sweep()

    (evidence,) = live(session, account, "4c")
    assert (evidence.kind, evidence.side, evidence.expires_on) == ("record", "machine", today + timedelta(days=23))


def test_users_who_are_not_of_the_coalition_prove_nothing_of_it(
    session: Saver, account: Account, sweep: Sweep, today: date
) -> None:
    users = make_metric(session, "active_users", aggregation="distinct", purpose="active_users")
    for n in range(3):
        make_member(session, account, users, member=f"{n:032}", day=today)

    sweep()

    assert live(session, account, "4c") == []


def wake(today: date, now: datetime) -> int:
    return wake_accounts(actor=Actor.system("night"), now=now, today=today)


def test_an_account_wakes_when_its_people_are_seen_and_sleeps_once_that_is_written_down(
    session: Saver, account: Account, sweep: Sweep, now: datetime, today: date
) -> None:
    tasks = make_metric(session, "first_task", aggregation="distinct", purpose="first_task")
    account.place, account.claimed_step, account.due_on = 5, 5, None
    session.commit()

    before = wake(today, now)
    for n in range(4):
        make_member(session, account, tasks, member=f"{n:032}", day=today - timedelta(days=n))
    seen = wake(today, now)
    session.expire_all()
    due_on = session.get_one(Account, account.id).due_on
    sweep()
    account.due_on = None
    session.commit()

    assert (before, seen, due_on) == (0, 1, today)
    assert wake(today, now) == 0


@pytest.mark.parametrize(("users", "mails", "woken"), [(3, 1, 0), (4, 1, 1), (3, 2, 1)])
def test_an_account_sleeps_on_while_too_few_were_counted_or_can_be_found(
    session: Saver, account: Account, now: datetime, today: date, users: int, mails: int, woken: int
) -> None:
    tasks = make_metric(session, "first_task", aggregation="distinct", purpose="first_task")
    seen = make_metric(session, "active_users", aggregation="distinct", purpose="active_users")
    account.place, account.claimed_step, account.due_on = 5, 5, None
    for n in range(3):
        make_contact(session, account, email=f"user{n}@customer.example" if n < mails else None, in_coalition=True)
    for n in range(users):
        make_member(session, account, tasks, member=f"{n:032}", day=today)
        make_member(session, account, seen, member=f"{n:032}", day=today)

    assert wake(today, now) == woken


def test_an_account_that_is_not_opened_sleeps_on(session: Saver, account: Account, now: datetime, today: date) -> None:
    tasks = make_metric(session, "first_task", aggregation="distinct", purpose="first_task")
    account.place, account.claimed_step, account.due_on = 5, 5, None
    session.get_one(Journey, account.id).opened_on = None
    for n in range(5):
        make_member(session, account, tasks, member=f"{n:032}", day=today)

    assert wake(today, now) == 0


@pytest.mark.parametrize(("users", "holds"), [(4, True), (3, False)])
def test_the_first_task_counts_those_who_did_it(
    session: Saver, account: Account, sweep: Sweep, today: date, users: int, holds: bool
) -> None:
    tasks = make_metric(session, "first_task", aggregation="distinct", purpose="first_task")
    for n in range(users):
        make_member(session, account, tasks, member=f"{n:032}", day=today - timedelta(days=n))

    sweep()

    assert bool(live(session, account, "5b")) is holds


@pytest.fixture
def outcome(session: Saver, account: Account, today: date) -> Outcome:
    """Confirmed for thirty weeks, until the customer's word ends in a month."""
    metric, monday = make_metric(session, "orders"), today - timedelta(days=today.weekday())
    agreed = monday - 34 * WEEK
    outcome = make_outcome(
        session, account, metric, state="confirmed", agreed_on=agreed, confirmed_from=agreed + 4 * WEEK,
        valid_until=today + timedelta(days=30),
    )  # fmt: skip
    for n in range(34):
        make_reading(session, outcome, period_start=agreed + n * WEEK, recorded_on=agreed + (n + 1) * WEEK)
    return outcome


@pytest.mark.usefixtures("outcome")
def test_a_confirmed_outcome_proves_what_rests_on_it(session: Saver, account: Account, sweep: Sweep) -> None:
    make_metric(session, "active_users", aggregation="distinct", purpose="active_users")

    sweep()

    held = {point: bool(live(session, account, point)) for point in ("3c", "6a", "6b", "7a", "8c")}
    assert held == {"3c": True, "6a": True, "6b": True, "7a": False, "8c": True}


def test_a_win_holds_until_the_customers_word_ends(
    session: Saver, account: Account, sweep: Sweep, outcome: Outcome
) -> None:
    make_metric(session, "active_users", aggregation="distinct", purpose="active_users")

    sweep()

    (evidence,) = live(session, account, "6b")
    assert (evidence.effective_on, evidence.expires_on) == (outcome.confirmed_from, outcome.valid_until)


def test_a_renewed_word_carries_the_win_on(session: Saver, account: Account, sweep: Sweep, outcome: Outcome) -> None:
    make_metric(session, "active_users", aggregation="distinct", purpose="active_users")
    sweep()
    later = session.get_one(Outcome, (account.id, outcome.seq))
    assert later.valid_until is not None
    later.valid_until += timedelta(days=90)

    sweep()

    assert live(session, account, "6b")[-1].expires_on == later.valid_until


def test_a_lapse_takes_the_win_back(session: Saver, account: Account, sweep: Sweep, outcome: Outcome) -> None:
    make_metric(session, "active_users", aggregation="distinct", purpose="active_users")
    sweep()
    session.get_one(Outcome, (account.id, outcome.seq)).state = "lapsed"

    sweep()

    assert live(session, account, "6b") == []
    assert live(session, account, "3c")


def test_a_week_that_is_under_way_does_not_end_half_a_year_of_use(
    session: Saver, account: Account, sweep: Sweep, outcome: Outcome, today: date
) -> None:
    make_metric(session, "active_users", aggregation="distinct", purpose="active_users")
    monday = today - timedelta(days=today.weekday())
    make_reading(session, outcome, period_start=monday, recorded_on=today, value=outcome.threshold / 5)

    sweep()

    assert live(session, account, "8c")


def test_use_that_goes_on_renews_4c_before_anybody_is_warned_of_its_end(
    session: Saver, account: Account, sweep: Sweep, today: date
) -> None:
    users = make_metric(session, "active_users", aggregation="distinct", purpose="active_users")
    seen_before, ends_on = today - timedelta(days=14), today + timedelta(days=14)
    make_evidence(session, account, "4c", kind="record", side="machine", effective_on=seen_before, expires_on=ends_on)
    for n in range(2):
        person = make_contact(session, account, email=f"user{n}@customer.example", in_coalition=True)
        make_member(session, account, users, member=member_hash(SECRET, str(person.email)), day=today)

    sweep()

    assert live(session, account, "4c")[-1].expires_on == today + timedelta(days=28)
