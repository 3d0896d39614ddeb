"""The customer's words on outcomes: what forbids one, and what follows from one at once, whoever's hand gave it."""

from datetime import date, timedelta

from sqlalchemy import func, select

from changetrack.domain.journey.moves import day_reasons
from changetrack.domain.outcomes import OF_THE_BENEFICIARY
from changetrack.domain.refusal import Reason
from changetrack.models import Contact, Outcome, OutcomeStatement
from changetrack.operations._dossier import Dossier
from changetrack.operations._history import actor_label
from changetrack.operations._texts import NOTE, text_reasons

SAID_HOW = ("call", "mail", "meeting")
PROGRESS = frozenset({"agreed", "attested"})
_VERBS = {"agreed": "agrees to", "disputed": "disputes", "withdrawn": "withdraws"}


def statement_reasons(
    dossier: Dossier,
    outcome: Outcome,
    kind: str,
    *,
    contact: Contact | None,
    hand: str,
    said_how: str | None,
    given_on: date | None,
    note: str | None,
) -> list[Reason]:
    """Everything that forbids a word of `kind` (see domain.outcomes) on `outcome`, empty if it may be recorded.

    Only the named beneficiary agrees, disputes and withdraws; anybody of the customer's who has not left may
    attest or say "not yet". Source: DOMAIN section 5.
    """
    reasons = [] if dossier.account.status != "closed" else [Reason(None, "The account is closed.")]
    reasons += word_reasons(dossier, outcome, kind, contact=contact, given_on=given_on)
    if hand == "reported" and said_how not in SAID_HOW:
        reasons.append(Reason("said_how", "Say how you heard it: call, mail or meeting."))
    return reasons + text_reasons({"note": note}, {"note": NOTE})


def word_reasons(
    dossier: Dossier, outcome: Outcome, kind: str, *, contact: Contact | None, given_on: date | None
) -> list[Reason]:
    """What of the outcome, of the person and of the day forbids a word; also on accounts that have ended."""
    reasons = _state_reasons(outcome, kind)
    reasons += day_reasons("given_on", given_on, today=dossier.today)
    if contact is None:
        reasons.append(Reason("contact_seq", "Name the customer's person who said it."))
    elif kind in OF_THE_BENEFICIARY and contact.seq != outcome.beneficiary_seq:
        words = f"Only {_beneficiary(dossier, outcome)}, who is to benefit, {_VERBS[kind]} an outcome."
        reasons.append(Reason("contact_seq", words))
    elif contact.left_on is not None and given_on is not None and contact.left_on <= given_on:
        words = f"{contact.name} left on {contact.left_on:%-d %b %Y}, before they can have said it."
        reasons.append(Reason("contact_seq", words))
    if given_on is not None:
        reasons += _order_reasons(dossier, outcome, kind, given_on)
    return reasons


def add_statement(
    dossier: Dossier,
    outcome: Outcome,
    kind: str,
    *,
    contact: Contact,
    hand: str,
    said_how: str | None,
    given_on: date,
    note: str | None,
) -> OutcomeStatement:
    """Append a word that `statement_reasons` allows, with what follows at once, and mark the outcome due.

    An agreement freezes the terms, and ends the outcome that they replace. The caller recognises `touched_by` it,
    and settles.
    """
    session = dossier.session
    row = OutcomeStatement(
        account_id=dossier.account.id,
        seq=_next_seq(dossier),
        outcome_seq=outcome.seq,
        kind=kind,
        contact_seq=contact.seq,
        person_name=contact.name,
        person_role=contact.title,
        hand=hand,
        said_how=said_how if hand == "reported" else None,
        given_on=given_on,
        valid_days=outcome.attestation_valid_days if kind == "attested" else None,
        note=(note or "").strip() or None,
        recorded_on=_known_on(dossier, outcome),
        recorded_at=dossier.now,
        recorded_by=actor_label(dossier.actor),
    )
    session.add(row)
    before = _summary(outcome)
    _follow(dossier, outcome, row)
    outcome.version += 1
    mark_due(dossier, outcome)
    _tell(dossier, outcome, row, before)
    session.flush()
    return row


