"""Recording what the change is about: the two opening answers, the gap, the vision."""

from collections.abc import Mapping
from datetime import date, datetime

from changetrack.domain.history import field_diff
from changetrack.domain.journey.moves import day_reasons
from changetrack.domain.people import Action, Actor
from changetrack.domain.refusal import Reason, StaleVersion, refuse_if
from changetrack.operations._dossier import Dossier, open_dossier
from changetrack.operations._settle import settle
from changetrack.operations._texts import NOTE, text_reasons
from changetrack.operations._transaction import transaction
from changetrack.operations.journey._visits import Move, enter_step, move_of

_OPENING_TEXTS = {"beneficiary": 200, "value_statement": NOTE}
_GAP_TEXTS = {"gap_metric": 200, "gap_unit": 60, "gap_from": 60, "gap_to": 60, "gap_evidence": NOTE}
_PROVES = {"stated_on": "1a", "gap_on": "1b", "vision_on": "3a"}
GAP_FIELDS = ("gap_metric", "gap_unit", "gap_from", "gap_to", "gap_by", "gap_evidence")


def open_account(
    *,
    account_id: int,
    beneficiary: str,
    value_statement: str,
    effective_on: date,
    version: int | None = None,
    actor: Actor,
    now: datetime,
    today: date,
) -> Move:
    """Answer the two opening questions: who is the customer, and what do they value, in their words.

    An account that was not opened enters step 1; otherwise the answers are renewed. `version` is that of the record
    as it was shown. Raises OperationRefused with what is missing, StaleVersion if somebody wrote in between.
    Source: Brock's two questions; see the domain's glossary, "opening".
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        _refuse_stale(dossier, version, {"beneficiary": beneficiary, "value_statement": value_statement})
        is_first = dossier.account.status == "not_opened"
        not_before = dossier.account.step_entered_on if is_first else None
        reasons = day_reasons("effective_on", effective_on, today=today, not_before=not_before)
        reasons += _unopenable_reasons(dossier)
        reasons += text_reasons({"beneficiary": beneficiary, "value_statement": value_statement}, _OPENING_TEXTS)
        if not beneficiary.strip():
            reasons.append(Reason("beneficiary", "Name who the customer is: the person or group that is to benefit."))
        if not value_statement.strip():
            reasons.append(Reason("value_statement", "Write what they value, in their words."))
        refuse_if(reasons)
        _write(
            dossier,
            "account_opened" if is_first else "opening_renewed",
            effective_on,
            {
                "beneficiary": beneficiary.strip(),
                "value_statement": value_statement.strip(),
                "opened_on": min(dossier.journey.opened_on or effective_on, effective_on),
            },
            "stated_on",
        )
        spans = enter_step(dossier, 1, kind="opened", on=effective_on) if is_first else []
        settle(dossier, since=effective_on, spans=spans, cause="The opening questions were answered.")
        return move_of(dossier)


def state_gap(
    *,
    account_id: int,
    gap: Mapping[str, object],
    effective_on: date,
    version: int | None = None,
    actor: Actor,
    now: datetime,
    today: date,
) -> Move:
    """State the gap, by the fields GAP_FIELDS: metric, unit, from what, to what, by when, with evidence.

    What is left empty stays missing from control point 1b. `version` is that of the record as it was shown.
    Raises OperationRefused, StaleVersion.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        _refuse_stale(dossier, version, gap)
        refuse_if(day_reasons("effective_on", effective_on, today=today) + text_reasons(gap, _GAP_TEXTS))
        values = {name: _or_none(gap.get(name)) for name in GAP_FIELDS}
        _write(dossier, "gap_stated", effective_on, values, "gap_on")
        settle(dossier, since=effective_on, cause="The gap was stated.")
        return move_of(dossier)


def write_vision(
    *,
    account_id: int,
    vision: str,
    contact_seq: int | None,
    effective_on: date,
    version: int | None = None,
    actor: Actor,
    now: datetime,
    today: date,
) -> Move:
    """Write down the vision with its co-author at the customer; `version` is that of the record as it was shown.

    Raises OperationRefused, StaleVersion.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        _refuse_stale(dossier, version, {"vision": vision, "vision_contact_seq": contact_seq})
        reasons = day_reasons("effective_on", effective_on, today=today)
        reasons += text_reasons({"vision": vision}, {"vision": NOTE})
        if not vision.strip():
            reasons.append(Reason("vision", "Write the vision."))
        if contact_seq is not None and all(c.seq != contact_seq for c in dossier.contacts()):
            reasons.append(Reason("contact_seq", "That person is not among the customer's people."))
        refuse_if(reasons)
        values = {"vision": vision.strip(), "vision_contact_seq": contact_seq}
        _write(dossier, "vision_written", effective_on, values, "vision_on")
        settle(dossier, since=effective_on, cause="The vision was written.")
        return move_of(dossier)


def _refuse_stale(dossier: Dossier, version: int | None, typed: Mapping[str, object]) -> None:
    journey = dossier.journey
    if version is not None and version != (journey.version or 0):
        current = {name: getattr(journey, name) for name in typed}
        raise StaleVersion(current=current | {"version": journey.version}, typed=typed)


def _unopenable_reasons(dossier: Dossier) -> list[Reason]:
    """An account that was never opened is opened where it can enter step 1."""
    words = {"held": "The account is on hold: take it off hold first.", "closed": "The account is closed."}
    account = dossier.account
    return [Reason(None, words[account.status])] if account.claimed_step == 0 and account.status in words else []


def _or_none(value: object) -> object:
    return (value.strip() or None) if isinstance(value, str) else value


def _write(dossier: Dossier, kind: str, on: date, values: Mapping[str, object], day_field: str) -> None:
    journey = dossier.journey
    after = {**values, day_field: on}
    before = {name: getattr(journey, name) for name in after}
    for name, value in after.items():
        setattr(journey, name, value)
    journey.version = (journey.version or 0) + 1
    dossier.records_changed = True
    changes = field_diff(before, after)
    if set(changes) - {"opened_on"}:
        dossier.rewritten.add(_PROVES[day_field])
    dossier.happened(kind, effective_on=on, changes=changes)
