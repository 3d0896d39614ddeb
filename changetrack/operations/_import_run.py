"""The course of every import: read and check the whole file, then write it in one transaction, or nothing."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.history import event_hash
from changetrack.domain.imports import Layout, ParsedRow, RawRow, RowReason, lay_out, row_parser
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, OperationRefused, Reason
from changetrack.models import Import, db
from changetrack.operations._audit import record_audit
from changetrack.operations._bulk import ROWS, lock_for_bulk_load
from changetrack.operations._history import actor_label
from changetrack.operations._import_terms import (
    SHOWN,
    FileRefused,
    ImportOptions,
    ImportResult,
    Loader,
    Scene,
    Source,
    Tried,
    Watch,
)
from changetrack.operations._transaction import transaction, unique_or

OnReject = Callable[[RawRow, list[RowReason]], None]


_CHECKING = 0.3  # of the whole work
_OVERTAKEN = Reason(
    None, "Somebody added the same account or alias at this moment. Nothing was imported: import the file again."
)


def run_import(
    kind: str,
    make_loader: Callable[[Scene, Layout], AbstractContextManager[Loader]],
    *,
    check: Callable[[dict[str, object]], list[tuple[str, str]]] | None = None,
    source: Source,
    options: ImportOptions,
    actor: Actor,
    now: datetime,
    today: date,
    watch: Watch | None = None,
    on_reject: OnReject | None = None,
) -> ImportResult:
    """Read the file twice: once to check it whole, once to write it; see `operations.imports` for the promises."""
    if not may(actor, Action.IMPORT):
        raise Forbidden("Only an administrator imports files.")
    layout = lay_out(kind, source.headers, mapping=options.mapping, constants=options.constants)
    parse = row_parser(layout, date_format=options.date_format, today=today, check=check)
    fingerprint = _fingerprint(kind, source, options)
    result = ImportResult(options.batch_id or fingerprint[:32], dry_run=options.dry_run)
    if _is_repeated(result, fingerprint):
        return result
    reading = _Reading(source, parse, watch)
    scene = Scene(cast("scoped_session[Session]", db.session), actor, now, today)
    with make_loader(scene, layout) as loader:
        reading.check(loader, result, on_reject, count=options.dry_run)
    db.session.rollback()
    if options.dry_run:
        return result
    if result.rejected_rows and not options.skip_bad:
        raise FileRefused(result)
    return _write(kind, make_loader, layout, reading, scene, options, result, fingerprint)


def _write(
    kind: str,
    make_loader: Callable[[Scene, Layout], AbstractContextManager[Loader]],
    layout: Layout,
    reading: "_Reading",
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
        with make_loader(scene, layout) as loader:
            reading.write(loader, result)
        if result.rejected_rows > checked.rejected_rows and not options.skip_bad:
            raise FileRefused(result)
        _note_batch(session, kind, reading.source, scene, result, fingerprint)
    return result


class _Reading:
    """Goes through a file some thousand rows at a time."""

    def __init__(
        self, source: Source, parse: Callable[[RawRow], ParsedRow | list[RowReason]], watch: Watch | None
    ) -> None:
        self.source, self._parse, self._watch = source, parse, watch

    def check(self, loader: Loader, result: ImportResult, on_reject: OnReject | None, *, count: bool) -> None:
        """Look at every row, and count what would happen if `count` says so."""
        whole = 1.0 if count else _CHECKING
        for raw, parsed in self._chunks(result, 0.0, whole):
            bad = [(row, found) for row, found in zip(raw, parsed, strict=True) if isinstance(found, list)]
            tried = loader.try_rows([found for found in parsed if not isinstance(found, list)])
            by_line = {row.line: row for row in raw}
            bad += [(by_line[reasons[0].line], reasons) for reasons in tried.rejected]
            for row, reasons in sorted(bad, key=lambda pair: pair[0].line):
                _reject(result, reasons)
                if on_reject is not None:
                    on_reject(row, reasons)
            _add(result, tried)
        _add(result, loader.finish(write=False, count=count, watch=self._said))

    def write(self, loader: Loader, result: ImportResult) -> None:
        """Write every row that can be taken."""
        end = 1 - (1 - _CHECKING) * loader.work_at_end
        for _, parsed in self._chunks(result, _CHECKING, end):
            tried = loader.try_rows([found for found in parsed if not isinstance(found, list)])
            for reasons in [p for p in parsed if isinstance(p, list)] + tried.rejected:
                _reject(result, reasons)
            loader.write(tried.work)
            _add(result, tried)
        _add(result, loader.finish(write=True, count=True, watch=lambda share: self._said(end + (1 - end) * share)))

    def _chunks(
        self, result: ImportResult, begin: float, end: float
    ) -> Iterator[tuple[list[RawRow], list[ParsedRow | list[RowReason]]]]:
        rows = self.source.rows()
        while raw := list(islice(rows, ROWS)):
            yield raw, [self._parse(row) for row in raw]
            result.rows += len(raw)
            self._said(begin + (end - begin) * self.source.share_read)

    def _said(self, share: float) -> None:
        if self._watch is not None:
            self._watch(share)


def _reject(result: ImportResult, reasons: list[RowReason]) -> None:
    result.rejected_rows += 1
    result.rejected += reasons[: max(0, SHOWN - len(result.rejected))]


def _add(result: ImportResult, tried: Tried) -> None:
    result.created += tried.created
    result.updated += tried.updated
    result.unchanged += tried.unchanged


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
