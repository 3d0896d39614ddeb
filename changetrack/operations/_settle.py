"""The end of every operation on an account: what follows from the change is worked out and written, once, here."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from changetrack.domain.funnel import status_of
from changetrack.domain.journey.evidence import expiry
from changetrack.domain.journey.gate import fingerprint, supported_step
from changetrack.domain.journey.records import Computed, computed_points
from changetrack.domain.journey.timeline import Span
from changetrack.domain.journey.use_points import OF_CONFIRMED, OF_OUTCOMES, Use
from changetrack.domain.staleness import (
    WARNING_DAYS,
    StaleFacts,
    StaleReason,
    next_due_on,
    stale_reasons,
)
from changetrack.models import Evidence, Hold
from changetrack.operations._alerts import follow_alert
from changetrack.operations._announcements import announce
from changetrack.operations._dossier import Dossier, cell_state, record_facts
from changetrack.operations._ladder import wakes_next
from changetrack.operations._proposals import active_team, end_proposal, open_proposal
from changetrack.operations._stale_facts import stale_facts
from changetrack.operations._standings import restate_standings
from changetrack.operations._use_facts import outcome_facts
from changetrack.operations._writes import new_evidence


def settle(
    dossier: Dossier,
    *,
    since: date,
    spans: Sequence[Span] = (),
    cause: str,
    at_night: bool = False,
    quiet: bool = False,
) -> tuple[StaleReason, ...]:
    """Bring everything derived into line with what the operation wrote, and append its events.

    `since`: the first day about which something changed. `spans`: the account's places from `since` on, if they
    changed. `cause`: why, in words, for an alert that this resolves. At night reasons that have become true raise
    or join an alert; by day they wait for the night. Returns the stale reasons of today.
    """
    account = dossier.account
    since = min(since, dossier.value_since or since)
    if dossier.records_changed:
        _settle_computed(dossier, since)
    since = min(since, account.standing_on)  # what ended quietly since the last standing is told, too
    with dossier.session.no_autoflush:  # the account is written once, when all is known of it
        _settle_place(dossier, spans)
        _settle_support(dossier)
        if at_night and dossier.account.held_days:
            count_holds_anew(dossier)
        facts = stale_facts(dossier)
        reasons = stale_reasons(facts, dossier.calendar, dossier.today)
        account.stale = follow_alert(dossier, reasons, cause=cause, at_night=at_night, quiet=quiet)
        restate_standings(dossier, since, spans)
        _void_overtaken_proposal(dossier)
        account.due_on = _due_on(dossier, facts, waits=bool(reasons) and not at_night)
        account.updated_at = dossier.now
        announce(dossier)
    dossier.writes.events += dossier.events
    dossier.writes.tally.count(dossier.before, cell_state(account))
    if dossier.ahead is None:  # else the page writes, when all of its accounts are settled
        dossier.session.flush()
        dossier.writes.write(dossier.session)
    return reasons


def _due_on(dossier: Dossier, facts: StaleFacts, *, waits: bool) -> date | None:
    """When the night looks at the account next: at once for reasons that wait, else when something can change.

    That is when a snooze is over, or the day of a next step, too.
    """
    if waits:
        return dossier.today
    turns_on, alert = next_due_on(facts, dossier.calendar, dossier.today), dossier.alert
    wakes_on = wakes_next(alert, dossier.calendar, dossier.today) if alert is not None else None
    return min((day for day in (turns_on, wakes_on) if day is not None), default=None)


def current_reasons(dossier: Dossier) -> tuple[StaleReason, ...]:
    """The reasons for which the account is stale today, as it now stands."""
    return stale_reasons(stale_facts(dossier), dossier.calendar, dossier.today)


def add_evidence(dossier: Dossier, **values: object) -> Evidence:
    """Append one piece of evidence to the account's record."""
    make = Evidence if dossier.ahead is None else new_evidence
    row = make(
        account_id=dossier.account.id,
        seq=max((e.seq for e in dossier.evidence), default=0) + 1,
        recorded_at=dossier.now,
        recorded_by=dossier.actor.email or dossier.actor.name,
        **values,
    )
    if dossier.ahead is None:
        dossier.session.add(row)
    else:
        dossier.writes.evidence.append(row)
    dossier.evidence.append(row)
    return row


def _settle_computed(dossier: Dossier, day: date) -> None:
    """Write down what the changed record proves, and take back what it proves no longer."""
    use = Use(dossier.today, outcome_facts(dossier), dossier.people_use)
    for computed in computed_points(record_facts(dossier, use)):
        live = [e for e in dossier.evidence if e.point == computed.key and e.kind == "record" and not e.retracted_on]
        if computed.holds:
            _correct(dossier, computed, live)
            if computed.key in dossier.rewritten or not any(_covers(e, computed, dossier.today) for e in live):
                _prove(dossier, computed, computed.since or dossier.today)
        elif live:
            lost = dossier.value_lost if computed.key in OF_OUTCOMES else None
            _disprove(dossier, live, lost or day, _lack_words(computed.lacks))


