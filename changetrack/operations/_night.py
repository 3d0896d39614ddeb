"""What the night does to one account whose dossier is open: settle it, and hear whether an import keeps it quiet."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from changetrack.models import Alert
from changetrack.operations._alerts import open_alert
from changetrack.operations._dossier import Dossier
from changetrack.operations._settle import current_reasons, settle

Origin = Callable[[Dossier], date | None]
"""Says when a file told of an account's visit, None if it did not or somebody has worked on it since."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What the night did to one account.

    `alert_events` are the kinds of the events about its alert, oldest first: alert_raised, alert_changed,
    alert_fired_again, alert_resolved. `is_ahead`: left alone, because it is on record beyond the day of the sweep.
    """

    alert_events: tuple[str, ...] = ()
    support_fell: bool = False
    is_ahead: bool = False


def sweep(dossier: Dossier, came_by_file: Origin) -> Swept:
    """Settle an account as it is today, at night: what newly is true raises or joins its alert, and is told.

    What was so already when a file brought the account in is listed, but nobody is told.
    """
    account = dossier.account
    supported = account.supported_step
    alert = open_alert(dossier) if account.stale else None
    with dossier.session.no_autoflush:  # nothing here reads back what it has just written
        quiet = _is_quiet(dossier, alert, came_by_file)
        settle(
            dossier, since=dossier.today, cause="The night found none of its reasons true.", at_night=True, quiet=quiet
        )
    kinds = tuple(event["kind"] for event in dossier.events if event["kind"].startswith("alert_"))
    return Swept(kinds, support_fell=account.supported_step < supported)


def _is_quiet(dossier: Dossier, alert: Alert | None, came_by_file: Origin) -> bool:
    """Whether today's reasons all were true when a file told of this visit, and nobody worked on it since."""
    if alert is not None and alert.visit_seq != dossier.account.visit_seq:
        alert = None
    if alert is not None and not alert.quiet:
        return False
    told_on = came_by_file(dossier)
    if told_on is None:
        return False
    reasons = current_reasons(dossier)
    listed = set(alert.reasons) if alert is not None else set()  # a changed limit moves the day of a reason, no more
    return bool(reasons) and all(reason.since <= told_on or reason.reason in listed for reason in reasons)
