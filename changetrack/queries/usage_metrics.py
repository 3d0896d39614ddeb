"""Reads of what is counted: metrics, the rules that feed them, and where there are numbers of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import CTE, exists, func, literal, select

from changetrack.domain.metrics import rule_words
from changetrack.domain.refusal import NotFound
from changetrack.models import EventRule, Metric, UnmatchedUsage, UsageDaily, UsageEvent, UsageSource, db

LOOKED_AT = 1_000  # accounts with numbers: enough to say how far a metric reaches, and the same work at any size
_RECENT = 2_000  # events whose names are offered
_NAMES_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as listed; `words` say what it does with its event, `source` is None for any."""

    id: int
    event: str
    property: str | None
    source_id: int | None
    source: str | None
    words: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reach:
    """In how many of the accounts looked at there are numbers of a metric, and the last day with one.

    `is_whole`: all accounts that have numbers were looked at, not only the first LOOKED_AT.
    """

    accounts: int = 0
    last_day: date | None = None
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric as listed, with all its rules, those in force first."""

    id: int
    key: str
    name: str
    unit: str
    aggregation: str
    purpose: str | None
    archived_at: datetime | None
    version: int
    rules: tuple[RuleRow, ...] = ()
    reach: Reach = Reach()

    @property
    def open_rules(self) -> tuple[RuleRow, ...]:
        """The rules in force."""
        return tuple(rule for rule in self.rules if rule.ended_at is None)

    @property
    def events(self) -> tuple[str, ...]:
        """The names of the events that feed it."""
        return tuple(dict.fromkeys(rule.event for rule in self.open_rules))


@dataclass(frozen=True, slots=True)
class Metrics:
    """All metrics, those in use first; `looked_at` accounts were looked at, all that have numbers if `is_whole`."""

    rows: tuple[MetricRow, ...]
    looked_at: int
    is_whole: bool


def list_metrics() -> Metrics:
    """Return all metrics with their rules and reach, by three statements."""
    metrics = list(db.session.scalars(select(Metric).order_by(Metric.archived_at.is_not(None), Metric.name, Metric.id)))
    rules = _rules_of([metric.id for metric in metrics])
    reach, looked_at = _reaches([metric.id for metric in metrics])
    rows = tuple(_row(metric, rules.get(metric.id, ()), reach.get(metric.id, Reach())) for metric in metrics)
    return Metrics(rows, min(looked_at, LOOKED_AT), is_whole=looked_at <= LOOKED_AT)


def get_metric(metric_id: int) -> MetricRow:
    """Return a metric with its rules and reach, by three statements. Raises NotFound."""
    metric = db.session.get(Metric, metric_id)
    if metric is None:
        raise NotFound("There is no such metric.")
    reach, _ = _reaches([metric_id])
    return _row(metric, _rules_of([metric_id]).get(metric_id, ()), reach.get(metric_id, Reach()))


def find_metric_id(key: str) -> int | None:
    """Return the id of the metric with this key; None if there is none."""
    return db.session.scalars(select(Metric.id).where(Metric.key == key)).first()


def list_metric_choices() -> list[tuple[int, str]]:
    """Return (id, name) of the metrics in use, by name."""
    in_use = select(Metric.id, Metric.name).where(Metric.archived_at.is_(None)).order_by(Metric.name, Metric.id)
    return [(row.id, row.name) for row in db.session.execute(in_use)]


def list_metric_keys() -> list[tuple[str, str]]:
    """(key, name) of each metric in use, by name: by its key a file names it."""
    in_use = select(Metric.key, Metric.name).where(Metric.archived_at.is_(None))
    return [(key, name) for key, name in db.session.execute(in_use.order_by(Metric.name))]


def list_recent_events() -> list[str]:
    """Return the names of the events that came lately, the most frequent first: of the last 2,000, at most 100."""
    lately = select(UsageEvent.event).order_by(UsageEvent.received_at.desc()).limit(_RECENT).subquery()
    names = select(lately.c.event).group_by(lately.c.event).order_by(func.count().desc(), lately.c.event)
    return list(db.session.scalars(names.limit(_NAMES_AT_MOST)))


def has_numbers(metric_id: int) -> bool:
    """Say whether any account, known or not, has a number of a metric: looks along all accounts, so ask seldom."""
    accounts = _accounts_with_numbers(None)
    of_metric = (UsageDaily.account_id == accounts.c.id, UsageDaily.metric_id == metric_id)
    counted = select(exists(select(1).select_from(accounts).where(exists().where(*of_metric))))
    if db.session.scalar(counted):
        return True
    return bool(db.session.scalar(select(exists().where(UnmatchedUsage.metric_id == metric_id))))


def _row(metric: Metric, rules: Sequence[RuleRow], reach: Reach) -> MetricRow:
    names = ("id", "key", "name", "unit", "aggregation", "purpose", "archived_at", "version")
    return MetricRow(**{name: getattr(metric, name) for name in names}, rules=tuple(rules), reach=reach)


def _rules_of(metric_ids: Iterable[int]) -> Mapping[int, list[RuleRow]]:
    query = select(EventRule, UsageSource.name, Metric.aggregation).join(Metric, Metric.id == EventRule.metric_id)
    query = query.outerjoin(UsageSource, UsageSource.id == EventRule.source_id)
    query = query.where(EventRule.metric_id.in_(list(metric_ids)))
    ordered = query.order_by(EventRule.metric_id, EventRule.ended_at.is_not(None), EventRule.event, EventRule.id)
    rows = db.session.execute(ordered).all()
    return {
        metric_id: [
            RuleRow(
                rule.id, rule.event, rule.property, rule.source_id, source,
                rule_words(aggregation, rule.property), rule.created_at, rule.ended_at,
            )
            for rule, source, aggregation in group
        ]
        for metric_id, group in groupby(rows, key=lambda row: row[0].metric_id)
    }  # fmt: skip


def _reaches(metric_ids: Sequence[int]) -> tuple[dict[int, Reach], int]:
    """The reach of these metrics by one statement; and how many accounts were looked at, one more if there are more.

    The numbers lie by account: so the accounts are walked from one to the next, and each is asked for the last day
    of each metric, one look into the key each.
    """
    if not metric_ids:
        return {}, 0
    accounts = _accounts_with_numbers(LOOKED_AT + 1)
    of_pair = (UsageDaily.account_id == accounts.c.id, UsageDaily.metric_id == Metric.id)
    last = select(func.max(UsageDaily.day)).where(*of_pair).correlate(accounts, Metric).scalar_subquery()
    pairs = select(Metric.id.label("metric_id"), accounts.c.id, last.label("last"))
    pairs = pairs.join_from(accounts, Metric, Metric.id.in_(metric_ids)).where(accounts.c.id.is_not(None))
    found = pairs.subquery()
    query = select(
        found.c.metric_id, func.count(found.c.last).label("accounts"), func.max(found.c.last).label("last"),
        func.count().label("looked_at"),
    )  # fmt: skip
    rows = db.session.execute(query.group_by(found.c.metric_id)).all()
    looked_at = max((row.looked_at for row in rows), default=0)
    is_whole = looked_at <= LOOKED_AT
    return {row.metric_id: Reach(row.accounts, row.last, is_whole) for row in rows}, looked_at


def _accounts_with_numbers(most: int | None) -> CTE:
    """The ids of the accounts that have any number, each found by one look into the key."""
    first = select(func.min(UsageDaily.account_id).label("id"), literal(1).label("place"))
    walk = first.cte("accounts_with_numbers", recursive=True)
    following = (
        select(func.min(UsageDaily.account_id)).where(UsageDaily.account_id > walk.c.id).correlate(walk)
    ).scalar_subquery()
    step = select(following, walk.c.place + 1).where(walk.c.id.is_not(None))
    if most is not None:
        step = step.where(walk.c.place < most)
    return walk.union_all(step)
