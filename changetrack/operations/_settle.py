"""The end of every operation on an account: what follows from the change is worked out and written, once, here."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import insert, select

from changetrack.domain.alerts import (
    WARNING_DAYS,
    EvidenceEnd,
    StaleFacts,
    StaleLimits,
    StaleReason,
    next_due_on,
    stale_reasons,
)
from changetrack.domain.funnel import OPEN_PLACES, status_of
from changetrack.domain.journey.evidence import expiry
from changetrack.domain.journey.gate import fingerprint, supported_step
from changetrack.domain.journey.records import Computed, computed_points
from changetrack.domain.journey.steps import STEPS
from changetrack.domain.journey.timeline import Span
from changetrack.domain.journey.use_points import OF_CONFIRMED, OF_OUTCOMES, Use
from changetrack.models import Event, Evidence, Hold, Visit
from changetrack.operations._alerts import follow_alert
from changetrack.operations._cells import FunnelTally
from changetrack.operations._dossier import CALENDAR, Dossier, cell_state, record_facts
from changetrack.operations._proposals import active_team, end_proposal, open_proposal
from changetrack.operations._standings import restate_standings
from changetrack.operations._use_facts import outcome_facts

_ADD_EVENTS = insert(Event.__table__)  # type: ignore[arg-type]  # a Table for all of ours


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
    tally = FunnelTally()
    with dossier.session.no_autoflush:  # the account is written once, when all is known of it
        _settle_place(dossier, spans)
        _settle_support(dossier)
        facts = _stale_facts(dossier)
        reasons = stale_reasons(facts, CALENDAR, dossier.today)
        account.stale = follow_alert(dossier, reasons, cause=cause, at_night=at_night, quiet=quiet)
        restate_standings(dossier, since, spans, tally)
        _void_overtaken_proposal(dossier)
        wait_for_night = reasons and not at_night
        account.due_on = dossier.today if wait_for_night else next_due_on(facts, CALENDAR, dossier.today)
        account.updated_at = dossier.now
    dossier.session.flush()
    if dossier.events:
        dossier.session.connection().execute(_ADD_EVENTS, dossier.events)
    tally.count(dossier.before, cell_state(account))
    tally.flush(dossier.session)
    return reasons


def current_reasons(dossier: Dossier) -> tuple[StaleReason, ...]:
    """The reasons for which the account is stale today, as it now stands."""
    return stale_reasons(_stale_facts(dossier), CALENDAR, dossier.today)


def add_evidence(dossier: Dossier, **values: object) -> Evidence:
    """Append one piece of evidence to the account's record."""
    row = Evidence(
        account_id=dossier.account.id,
        seq=max((e.seq for e in dossier.evidence), default=0) + 1,
        recorded_at=dossier.now,
        recorded_by=dossier.actor.email or dossier.actor.name,
        **values,
    )
    dossier.session.add(row)
    dossier.evidence.append(row)
    return row


def _settle_computed(dossier: Dossier, day: date) -> None:
    """Write down what the changed record proves, and take back what it proves no longer."""
    use = Use(dossier.today, outcome_facts(dossier.session, dossier.account.id, dossier.today), dossier.people_use)
    for computed in computed_points(replace(record_facts(dossier), use=use)):
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
            account.held_workdays = _workdays_on_hold(dossier)


def _workdays_on_hold(dossier: Dossier) -> int:
    """The business days since the last progress that holds, now ended, took: late news of progress keeps them."""
    since = dossier.account.progress_on
    dossier.session.flush()  # one of them may have ended just now
    mine = (Hold.account_id == dossier.account.id, Hold.resumed_on > since)
    holds = dossier.session.execute(select(Hold.held_on, Hold.resumed_on).where(*mine))
    return sum(CALENDAR.elapsed(max(held_on, since), resumed_on) for held_on, resumed_on in holds if resumed_on)


def _stale_facts(dossier: Dossier) -> StaleFacts:
    account, step = dossier.account, dossier.account.claimed_step
    rules = dossier.rules().get(step)
    return StaleFacts(
        step=step,
        is_open=account.place in OPEN_PLACES and account.status != "not_opened",
        entered_on=account.step_entered_on,
        held_days=account.held_days,
        progress_on=account.progress_on,
        evidence_ends=_evidence_ends(dossier),
        limits=StaleLimits(
            rules.age_days if rules else None,
            rules.progress_days if rules else None,
            f"playbook {dossier.rule_version(step)}",
        ),
        held_workdays=account.held_workdays,
        falling_since=account.falling_since,
        falling_why=account.falling_why or "",
    )


def _evidence_ends(dossier: Dossier) -> tuple[EvidenceEnd, ...]:
    ends, unproven = [], []
    claimed = dossier.account.claimed_step
    for point, state in dossier.judged(dossier.today).required(min(claimed, max(STEPS))):
        day = state.ends_on if state.holds else state.ended_on
        if day is not None:
            foreseen = any(e.expires_on == day for e in dossier.evidence if e.point == point.key)
            ends.append(EvidenceEnd(point.key, day, point.step, foreseen))
        elif not state.holds and point.step < claimed:
            unproven.append(point)
    excepted = _exceptions(dossier) if unproven else {}
    ends += [EvidenceEnd(f"the exception for {p.key}", excepted[p.key], p.step) for p in unproven if p.key in excepted]
    return tuple(ends)


def _exceptions(dossier: Dossier) -> dict[str, date]:
    """Until when the account went ahead without which points, by the newest exception for each."""
    dossier.session.flush()  # one of them may have been made just now
    mine = (Visit.account_id == dossier.account.id, Visit.exception_ends_on.is_not(None))
    rows = dossier.session.execute(select(Visit.missing, Visit.exception_ends_on).where(*mine).order_by(Visit.seq))
    return {point: ends_on for missing, ends_on in rows for point in missing if ends_on is not None}


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
