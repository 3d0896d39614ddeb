"""An import that goes through its file row by row, twice: once to check it, once to write it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from itertools import islice

from changetrack.domain.imports import Layout, ParsedRow, RawRow, RowReason, row_parser
from changetrack.operations._bulk import ROWS
from changetrack.operations._import_terms import (
    ImportOptions,
    ImportResult,
    Loader,
    OnReject,
    Prepare,
    Scene,
    Source,
    Watch,
)

MakeLoader = Callable[[Scene, Layout], AbstractContextManager[Loader]]
_CHECKING = 0.3  # of the whole work


def by_rows(
    make_loader: MakeLoader, check: Callable[[dict[str, object]], list[tuple[str, str]]] | None = None
) -> Prepare:
    """What `import_file` needs for a kind of file that has a loader; `check` looks at the fields of a row together."""

    @contextmanager
    def prepare(
        source: Source, layout: Layout, options: ImportOptions, today: date, watch: Watch | None
    ) -> Iterator[_Reading]:
        parse = row_parser(layout, date_format=options.date_format, today=today, check=check)
        yield _Reading(make_loader, layout, source, parse, watch)

    return prepare


class _Reading:
    """Goes through a file some thousand rows at a time."""

    def __init__(
        self,
        make_loader: MakeLoader,
        layout: Layout,
        source: Source,
        parse: Callable[[RawRow], ParsedRow | list[RowReason]],
        watch: Watch | None,
    ) -> None:
        self._make_loader, self._layout = make_loader, layout
        self._source, self._parse, self._watch = source, parse, watch

    def check(self, scene: Scene, result: ImportResult, on_reject: OnReject | None, *, count: bool) -> None:
        """Look at every row, and count what would happen if `count` says so."""
        whole = 1.0 if count else _CHECKING
        with self._make_loader(scene, self._layout) as loader:
            for raw, parsed in self._chunks(result, 0.0, whole):
                bad = [(row, found) for row, found in zip(raw, parsed, strict=True) if isinstance(found, list)]
                tried = loader.try_rows([found for found in parsed if not isinstance(found, list)])
                by_line = {row.line: row for row in raw}
                bad += [(by_line[reasons[0].line], reasons) for reasons in tried.rejected]
                for row, reasons in sorted(bad, key=lambda pair: pair[0].line):
                    result.reject(reasons)
                    if on_reject is not None:
                        on_reject(row, reasons)
                result.add(tried)
            result.add(loader.finish(write=False, count=count, watch=self._said))

    def write(self, scene: Scene, result: ImportResult) -> None:
        """Write every row that can be taken."""
        with self._make_loader(scene, self._layout) as loader:
            end = 1 - (1 - _CHECKING) * loader.work_at_end
            for _, parsed in self._chunks(result, _CHECKING, end):
                tried = loader.try_rows([found for found in parsed if not isinstance(found, list)])
                for reasons in [p for p in parsed if isinstance(p, list)] + tried.rejected:
                    result.reject(reasons)
                loader.write(tried.work)
                result.add(tried)
            result.add(loader.finish(write=True, count=True, watch=lambda s: self._said(end + (1 - end) * s)))

    def _chunks(
        self, result: ImportResult, begin: float, end: float
    ) -> Iterator[tuple[list[RawRow], list[ParsedRow | list[RowReason]]]]:
        rows = self._source.rows()
        while raw := list(islice(rows, ROWS)):
            yield raw, [self._parse(row) for row in raw]
            result.rows += len(raw)
            self._said(begin + (end - begin) * self._source.share_read)

    def _said(self, share: float) -> None:
        if self._watch is not None:
            self._watch(share)
