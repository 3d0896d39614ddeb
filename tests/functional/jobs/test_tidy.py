"""Messages that are dealt with are forgotten once they are old; what is still to be told, or could be again, stays."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import func, select

from changetrack.domain.people import Actor
from changetrack.models import Alert, DeliveryAttempt, Digest, Model, Notification, OutboxMessage, User
from changetrack.operations.commitment_reminders import remind_of_commitments
from changetrack.operations.digests import write_digest
from changetrack.operations.message_retention import Forgotten, forget_messages, forget_notifications
from changetrack.queries.digests import DueDigest
from tests.clock import NOW, TODAY
from tests.factories import (
    Cast,
    make_account,
    make_alert,
    make_attempt,
    make_commitment,
    make_digest,
    make_endpoint,
    make_message,
    make_notification,
)
from tests.factories._saving import Saver

Run = Callable[..., Result]
KEPT = timedelta(days=400)
LONG_AGO = NOW - KEPT - timedelta(seconds=1)
TIDY = Actor.system("tidy")
CHANNELS = frozenset({"in_app"})


def old(session: Saver, user: User, key: str, **fields: Any) -> OutboxMessage:
    """A message that was delivered, a second longer ago than is kept."""
    given = {"created_at": LONG_AGO, "due_at": LONG_AGO, "delivered_at": LONG_AGO}
    return make_message(session, user, key=key, **{**given, **fields})


def keys(session: Saver) -> set[str]:
    session.rollback()
    return set(session.scalars(select(OutboxMessage.key)))


def count(session: Saver, model: type[Model]) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(model)) or 0


def forget(after: int = 0, limit: int = 100, before: datetime = NOW - KEPT) -> Forgotten:
    return forget_messages(before=before, after=after, limit=limit, actor=TIDY, now=NOW)


def test_what_was_delivered_or_dropped_long_ago_goes_with_its_tries(session: Saver, cast: Cast, run: Run) -> None:
    make_attempt(session, old(session, cast.olu, "delivered", channel="email"))
    old(session, cast.olu, "dropped", dropped_because="It was no longer so.")
    young = old(session, cast.olu, "young", delivered_at=NOW - KEPT)
    make_attempt(session, young)

    result = run("jobs", "run", "tidy", "--json")

    assert result.exit_code == 0, result.output
    assert '"messages": 2' in result.stdout
    assert keys(session) == {"young"}
    assert session.scalars(select(DeliveryAttempt.message_id)).all() == [young.id]


@pytest.mark.parametrize(
    "fields",
    [
        {"delivered_at": None},
        {"delivered_at": None, "held_for": TODAY},
        {"delivered_at": None, "dead_at": LONG_AGO, "last_error": "It was away."},
        {"delivered_at": NOW},
    ],
)
def test_what_waits_is_held_was_given_up_or_left_lately_stays(
    session: Saver, cast: Cast, fields: dict[str, Any]
) -> None:
    old(session, cast.olu, "stays", **fields)

    assert forget().messages == 0
    assert keys(session) == {"stays"}


def test_a_message_of_an_alert_stays_until_that_is_resolved_and_measured(session: Saver, cast: Cast) -> None:
    account = make_account(session, claimed_step=3, team_id=cast.team.id)
    resolved: dict[str, Any] = {"state": "resolved", "resolved_at": LONG_AGO}
    alerts = {
        "open": make_alert(session, account),
        "unmeasured": make_alert(session, account, **resolved, useful_until=TODAY),
        "over": make_alert(session, account, **resolved, useful=True),
        "nobody heard": make_alert(session, account, **resolved),
    }
    for key, alert in alerts.items():
        old(session, cast.olu, key, alert_id=alert.id, account_id=account.id)

    forget()

    assert keys(session) == {"open", "unmeasured"}
    assert count(session, Alert) == 4


def test_a_commitment_that_is_still_open_is_not_told_again_for_the_same_day(session: Saver, cast: Cast) -> None:
    account = make_account(session, team_id=cast.team.id)
    due_on = LONG_AGO.date()
    make_commitment(session, account, owner_user_id=cast.olu.id, due_on=due_on)
    told: dict[str, Any] = {"actor": TIDY, "today": due_on, "channels": CHANNELS, "zone": UTC}
    remind_of_commitments(now=LONG_AGO, **told)
    for message in session.scalars(select(OutboxMessage)):
        message.delivered_at = LONG_AGO
    session.commit()

    forgotten = forget()

    assert forgotten.messages == 0
    assert remind_of_commitments(now=NOW, **told).letters == 0


def test_the_reminder_of_a_commitment_that_was_met_goes(session: Saver, cast: Cast) -> None:
    account = make_account(session, team_id=cast.team.id)
    make_commitment(session, account, state="met", ended_on=TODAY, owner_user_id=cast.olu.id)
    old(session, cast.olu, "reminder", kind="commitment", account_id=account.id)

    assert forget().messages == 1


def test_a_digest_whose_message_is_gone_is_not_written_again(session: Saver, cast: Cast) -> None:
    day = LONG_AGO.date()
    make_digest(session, cast.olu, local_date=day, written_at=LONG_AGO)
    old(session, cast.olu, f"digest:{day.isoformat()}:in_app:{cast.olu.id}", kind="digest")
    forget()

    is_written = write_digest(
        due=DueDigest(cast.olu.id, "digest", day), at=NOW, zone=UTC, channels=CHANNELS, actor=TIDY, now=NOW
    )

    assert (is_written, keys(session), count(session, Digest)) == (False, set(), 1)


def test_what_went_to_a_program_goes_too(session: Saver, cast: Cast) -> None:
    hook = make_endpoint(session)
    account = make_account(session)
    old(
        session, cast.olu, f"hook:{hook.id}:{account.id}.1.account.moved", channel="webhook", kind="event",
        user_id=None, endpoint_id=hook.id, account_id=account.id,
    )  # fmt: skip

    assert forget().messages == 1


def test_a_piece_of_the_work_looks_at_no_more_than_it_is_given_and_the_next_goes_on(session: Saver, cast: Cast) -> None:
    rows = [old(session, cast.olu, f"m-{number}") for number in range(5)]
    rows[1].dead_at, rows[1].delivered_at = LONG_AGO, None
    session.commit()

    pieces = [forget(limit=2)]
    while pieces[-1].after is not None:
        pieces.append(forget(after=pieces[-1].after, limit=2))

    assert [piece.messages for piece in pieces] == [1, 2, 1]
    assert all(one.after < other.after for one, other in pairwise(pieces) if one.after and other.after)
    assert keys(session) == {"m-1"}


def test_young_messages_are_not_walked_through(session: Saver, cast: Cast) -> None:
    for _ in range(3):
        make_message(session, cast.olu, delivered_at=NOW)

    assert forget(limit=1) == Forgotten(0, None)


def test_what_was_read_long_ago_leaves_the_inbox_and_what_was_not_stays(session: Saver, cast: Cast, run: Run) -> None:
    cast.otto.disabled_at = NOW
    make_notification(session, cast.olu, key="read", created_at=LONG_AGO, read_at=LONG_AGO)
    make_notification(session, cast.olu, key="unread", created_at=LONG_AGO)
    make_notification(session, cast.olu, key="young", read_at=NOW)
    make_notification(session, cast.otto, key="of who has left", created_at=LONG_AGO)

    result = run("jobs", "run", "tidy", "--json")

    assert '"notifications": 2' in result.stdout
    session.rollback()
    assert set(session.scalars(select(Notification.key))) == {"unread", "young"}


def test_an_inbox_is_emptied_some_at_a_time(session: Saver, cast: Cast) -> None:
    for _ in range(3):
        make_notification(session, cast.olu, created_at=LONG_AGO, read_at=LONG_AGO)

    gone = [forget_notifications(before=NOW - KEPT, limit=2, actor=TIDY, now=NOW) for _ in range(3)]

    assert gone == [2, 1, 0]
