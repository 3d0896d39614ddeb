"""What decides whether an account is stale: its clocks, what of its evidence ends, and the limits of its step."""

from datetime import date

from sqlalchemy import select

from changetrack.domain.funnel import OPEN_PLACES
from changetrack.domain.journey.playbook import StepRules
from changetrack.domain.journey.steps import STEPS
from changetrack.domain.staleness import EvidenceEnd, StaleFacts, StaleLimits
from changetrack.models import Visit
from changetrack.operations._dossier import Dossier
from changetrack.operations._rulebook import Rulebook


def stale_facts(dossier: Dossier) -> StaleFacts:
    """What decides whether the account is stale, as it now stands."""
    account, step = dossier.account, dossier.account.claimed_step
    return StaleFacts(
        step=step,
        is_open=account.place in OPEN_PLACES and account.status != "not_opened",
        entered_on=account.step_entered_on,
        held_days=account.held_days,
        progress_on=account.progress_on,
        evidence_ends=_evidence_ends(dossier),
        limits=stale_limits(dossier.rulebook, dossier.rules().get(step), dossier.rule_version(step), step),
        held_workdays=account.held_workdays,
        falling_since=account.falling_since,
        falling_why=account.falling_why or "",
        customer_on=account.customer_on,
        customer_held_workdays=account.customer_held_workdays,
        commitment_due_on=account.commitment_due_on,
        commitment_words=account.commitment_words or "",
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
    if dossier.ahead is not None:
        return dict(dossier.ahead.excepted)
    dossier.session.flush()  # one of them may have been made just now
    mine = (Visit.account_id == dossier.account.id, Visit.exception_ends_on.is_not(None))
    rows = dossier.session.execute(select(Visit.missing, Visit.exception_ends_on).where(*mine).order_by(Visit.seq))
    return {point: ends_on for missing, ends_on in rows for point in missing if ends_on is not None}


def stale_limits(rulebook: Rulebook, rules: StepRules | None, version: int, step: int) -> StaleLimits:
    """The limits of a step by these `rules` of that version of the playbook; without rules nothing has a limit."""
    words = f"playbook {version}"
    if rules is None:
        return StaleLimits(None, None, words)
    days, month = rulebook.learned.get(step, (rules.age_days, None))
    return StaleLimits(days, rules.progress_days, words, rules.silent_days, rules.age_days, month)
