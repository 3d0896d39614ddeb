"""What stands beside an account in every list: the limit of its step, and why it is stale."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select

from changetrack.models import OPEN_ALERT, Account, Alert, Calendar, PlaybookVersion, db
from changetrack.queries.alert_words import Reasons, reasons_of
from changetrack.queries.work_calendars import is_calendar_of_account, work_calendar


class StepLimits:
    """The days that accounts may stay at a step, each by the playbook version that judges it."""

    def __init__(self, bodies: Mapping[int, Mapping[str, Any]]) -> None:
        self._days = {
            version: {int(step["number"]): step["age_days"] for step in body.get("steps", ())}
            for version, body in bodies.items()
        }
        self._newest = self._days[max(self._days)] if self._days else {}

    def days(self, step: int, judged_by: Mapping[str, int] | None) -> int | None:
        """The calendar days allowed at `step`; None where there is no limit."""
        version = (judged_by or {}).get(str(step))
        found = self._newest if version is None else self._days.get(version, self._newest)
        return found.get(step)


def get_step_limits(versions: Collection[int]) -> StepLimits:
    """Return the limits of these playbook versions and the newest, by one statement."""
    newest = select(func.max(PlaybookVersion.version)).scalar_subquery()
    wanted = or_(PlaybookVersion.version == newest, PlaybookVersion.version.in_(set(versions)))
    rows = db.session.execute(select(PlaybookVersion.version, PlaybookVersion.body).where(wanted))
    return StepLimits({row.version: row.body for row in rows})


def find_stale_reasons(account_ids: Collection[int], today: date) -> Mapping[int, Reasons]:
    """Return (reason, why) of the open alerts of these accounts by account, in today's words, by one statement."""
    is_open = (Alert.account_id.in_(account_ids), OPEN_ALERT)
    columns = (Alert.account_id, Alert.reasons, Account.blackout_days, Calendar)
    query = select(*columns).join(Account, Account.id == Alert.account_id).outerjoin(Calendar, is_calendar_of_account())
    return {
        account_id: reasons_of(reasons, today, work_calendar(calendar, days_off))
        for account_id, reasons, days_off, calendar in db.session.execute(query.where(*is_open).order_by(Alert.id))
    }
