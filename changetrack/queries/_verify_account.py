"""One account verified: its row, its standings and its history against its visits, holds and evidence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from changetrack.domain.funnel import OPEN_PLACES, status_of
from changetrack.domain.history import ChainRow, broken_links
from changetrack.domain.journey.evidence import breakpoints
from changetrack.domain.journey.gate import judge, supported_step
from changetrack.domain.journey.playbook import Playbook, StepRules
from changetrack.domain.journey.steps import STEPS
from changetrack.domain.journey.timeline import HoldFacts, Span, VisitFacts, spans
from changetrack.domain.names import name_key
from changetrack.queries._verify_watch import watch_differences
from changetrack.queries.customer_acts import WatchRecord
from changetrack.queries.journey_rows import evidence_fact

HASHED = ("account_id", "seq", "kind", "actor", "effective_on", "recorded_at", "changes", "note")
CARRIED = ("team_id", "product", "segment", "region", "industry", "tier")
Found = tuple[str, object, object]


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """An account's row with all rows that belong to it, each in order; `believed` are the standings in force."""

    account: Any
    journey: Any
    visits: Sequence[Any]
    holds: Sequence[Any]
    evidence: Sequence[Any]
    believed: Sequence[Any]
    events: Sequence[Any]
    has_open_alert: bool
    playbooks: dict[int, Playbook]
    watch: WatchRecord


def account_differences(record: AccountRecord, today: date) -> Iterator[Found]:
    """(figure, kept, recomputed) for everything about one account that does not follow from its facts."""
    yield from _chain(record)
    yield from _row(record)
    yield from _standings(record, today)
    yield from watch_differences(record.watch)


def _chain(record: AccountRecord) -> Iterator[Found]:
    rows = [
        ChainRow(e.seq, e.previous_hash, e.hash, {name: getattr(e, name) for name in HASHED}) for e in record.events
    ]
    for seq in broken_links(rows):
        yield f"event {seq}", "its hash", "does not follow from what it says and what came before"
    last = record.events[-1] if record.events else None
    kept = (record.account.event_seq, record.account.event_hash)
    if last is None or kept != (last.seq, last.hash):
        yield "end of history", record.account.event_seq, last.seq if last else None


def _row(record: AccountRecord) -> Iterator[Found]:
    account = record.account
    last = record.believed[-1] if record.believed else None
    if last is None:
        yield "standing", "none", "one at least"
        return
    visit = record.visits[-1] if record.visits else None
    wanted = {
        "place": last.place,
        "status": status_of(last.place),
        "claimed_step": last.step,
        "supported_step": last.supported_step,
        "visit_seq": last.visit_seq,
        "standing_on": last.effective_on,
        "step_entered_on": visit.entered_on if visit else None,
        "stale": record.has_open_alert,
        "name_key": name_key(account.name),
    }
    wanted |= {name: getattr(last, name) for name in CARRIED}
    for name, value in wanted.items():
        if getattr(account, name) != value:
            yield name, getattr(account, name), value
    if last.stale != (record.has_open_alert and last.place in OPEN_PLACES):
        yield "stale in standing", last.stale, record.has_open_alert


def _standings(record: AccountRecord, today: date) -> Iterator[Found]:
    """Day of change by day of change: what stands on record, and what visits, holds and evidence say."""
    facts = [evidence_fact(e) for e in record.evidence]
    places, rules = _places(record), _rules(record)
    opened = record.journey.opened_on if record.journey else None
    days = breakpoints(facts) | {s.first for s in places} | {s.effective_on for s in record.believed}
    for day in sorted(d for d in days if d <= today):
        span = next((s for s in reversed(places) if s.first <= day), None)
        stands = next((s for s in reversed(record.believed) if s.effective_on <= day), None)
        if span is None or stands is None:
            continue
        is_opened = opened is not None and opened <= day
        carried = supported_step(span.step, is_opened=is_opened, judged=judge(rules, facts, day))
        if (stands.place, stands.supported_step) == (span.place, carried) or _is_due(record, day):
            continue
        yield f"standing on {day}", _words(stands.place, stands.supported_step), _words(span.place, carried)


def _is_due(record: AccountRecord, day: date) -> bool:
    """Whether the night has yet to write this down, and knows of it."""
    account = record.account
    return day > account.standing_on and account.due_on is not None and account.due_on <= day


def _places(record: AccountRecord) -> list[Span]:
    visits = [VisitFacts(v.seq, v.step, v.entered_on, v.left_on, v.left_kind == "closed") for v in record.visits]
    return spans(visits, [HoldFacts(h.held_on, h.resumed_on) for h in record.holds])


def _rules(record: AccountRecord) -> dict[int, StepRules]:
    newest = record.playbooks[max(record.playbooks)]
    pins = record.journey.judged_by if record.journey else {}
    return {n: record.playbooks.get(pins.get(str(n), 0), newest).steps[n] for n in STEPS}


def _words(place: int, supported: int) -> str:
    return f"place {place}, supported {supported}"
