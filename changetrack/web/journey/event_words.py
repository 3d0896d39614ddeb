"""An account's history in words: what each kind of event is called, its sign, and what changed by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from changetrack.domain.journey.steps import CLOSE_OUTCOMES, REGRESS_REASONS, step_name
from changetrack.queries.history import EventView
from changetrack.web.formatting import exact_date

GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "moves": (
        "Moves",
        (
            "account_created",
            "account_imported",
            "account_opened",
            "account_advanced",
            "account_excepted",
            "account_regressed",
            "account_held",
            "account_resumed",
            "account_closed",
            "account_reopened",
        ),
    ),
    "evidence": ("Evidence", ("evidence_recorded", "evidence_retracted", "point_held", "point_lost")),
    "gate": (
        "Proposals and sign-offs",
        ("advance_proposed", "proposal_signed", "proposal_void", "proposal_withdrawn", "proposal_lapsed"),
    ),
    "record": (
        "The record",
        ("opening_renewed", "gap_stated", "vision_written", "account_edited", "alias_added", "alias_removed"),
    ),
    "people": ("The customer's people", ("contact_added", "contact_edited", "decision_path_changed")),
    "value": (
        "Outcomes",
        (
            "outcome_proposed",
            "outcome_edited",
            "outcome_taken_back",
            "outcome_change_proposed",
            "outcome_replaced",
            "outcome_agreed",
            "outcome_attested",
            "outcome_not_yet",
            "outcome_disputed",
            "outcome_withdrawn",
            "outcome_word_retracted",
            "outcome_in_use",
            "outcome_confirmed",
            "outcome_lapsed",
            "outcome_set_back",
            "outcome_at_risk",
            "outcome_unverifiable",
            "outcome_recovered",
        ),
    ),
    "word": (
        "The customer's word",
        ("customer_said", "customer_asked", "customer_link_renewed", "customer_link_revoked", "customer_declined"),
    ),
    "commitments": (
        "Commitments",
        (
            "commitment_made",
            "commitment_met",
            "commitment_reopened",
            "commitment_renegotiated",
            "commitment_handed_over",
            "commitment_linked",
            "commitment_withdrawn",
        ),
    ),
    "notes": ("Notes", ("note_added",)),
    "alerts": (
        "Alerts",
        (
            "alert_raised",
            "alert_changed",
            "alert_acknowledged",
            "alert_snoozed",
            "alert_fired_again",
            "alert_resolved",
            "alert_reopened",
        ),
    ),
}
"""The kinds of events that the page can be filtered by: key → (words, kinds)."""

_WORDS: Mapping[str, tuple[str, str, str]] = {
    "account_created": ("Added", "square-plus", ""),
    "account_imported": ("Imported", "file-import", ""),
    "account_opened": ("Opened", "sunrise", "ok"),
    "account_advanced": ("Advanced", "arrow-right", "ok"),
    "account_excepted": ("Went ahead by exception", "flag", "warn"),
    "account_regressed": ("Went back", "arrow-back-up", "warn"),
    "account_held": ("Put on hold", "player-pause", ""),
    "account_resumed": ("Taken off hold", "player-play", ""),
    "account_closed": ("Closed", "archive", ""),
    "account_reopened": ("Reopened", "refresh", ""),
    "evidence_recorded": ("Evidence recorded", "clipboard-check", ""),
    "evidence_retracted": ("Evidence taken back", "circle-x", "warn"),
    "point_held": ("The record proves", "circle-check", "ok"),
    "point_lost": ("The record no longer proves", "circle-off", "warn"),
    "advance_proposed": ("Proposed to advance", "send", "info"),
    "proposal_signed": ("Signed off", "rubber-stamp", "ok"),
    "proposal_void": ("The proposal became void", "unlink", "warn"),
    "proposal_withdrawn": ("The proposal was withdrawn", "x", ""),
    "proposal_lapsed": ("The proposal lapsed", "clock", "warn"),
    "opening_renewed": ("Opening answers renewed", "quote", ""),
    "gap_stated": ("Gap stated", "target", ""),
    "vision_written": ("Vision written", "eye", ""),
    "account_edited": ("Record edited", "edit", ""),
    "alias_added": ("Alias added", "tag", ""),
    "alias_removed": ("Alias removed", "tag", ""),
    "contact_added": ("Person added", "user-plus", ""),
    "contact_edited": ("Person edited", "user", ""),
    "decision_path_changed": ("Decision path changed", "users-group", ""),
    "outcome_proposed": ("Outcome proposed", "bulb", ""),
    "outcome_edited": ("Outcome edited", "edit", ""),
    "outcome_taken_back": ("Proposed outcome taken back", "circle-x", ""),
    "outcome_change_proposed": ("Other terms proposed for an outcome", "switch-horizontal", ""),
    "outcome_replaced": ("Other terms took the place of an outcome", "switch-horizontal", ""),
    "outcome_agreed": ("Outcome agreed", "heart-handshake", "ok"),
    "outcome_attested": ("Outcome attested", "circle-check", "ok"),
    "outcome_not_yet": ("Of an outcome was said: not yet", "clock", ""),
    "outcome_disputed": ("Outcome disputed", "message-2", "bad"),
    "outcome_withdrawn": ("The beneficiary withdrew from an outcome", "circle-x", "warn"),
    "outcome_word_retracted": ("A word on an outcome was taken back", "arrow-back-up", "warn"),
    "outcome_in_use": ("Outcome in use", "activity", "info"),
    "outcome_confirmed": ("Outcome confirmed", "circle-check", "ok"),
    "outcome_lapsed": ("Outcome lapsed", "trending-down", "bad"),
    "outcome_set_back": ("Outcome set back", "trending-down", "warn"),
    "outcome_at_risk": ("Outcome at risk", "alert-triangle", "warn"),
    "outcome_unverifiable": ("No data for an outcome", "help", "warn"),
    "outcome_recovered": ("Outcome passing again", "trending-up", "ok"),
    "customer_asked": ("Asked the customer", "send", ""),
    "customer_link_renewed": ("New address for the customer's page", "refresh", ""),
    "customer_link_revoked": ("The customer's page was revoked", "unlink", ""),
    "customer_said": ("The customer said", "message-2", "ok"),
    "commitment_made": ("Commitment made", "checklist", "info"),
    "commitment_met": ("Commitment met", "circle-check", "ok"),
    "commitment_reopened": ("Not met after all: open again", "arrow-back-up", "warn"),
    "commitment_renegotiated": ("Another day agreed for a commitment", "calendar", ""),
    "commitment_handed_over": ("Commitment handed over", "switch-horizontal", ""),
    "commitment_linked": ("Outcome named for a commitment", "target", ""),
    "commitment_withdrawn": ("Commitment withdrawn", "circle-x", "warn"),
    "note_added": ("Note", "message", ""),
    "customer_declined": ("The customer does not sign yet", "message-2", "warn"),
    "alert_raised": ("Went stale", "bell", "bad"),
    "alert_changed": ("Alert changed", "bell", "warn"),
    "alert_acknowledged": ("Alert acknowledged", "check", "info"),
    "alert_snoozed": ("Alert snoozed", "bell-off", ""),
    "alert_fired_again": ("Alert back after its snooze", "bell", "warn"),
    "alert_resolved": ("Alert resolved", "circle-check", "ok"),
    "alert_reopened": ("Alert open again", "arrow-back-up", "warn"),
}

_LABELS: Mapping[str, str] = {
    "team_id": "Team",
    "owner_id": "Owner",
    "claimed_step": "Step",
    "missing": "Without",
    "path_roles": "Roles",
    "roles_not_applicable": "Roles left out",
    "in_coalition": "In the coalition",
    "is_sponsor": "Sponsor",
    "left_on": "Left",
    "gap_metric": "Metric",
    "gap_unit": "Unit",
    "gap_from": "From",
    "gap_to": "To",
    "gap_by": "By",
    "gap_evidence": "How we know",
    "gap_on": "Agreed on",
    "stated_on": "Said on",
    "vision_contact_seq": "Written with",
    "external_id": "External id",
    "annual_value": "Annual value",
    "planned_users": "Planned users",
    "calendar_id": "Calendar (number)",
    "blackout_days": "Days off of its own",
    "review_on": "Review",
    "metric_id": "Metric (number)",
    "beneficiary_seq": "Who benefits (number)",
    "plan_start": "Planned from",
    "plan_periods": "Planned periods",
    "requires_attestation": "Needs their word",
    "attestation_valid_days": "Their word is good for (days)",
    "settle_lag_days": "Wait for late numbers (days)",
    "confirm_after": "Confirmed after",
    "lapse_after": "Lapsed after",
    "restore_after": "Confirmed again after",
    "min_hold": "Has to hold for",
    "overlap_group": "Group",
    "group_cap": "Limit of the group (minor units)",
    "rate": "Worth a period (minor units)",
    "valid_until": "Their word is good until",
    "replaced_on": "Replaced on",
    "due_on": "Due",
    "said_how": "How we heard it",
    "sort": "What it was",
}
_UNTOLD = frozenset({"proposal", "sign_off", "contact", "opened_on", "outcome_seq", "commitment", "person"})
_REASONS = {**CLOSE_OUTCOMES, **REGRESS_REASONS}
_CODES: Mapping[str, Mapping[str, str]] = {
    "reason": _REASONS,
    "outcome": _REASONS,
    "hand": {"own": "own hand", "reported": "reported"},
    "state": {"in_use": "in use"},
    "detail": {"at_risk": "at risk", "use": "for lack of use", "attestation": "for lack of the customer's word"},
    "word": {"not_yet": "not yet"},
}
_ALERT_REASONS = {
    "no_progress": "no progress",
    "over_age": "over age",
    "silent_customer": "customer silent",
    "overdue_commitment": "commitment overdue",
    "usage_falling": "use falling",
    "evidence_expiring": "evidence expiring",
}


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event as the page shows it; `changes` are (field, before, after) in words."""

    event: EventView
    title: str
    sign: str
    tone: str
    by: str
    note: str | None
    changes: tuple[tuple[str, str, str], ...]


