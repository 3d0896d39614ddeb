"""Playing what a script says of use and value: the products that are connected, the customer's words, recognition."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from changetrack.domain.demo.arrivals import SOURCE
from changetrack.domain.demo.deeds import EventsDeed
from changetrack.domain.demo.gains import METRICS, USERS, WORK
from changetrack.domain.people import Actor
from changetrack.operations import customer_answers, customer_links
from changetrack.operations.usage import metrics, sources
from changetrack.operations.usage.ingest import ingest_events
from changetrack.operations.value import outcomes, recognition, statements
from changetrack.queries.outcomes_due import list_due_outcomes
from changetrack.queries.usage_metrics import find_metric_id, list_metrics
from changetrack.queries.usage_sources import find_source_id

RECOGNISED_BY, PRODUCT = Actor.system("recognise-value"), Actor.system("ingest")
TOGETHER = 4  # accounts from which on it is quicker to recognise them together
PAGE = 500
_ANSWERED_AFTER = timedelta(minutes=3)
_ADDRESS = "192.0.2.7"  # of nobody (RFC 5737)

PROPOSALS: Mapping[str, Callable[..., object]] = {
    "propose_outcome": outcomes.propose_outcome,
    "renegotiate_outcome": outcomes.renegotiate_outcome,
}
"""Operations that take terms, whose metric a script calls by its key."""

WORDS: Mapping[str, Callable[..., object]] = {
    "agree": statements.agree_outcome,
    "attest": statements.attest_outcome,
    "not_yet": statements.say_not_yet,
    "dispute": statements.dispute_outcome,
    "withdraw": statements.withdraw_outcome,
}
"""Those that take a word of the customer's, as the team heard it."""


@dataclass(frozen=True, slots=True)
class Products:
    """The connected products: what is counted of them, by key, and the source and key with which they send."""

    source_id: int
    key_id: int | None
    secret: str = field(repr=False)
    retention_days: int
    metrics: Mapping[str, int]

    @classmethod
    def connect(cls, operator: Actor, now: datetime, *, secret: str, retention_days: int) -> "Products":
        """Add metrics, rules and source, as far as they are not there already."""
        said: dict[str, Any] = {"actor": operator, "now": now}
        ids = _metrics(said)
        source_id, key_id = find_source_id(SOURCE), None
        if source_id is None:
            first = sources.connect_source(name=SOURCE, **said)
            source_id, key_id = first.source_id, sources.create_write_key(source_id=first.source_id, **said).key_id
            sources.revoke_write_key(source_id=source_id, key_id=first.key_id, **said)
        return cls(source_id, key_id, secret, retention_days, ids)

    def take_in(self, deed: EventsDeed, now: datetime) -> None:
        """Let a day's events arrive; in a rehearsal of days to come the clock has to be ahead, too."""
        now = max([now, *(event.at for event in deed.events)])
        ingest_events(
            source_id=self.source_id, events=deed.events, secret=self.secret, actor=PRODUCT, now=now, today=deed.day,
            retention_days=self.retention_days, key_id=self.key_id,
        )  # fmt: skip

    def terms(self, terms: Mapping[str, Any]) -> dict[str, Any]:
        """Terms of a script as the operations take them."""
        given = dict(terms)
        key = given.pop("metric", None)
        return given | {"metric_id": self.metrics[key]} if key else given


def word_of(says: Mapping[str, Any]) -> statements.Word:
    """A word of a script as the operations take it."""
    return statements.Word(**says)


def own_word(
    *,
    account_id: int,
    contact_seq: int,
    asks: Sequence[str],
    comment: str,
    actor: Actor,
    now: datetime,
    today: date,
) -> None:
    """Ask one of the customer's people, who says yes on their own page."""
    asked = customer_links.ask_customer(
        account_id=account_id, contact_seq=contact_seq, asks=asks, actor=actor, now=now, today=today
    )
    if asked.token is None:
        return
    then: dict[str, Any] = {"now": now + _ANSWERED_AFTER, "today": today, "token": asked.token, "address": _ADDRESS}
    person = customer_answers.open_link(**then)
    for key in asks:
        customer_answers.answer_ask(key=key, answer=customer_answers.Answer("yes", comment), actor=person, **then)


def recognise(day: date, now: datetime) -> None:
    """Recognise what is due by a day: many accounts together, then one by one where more follows."""
    said: dict[str, Any] = {"actor": RECOGNISED_BY, "now": now, "today": day}
    due = _due(day)
    for start in range(0, len(due) if len(due) >= TOGETHER else 0, PAGE):
        recognition.recognise_accounts(account_ids=due[start : start + PAGE], **said)
    for account_id in _due(day):
        recognition.recognise_account(account_id=account_id, **said)


def _due(day: date) -> list[int]:
    found, after = [], None
    while page := list_due_outcomes(day=day, after=after, limit=PAGE):
        found += [due.account_id for due in page]
        after = page[-1]
    return list(dict.fromkeys(found))


def _metrics(said: Mapping[str, Any]) -> dict[str, int]:
    """The metrics by key; a purpose that another one has already stays with that."""
    taken, ids = {metric.purpose for metric in list_metrics().rows}, {}
    for metric in METRICS:
        known = find_metric_id(metric.key)
        purpose = None if metric.purpose in taken else metric.purpose
        ids[metric.key] = known or metrics.create_metric(
            key=metric.key, name=metric.name, unit=metric.unit, aggregation=metric.aggregation, purpose=purpose, **said
        )
        if known is None and metric.event:
            metrics.add_event_rule(metric_id=ids[metric.key], event=metric.event, property_name=metric.property, **said)
    _people_rules(ids[USERS.key], said)
    return ids


def _people_rules(metric_id: int, said: Mapping[str, Any]) -> None:
    """Whoever works in a product uses it."""
    fed = {rule.event for metric in list_metrics().rows if metric.key == USERS.key for rule in metric.open_rules}
    for work in WORK.values():
        if work.metric.event and work.metric.event not in fed:
            metrics.add_event_rule(metric_id=metric_id, event=work.metric.event, **said)
