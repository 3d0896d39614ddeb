"""The course of a usage file: read once into a spool, then written as one number per account, metric and day."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import islice

from changetrack.domain.imports import Layout
from changetrack.domain.metrics import AGGREGATIONS
from changetrack.domain.usage import Aggregation
from changetrack.operations._import_terms import ImportOptions, ImportResult, OnReject, Prepare, Scene, Source, Watch
from changetrack.operations._import_usage_rows import UsageRows
from changetrack.operations._usage_file_events import take_events, take_members
from changetrack.operations._usage_spool import UsageSpool
from changetrack.operations._usage_stated import StatedNumbers, keep_waiting
from changetrack.operations.usage._locks import hold_accounts, share_names
from changetrack.operations.usage._names import accounts_named

_READING = 0.5  # of the whole work
_AT_ONCE = 20_000  # numbers written by one statement


def usage_rows(secret: str) -> Prepare:
    """What `import_file` needs for a file of usage: numbers of a metric by account and day.

    Rows of one account, metric and day come together as the metric adds up. With an `event_id` a row counts once,
    in whichever file; without, the file states the day, and a later file supersedes it as of its own day. Of a
    metric of different ones a row may name a `member`, kept as a digest made with `secret`. Rows of an account
    that nobody knows wait until somebody does.
    """

    @contextmanager
    def prepare(
        source: Source, layout: Layout, options: ImportOptions, today: date, watch: Watch | None
    ) -> Iterator[_UsageWork]:
        with UsageSpool() as spool:
            rows = UsageRows(spool, layout, date_format=options.date_format, today=today, secret=secret)
            yield _UsageWork(source, rows, spool, watch)

    return prepare


class _UsageWork:
    """Reads the file once: what its rows say waits in the spool until it is written."""

    def __init__(self, source: Source, rows: UsageRows, spool: UsageSpool, watch: Watch | None) -> None:
        self._source, self._rows, self._spool, self._watch = source, rows, spool, watch
        self._read = ImportResult("")

    def check(self, scene: Scene, result: ImportResult, on_reject: OnReject | None, *, count: bool) -> None:
        """Read every row, and count what would happen if `count` says so."""
        self._rows.learn_metrics(scene.session)
        for block in self._source.blocks():
            rows, turned = self._rows.read(scene.session, block)
            result.rows += rows
            for raw, reasons in turned:
                result.reject(reasons)
                if on_reject is not None:
                    on_reject(raw, reasons)
            self._said(_READING * self._source.share_read)
        self._read = result
        if count:
            self._take(scene, result)

    def write(self, scene: Scene, result: ImportResult) -> None:
        """Write what was read; nobody else changes numbers of these accounts meanwhile."""
        result.rows, result.rejected_rows = self._read.rows, self._read.rejected_rows
        result.rejected = self._read.rejected
        share_names(scene.session)
        known = self._settle_names(scene)
        hold_accounts(scene.session, self._rows.accounts.union(known))
        self._take(scene, result)

    def _settle_names(self, scene: Scene) -> Collection[int]:
        """Names may have become known since they were read; returns whose they are."""
        known: dict[int, int] = {}
        for names in self._spool.unknown_names():
            known.update((names[name], id_) for name, id_ in accounts_named(scene.session, set(names)).items())
        self._spool.settle(known)
        return known.values()

    def _take(self, scene: Scene, result: ImportResult) -> None:
        result.waiting = self._spool.count_waiting()
        self._spool.state_members()
        stated = StatedNumbers(scene)
        for aggregation, metrics in self._by_aggregation():
            rows = self._spool.combined(aggregation, metrics)
            while some := list(islice(rows, _AT_ONCE)):
                result.add(stated.take(some))
                self._said(_READING)
            if scene.writing:
                keep_waiting(scene, self._spool.combined_waiting(aggregation, metrics))
        stated.close()
        for tried in take_events(scene, self._spool.events(), self._rows.kinds):
            result.add(tried)
            self._said(_READING)
        for _counted_as_stated in take_members(scene, self._spool.members(), self._rows.kinds):
            self._said(_READING)
        self._said(1.0)

    def _by_aggregation(self) -> Iterator[tuple[Aggregation, Sequence[int]]]:
        for aggregation in AGGREGATIONS:
            metrics = [id_ for id_, kind in self._rows.kinds.items() if kind == aggregation]
            if metrics:
                yield aggregation, metrics  # type: ignore[misc]  # the keys are aggregations

    def _said(self, share: float) -> None:
        if self._watch is not None:
            self._watch(share)