def undo_reasons(outcome: Outcome, row: OutcomeStatement) -> list[Reason]:
    """What of later words forbids taking a word back: both the old and the newer terms would hold."""
    if row.kind == "agreed" and outcome.replaces is not None and outcome.replaced_on is not None:
        words = f"Other terms took its place on {outcome.replaced_on:%-d %b %Y}: take that agreement back first."
        return [Reason(None, words)]
    return []


def undo_statement(dossier: Dossier, outcome: Outcome, row: OutcomeStatement, because: str) -> None:
    """Take a word back from today on, with what followed from it; what was known before stays known."""
    row.retracted_on, row.retracted_at = max(_known_on(dossier, outcome), row.recorded_on), dossier.now
    row.retracted_because = because.strip()
    dossier.records_changed = dossier.records_changed or row.kind != "not_yet"
    before = _summary(outcome)
    if row.kind == "agreed":
        outcome.agreed_on, outcome.realized, outcome.confirmed_from = None, 0, None
        _set_state(outcome, "proposed", dossier.today)
        if outcome.replaces is not None:
            _revive(dossier, outcome.replaces)
    elif row.kind in ("disputed", "withdrawn"):
        _set_state(outcome, "agreed" if outcome.agreed_on else "proposed", outcome.agreed_on or dossier.today)
    elif row.kind == "attested":
        outcome.valid_until = _valid_until(dossier, outcome)
    outcome.version += 1
    mark_due(dossier, outcome)
    told = _changes(outcome, before) | {"word": [row.kind, None]}
    dossier.happened("outcome_word_retracted", effective_on=dossier.today, changes=told, note=row.retracted_because)
    dossier.session.flush()


def _known_on(dossier: Dossier, outcome: Outcome) -> date:
    """Today; where a clock was put back, the day up to which the outcome was recognised before."""
    return max(dossier.today, outcome.recognised_on or dossier.today)


def touched_by(dossier: Dossier, outcome: Outcome) -> list[Outcome]:
    """The outcomes that a word on `outcome` may change: itself, and the one whose place it takes."""
    old = None
    if outcome.replaces is not None:
        old = dossier.session.get(Outcome, (outcome.account_id, outcome.replaces))
    return [outcome] if old is None else [outcome, old]


def mark_due(dossier: Dossier, outcome: Outcome) -> None:
    """Let the outcome be recognised anew: now by the caller, or else soon by the job."""
    outcome.due_on = min(outcome.due_on or dossier.today, dossier.today)


def person_of(dossier: Dossier, seq: int | None) -> Contact | None:
    """The customer's person with that number, None if there is none."""
    return next((c for c in dossier.contacts() if c.seq == seq), None)


def _state_reasons(outcome: Outcome, kind: str) -> list[Reason]:
    if outcome.replaced_on is not None and outcome.agreed_on is None:
        return [Reason(None, "This outcome was withdrawn before anybody agreed to it.")]
    if outcome.replaced_on is not None:
        return [Reason(None, f"Other terms took its place on {outcome.replaced_on:%-d %b %Y}.")]
    if outcome.state in ("disputed", "withdrawn"):
        words = {"disputed": "The beneficiary disputes this outcome", "withdrawn": "The beneficiary withdrew it"}
        return [Reason(None, f"{words[outcome.state]} since {outcome.state_since:%-d %b %Y}: agree on other terms.")]
    if kind == "agreed" and outcome.agreed_on is not None:
        return [Reason(None, f"It was agreed on {outcome.agreed_on:%-d %b %Y} already.")]
    if kind in ("attested", "withdrawn") and outcome.agreed_on is None:
        lacking = {"attested": "Nobody can attest to it", "withdrawn": "Nobody can withdraw from it"}[kind]
        return [Reason(None, f"{lacking} before the beneficiary has agreed to it.")]
    return []


def _order_reasons(dossier: Dossier, outcome: Outcome, kind: str, given_on: date) -> list[Reason]:
    agreed_on = outcome.agreed_on
    if kind == "agreed" and outcome.replaces is not None:
        old = dossier.session.get(Outcome, (outcome.account_id, outcome.replaces))
        if old is not None and old.agreed_on is not None and given_on < old.agreed_on:
            words = f"The terms that these replace were agreed on {old.agreed_on:%-d %b %Y}; this cannot be earlier."
            return [Reason("given_on", words)]
    if kind != "agreed" and agreed_on is not None and given_on < agreed_on:
        return [Reason("given_on", f"It was agreed on {agreed_on:%-d %b %Y}; this cannot be earlier.")]
    return []


