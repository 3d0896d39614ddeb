"""Alerts that rested when rests got an end: the day first promised, at most four weeks after they were taken up."""

from datetime import UTC, date, datetime
from typing import Any, cast

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from changetrack import migrations
from changetrack.models import Account, Alert
from tests.factories import make_account, make_alert, make_commitment, make_user

BEFORE = "2026_11_22_watch_and_messages"
TAKEN_UP = datetime(2026, 1, 5, 9, tzinfo=UTC)
FAR = date(2036, 1, 7)


def add(engine: Engine, *, state: str, next_step_on: date, first_due_on: date | None) -> None:
    """An account that the night would look at in ten years, its alert, and the commitment of its next step if any."""
    with Session(engine) as found:
        session = cast(Any, found)
        account = make_account(session, due_on=FAR)
        alert = make_alert(session, account, state=state, next_step_on=next_step_on, acknowledged_at=TAKEN_UP)
        if first_due_on is not None:
            days = {"first_due_on": first_due_on, "due_on": next_step_on}
            make_commitment(session, account, owner_user_id=make_user(session).id, alert_id=alert.id, **days)
        session.commit()


@pytest.mark.parametrize(
    ("state", "next_step_on", "first_due_on", "promised_on"),
    [
        ("acknowledged", date(2026, 1, 20), date(2026, 1, 9), date(2026, 1, 9)),
        ("acknowledged", date(2030, 1, 7), date(2030, 1, 7), date(2026, 2, 2)),
        ("snoozed", date(2026, 1, 12), None, date(2026, 1, 12)),
        ("firing", date(2026, 1, 12), None, None),
    ],
)
def test_the_day_first_promised_is_found_and_the_night_looks_then(
    engine: Engine, state: str, next_step_on: date, first_due_on: date | None, promised_on: date | None
) -> None:
    migrations.upgrade(engine)
    add(engine, state=state, next_step_on=next_step_on, first_due_on=first_due_on)

    migrations.downgrade(engine, BEFORE)
    migrations.upgrade(engine)

    with Session(engine) as session:
        found = session.execute(select(Alert.promised_on, Account.due_on).join(Account)).one()
    assert tuple(found) == (promised_on, promised_on or FAR)
