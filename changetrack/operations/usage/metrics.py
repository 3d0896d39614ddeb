"""What is counted: adding, changing and archiving metrics, and the rules by which events feed them."""

from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.history import field_diff
from changetrack.domain.metrics import metric_reasons, rule_reasons
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, NotFound, Reason, StaleVersion, refuse_if
from changetrack.models import EventRule, Metric, Outcome, UsageSource
from changetrack.operations._audit import record_audit
from changetrack.operations._transaction import transaction, unique_or
from changetrack.queries.usage_metrics import has_numbers

_FIELDS = ("key", "name", "unit", "aggregation", "purpose")


def create_metric(
    *, actor: Actor, now: datetime, key: str, name: str, unit: str, aggregation: str, purpose: str | None = None
) -> int:
    """Add a metric and return its id.

    Raises Forbidden, and OperationRefused with all reasons: see `domain.metrics`, a key or a purpose that is taken.
    """
    _require_administrator(actor)
    values = _cleaned(key, name, unit, aggregation, purpose)
    with transaction() as session:
        refuse_if([*_own_reasons(values), *_taken_reasons(session, values, but=None)])
        metric = Metric(**values, created_at=now, version=1)
        with unique_or(Reason("key", "Somebody has just taken this key or this purpose.")):
            session.add(metric)
            session.flush()
        _record(session, metric, "metric_added", actor, now, field_diff({}, values))
        return metric.id


def edit_metric(
    *,
    actor: Actor,
    now: datetime,
    metric_id: int,
    key: str,
    name: str,
    unit: str,
    aggregation: str,
    purpose: str | None = None,
    version: int | None = None,
) -> None:
    """Change a metric; its key and aggregation stay once a rule, a number or an outcome rests on them.

    `version` is the one that was shown; None does not ask. Raises Forbidden, NotFound, StaleVersion, and
    OperationRefused with all reasons.
    """
    _require_administrator(actor)
    values = _cleaned(key, name, unit, aggregation, purpose)
    with transaction() as session:
        metric = _lock_metric(session, metric_id)
        before = {field: getattr(metric, field) for field in _FIELDS}
        if version is not None and version != metric.version:
            raise StaleVersion(current={**before, "version": metric.version}, typed=values)
        reasons = [*_own_reasons(values), *_taken_reasons(session, values, but=metric_id)]
        refuse_if([*reasons, *_frozen_reasons(session, metric, values)])
        if changes := field_diff(before, values):
            with unique_or(Reason("key", "Somebody has just taken this key or this purpose.")):
                for field, value in values.items():
                    setattr(metric, field, value)
                metric.version += 1
                session.flush()
            _record(session, metric, "metric_edited", actor, now, changes)


def archive_metric(*, actor: Actor, now: datetime, metric_id: int) -> None:
    """Put a metric away: its rules end and its purpose is free for another; its numbers stay as they are.

    Doing it twice is the same as once. Raises Forbidden, NotFound.
    """
    _require_administrator(actor)
    with transaction() as session:
        metric = _lock_metric(session, metric_id)
        if metric.archived_at is not None:
            return
        for rule in _open_rules(session, metric_id):
            rule.ended_at = now
        changes = field_diff({"purpose": metric.purpose}, {"purpose": None})
        metric.archived_at, metric.purpose, metric.version = now, None, metric.version + 1
        _record(session, metric, "metric_archived", actor, now, changes)


def restore_metric(*, actor: Actor, now: datetime, metric_id: int) -> None:
    """Take an archived metric into use again; its rules and its purpose are to be given anew.

    Raises Forbidden, NotFound.
    """
    _require_administrator(actor)
    with transaction() as session:
        metric = _lock_metric(session, metric_id)
        if metric.archived_at is not None:
            metric.archived_at, metric.version = None, metric.version + 1
            _record(session, metric, "metric_restored", actor, now, {})


