"""The figures by which somebody watches over an installation: what waits to leave, what ran, which alerts are open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select

from changetrack.models import OPEN_ALERT, Alert, Endpoint, Heartbeat, OutboxMessage, db
from changetrack.queries.jobs import LastTurn, get_last_successes, list_turns

CHANNELS = ("in_app", "email", "slack", "webhook")
ENDPOINT_STATES = ("on", "failing", "off")


@dataclass(frozen=True, slots=True)
class ChannelSigns:
    """What waits to leave by a channel: how many messages, how many of them failed before, since when one is due."""

    channel: str
    waiting: int
    failed: int
    oldest_due: datetime | None


@dataclass(frozen=True, slots=True)
class VitalSigns:
    """All figures at one moment; `alerts` counts those open by (state, severity), `endpoints` by state."""

    channels: tuple[ChannelSigns, ...]
    held: int
    given_up: Mapping[str, int]
    endpoints: Mapping[str, int]
    last_success: Mapping[str, datetime]
    turns: Sequence[LastTurn]
    heartbeat: datetime | None
    alerts: Mapping[tuple[str, str], int]


def get_vital_signs(*, now: datetime) -> VitalSigns:
    """Return the figures of now, by eight statements, each of which reads only what is open."""
    dead = select(OutboxMessage.channel, func.count()).where(OutboxMessage.dead_at.is_not(None))
    is_open = select(Alert.state, Alert.severity_rank, func.count()).where(OPEN_ALERT)
    ranked = db.session.execute(is_open.group_by(Alert.state, Alert.severity_rank))
    return VitalSigns(
        channels=_channels(now),
        held=db.session.scalar(select(func.count()).where(OutboxMessage.held_for.is_not(None))) or 0,
        given_up=dict(db.session.execute(dead.group_by(OutboxMessage.channel)).all()),
        endpoints=_endpoints(),
        last_success=get_last_successes(),
        turns=list_turns(),
        heartbeat=db.session.scalar(select(func.max(Heartbeat.seen_at))),
        alerts={(state, _SEVERITIES[rank]): count for state, rank, count in ranked},
    )


def get_outbox_lag(*, now: datetime) -> timedelta:
    """For how long a message is due that nobody has come to send; one that failed is due when it is to be tried."""
    oldest = db.session.scalar(select(func.min(OutboxMessage.due_at)).where(*_WAITING))
    return max(now - oldest, timedelta()) if oldest is not None else timedelta()


_WAITING = (OutboxMessage.delivered_at.is_(None), OutboxMessage.dead_at.is_(None), OutboxMessage.held_for.is_(None))
_SEVERITIES = ("critical", "warning", "notice")


def _channels(now: datetime) -> tuple[ChannelSigns, ...]:
    query = select(
        OutboxMessage.channel,
        func.count(),
        func.count(OutboxMessage.last_error),
        func.min(case((OutboxMessage.due_at <= now, OutboxMessage.due_at))),
    )
    rows = db.session.execute(query.where(*_WAITING).group_by(OutboxMessage.channel))
    return tuple(ChannelSigns(*row) for row in rows)


def _endpoints() -> dict[str, int]:
    is_off, fails = Endpoint.disabled_at.is_not(None), Endpoint.failing_since.is_not(None)
    state = case((is_off, "off"), (fails, "failing"), else_="on")
    return dict(db.session.execute(select(state, func.count()).group_by(state)).all())
