"""Stated numbers count before events, supersede each other, wait for their account, and are refused all at once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.domain.refusal import OperationRefused
from changetrack.models import UnmatchedUsage, UsageDaily
from changetrack.operations.usage.state import StatedRow, StatedUsage, state_usage
from tests.clock import NOW, TODAY
from tests.factories import make_account, make_metric, make_outcome, make_rule, make_source
from tests.factories._saving import Saver
from tests.integration.operations.usage.usage_arrivals import SENDER, arrival, ingest, numbers

DAY = TODAY.isoformat()


def state(*rows: tuple[Any, ...], days: int = 0) -> StatedUsage:
    when = NOW + timedelta(days=days)
    return state_usage(rows=[StatedRow(*row) for row in rows], actor=SENDER, now=when, today=when.date())


@pytest.fixture
def acme(session: Saver) -> int:
    make_metric(session, "logins")
    make_metric(session, "seats", aggregation="max")
    return make_account(session, external_id="acme").id


def test_a_number_that_is_stated_counts(session: Saver, acme: int) -> None:
    result = state(("acme", "logins", DAY, Decimal("12.34565")), ("acme", "seats", DAY, 7))

    assert result == StatedUsage(rows=2, changed=2, unmatched=0)
    assert numbers(session) == {(acme, "logins", DAY): Decimal("12.3456"), (acme, "seats", DAY): 7}


def test_it_counts_before_events_whatever_the_order(session: Saver, acme: int) -> None:
    source = make_source(session)
    make_rule(session, make_metric(session, "clicks"))
    ingest(source.id, arrival("m-1"))

    state(("acme", "clicks", DAY, 40))
    ingest(source.id, arrival("m-2"))

    row = session.scalars(select(UsageDaily)).one()
    assert (row.counted, row.stated) == (Decimal(2), Decimal(40))


def test_a_later_statement_supersedes_and_the_earlier_day_stays_on_record(session: Saver, acme: int) -> None:
    state(("acme", "logins", DAY, 40))
    state(("acme", "logins", DAY, 41))

    state(("acme", "logins", DAY, 12), days=1)

    rows = session.execute(select(UsageDaily.recorded_on, UsageDaily.stated).order_by(UsageDaily.recorded_on)).all()
    assert rows == [(TODAY, Decimal(41)), (TODAY + timedelta(days=1), Decimal(12))]


def test_saying_the_same_again_changes_nothing(session: Saver, acme: int) -> None:
    state(("acme", "logins", DAY, 40))

    again = state(("acme", "logins", DAY, 40), days=1)

    assert again.changed == 0


def test_rows_of_one_key_come_together_by_the_aggregation(session: Saver, acme: int) -> None:
    state(("acme", "logins", DAY, 1), ("acme", "logins", DAY, 2), ("acme", "seats", DAY, 9), ("acme", "seats", DAY, 5))

    assert numbers(session) == {(acme, "logins", DAY): 3, (acme, "seats", DAY): 9}


def test_numbers_of_an_unknown_account_wait(session: Saver, acme: int) -> None:
    result = state(("who-is-this", "logins", DAY, 40), ("acme", "logins", DAY, 1))

    assert result == StatedUsage(rows=2, changed=1, unmatched=1)
    assert session.execute(select(UnmatchedUsage.name, UnmatchedUsage.value)).all() == [("who-is-this", Decimal(40))]


def test_all_that_is_wrong_is_said_by_its_row_and_nothing_is_written(session: Saver, acme: int) -> None:
    with pytest.raises(OperationRefused) as refusal:
        state(
            ("acme", "logins", DAY, 1),
            (None, "nothing", "02.03.2026", "many"),
            ("acme", "logins", "2999-01-01", -1),
            ("x" * 201, "logins", DAY, float("nan")),
            ("nul\0", "logins", DAY, True),
            ("acme", "logins", DAY, 10**13),
        )

    assert {reason.field for reason in refusal.value.reasons} == {
        "rows[1].account", "rows[1].metric", "rows[1].day", "rows[1].value", "rows[2].day", "rows[2].value",
        "rows[3].account", "rows[3].value", "rows[4].account", "rows[4].value", "rows[5].value",
    }  # fmt: skip
    assert numbers(session) == {}


def test_outcomes_that_are_measured_by_it_become_due(session: Saver, acme: int) -> None:
    account, metric = make_account(session, external_id="globex"), make_metric(session, "exports")
    outcome = make_outcome(session, account, metric, due_on=None)

    state(("globex", "exports", (TODAY - timedelta(days=7)).isoformat(), 3))

    session.rollback()
    assert (outcome.due_on, outcome.touched_from) == (TODAY, TODAY - timedelta(days=7))
