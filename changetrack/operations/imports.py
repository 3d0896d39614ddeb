"""Importing files: accounts, aliases, history, contacts, outcomes, usage; all of a file, or nothing of it.

Each kind is told of where its loader is: `_import_accounts.py` and so on.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.accounts import account_reasons
from changetrack.domain.history import event_hash
from changetrack.domain.imports import lay_out
from changetrack.domain.outcome_file import row_reasons
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, OperationRefused, Reason
from changetrack.models import Import, db
from changetrack.operations._audit import record_audit
from changetrack.operations._bulk import lock_for_bulk_load
from changetrack.operations._history import actor_label
from changetrack.operations._import_accounts import accounts_loader
from changetrack.operations._import_aliases import aliases_loader
from changetrack.operations._import_contacts import contacts_loader
from changetrack.operations._import_history import history_loader
from changetrack.operations._import_outcomes import outcomes_loader
from changetrack.operations._import_rows import by_rows
from changetrack.operations._import_terms import (
    FileRefused,
    ImportOptions,
    ImportResult,
    OnReject,
    Prepare,
    Scene,
    Source,
    Watch,
    Work,
)
from changetrack.operations._import_usage import usage_rows
from changetrack.operations._transaction import transaction, unique_or

__all__ = ["KINDS", "FileRefused", "ImportOptions", "ImportResult", "import_file"]

_PREPARES: Mapping[str, Callable[[str], Prepare]] = {
    "accounts": lambda _secret: by_rows(accounts_loader, account_reasons),
    "aliases": lambda _secret: by_rows(aliases_loader),
    "history": lambda _secret: by_rows(history_loader),
    "contacts": lambda _secret: by_rows(contacts_loader),
    "outcomes": lambda _secret: by_rows(outcomes_loader, row_reasons),
    "usage": usage_rows,
}

KINDS = tuple(_PREPARES)
"""What a file can be of."""

_OVERTAKEN = Reason(
    None, "Somebody added the same account or alias at this moment. Nothing was imported: import the file again."
)


def import_file(
    *,
    kind: str,
    source: Source,
    options: ImportOptions,
    secret: str,
    actor: Actor,
    now: datetime,
    today: date,
    watch: Watch | None = None,
    on_reject: OnReject | None = None,
) -> ImportResult:
    """Check a file of that kind whole, then write it in one transaction, in flat memory; KeyError for another kind.

    What is on record already changes nothing, so a file can be imported again; in every file an account may be named
    by an alias. A column that the file does not have is left alone; a blank cell clears its field. `watch` is told
    the share of the work that is done; `on_reject` gets every row that is turned away, with its reasons. Those whom
    a metric counts are kept as digests made with `secret`.
    Raises OperationRefused for a file that cannot be understood, FileRefused (unless bad rows are to be skipped)
    when a row cannot be taken, Forbidden.
    """
    prepare = _PREPARES[kind](secret)
    if not may(actor, Action.IMPORT):
        raise Forbidden("Only an administrator imports files.")
    layout = lay_out(kind, source.headers, mapping=options.mapping, constants=options.constants)
    with prepare(source, layout, options, today, watch) as work:
        fingerprint = _fingerprint(kind, source, options)
        result = ImportResult(options.batch_id or fingerprint[:32], dry_run=options.dry_run)
        if _is_repeated(result, fingerprint):
            return result
        scene = Scene(cast("scoped_session[Session]", db.session), actor, now, today)
        work.check(scene, result, on_reject, count=options.dry_run)
        db.session.rollback()
        if options.dry_run:
            return result
        if result.rejected_rows and not options.skip_bad:
            raise FileRefused(result)
        return _write(kind, work, source, scene, options, result, fingerprint)


def _write(
    kind: str,
    work: Work,
    source: Source,
    scene: Scene,
    options: ImportOptions,
    checked: ImportResult,
    fingerprint: str,
) -> ImportResult:
    scene = replace(scene, writing=True)
    with unique_or(_OVERTAKEN), transaction() as session:
        lock_for_bulk_load(session)
        result = ImportResult(checked.batch_id)
        if _is_repeated(result, fingerprint):
            return result
        work.write(scene, result)
        if result.rejected_rows > checked.rejected_rows and not options.skip_bad:
            raise FileRefused(result)
        _note_batch(session, kind, source, scene, result, fingerprint)
    return result


def _fingerprint(kind: str, source: Source, options: ImportOptions) -> str:
    """What makes an import the same import: its kind, its content, and how it is read."""
    said = {"mapping": options.mapping, "constants": options.constants, "date_format": options.date_format}
    return event_hash(source.digest, {"kind": kind, **said})


def _is_repeated(result: ImportResult, fingerprint: str) -> bool:
    """Whether this batch is in already, without anything turned away; refuses a batch id used for another file."""
    row = db.session.execute(
        select(Import.digest, Import.counts, Import.imported_at).where(Import.batch_id == result.batch_id)
    ).one_or_none()
    if row is None:
        return False
    if row.digest != fingerprint:
        taken = f"The batch id “{result.batch_id}” was used for another file on {row.imported_at:%Y-%m-%d}."
        raise OperationRefused([("batch_id", taken)])
    if row.counts.get("rejected_rows"):
        return False
    result.rows = result.unchanged = row.counts.get("rows", 0)
    result.repeated = True
    return True


def _note_batch(
    session: scoped_session[Session], kind: str, source: Source, scene: Scene, result: ImportResult, fingerprint: str
) -> None:
    batch = session.scalar(select(Import).where(Import.batch_id == result.batch_id))
    if batch is None:
        batch = Import(batch_id=result.batch_id, kind=kind, digest=fingerprint)
        session.add(batch)
    batch.file_name, batch.counts = source.name[:255], result.counts()
    batch.imported_by, batch.imported_at = actor_label(scene.actor), scene.now
    record_audit(
        session, subject=f"import:{result.batch_id}"[:80], kind=f"{kind}_imported", actor=scene.actor, now=scene.now,
        changes={name: [None, number] for name, number in result.counts().items()}, note=source.name,
    )  # fmt: skip
