"""The course of every import: read and check the whole file, then write it in one transaction, or nothing."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.history import event_hash
from changetrack.domain.imports import Layout, lay_out
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, OperationRefused, Reason
from changetrack.models import Import, db
from changetrack.operations._audit import record_audit
from changetrack.operations._bulk import lock_for_bulk_load
from changetrack.operations._history import actor_label
from changetrack.operations._import_terms import (
    FileRefused,
    ImportOptions,
    ImportResult,
    OnReject,
    Scene,
    Source,
    Watch,
    Work,
)
from changetrack.operations._transaction import transaction, unique_or

Prepare = Callable[[Source, Layout, ImportOptions, date, Watch | None], AbstractContextManager[Work]]
"""Makes ready for one file; raises OperationRefused where it cannot be read at all."""

_OVERTAKEN = Reason(
    None, "Somebody added the same account or alias at this moment. Nothing was imported: import the file again."
)


def run_import(
    kind: str,
    prepare: Prepare,
    *,
    source: Source,
    options: ImportOptions,
    actor: Actor,
    now: datetime,
    today: date,
    watch: Watch | None = None,
    on_reject: OnReject | None = None,
) -> ImportResult:
    """Check the file whole, then write it; see `operations.imports` for the promises."""
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
