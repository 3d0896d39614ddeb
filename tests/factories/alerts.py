"""Alerts, the messages they send, and the runs of the jobs that raise them."""

from datetime import timedelta
from typing import Any

from changetrack.models import Account, Alert, Heartbeat, JobRun, Notification, OutboxMessage, User
from tests.clock import NOW, TODAY
from tests.factories._saving import Saver, number, save


def make_alert(session: Saver, account: Account, **fields: Any) -> Alert:
    """A notice, raised today: no progress."""
    given: dict[str, Any] = {"account_id": account.id, "team_id": account.team_id}
    given |= {"visit_seq": account.visit_seq, "step": account.claimed_step}
    given |= {"severity": "notice", "severity_rank": 2, "raised_on": TODAY, "raised_at": NOW}
    given["reasons"] = {"no_progress": {"since": TODAY.isoformat(), "why": "No progress.", "rule": 1}}
    return save(session, Alert(**{**given, **fields}))


def make_message(session: Saver, user: User, **fields: Any) -> OutboxMessage:
    """A message for `user` inside the application, due now."""
    given: dict[str, Any] = {"key": f"message-{number()}", "channel": "in_app", "user_id": user.id}
    return save(session, OutboxMessage(**{**given, "payload": {}, "created_at": NOW, "due_at": NOW, **fields}))


def make_notification(session: Saver, user: User, **fields: Any) -> Notification:
    """An unread notification."""
    given: dict[str, Any] = {"key": f"notification-{number()}", "user_id": user.id}
    return save(session, Notification(**{**given, "title": "Look", "body": "Here.", "created_at": NOW, **fields}))


def make_job_run(session: Saver, **fields: Any) -> JobRun:
    """A sweep that has finished."""
    given: dict[str, Any] = {"name": "stale-sweep", "slot": TODAY.isoformat(), "state": "done"}
    given |= {"leased_until": NOW + timedelta(minutes=5), "started_at": NOW, "finished_at": NOW}
    return save(session, JobRun(**{**given, **fields}))


def make_heartbeat(session: Saver, **fields: Any) -> Heartbeat:
    """A scheduler that is alive."""
    return save(session, Heartbeat(**{"name": "scheduler", "seen_at": NOW, **fields}))
