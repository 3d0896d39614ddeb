"""Alerts, the messages they send, and the runs of the jobs that raise them."""

from datetime import timedelta
from typing import Any

from changetrack.models import (
    Account,
    Alert,
    Digest,
    Heartbeat,
    JobRun,
    LearnedLimit,
    Notification,
    OutboxMessage,
    User,
)
from tests.clock import NOW, TODAY
from tests.factories._saving import Saver, number, save


def make_alert(session: Saver, account: Account, **fields: Any) -> Alert:
    """A notice, raised today: no progress. One of which it is said how useful it was is past its ten days."""
    given: dict[str, Any] = {"account_id": account.id, "team_id": account.team_id}
    given |= {"visit_seq": account.visit_seq, "step": account.claimed_step}
    given |= {"severity": "notice", "severity_rank": 2, "raised_on": TODAY, "raised_at": NOW}
    given["reasons"] = {"no_progress": {"since": TODAY.isoformat(), "why": "No progress.", "rule": 1}}
    if fields.get("useful") is not None:
        given["useful_until"] = TODAY - timedelta(days=1)
    given |= fields
    return save(session, Alert(**{"fired_on": given["raised_on"], **given}))


def make_message(session: Saver, user: User, **fields: Any) -> OutboxMessage:
    """A message for `user` inside the application, due now."""
    given: dict[str, Any] = {"key": f"message-{number()}", "channel": "in_app", "user_id": user.id, "kind": "alert"}
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


def make_learned_limit(session: Saver, **fields: Any) -> LearnedLimit:
    """Of step 3 for this month: 85 % had advanced within 38 days."""
    given: dict[str, Any] = {"month": TODAY.replace(day=1), "step": 3, "fixed_days": 45, "quantile_days": 38}
    given |= {"limit_days": 38, "advances": 9, "visits": 12, "falls": [[20, 12, 4], [38, 6, 5]], "frozen_at": NOW}
    return save(session, LearnedLimit(**{**given, **fields}))


def make_digest(session: Saver, user: User, **fields: Any) -> Digest:
    """That today's digest of the week was written."""
    given: dict[str, Any] = {"user_id": user.id, "kind": "digest", "local_date": TODAY, "written_at": NOW}
    return save(session, Digest(**{**given, **fields}))
