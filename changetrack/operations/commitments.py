"""The commitments of either side: made, met, reopened, renegotiated, handed over, linked, withdrawn."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.commitments import (
    RESULT_MAX,
    commitment_words,
    is_progress,
    meet_reasons,
    renegotiate_reasons,
    reopen_reasons,
    withdraw_reasons,
)
from changetrack.domain.people import Action, Actor
from changetrack.domain.refusal import NotFound, Reason, StaleVersion, refuse_if
from changetrack.models import Alert, Commitment
from changetrack.operations._alert_back import bring_alert_back
from changetrack.operations._alerts import fire_again, open_alert
from changetrack.operations._commitments import (
    add_commitment,
    give_to,
    outcome_reasons,
    owner_reasons,
    restate_first_commitment,
    take_progress_back,
)
from changetrack.operations._dossier import Dossier, open_dossier
from changetrack.operations._history import actor_label
from changetrack.operations._settle import settle
from changetrack.operations._texts import text_reasons
from changetrack.operations._transaction import transaction


def make_commitment(
    *,
    account_id: int,
    action: str,
    due_on: date | None,
    owner_user_id: int | None = None,
    owner_contact_seq: int | None = None,
    outcome_seq: int | None = None,
    actor: Actor,
    now: datetime,
    today: date,
) -> int:
    """Keep somebody's word to do `action` by a day: one of ours, or one of the customer's people.

    `outcome_seq` names the outcome that it serves. Returns its number in the account. Raises NotFound, Forbidden,
    OperationRefused with everything that forbids it. Source: DOMAIN section 8.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        row = add_commitment(
            dossier,
            action=action,
            owner_user_id=owner_user_id,
            owner_contact_seq=owner_contact_seq,
            due_on=due_on,
            outcome_seq=outcome_seq,
        )
        settle(dossier, since=today, cause="A commitment was made.")
        return row.seq


def meet_commitment(
    *,
    account_id: int,
    seq: int,
    version: int,
    met_on: date | None = None,
    result: str = "",
    actor: Actor,
    now: datetime,
    today: date,
) -> None:
    """Say that a commitment was met, `met_on` a day since it was made (today unless it is given): that is progress.

    But for what was met on the very day on which it was made: that is kept, and is no progress. Where one of the
    customer's people met theirs, it is an act of the customer's, too. Raises NotFound, Forbidden, StaleVersion,
    OperationRefused with everything that forbids it. Source: DOMAIN sections 6 and 8.
    """
    day = met_on or today
    with transaction() as session:
        dossier, row = _opened(
            session, account_id, seq, version, {"met_on": met_on, "result": result}, actor, now, today
        )
        wrong = meet_reasons(row.state, made_on=row.made_on, met_on=day, result=result, today=today)
        refuse_if(wrong or text_reasons({"result": result}, {"result": RESULT_MAX}))
        _end(dossier, row, "met", day, result)
        dossier.happened(
            "commitment_met",
            effective_on=day,
            changes={"commitment": [row.seq, None]},
            note=_words(row, result),
            progress=is_progress(row.made_on, day),
            customer=row.owner_contact_seq is not None,
        )
        restate_first_commitment(dossier)
        settle(dossier, since=day, cause=f"A commitment of {row.owner_name} was met.")


def reopen_commitment(*, account_id: int, seq: int, version: int, actor: Actor, now: datetime, today: date) -> None:
    """Say that a commitment was not met after all, and is open again: what followed from its being met is taken back.

    The clocks stand as if it had not been told, an alert that it ended goes on where it was, and whether its alerts
    helped is measured anew. Raises NotFound, Forbidden, StaleVersion, OperationRefused once the account has moved on or
    is closed.
    """
    with transaction() as session:
        dossier, row = _opened(session, account_id, seq, version, {}, actor, now, today)
        closed, moved_at = dossier.account.status == "closed", dossier.visit.recorded_at
        refuse_if(reopen_reasons(row.state, ended_at=row.ended_at, moved_at=moved_at, is_closed=closed))
        met_on, is_theirs = row.ended_on, row.owner_contact_seq is not None
        assert met_on is not None, "else it was refused"
        row.state, row.ended_on, row.ended_at, row.ended_by, row.result = "open", None, None, None, None
        _changed(dossier, row)
        told = {"commitment": [None, row.seq]}
        dossier.happened("commitment_reopened", effective_on=today, changes=told, note=_words(row))
        restate_first_commitment(dossier)
        take_progress_back(dossier, met_on, customer=is_theirs)
        bring_alert_back(dossier)
        settle(dossier, since=today, cause="A commitment was not met after all.")


def renegotiate_commitment(
    *,
    account_id: int,
    seq: int,
    version: int,
    due_on: date | None,
    because: str = "",
    actor: Actor,
    now: datetime,
    today: date,
) -> None:
    """Agree on another day for a commitment, up to the day it is due; the first one stays on record.

    Another day is no progress. Raises NotFound, Forbidden, StaleVersion, OperationRefused with everything that
    forbids it. Source: DOMAIN section 6.
    """
    typed = {"due_on": due_on, "because": because}
    with transaction() as session:
        dossier, row = _opened(session, account_id, seq, version, typed, actor, now, today)
        wrong = renegotiate_reasons(row.state, row.due_on, due_on, today=today)
        refuse_if(wrong + text_reasons({"because": because}, {"because": RESULT_MAX}))
        assert due_on is not None, "else it was refused"
        told = {"commitment": [row.seq, row.seq], "due_on": [row.due_on.isoformat(), due_on.isoformat()]}
        if row.alert_id is not None:
            announced = (Alert.id == row.alert_id, Alert.next_step_on == row.due_on)  # and no other step since
            session.execute(update(Alert).where(*announced).values(next_step_on=due_on))
        row.due_on, row.renegotiated = due_on, row.renegotiated + 1
        _changed(dossier, row)
        dossier.happened("commitment_renegotiated", effective_on=today, changes=told, note=_words(row, because))
        restate_first_commitment(dossier)
        settle(dossier, since=today, cause="A commitment was renegotiated before it was due.")


