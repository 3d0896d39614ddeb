"""How accounts came to where they are: which of them stand as a file told, with nobody at work on them since."""

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, tzinfo

from sqlalchemy import and_, exists, not_, or_, select
from sqlalchemy.orm import Session, scoped_session

from changetrack.models import Account, AuditEvent, Event, Visit

_IS_CURRENT = and_(Visit.account_id == Account.id, Visit.seq == Account.visit_seq)
_WAS_IMPORT = exists().where(
    AuditEvent.recorded_at == Event.recorded_at, AuditEvent.subject.startswith("import:")
)  # what an import writes, it writes with one time
_IS_WORK = and_(
    Event.account_id == Visit.account_id,
    Event.recorded_at >= Visit.recorded_at,
    not_(or_(Event.kind.endswith("imported"), Event.actor.startswith("system:"), _WAS_IMPORT)),
)


def came_by_file(session: scoped_session[Session], account_ids: Collection[int], zone: tzinfo = UTC) -> dict[int, date]:
    """The day on which a file told of an account's present visit, for those on which nobody has worked since.

    It is a day of the house, whose `zone` that is. Two statements, one more if there are such accounts.
    """
    visits = session.execute(
        select(Visit.account_id, Visit.kind, Visit.recorded_at)
        .join(Account, _IS_CURRENT)
        .where(Account.id.in_(account_ids))
    ).all()
    imports = _imports(session, {visit.recorded_at for visit in visits if visit.kind != "imported"})
    by_file = {
        visit.account_id: visit.recorded_at.astimezone(zone).date()
        for visit in visits
        if visit.kind == "imported" or visit.recorded_at in imports
    }
    if not by_file:
        return {}
    worked_on = (
        select(Visit.account_id).join(Account, _IS_CURRENT).where(Account.id.in_(by_file), exists().where(_IS_WORK))
    )
    for account_id in session.scalars(worked_on):
        del by_file[account_id]
    return by_file


def _imports(session: scoped_session[Session], moments: Iterable[datetime]) -> set[datetime]:
    """Those of the moments at which a file was read in."""
    of_imports = (AuditEvent.recorded_at.in_(set(moments)), AuditEvent.subject.startswith("import:"))
    return set(session.scalars(select(AuditEvent.recorded_at).where(*of_imports)))
