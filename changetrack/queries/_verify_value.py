"""Value verified: readings against daily numbers, the ledger and outcomes against readings and words, the flows."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import Text, func, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.falling_use import find_fall, worst_fall
from changetrack.domain.value import OutcomeHistory, Posting, Recognition, period_of, post, recognise
from changetrack.domain.value.standing import promised
from changetrack.domain.value_flows import line_of, promised_by_month, was_promised_by_month
from changetrack.models import NUMBER_SCALE, Account, LedgerEntry, Outcome, ValueFlow, db
from changetrack.queries.period_use import UseOfDays, read_use
from changetrack.queries.recognition_inputs import read_histories

CHUNK = 200  # accounts read at a time
FIGURES = ("promised", "probationary", "realized", "live")
Found = tuple[str, str, str, str]
Posted = Mapping[tuple[object, ...], int]


@dataclass(slots=True)
class FlowSums:
    """What the ledger and the plans say flowed in each month, by currency and line, whatever the team."""

    sums: defaultdict[tuple[date, str, str], int] = field(default_factory=lambda: defaultdict(int))

    def add(self, outcome: Any, history: OutcomeHistory, entries: Sequence[Any]) -> None:
        """Add what was posted for one outcome, and what was promised until it was recognised."""
        for entry in entries:
            self.sums[entry.posted_on.replace(day=1), entry.currency, line_of(entry.measure, entry.cause)] += (
                entry.amount
            )
        for month, amount in _promises(outcome, history):
            self.sums[month, outcome.currency, "promised"] += amount


def value_record_differences(today: date) -> Iterator[Found]:
    """Differences of each account's readings, ledger, outcomes and value, then of the flows of each month.

    What waits to be recognised is no difference: of an outcome that is due only what was final before is compared.
    """
    flows, last = FlowSums(), 0
    while accounts := _accounts_after(last):
        last = max(accounts)
        yield from _of_accounts(accounts, flows, today)
        db.session.rollback()
    kept = _kept_flows()
    for month, currency, line in sorted(kept.keys() | {key for key, amount in flows.sums.items() if amount}):
        was, should = kept.get((month, currency, line), 0), flows.sums.get((month, currency, line), 0)
        if was != should:
            yield f"value flow of {month:%Y-%m} in {currency}", line, str(was), str(should)


def _accounts_after(last: int) -> Mapping[int, Any]:
    columns: list[Any] = [Account.id, Account.external_id, Account.value, Account.falling_since]
    with_outcomes = select(Outcome.account_id).where(Outcome.account_id == Account.id).exists()
    worth = func.length(sql_cast(Account.value, Text)) > len("{}")
    rows = select(*columns).where(Account.id > last, with_outcomes | worth).order_by(Account.id).limit(CHUNK)
    return {row.id: row for row in db.session.execute(rows)}


def _of_accounts(accounts: Mapping[int, Any], flows: FlowSums, today: date) -> Iterator[Found]:
    table: Any = Outcome.__table__
    outcomes = db.session.execute(
        select(table).where(table.c.account_id.in_(accounts)).order_by(*table.primary_key)
    ).all()
    histories = read_histories(_session(), outcomes, {(o.account_id, o.seq) for o in outcomes})
    use = read_use(_session(), [(o.account_id, o.metric_id) for o in outcomes], date.min)
    entries = _entries(accounts)
    groups: defaultdict[tuple[int, object], list[Any]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.account_id, outcome.overlap_group or outcome.seq].append(outcome)
    for (account_id, _name), group in groups.items():
        of_group = {o.seq: histories[o.account_id, o.seq] for o in group}
        wanted = _wanted_postings(group, of_group)
        for outcome in group:
            history, posted = of_group[outcome.seq], entries.get((account_id, outcome.seq), ())
            flows.add(outcome, history, posted)
            subject = f"outcome {outcome.seq} of account {accounts[account_id].external_id}"
            for found in (
                _readings(outcome, history, use),
                _ledger(outcome, posted, wanted, today),
                _columns(outcome, history, posted, today),
            ):
                yield from ((subject, *difference) for difference in found)
    yield from _worths(accounts, outcomes, histories, today)


def _entries(accounts: Mapping[int, Any]) -> Mapping[tuple[int, int], list[Any]]:
    entry = LedgerEntry
    columns: list[Any] = [
        entry.account_id, entry.outcome_seq, entry.seq, entry.measure, entry.posted_on, entry.known_on, entry.amount,
        entry.currency, entry.cause, entry.period_start,
    ]  # fmt: skip
    found: defaultdict[tuple[int, int], list[Any]] = defaultdict(list)
    rows = select(*columns).where(entry.account_id.in_(accounts))
    for row in db.session.execute(rows.order_by(entry.account_id, entry.outcome_seq, entry.seq)):
        found[row.account_id, row.outcome_seq].append(row)
    return found


def _wanted_postings(group: Sequence[Any], histories: Mapping[int, OutcomeHistory]) -> Sequence[Posting]:
    """What posting from the start comes to, up to the day on which the group was recognised last."""
    days = [outcome.recognised_on for outcome in group if outcome.recognised_on is not None]
    if not days:
        return ()
    return post(list(histories.values()), until=max(days))


def _readings(outcome: Any, history: OutcomeHistory, use: UseOfDays) -> Iterator[tuple[str, str, str]]:
    if outcome.recognised_on is None:
        return
    news = None if outcome.touched_from is None else period_of(outcome.touched_from, outcome.period)
    kept: defaultdict[date, dict[date, Decimal | None]] = defaultdict(dict)
    for reading in history.readings:
        kept[reading.period_start][reading.recorded_on] = reading.value
    periods = use.periods((outcome.account_id, outcome.metric_id), outcome.period, date.min)
    for start in sorted(kept.keys() | periods.keys()):
        versions = periods.get(start, [])
        if versions is None or (news is not None and start >= news):
            continue  # what it follows from was deleted, or it is about to be worked out anew
        wanted = {recorded_on: Decimal(number) / NUMBER_SCALE for recorded_on, number in versions}
        if kept.get(start, {}) != wanted:
            yield f"reading of {start}", _in_words(kept.get(start, {})), _in_words(wanted)


def _in_words(readings: Mapping[date, Decimal | None]) -> str:
    told = (f"{value} on {recorded_on}" for recorded_on, value in sorted(readings.items()))
    return ", ".join(told) or "none"


def _ledger(
    outcome: Any, entries: Sequence[Any], postings: Sequence[Posting], today: date
) -> Iterator[tuple[str, str, str]]:
    """Sums of entries by what they are about and the day they were known."""
    final = outcome.recognised_on if _is_due(outcome, today) else None
    kept = _sums(entries, final)
    wanted = _sums([posting for posting in postings if posting.outcome == outcome.seq], final)
    for about in sorted(kept.keys() | wanted.keys(), key=str):
        if kept.get(about, 0) != wanted.get(about, 0):
            measure, posted_on, known_on, start = about
            figure = f"{measure} of {posted_on} known on {known_on}" + (f" for {start}" if start else "")
            yield f"ledger, {figure}", str(kept.get(about, 0)), str(wanted.get(about, 0))
    numbers = [entry.seq for entry in entries]
    if numbers != list(range(1, outcome.ledger_seq + 1)):
        yield "number of ledger entries", str(len(numbers)), str(outcome.ledger_seq)


def _sums(entries: Sequence[Any], final: date | None) -> Posted:
    sums: defaultdict[tuple[object, ...], int] = defaultdict(int)
    for entry in entries:
        if final is None or entry.known_on < final:
            sums[entry.measure, entry.posted_on, entry.known_on, entry.period_start] += entry.amount
    return sums


def _columns(
    outcome: Any, history: OutcomeHistory, entries: Sequence[Any], today: date
) -> Iterator[tuple[str, str, str]]:
    for measure in FIGURES[1:]:
        posted = sum(entry.amount for entry in entries if entry.measure == measure)
        if getattr(outcome, measure) != posted:
            yield measure, str(getattr(outcome, measure)), str(posted)
    if outcome.recognised_on is None or _is_due(outcome, today):
        return
    found = _stands(outcome, history)
    wanted = {
        "state": found.state,
        "detail": found.detail,
        "state_since": found.since,
        "confirmed_from": found.confirmed_from,
        "valid_until": found.valid_until,
        "promised": found.promised,
    }
    for name, value in wanted.items():
        if getattr(outcome, name) != value:
            yield name, str(getattr(outcome, name)), str(value)
    if found.due_on is not None and (outcome.due_on is None or outcome.due_on > found.due_on):
        yield "due_on", str(outcome.due_on), str(found.due_on)


def _worths(
    accounts: Mapping[int, Any], outcomes: Sequence[Any], histories: Mapping[Any, OutcomeHistory], today: date
) -> Iterator[Found]:
    mine: defaultdict[int, list[Any]] = defaultdict(list)
    for outcome in outcomes:
        mine[outcome.account_id].append(outcome)
    for account_id, account in accounts.items():
        subject = f"account {account.external_id}"
        worth = _worth(mine[account_id])
        if account.value != worth:
            yield subject, "value", str(account.value), str(worth)
        if any(_is_due(o, today) or o.recognised_on is None for o in mine[account_id]):
            continue
        falls = []
        for outcome in mine[account_id]:
            history = histories[account_id, outcome.seq]
            fall = find_fall(outcome, _stands(outcome, history), history.readings, outcome.recognised_on)
            falls += [(outcome.statement, fall)] if fall else []
        since = worst_fall(falls)[0]
        if account.falling_since != since:
            yield subject, "falling_since", str(account.falling_since), str(since)


def _worth(outcomes: Sequence[Any]) -> dict[str, list[int]]:
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for outcome in outcomes:
        for place, name in enumerate(FIGURES):
            sums[outcome.currency][place] += getattr(outcome, name)
    return {currency: figures for currency, figures in sums.items() if any(figures)}


def _stands(outcome: Any, history: OutcomeHistory) -> Recognition:
    day = outcome.recognised_on
    terms = history.terms_at(day) or history.versions[0][1]
    return recognise(terms, history.readings, history.attestations, as_of=day, known_at=day)


def _promises(outcome: Any, history: OutcomeHistory) -> Iterator[tuple[date, int]]:
    day = outcome.recognised_on
    if day is None:
        return
    terms = history.terms_at(day) or history.versions[0][1]
    if promised(terms, day) == outcome.promised:
        yield from promised_by_month(terms, day)
        return
    agreed = [known for _day, known in history.versions if known.agreed_on is not None]
    if agreed:
        yield from was_promised_by_month(agreed[-1], day, outcome.promised)


def _kept_flows() -> dict[tuple[date, str, str], int]:
    keys = (ValueFlow.month, ValueFlow.currency, ValueFlow.line)
    rows: Any = db.session.execute(select(*keys, func.sum(ValueFlow.amount)).group_by(*keys))
    return {(month, currency, line): int(amount) for month, currency, line, amount in rows if amount}


def _session() -> scoped_session[Session]:
    return cast("scoped_session[Session]", db.session)


def _is_due(outcome: Any, today: date) -> bool:
    return outcome.due_on is not None and outcome.due_on <= today
