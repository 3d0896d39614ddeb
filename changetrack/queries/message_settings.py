"""Reads of what a person wants to hear, by which channels and when, and of what their addresses are good for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from changetrack.domain.message_choices import ALERT_KINDS, CHANNELS, DEFAULT_CHOICES, DEFAULT_QUIET_DAYS, KINDS, Kind
from changetrack.domain.people import Actor
from changetrack.domain.refusal import NotFound
from changetrack.models import Endpoint, MessageSettings, Team, User, db


@dataclass(frozen=True, slots=True)
class OwnSlack:
    """A person's own Slack address, of which no more is shown than its host; why it is off, or since when it fails."""

    endpoint_id: int
    shown: str
    failing_since: datetime | None
    disabled_because: str | None


@dataclass(frozen=True, slots=True)
class SettingsView:
    """What one person chose; `version` is 0 while they have chosen nothing, and the rest what holds by default.

    `choices` has every kind of message with its channels, `quiet_days` is seven of 0 and 1 from Monday.
    """

    version: int
    timezone: str | None
    digest_hour: int
    digest_weekday: int
    quiet_days: str
    choices: Mapping[str, tuple[str, ...]]
    email: str
    email_failed_at: datetime | None
    email_error: str | None
    has_calendar: bool
    slack: OwnSlack | None
    team_slacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EmailChoice:
    """Whether one person hears of one kind of message by e-mail; `label` names the kind."""

    email: str
    kind: str
    label: str
    is_on: bool


def get_message_settings(*, actor: Actor) -> SettingsView:
    """Return what the actor hears and where, by at most four statements. Raises NotFound for who is no user."""
    user = db.session.get(User, actor.user_id) if actor.user_id is not None else None
    if user is None:
        raise NotFound("person")
    row = db.session.get(MessageSettings, user.id)
    return SettingsView(
        version=row.version if row else 0,
        timezone=row.timezone if row else None,
        digest_hour=row.digest_hour if row else 8,
        digest_weekday=row.digest_weekday if row else 0,
        quiet_days=row.quiet_days if row else DEFAULT_QUIET_DAYS,
        choices=whole_choices(row.choices if row else {}),
        email=user.email,
        email_failed_at=row.email_failed_at if row else None,
        email_error=row.email_error if row else None,
        has_calendar=row is not None and row.calendar_token_hash is not None,
        slack=_own_slack(user.id),
        team_slacks=_team_slacks(actor),
    )


def get_email_choice(user_id: int, kind: str) -> EmailChoice:
    """Return whether a person hears of that kind by e-mail. Raises NotFound for a person or kind there is not."""
    user, chosen_as = db.session.get(User, user_id), choosable_kind(kind)
    if user is None or chosen_as is None:
        raise NotFound("kind of message")
    row = db.session.get(MessageSettings, user_id)
    channels = whole_choices(row.choices if row else {})[chosen_as.key]
    return EmailChoice(user.email, chosen_as.key, chosen_as.label, "email" in channels)


def whole_choices(chosen: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """What was chosen with what holds by default for the rest, every kind with its channels in their order."""
    found = {kind.key: set(chosen.get(kind.key, DEFAULT_CHOICES[kind.key])) for kind in KINDS}
    for key in found.keys() & ALERT_KINDS:
        found[key].add("in_app")
    return {key: tuple(channel for channel in CHANNELS if channel in channels) for key, channels in found.items()}


def choosable_kind(kind: str) -> Kind | None:
    """As what a kind of message is chosen: one that gathers alerts as alerts; None for one that nobody can choose."""
    key = "alert" if kind == "gathered" else kind
    return next((one for one in KINDS if one.key == key), None)


def _own_slack(user_id: int) -> OwnSlack | None:
    mine = select(Endpoint).where(Endpoint.user_id == user_id, Endpoint.kind == "slack").order_by(Endpoint.id)
    row = db.session.scalars(mine.limit(1)).first()
    return OwnSlack(row.id, row.url_shown, row.failing_since, row.disabled_because) if row else None


def _team_slacks(actor: Actor) -> tuple[str, ...]:
    """The Slack channels of the actor's teams that are in use, by name."""
    of_teams = (Endpoint.kind == "slack", Endpoint.disabled_at.is_(None), Endpoint.team_id.in_(actor.teams))
    named = select(Endpoint.name, Team.name).join(Team, Team.id == Endpoint.team_id).where(*of_teams)
    return tuple(f"{channel} ({team})" for channel, team in db.session.execute(named.order_by(Endpoint.name)))
