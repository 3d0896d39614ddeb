"""Recording and taking back evidence for the control points, as the team does it."""

from datetime import date, datetime

from changetrack.domain.people import Action, Actor
from changetrack.domain.refusal import NotFound, Reason, refuse_if
from changetrack.operations._dossier import open_dossier
from changetrack.operations._settle import settle
from changetrack.operations._texts import text_reasons
from changetrack.operations._transaction import transaction
from changetrack.operations.journey._evidence import Recorded as Recorded
from changetrack.operations.journey._evidence import Statement as Statement
from changetrack.operations.journey._evidence import put_evidence, take_evidence_back

_LONGEST_REASON = 500


def record_evidence(
    *,
    account_id: int,
    point: str,
    statement: Statement,
    effective_on: date,
    actor: Actor,
    now: datetime,
    today: date,
) -> Recorded:
    """Record evidence for a control point; the rule of the point decides whether it passes.

    A customer's word is kept as *reported*, with person, day and how it was said. Raises OperationRefused with
    everything that is wrong with it.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        rule = dossier.point(point)
        recorded = put_evidence(dossier, rule, statement, effective_on, hand="reported")
        settle(dossier, since=effective_on, cause=f"Evidence for {point} was recorded.")
        return recorded


def retract_evidence(*, account_id: int, seq: int, because: str, actor: Actor, now: datetime, today: date) -> None:
    """Take back a piece of evidence from today on, with a reason. What was known before stays known.

    Raises NotFound for unknown evidence, OperationRefused for computed or retracted evidence, and for what a
    customer said by their own hand: that is theirs to take back.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        row = next((e for e in dossier.evidence if e.seq == seq), None)
        if row is None:
            raise NotFound("evidence")
        reasons = [] if because.strip() else [Reason("because", "Say why it is taken back.")]
        reasons += text_reasons({"because": because}, {"because": _LONGEST_REASON})
        if row.kind == "record":
            reasons.append(Reason(None, "This is computed from the record: correct the record instead."))
        if row.hand == "own":
            reasons.append(Reason(None, f"{row.person_name} said so by their own hand: ask them for another word."))
        if row.retracted_on is not None:
            reasons.append(Reason(None, "It has been taken back already."))
        refuse_if(reasons)
        take_evidence_back(dossier, row, because)
        settle(dossier, since=today, cause=f"Evidence for {row.point} was taken back.")