def _beneficiary(dossier: Dossier, outcome: Outcome) -> str:
    person = person_of(dossier, outcome.beneficiary_seq)
    return person.name if person else "the beneficiary"


def _next_seq(dossier: Dossier) -> int:
    mine = OutcomeStatement.account_id == dossier.account.id
    return (dossier.session.scalar(select(func.max(OutcomeStatement.seq)).where(mine)) or 0) + 1


def _follow(dossier: Dossier, outcome: Outcome, row: OutcomeStatement) -> None:
    """What a word makes of the outcome; "not yet" makes nothing of it but that it was said."""
    if row.kind == "agreed":
        outcome.agreed_on = row.given_on
        _set_state(outcome, "agreed", row.given_on)
        if outcome.replaces is not None:
            _replace(dossier, outcome.replaces, row.given_on)
    elif row.kind in ("disputed", "withdrawn"):
        _set_state(outcome, row.kind, row.given_on)
    elif row.kind == "attested":
        until = row.given_on + timedelta(days=row.valid_days or 0)
        outcome.valid_until = max(outcome.valid_until or until, until)


def _replace(dossier: Dossier, seq: int, day: date) -> None:
    """The terms that the new ones replace end on the day of the new agreement."""
    old = dossier.session.get(Outcome, (dossier.account.id, seq))
    if old is not None and old.replaced_on is None:
        old.replaced_on, old.replaced_at = day, dossier.now
        _set_state(old, "withdrawn", day, "replaced")
        old.version += 1
        mark_due(dossier, old)
        told = {"outcome_seq": [None, old.seq], "replaced_on": [None, day.isoformat()]}
        dossier.happened("outcome_replaced", effective_on=day, changes=told, note=old.statement)


def _revive(dossier: Dossier, seq: int) -> None:
    """What was replaced by terms whose agreement is taken back holds again."""
    old = dossier.session.get(Outcome, (dossier.account.id, seq))
    if old is not None and old.replaced_on is not None:
        old.replaced_on = old.replaced_at = None
        _set_state(old, "agreed" if old.agreed_on else "proposed", old.agreed_on or old.proposed_on)
        old.version += 1
        mark_due(dossier, old)


def _set_state(outcome: Outcome, state: str, since: date, detail: str | None = None) -> None:
    """What the word says of the state; recognition then makes of it what use shows."""
    outcome.state, outcome.detail, outcome.state_since = state, detail, since


def _valid_until(dossier: Dossier, outcome: Outcome) -> date | None:
    mine = (OutcomeStatement.account_id == outcome.account_id, OutcomeStatement.outcome_seq == outcome.seq)
    live = (OutcomeStatement.kind == "attested", OutcomeStatement.retracted_on.is_(None))
    dossier.session.flush()
    rows = dossier.session.scalars(select(OutcomeStatement).where(*mine, *live))
    return max((row.given_on + timedelta(days=row.valid_days or 0) for row in rows), default=None)


def _summary(outcome: Outcome) -> dict[str, object]:
    return {name: getattr(outcome, name) for name in ("state", "agreed_on", "valid_until")}


def _changes(outcome: Outcome, before: dict[str, object]) -> dict[str, list[object]]:
    told: dict[str, list[object]] = {"outcome_seq": [None, outcome.seq]}
    for name, was in before.items():
        now = getattr(outcome, name)
        if now != was:
            told[name] = [_plain(was), _plain(now)]
    return told


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _tell(dossier: Dossier, outcome: Outcome, row: OutcomeStatement, before: dict[str, object]) -> None:
    told = _changes(outcome, before) | {"person": [None, row.person_name], "hand": [None, row.hand]}
    words = f"{outcome.statement} — {row.note}" if row.note else outcome.statement
    if row.kind != "not_yet":
        dossier.records_changed = True
    dossier.happened(
        f"outcome_{row.kind}",
        effective_on=row.given_on,
        changes=told,
        note=words,
        progress=row.kind in PROGRESS,
        customer=True,
    )