def event_line(event: EventView, names: Mapping[str, str]) -> EventLine:
    """Put an event into words; `names` maps the e-mail addresses of people to their names."""
    title, sign, tone = _WORDS.get(event.kind, (event.kind.replace("_", " ").capitalize(), "circle-dot", ""))
    told = {name: pair for name, pair in event.changes.items() if not _is_point(name) and name not in _UNTOLD}
    return EventLine(
        event=event,
        title=_titled(title, event),
        sign=sign,
        tone=tone,
        by=_who(event.actor, names),
        note=None if event.kind == "contact_edited" else event.note,
        changes=tuple((_label(name), _value(name, old), _value(name, new)) for name, (old, new) in told.items()),
    )


def _is_point(name: str) -> bool:
    return len(name) == 2 and name[0].isdigit()


def _titled(title: str, event: EventView) -> str:
    points = [name for name in event.changes if _is_point(name)]
    if event.kind in ("point_held", "point_lost"):
        return f"{title} {', '.join(points)}"
    if points:
        holds = event.changes[points[0]][1]
        return f"{title} for {', '.join(points)}: {'it holds' if holds else 'it does not hold'}"
    if event.kind == "advance_proposed":
        return f"{title} from step {event.changes['proposal'][1]}"
    if event.kind in ("contact_added", "contact_edited"):
        name = event.note or event.changes.get("name", [None, ""])[1]
        return f"{title}: {name}" if name else title
    if event.kind == "customer_said":
        return f"{event.changes['person'][1]} said"
    return title


def _who(actor: str, names: Mapping[str, str]) -> str:
    kind, _, rest = actor.partition(":")
    if kind in ("system", "operator") and rest:
        return f"the system ({rest})" if kind == "system" else f"the operator ({rest})"
    if kind == "customer" and rest:
        return f"{rest}, by their own hand"
    return names.get(actor, actor)


def _label(name: str) -> str:
    return _LABELS.get(name, name.replace("_", " ").capitalize())


def _value(name: str, value: Any) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "claimed_step" and isinstance(value, int):
        return f"{value} {step_name(value)}" if 0 < value < 9 else step_name(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_ALERT_REASONS.get(str(one), str(one)) for one in value)
    if name == "valid_until":  # kept as the first day on which it no longer is
        return exact_date(date.fromisoformat(str(value)) - timedelta(days=1))
    return _CODES.get(name, {}).get(str(value), _dated(str(value)))


def _dated(text: str) -> str:
    """A civil date as people read it, any other text as it is."""
    try:
        return exact_date(date.fromisoformat(text)) if len(text) == 10 else text
    except ValueError:
        return text
