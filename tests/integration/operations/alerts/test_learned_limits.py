"""Limits learned from time in step: from what was known when the month began, once, and whom it wakes."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from changetrack.domain.funnel import end_of_day
from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden
from changetrack.models import Account, LearnedLimit, PlaybookVersion
from changetrack.operations.journey.gate import propose_advance, sign_off
from changetrack.operations.journey.moves import hold_account
from changetrack.operations.learned_limits import Frozen, freeze_limits
from changetrack.operations.playbook import install_playbook
from changetrack.queries.learned_limits import get_learned, get_limits
from changetrack.queries.stays import get_stays
from tests.clock import NOW, TODAY
from tests.factories import Cast, make_account, make_learned_limit, make_playbook, make_standing
from tests.factories._saving import Saver
from tests.factories.walk import Walk

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


def stay(session: Saver, days: int, *, ended: bool = True, at: int = 1, **told: Any) -> Account:
    """An account that stayed so long at a step and then advanced, or still stays when the month begins.

    `told`: fields of the standing that says so; of a stay that has ended, of the one that says that it ended.
    """
    entered_on = MARCH - timedelta(days=days + (60 if ended else 1))
    account = make_account(session, claimed_step=at + ended, visit_seq=1 + ended, created_at=EARLY)
    came = {"visit_seq": 1, "place": at, "step": at, "effective_on": entered_on, "recorded_at": EARLY}
    make_standing(session, account, **came | ({} if ended else told))
    if ended:
        make_standing(session, account, effective_on=entered_on + timedelta(days=days), **{"recorded_at": EARLY} | told)
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
    stay(session, 33, ended=False, recorded_at=NOW)  # told of in March
    stay(session, 33, ended=False)
    account = stay(session, 1, ended=False)
    make_standing(session, account, visit_seq=2, place=2, step=2, effective_on=MARCH, recorded_at=EARLY)

    freeze(MARCH + timedelta(days=20))

    assert learned(session).advances == 9
    assert learned(session).visits == 11


def test_an_advance_that_is_told_after_the_month_began_changes_nothing_of_what_is_frozen_late(session: Saver) -> None:
    for days in TIMES[:-1]:
        stay(session, days)
    stay(session, 33, recorded_at=NOW)  # the advance: in February, told of in March

    freeze(MARCH + timedelta(days=20))

    assert (learned(session).advances, learned(session).visits) == (9, 10)


def test_what_was_believed_when_the_month_began_is_learned_though_it_was_corrected_since(session: Saver) -> None:
    for days in TIMES[:-1]:
        stay(session, days)
    account = stay(session, 33, superseded_at=NOW)
    make_standing(session, account, visit_seq=1, place=1, step=1, effective_on=MARCH, recorded_at=NOW)

    freeze(MARCH + timedelta(days=20))

    assert (learned(session).advances, learned(session).quantile_days) == (10, 26)


def test_a_month_is_measured_by_the_playbook_that_was_in_force_when_it_began(session: Saver) -> None:
    make_playbook(session, version=2, created_at=NOW)  # without steps

    freeze()

    assert learned(session).fixed_days == 45


def hold(session: Saver, account: Account, held_on: date, resumed_on: date, **told: Any) -> None:
    """On hold from one day to another, while at step 1."""
    place = {"visit_seq": 1, "step": 1, "recorded_at": EARLY}
    make_standing(session, account, place=10, effective_on=held_on, **place)
    make_standing(session, account, place=1, effective_on=resumed_on, **place | told)


def test_days_on_hold_do_not_count(session: Saver) -> None:
    held_on = MARCH - timedelta(days=85)
    for _ in range(8):
        hold(session, stay(session, 30), held_on, held_on + timedelta(days=20))

    freeze()

    assert learned(session).quantile_days == 10


def test_a_hold_goes_on_until_it_was_known_to_end(session: Saver) -> None:
    eve = MARCH - timedelta(days=1)
    account = stay(session, 33, ended=False)
    hold(session, account, eve - timedelta(days=20), eve - timedelta(days=15), recorded_at=NOW)

    then, now = (
        get_stays(first=eve, last=eve, known_until=moment)[1][0].held_days
        for moment in (end_of_day(eve, UTC), NOW + timedelta(days=1))
    )

    assert (then, now) == (20, 5)


def test_going_back_and_closing_are_no_advances(session: Saver) -> None:
    for days in TIMES[:7]:
        stay(session, days, at=2)
    ends: tuple[dict[str, Any], ...] = (
        {"place": 1, "step": 1},
        {"place": 11, "step": 2, "visit_seq": 1},
        {"place": 3, "step": 3},
    )
    for fields in ends:
        stay(session, 17, at=2, **fields)

    freeze()

    assert (learned(session, 2).advances, learned(session, 2).visits) == (8, 10)


def test_a_stay_that_a_file_told_of_midway_enters_late(session: Saver) -> None:
    for _ in range(8):
        stay(session, 10)
    account = stay(session, 119, ended=False, recorded_at=NOW.replace(month=2, day=9))
    account.created_at = NOW.replace(month=2, day=9)
    session.commit()

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
    stay(session, 5)
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


def test_what_is_recorded_late_changes_no_stay_as_it_was_known(walk: Walk) -> None:
    walk.open(days_ago=60)
    walk.prove_step_1()
    asked: dict[str, Any] = {"first": walk.ago(365), "last": walk.today, "known_until": walk.now + timedelta(hours=1)}
    in_time = get_stays(**asked)
    walk.now += timedelta(days=2)

    propose_advance(effective_on=walk.today, **walk.by("olu"))
    sign_off(**walk.by("tess"))
    hold_account(reason="Budget", review_on=walk.ago(-60), effective_on=walk.today, **walk.by("olu"))

    assert walk.account().claimed_step == 2
    assert in_time[1][0].left_on is None
    assert get_stays(**asked) == in_time
    assert get_stays(**asked | {"known_until": walk.now + timedelta(hours=1)})[1][0].left_on == walk.today
