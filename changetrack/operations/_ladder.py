"""An alert on the ladder: where it begins, where it stops, and the words in which the next one on it hears of it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from changetrack.domain.alert_letters import AlertStory
from changetrack.domain.alerts import REST_MAX_DAYS
from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.ladder import next_rung_day
from changetrack.domain.money import minor_digits
from changetrack.domain.usefulness import USEFUL_WORKDAYS
from changetrack.models import Account, Alert

GRAVITY = {"critical": 3, "warning": 2, "notice": 1}
_ENDING = "evidence_expiring"
_HEAVIEST = 10**16  # above every value at stake, in minor units


def start_ladder(alert: Alert, day: date, calendar: WorkCalendar) -> None:
    """Let the ladder begin on the day on which an alert fires, or fires again; what was decided before is over."""
    alert.fired_on, alert.rung = day, 0
    alert.rung_due_on = next_rung_day(day, 0, calendar)
    alert.decision = alert.decided_at = alert.decided_by = None
    if alert.useful_until is None:
        alert.useful_until = calendar.add(day, USEFUL_WORKDAYS)


def stop_ladder(alert: Alert) -> None:
    """Let nobody further hear of an alert."""
    alert.rung_due_on = None


def rests_until(alert: Alert, calendar: WorkCalendar) -> date | None:
    """The first day on which an alert that was taken up, or put off, fires again if it is still stale; else None."""
    if alert.state == "snoozed":
        return alert.snoozed_until
    if alert.state != "acknowledged" or alert.next_step_on is None:
        return None
    return calendar.add(alert.next_step_on, 1)


def rest_ends(alert: Alert, calendar: WorkCalendar) -> date | None:
    """The first day on which an alert that was taken up fires again whatever was agreed on since."""
    promised_on = alert.promised_on or alert.next_step_on
    if alert.state != "acknowledged" or promised_on is None:
        return None
    return calendar.add(promised_on, REST_MAX_DAYS + 1)


def wakes_next(alert: Alert, calendar: WorkCalendar, today: date) -> date | None:
    """The next day after `today` on which an alert that rests may fire again; None where it does not rest."""
    days = (rests_until(alert, calendar), rest_ends(alert, calendar))
    return min((day for day in days if day is not None and day > today), default=None)


def weight_of(alert: Alert, account: Account) -> int:
    """What decides which messages of a day are told singly: severity first, then the value at stake."""
    return GRAVITY[alert.severity] * _HEAVIEST + min(account.annual_value or 0, _HEAVIEST - 1)


def alert_story(account: Account, reasons: Mapping[str, Any], severity: str, *, owner: str, today: date) -> AlertStory:
    """What letters tell of an account's alert."""
    return AlertStory(
        account=account.name,
        step=account.claimed_step,
        since=min(date.fromisoformat(said["since"]) for said in reasons.values()),
        today=today,
        owner=owner,
        severity=severity,
        why=tuple(said["why"] for said in reasons.values()),
        rules=tuple(dict.fromkeys(str(said["rule"]) for said in reasons.values())),
        path=f"/accounts/{account.id}",
        stake=_stake(account.annual_value, account.currency),
        ending=str(reasons[_ENDING].get("words", "")) if set(reasons) == {_ENDING} else "",
    )


def _stake(amount: int | None, currency: str | None) -> str:
    if not amount or currency is None:
        return ""
    return f"{amount / 10 ** minor_digits(currency):,.0f} {currency}"