def add_event_rule(
    *,
    actor: Actor,
    now: datetime,
    metric_id: int,
    event: str,
    property_name: str | None = None,
    source_id: int | None = None,
) -> int:
    """Let an event feed a metric from now on, of one source or (None) of any, and return the rule's id.

    What arrived before is not counted again. Raises Forbidden, NotFound, and OperationRefused with all reasons:
    an archived metric, an unknown source, the same event feeding it twice.
    """
    _require_administrator(actor)
    event, property_name = event.strip(), (property_name or "").strip() or None
    with transaction() as session:
        metric = _lock_metric(session, metric_id)
        reasons = rule_reasons(aggregation=metric.aggregation, event=event, property_name=property_name)
        if metric.archived_at is not None:
            reasons.append(Reason(None, f"{metric.name} is archived; take it into use again first."))
        source = session.get(UsageSource, source_id) if source_id is not None else None
        if source_id is not None and source is None:
            reasons.append(Reason("source_id", "There is no such source."))
        reasons += _double_reasons(session, metric_id, event, source_id)
        refuse_if(reasons)
        rule = EventRule(metric_id=metric_id, event=event, property=property_name, source_id=source_id, created_at=now)
        session.add(rule)
        session.flush()
        what = {"event": event, "property": property_name, "source": source.name if source else None}
        _record(session, metric, "event_rule_added", actor, now, field_diff({}, what))
        return rule.id


def end_event_rule(*, actor: Actor, now: datetime, metric_id: int, rule_id: int) -> None:
    """Let an event feed a metric no more; what it has counted stays. An ended rule stays ended.

    Raises Forbidden, and NotFound when the metric has no such rule.
    """
    _require_administrator(actor)
    with transaction() as session:
        metric = _lock_metric(session, metric_id)
        rule = session.get(EventRule, rule_id)
        if rule is None or rule.metric_id != metric_id:
            raise NotFound("This metric has no such rule.")
        if rule.ended_at is None:
            rule.ended_at = now
            what = {"event": rule.event, "property": rule.property}
            _record(session, metric, "event_rule_ended", actor, now, {k: [v, None] for k, v in what.items() if v})


def _require_administrator(actor: Actor) -> None:
    if not may(actor, Action.ADMINISTER):
        raise Forbidden("Only an administrator decides what is counted.")


def _cleaned(key: str, name: str, unit: str, aggregation: str, purpose: str | None) -> dict[str, str | None]:
    name, unit = " ".join(name.split()), " ".join(unit.split())
    return {"key": key.strip(), "name": name, "unit": unit, "aggregation": aggregation, "purpose": purpose or None}


def _own_reasons(values: dict[str, str | None]) -> list[Reason]:
    key, name, unit, aggregation = (values[field] or "" for field in ("key", "name", "unit", "aggregation"))
    return metric_reasons(key=key, name=name, unit=unit, aggregation=aggregation, purpose=values["purpose"])


def _taken_reasons(session: scoped_session[Session], values: dict[str, str | None], *, but: int | None) -> list[Reason]:
    reasons = []
    for field in ("key", "purpose"):
        if (value := values[field]) is None:
            continue
        other = session.scalars(select(Metric).where(getattr(Metric, field) == value)).first()
        if other is not None and other.id != but:
            reasons.append(Reason(field, f"{other.name} has it already; there can be only one."))
    return reasons


def _frozen_reasons(session: scoped_session[Session], metric: Metric, values: dict[str, str | None]) -> list[Reason]:
    changed = [field for field in ("key", "aggregation") if values[field] != getattr(metric, field)]
    if not changed:
        return []
    is_used = or_(*(exists().where(table.metric_id == metric.id) for table in (EventRule, Outcome)))
    if not session.scalar(select(is_used)) and not has_numbers(metric.id):
        return []
    return [Reason(field, "It stays: there are rules, numbers or outcomes that rest on it.") for field in changed]


def _double_reasons(
    session: scoped_session[Session], metric_id: int, event: str, source_id: int | None
) -> list[Reason]:
    """One arriving event counts once in a metric: so no second rule for it whose sources overlap."""
    for rule in _open_rules(session, metric_id):
        if rule.event == event and (source_id is None or rule.source_id in (None, source_id)):
            return [Reason("event", f"“{event}” feeds this metric already; end that rule first.")]
    return []


def _open_rules(session: scoped_session[Session], metric_id: int) -> list[EventRule]:
    open_ones = select(EventRule).where(EventRule.metric_id == metric_id, EventRule.ended_at.is_(None))
    return list(session.scalars(open_ones.order_by(EventRule.id)))


def _lock_metric(session: scoped_session[Session], metric_id: int) -> Metric:
    metric = session.get(Metric, metric_id, with_for_update=True)
    if metric is None:
        raise NotFound("There is no such metric.")
    return metric


def _record(
    session: scoped_session[Session],
    metric: Metric,
    kind: str,
    actor: Actor,
    now: datetime,
    changes: dict[str, list[object]],
) -> None:
    record_audit(session, subject=f"metric:{metric.id}", kind=kind, actor=actor, now=now, changes=changes)