def hand_over_commitment(
    *,
    account_id: int,
    seq: int,
    version: int,
    owner_user_id: int | None = None,
    owner_contact_seq: int | None = None,
    actor: Actor,
    now: datetime,
    today: date,
) -> None:
    """Let an open commitment be another person's; its day stays, and it is no progress.

    Raises NotFound, Forbidden, StaleVersion, OperationRefused with everything that forbids it.
    """
    asked = {"owner_user_id": owner_user_id, "owner_contact_seq": owner_contact_seq}
    with transaction() as session:
        dossier, row = _opened(session, account_id, seq, version, asked, actor, now, today)
        refuse_if(_ended_reasons(row) + owner_reasons(dossier, **asked))
        before = (row.owner_user_id, row.owner_contact_seq, row.owner_name)
        give_to(dossier, row, **asked)
        if before[:2] == (row.owner_user_id, row.owner_contact_seq):
            return
        _changed(dossier, row)
        told = {"commitment": [row.seq, row.seq], "owner": [before[2], row.owner_name]}
        dossier.happened("commitment_handed_over", effective_on=today, changes=told, note=_words(row))
        restate_first_commitment(dossier)
        settle(dossier, since=today, cause="A commitment was handed over.")


def link_commitment(
    *, account_id: int, seq: int, version: int, outcome_seq: int | None, actor: Actor, now: datetime, today: date
) -> None:
    """Say which outcome asks for an open commitment, or that none does; it is no progress.

    Raises NotFound, Forbidden, StaleVersion, OperationRefused with everything that forbids it. Source: DOMAIN
    section 8.
    """
    with transaction() as session:
        typed = {"outcome_seq": outcome_seq}
        dossier, row = _opened(session, account_id, seq, version, typed, actor, now, today)
        refuse_if(_ended_reasons(row) + outcome_reasons(dossier, outcome_seq))
        if row.outcome_seq == outcome_seq:
            return
        told = {"commitment": [row.seq, row.seq], "outcome_seq": [row.outcome_seq, outcome_seq]}
        row.outcome_seq = outcome_seq
        _changed(dossier, row)
        asked = f"outcome {outcome_seq} asks for it" if outcome_seq is not None else "no outcome asks for it"
        dossier.happened("commitment_linked", effective_on=today, changes=told, note=_words(row, asked))
        settle(dossier, since=today, cause="A commitment was linked to an outcome.")


def withdraw_commitment(
    *, account_id: int, seq: int, version: int, reason: str, actor: Actor, now: datetime, today: date
) -> None:
    """Say that a commitment will not be met and is not waited for any more, with the reason.

    Raises NotFound, Forbidden, StaleVersion, OperationRefused with everything that forbids it.
    """
    with transaction() as session:
        dossier, row = _opened(session, account_id, seq, version, {"reason": reason}, actor, now, today)
        refuse_if(withdraw_reasons(row.state, reason) or text_reasons({"reason": reason}, {"reason": RESULT_MAX}))
        _end(dossier, row, "withdrawn", today, reason)
        told = {"commitment": [row.seq, None]}
        dossier.happened("commitment_withdrawn", effective_on=today, changes=told, note=_words(row, reason))
        restate_first_commitment(dossier)
        _end_rest(dossier, row)
        settle(dossier, since=today, cause="A commitment was withdrawn.")


def _opened(
    session: scoped_session[Session],
    account_id: int,
    seq: int,
    version: int,
    typed: dict[str, Any],
    actor: Actor,
    now: datetime,
    today: date,
) -> tuple[Dossier, Commitment]:
    dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
    row = session.get(Commitment, (account_id, seq), populate_existing=True) if 0 < seq < 2**31 else None
    if row is None:
        raise NotFound("commitment")
    if row.version != version:
        shown = ("action", "owner_name", "due_on", "state", "result", "version")
        raise StaleVersion(current={name: getattr(row, name) for name in shown}, typed=typed)
    return dossier, row


def _ended_reasons(row: Commitment) -> list[Reason]:
    return [] if row.state == "open" else [Reason(None, "This commitment has ended.")]


def _end(dossier: Dossier, row: Commitment, state: str, day: date, words: str) -> None:
    row.state, row.ended_on, row.ended_at = state, day, dossier.now
    row.ended_by, row.result = actor_label(dossier.actor), words.strip() or None
    _changed(dossier, row)


def _end_rest(dossier: Dossier, row: Commitment) -> None:
    """Let the alert that rested on this next step fire again, now that nobody takes the step."""
    alert = open_alert(dossier) if row.alert_id is not None else None
    if alert is None or alert.state != "acknowledged":
        return
    if (alert.id, alert.next_step_on) == (row.alert_id, row.due_on):
        fire_again(dossier, alert, because="Its next step was taken back.")


def _changed(dossier: Dossier, row: Commitment) -> None:
    row.version, row.changed_at = row.version + 1, dossier.now


def _words(row: Commitment, more: str = "") -> str:
    words = commitment_words(row.action, row.owner_name)
    return f"{words}: {more.strip()}" if more.strip() else words
