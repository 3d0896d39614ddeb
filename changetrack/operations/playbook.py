"""Changing the playbook: each change is a new version, and never retroactive."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from changetrack.domain.history import field_diff
from changetrack.domain.journey.default_playbook import DEFAULT_PLAYBOOK
from changetrack.domain.journey.playbook import changed_steps, parse_playbook, playbook_reasons
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, Reason, StaleVersion, refuse_if
from changetrack.models import PlaybookVersion
from changetrack.operations._audit import record_audit
from changetrack.operations._history import actor_label
from changetrack.operations._texts import text_reasons
from changetrack.operations._transaction import transaction

LONGEST_NOTE = 500


def install_playbook(*, actor: Actor, now: datetime) -> bool:
    """Write version 1, the playbook that ships with the product, unless there is one; says whether it did."""
    with transaction() as session:
        if session.scalar(select(func.count()).select_from(PlaybookVersion)):
            return False
        session.add(
            PlaybookVersion(
                version=1, body=DEFAULT_PLAYBOOK, note="As shipped.", created_by=actor_label(actor), created_at=now
            )
        )
        return True


def change_playbook(*, body: Mapping[str, Any], note: str, based_on: int, actor: Actor, now: datetime) -> int:
    """Store an edited playbook as the next version and return its number; it applies to steps entered from then on.

    `based_on` is the version that was edited. Raises Forbidden, StaleVersion, OperationRefused with all reasons.
    """
    if not may(actor, Action.ADMINISTER):
        raise Forbidden("Only administrators change the playbook.")
    with transaction() as session:
        session.execute(select(PlaybookVersion.version).where(PlaybookVersion.version == 1).with_for_update())
        newest = session.scalars(select(PlaybookVersion).order_by(PlaybookVersion.version.desc()).limit(1)).one()
        if newest.version != based_on:
            raise StaleVersion(current={"version": newest.version}, typed={"version": based_on})
        reasons = playbook_reasons(body)
        steps = [] if reasons else changed_steps(parse_playbook(1, newest.body), parse_playbook(1, body))
        if not reasons and not steps:
            reasons.append(Reason(None, "Nothing was changed."))
        if not note.strip():
            reasons.append(Reason("note", "Say in a sentence why the playbook changes."))
        refuse_if(reasons + text_reasons({"note": note}, {"note": LONGEST_NOTE}))
        version = newest.version + 1
        session.add(
            PlaybookVersion(
                version=version, body=dict(body), note=note.strip(), created_by=actor_label(actor), created_at=now
            )
        )
        record_audit(
            session,
            subject="playbook",
            kind="playbook_changed",
            actor=actor,
            now=now,
            changes=field_diff({"version": newest.version}, {"version": version, "steps": list(steps)}),
            note=note,
        )
        return version