def _correct(dossier: Dossier, computed: Computed, live: Sequence[Evidence]) -> None:
    """What was proven from a later day than the record gives now was never so; what was lost since, and came back
    before anybody looked, was not so in between.
    """
    lost, since = dossier.value_lost, computed.since
    for row in live:
        if since is None or row.effective_on == since:
            continue
        if row.effective_on > since:
            row.retracted_on, row.retracted_at = row.effective_on, dossier.now
            row.retracted_because = f"The record now says so from {since.isoformat()} on."
        elif computed.key in OF_CONFIRMED and lost is not None and lost < since:
            row.retracted_on, row.retracted_at = max(lost, row.effective_on), dossier.now
            row.retracted_because = f"The record says so again from {since.isoformat()} on."


def _lack_words(lacks: Sequence[str]) -> str:
    """What a record lacks as one remark: the coalition's gaps are sentences already, the others are things."""
    if all(lack.endswith(".") for lack in lacks):
        return " ".join(lacks)
    return "The record now lacks " + "; ".join(lacks) + "."


def _covers(row: Evidence, computed: Computed, day: date) -> bool:
    if computed.since is not None:
        same_end = computed.until is None or row.expires_on == computed.until
        return row.effective_on == computed.since and same_end
    if row.expires_on is None:
        return True
    is_longer = computed.until is not None and computed.until > row.expires_on
    return row.expires_on > (day + timedelta(days=WARNING_DAYS) if is_longer else day)


def _prove(dossier: Dossier, computed: Computed, day: date) -> None:
    point = dossier.point(computed.key)
    held = dossier.judged(dossier.today).states[point.key].holds
    add_evidence(
        dossier,
        point=point.key,
        kind="record",
        side="machine",
        passes=True,
        explanation=point.condition,
        effective_on=day,
        expires_on=computed.until or expiry(point, day),
        playbook_version=dossier.rule_version(point.step),
        numbers={},
    )
    if not held:
        dossier.happened("point_held", effective_on=day, changes={point.key: [False, True]}, progress=True)


def _disprove(dossier: Dossier, rows: Sequence[Evidence], day: date, because: str) -> None:
    for row in rows:
        row.retracted_on, row.retracted_at = max(day, row.effective_on), dossier.now
        row.retracted_because = because
    dossier.happened("point_lost", effective_on=day, changes={rows[0].point: [True, False]}, note=because)


def _settle_place(dossier: Dossier, spans: Sequence[Span]) -> None:
    current = next((s for s in reversed(spans) if s.first <= dossier.today), None)
    if current is None:
        return
    account = dossier.account
    account.place, account.claimed_step, account.visit_seq = current.place, current.step, current.visit_seq
    account.supported_step = min(account.supported_step, current.step)
    account.status = status_of(current.place)


def _settle_support(dossier: Dossier) -> None:
    """Work out the supported step, and restart the no-progress clock if there was progress."""
    account, today = dossier.account, dossier.today
    account.supported_step = supported_step(
        account.claimed_step, is_opened=dossier.is_opened(today), judged=dossier.judged(today)
    )
    if dossier.progress_on is not None and dossier.progress_on > account.progress_on:
        account.progress_on = dossier.progress_on
        if account.held_workdays:
            account.held_workdays = _workdays_on_hold(dossier, account.progress_on)
    if dossier.customer_on is not None and dossier.customer_on > (account.customer_on or date.min):
        account.customer_on = dossier.customer_on
        if account.customer_held_workdays:
            account.customer_held_workdays = _workdays_on_hold(dossier, account.customer_on)


def count_holds_anew(dossier: Dossier) -> None:
    """Count the business days of holds by the calendar as it is now: it may have changed since they ended."""
    account = dossier.account
    account.held_workdays = _workdays_on_hold(dossier, account.progress_on)
    account.customer_held_workdays = _workdays_on_hold(dossier, account.customer_on or account.step_entered_on)


def _workdays_on_hold(dossier: Dossier, since: date) -> int:
    """The business days since a day that holds, now ended, took: late news of what happened keeps them."""
    over = _holds(dossier) if dossier.ahead is None else dossier.ahead.holds
    return sum(dossier.calendar.elapsed(max(held_on, since), resumed_on) for held_on, resumed_on in over)


def _holds(dossier: Dossier) -> list[tuple[date, date]]:
    """From when to when the account was on hold, as far as that is over."""
    dossier.session.flush()  # one of them may have ended just now
    mine = (Hold.account_id == dossier.account.id, Hold.resumed_on.is_not(None))
    rows: Any = dossier.session.execute(select(Hold.held_on, Hold.resumed_on).where(*mine))
    return [(held_on, resumed_on) for held_on, resumed_on in rows]


def _void_overtaken_proposal(dossier: Dossier) -> None:
    """A sign-off is on one state of the evidence: when that changes, the proposal is void."""
    proposal = open_proposal(dossier)
    if proposal is None:
        return
    if proposal.visit_seq != dossier.account.visit_seq or dossier.account.status != "active":
        end_proposal(dossier, proposal, "void", "The account has moved since.")
    elif fingerprint(proposal.from_step, dossier.judged(dossier.today)) != proposal.fingerprint:
        end_proposal(dossier, proposal, "void", "The evidence has changed since it was proposed.")
    elif proposal.proposed_by not in active_team(dossier):
        end_proposal(dossier, proposal, "void", "Who proposed it is no longer of the team.")
    elif dossier.today >= proposal.lapses_on:
        end_proposal(
            dossier,
            proposal,
            "lapsed",
            f"Ten business days passed by {proposal.lapses_on - timedelta(days=1)}.",
        )
