"""Limits learned from time in step: from what was known when the month began, once, and whom it wakes."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden
from changetrack.models import Account, LearnedLimit, PlaybookVersion
from changetrack.operations.learned_limits import Frozen, freeze_limits
from changetrack.operations.playbook import install_playbook
from changetrack.queries.learned_limits import get_learned, get_limits
from tests.clock import NOW, TODAY
from tests.factories import Cast, make_account, make_hold, make_learned_limit, make_visit
from tests.factories._saving import Saver

MARCH = date(2026, 3, 1)
EARLY = NOW - timedelta(days=200)
NIGHT = Actor.system("learn-limits")
TIMES = (5, 7, 8, 11, 13, 14, 17, 20, 26, 33)  # completed stays of DOMAIN's example; 8 and 22 are under way


@pytest.fixture(autouse=True)
def playbook(session: Saver) -> None:
    """The playbook as shipped: step 1 has a limit of 45 days."""
    install_playbook(actor=NIGHT, now=EARLY)


def freeze(day: date = TODAY) -> Frozen:
    return freeze_limits(day=day, zone=UTC, actor=NIGHT, now=NOW, today=TODAY)


def stay(session: Saver, days: int, *, ended: bool = True, step: int = 1, **fields: Any) -> Account:
    """An account that stayed so long at a step and then advanced, or still stays when the month begins."""
    entered_on = MARCH - timedelta(days=days + (60 if ended else 1))
    account = make_account(session, claimed_step=step + ended, visit_seq=1 + ended)
    left = {"left_on": entered_on + timedelta(days=days), "left_kind": "advanced"} if ended else {}
    given = {"step": step, "entered_on": entered_on, "recorded_at": EARLY, **left, **fields}
    make_visit(session, account, **given)
    return account


def learned(session: Saver, step: int = 1) -> LearnedLimit:
    session.rollback()
    return session.get_one(LearnedLimit, {"month": MARCH, "step": step})


def test_the_quantile_of_the_worked_example_is_learned_and_frozen(session: Saver) -> None:
    for days in TIMES:
        stay(session, days)
    for days in (8, 22):
        stay(session, days, ended=False)

    frozen = freeze()

    row = learned(session)
    assert (row.quantile_days, row.limit_days, row.fixed_days) == (26, 26, 45)
    assert (row.advances, row.visits) == (10, 12)
    assert row.falls[:3] == [[5, 12, 1], [7, 11, 1], [8, 10, 1]]
    assert (frozen.is_new, frozen.learned) == (True, 1)


def test_with_seven_advances_the_fixed_limit_stays(session: Saver) -> None:
    for days in TIMES[:7]:
        stay(session, days)

    freeze()

    row = learned(session)
    assert (row.limit_days, row.quantile_days, row.advances) == (None, 14, 7)


def test_freezing_again_changes_nothing_whatever_has_happened_since(session: Saver) -> None:
    freeze()
    for days in TIMES:
        stay(session, days)

    again = freeze(MARCH + timedelta(days=30))

    assert again == Frozen()
    assert learned(session).advances == 0


def test_a_month_whose_beginning_was_missed_learns_from_what_was_known_when_it_began(session: Saver) -> None:
    for days in TIMES[:-1]:
        stay(session, days)
    late = stay(session, 33, recorded_at=NOW)  # told of in March
    after = make_account(session, claimed_step=2)
    left = {"left_on": MARCH, "left_kind": "advanced"}
    make_visit(session, after, step=1, entered_on=MARCH - timedelta(days=9), recorded_at=EARLY, **left)

    freeze(MARCH + timedelta(days=20))

    assert late.id
    assert learned(session).advances == 9
    assert learned(session).visits == 10


def test_days_on_hold_do_not_count(session: Saver) -> None:
    for _ in range(8):
        account = stay(session, 30)
        held_on = MARCH - timedelta(days=85)
        make_hold(session, account, held_on=held_on, resumed_on=held_on + timedelta(days=20))

    freeze()

    assert learned(session).quantile_days == 10


def test_an_exception_is_an_advance_and_going_back_is_none(session: Saver) -> None:
    for days in TIMES[:7]:
        stay(session, days)
    account = make_account(session, claimed_step=2)
    entered_on = MARCH - timedelta(days=50)
    left_on = entered_on + timedelta(days=17)
    for kind in ("excepted", "regressed", "closed"):
        make_visit(session, account, step=1, entered_on=entered_on, left_on=left_on, left_kind=kind, recorded_at=EARLY)

    freeze()

    assert (learned(session).advances, learned(session).visits) == (8, 10)


def test_a_stay_that_a_file_told_of_midway_enters_late(session: Saver) -> None:
    for _ in range(8):
        stay(session, 10)
    known_on = MARCH - timedelta(days=20)
    account = make_account(session, claimed_step=1)
    told = {"kind": "imported", "recorded_at": NOW.replace(month=2, day=9)}
    make_visit(session, account, step=1, entered_on=known_on - timedelta(days=100), **told)

    freeze()

    assert learned(session).falls == [[10, 8, 8]]  # on its day 10 nobody knew of it


def test_a_changed_limit_makes_the_accounts_at_its_step_due(session: Saver) -> None:
    for days in TIMES:
        stay(session, days)
    there = make_account(session, claimed_step=1, due_on=TODAY + timedelta(days=30))
    due_already = make_account(session, claimed_step=1, due_on=TODAY - timedelta(days=1))
    elsewhere = make_account(session, claimed_step=5, due_on=TODAY + timedelta(days=30))
    closed = make_account(session, claimed_step=1, place=11, status="closed")

    frozen = freeze()

    session.rollback()
    due = {row.id: row.due_on for row in session.execute(select(Account.id, Account.due_on))}
    assert frozen.due == 1
    assert (due[there.id], due[due_already.id]) == (TODAY, TODAY - timedelta(days=1))
    assert (due[elsewhere.id], due[closed.id]) == (TODAY + timedelta(days=30), None)


def test_an_unchanged_limit_wakes_nobody(session: Saver) -> None:
    for days in TIMES:
        stay(session, days)
    make_learned_limit(session, month=date(2026, 2, 1), step=1, limit_days=26)
    make_account(session, claimed_step=1, due_on=TODAY + timedelta(days=30))

    assert freeze() == Frozen(learned=1, due=0, is_new=True)


def test_until_a_month_is_frozen_the_limits_of_the_month_before_hold(session: Saver) -> None:
    for month in (date(2026, 1, 1), date(2026, 2, 1)):
        make_learned_limit(session, month=month, step=3, limit_days=30 + month.month)

    in_march, in_january = get_limits(session, date(2026, 3, 17)), get_limits(session, date(2026, 1, 31))

    assert in_march[3].limit_days == 32
    assert in_january[3].limit_days == 31
    assert get_limits(session, date(2025, 12, 31)) == {}
    learning = get_learned(3)
    assert [row.month.month for row in learning.limits] == [2, 1]
    assert [round(fall.survival, 3) for fall in learning.curve.falls] == [0.667, 0.111]
    assert get_learned(4).newest is None


def test_learning_takes_as_many_statements_whatever_the_number_of_visits(
    session: Saver, counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    make_visit(session, make_account(session, claimed_step=1), recorded_at=EARLY)
    with counted() as few:
        freeze(date(2026, 1, 1))
    for days in TIMES:
        stay(session, days)

    with counted() as many:
        freeze()

    assert len(many) == len(few)


def test_before_there_is_a_playbook_nothing_is_learned(session: Saver) -> None:
    session.execute(delete(PlaybookVersion))
    session.commit()

    assert freeze() == Frozen()


def test_only_who_sees_all_accounts_may_learn_from_them(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        freeze_limits(day=TODAY, zone=UTC, actor=cast.actor("olu"), now=NOW, today=TODAY)
