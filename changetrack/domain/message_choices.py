"""What a person can choose to hear, by which channels and when."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from changetrack.domain.digests import at_local_hour
from changetrack.domain.refusal import Reason


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message: its `key`, its `label`, and `help` in one line; one that `is_alert` always shows in-app."""

    key: str
    label: str
    help: str
    is_alert: bool = False


KINDS = (
    Kind("alert", "Alerts", "An account of yours went stale, or another reason joined.", is_alert=True),
    Kind("reminder", "Reminders", "An alert of yours that nobody took up for two business days.", is_alert=True),
    Kind("escalation", "Escalations", "An alert of your team that came up to you.", is_alert=True),
    Kind("commitment", "Commitments", "Something you promised is due, or was missed."),
    Kind("digest", "Weekly digest", "What needs you this week, once, on your day at your hour."),
    Kind("portfolio", "Portfolio digest", "Where the customers stand, for executives, once a week."),
)
"""What can be chosen, in the order in which it is shown."""

CHANNELS: Mapping[str, str] = {"in_app": "In ChangeTrack", "email": "E-mail", "slack": "Slack"}
"""How persons hear, with labels. Programs hear by webhooks, which nobody chooses here."""

DEFAULT_CHANNELS = ("in_app", "email")
DEFAULT_CHOICES: Mapping[str, tuple[str, ...]] = {kind.key: DEFAULT_CHANNELS for kind in KINDS}
"""What holds for whoever chose nothing."""

ALERT_KINDS = frozenset({kind.key for kind in KINDS if kind.is_alert} | {"gathered"})
"""Kinds that always show in the application, so that no alert can be missed by choice."""

DEFAULT_QUIET_DAYS = "0000011"
_DAYS = 7


def channels_for(
    kind: str, choices: Mapping[str, Sequence[str]], available: Collection[str] = tuple(CHANNELS)
) -> tuple[str, ...]:
    """Return by which channels a person hears a `kind` of message, in the order of `CHANNELS`.

    `choices` are their own, kind -> channels; what they did not choose is as `DEFAULT_CHOICES` has it. A message that
    gathers alerts goes where alerts go. `available` are the channels that the house can send by; in_app always is.
    """
    if kind == "test":
        chosen: Collection[str] = CHANNELS
    else:
        as_kind = "alert" if kind == "gathered" else kind
        chosen = choices.get(as_kind, DEFAULT_CHOICES.get(as_kind, DEFAULT_CHANNELS))
    can = {"in_app", *available}
    return tuple(
        channel
        for channel in CHANNELS
        if channel in can and (channel in chosen or (channel == "in_app" and kind in ALERT_KINDS))
    )


def deliver_at(now: datetime, *, zone: tzinfo, quiet_days: str, digest_hour: int) -> datetime:
    """Return when a message that is written `now` may reach a person outside the application, in UTC.

    That is at once, unless it is a quiet day where they are: then at `digest_hour` of their next day that is not.
    `quiet_days` is seven of 0 and 1 from Monday, 1 for quiet. Raises ValueError if all days are.
    """
    if not is_week(quiet_days) or "0" not in quiet_days:
        raise ValueError(f"Quiet days are seven of 0 and 1, at least one of them 0, not {quiet_days!r}.")
    today = now.astimezone(zone).date()
    if quiet_days[today.weekday()] == "0":
        return now
    day = next(day for ahead in range(1, _DAYS) if quiet_days[(day := today + timedelta(days=ahead)).weekday()] == "0")
    return at_local_hour(day, digest_hour, zone)


def settings_reasons(
    *,
    timezone: str | None,
    digest_hour: int | None,
    digest_weekday: int | None,
    quiet_days: str,
    choices: Mapping[str, Collection[str]],
    is_zone: Callable[[str], bool],
) -> list[Reason]:
    """Return everything that is wrong with what a person chose, by field; empty when it may be kept.

    `timezone` None is the house's; `is_zone` says whether there is one of that name.
    """
    reasons = []
    if timezone is not None and not is_zone(timezone):
        reasons.append(Reason("timezone", "There is no such time zone."))
    if digest_hour is None or not 0 <= digest_hour < 24:
        reasons.append(Reason("digest_hour", "Choose an hour of the day, 0 to 23."))
    if digest_weekday is None or not 0 <= digest_weekday < _DAYS:
        reasons.append(Reason("digest_weekday", "Choose a day of the week."))
    if not is_week(quiet_days):
        reasons.append(Reason("quiet_days", "Quiet days are days of the week."))
    elif "0" not in quiet_days:
        reasons.append(Reason("quiet_days", "Leave at least one day of the week that is not quiet."))
    return reasons + _choice_reasons(choices)


def is_week(mask: str) -> bool:
    """Say whether `mask` marks the days of a week: seven of 0 and 1."""
    return len(mask) == _DAYS and not set(mask) - {"0", "1"}


def _choice_reasons(choices: Mapping[str, Collection[str]]) -> list[Reason]:
    reasons = []
    for kind, channels in choices.items():
        if kind not in DEFAULT_CHOICES:
            reasons.append(Reason("choices", f"There is no kind of message {kind!r}."))
        for channel in sorted(set(channels) - CHANNELS.keys()):
            reasons.append(Reason(f"choices_{kind}", f"There is no channel {channel!r}."))
        if kind in ALERT_KINDS and "in_app" not in channels:
            reasons.append(
                Reason(f"choices_{kind}", "Alerts always show in ChangeTrack; the other channels are yours.")
            )
    return reasons
