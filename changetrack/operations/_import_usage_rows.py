"""Understanding the rows of a usage file, some thousand at a time: a text that recurs is read once."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import TypeVar, cast

from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.imports import Block, Layout, RawRow, RowReason, cell_readers
from changetrack.domain.refusal import OperationRefused
from changetrack.domain.usage import Aggregation, member_hash
from changetrack.domain.usage_file import SCALE, scaled_number
from changetrack.models import Metric
from changetrack.operations._usage_spool import UsageSpool
from changetrack.operations.usage._names import accounts_named

_REMEMBERED = 100_000  # different texts of one kind
_BAD, _BLANK = -1, -2  # in the place of a number
_FIELDS = ("external_id", "metric", "day", "value", "event_id", "member")
_NEEDED = ("external_id", "metric", "day")
Turned = tuple[RawRow, list[RowReason]]
"""A row that is turned away, and why."""


Value = TypeVar("Value")


class UsageRows:
    """Puts the rows that can be taken into the spool, and says why others cannot.

    `accounts` are those that were named, `kinds` how each metric adds up.
    Raises OperationRefused for a date format, or a value for all rows, that cannot be.
    """

    def __init__(self, spool: UsageSpool, layout: Layout, *, date_format: str | None, today: date, secret: str) -> None:
        self._readers, _ = cell_readers(layout, date_format=date_format, today=today)
        self._columns = {field.name: column for column, field in layout.columns}
        self._constants = {field.name: text for field, text in layout.constants}
        if not self._readers.keys() & {"value", "event_id", "member"}:
            raise OperationRefused([("value", "There is no column for value, nor for event_id or member.")])
        self._is_plain = not self._readers.keys() & {"event_id", "member"}
        self._spool = spool
        self._metrics: dict[str, int] = {}
        self.kinds: Mapping[int, Aggregation] = {}
        self._who: dict[str, int] = {}
        self.accounts: set[int] = set()
        self._days = _Known(lambda text: str(self._readers["day"](text)), "", "")
        self._numbers = _Known(scaled_number, _BAD, _BLANK)
        self._hash = lru_cache(_REMEMBERED)(lambda identifier: member_hash(secret, identifier))

    def learn_metrics(self, session: scoped_session[Session]) -> None:
        """Look up which metrics there are."""
        rows = session.execute(select(Metric.key, Metric.id, Metric.aggregation).order_by(Metric.key)).all()
        self._metrics = {key: id_ for key, id_, _ in rows}
        self.kinds = {id_: cast(Aggregation, kind) for _, id_, kind in rows}

    def read(self, session: scoped_session[Session], block: Block) -> tuple[int, list[Turned]]:
        """Set aside what can be taken of a block; returns how many rows it has, and those turned away."""
        lines = block.lines
        cells = {name: self._cells(block, name) for name in self._readers}
        self._learn_names(session, cells["external_id"])
        who = [self._who.get(text, 0) for text in cells["external_id"]]
        metrics = [self._metrics.get(text, 0) or self._metrics.get(text.strip(), 0) for text in cells["metric"]]
        days = list(map(self._days.__getitem__, cells["day"]))
        if self._is_plain:
            numbers = list(map(self._numbers.__getitem__, cells["value"]))
            if all(who) and all(metrics) and all(days) and min(numbers, default=0) >= 0:
                self._spool.put_numbers(zip(lines, who, metrics, days, numbers, strict=True), sum(numbers))
                return len(lines) + len(block.unreadable), _unreadable(block)
        bad = self._one_by_one(lines, who, metrics, days, cells)
        turned = [self._turned(block, cells, place) for place in bad]
        blank = sum(row is None for row in turned)
        found = [row for row in turned if row is not None] + _unreadable(block)
        return len(lines) - blank + len(block.unreadable), sorted(found, key=lambda row: row[0].line)

    def _cells(self, block: Block, name: str) -> Sequence[str]:
        column = self._columns.get(name)
        return block.columns[column] if column is not None else [self._constants[name]] * len(block.lines)

    def _learn_names(self, session: scoped_session[Session], cells: Collection[str]) -> None:
        """Look up the accounts that are named here for the first time."""
        if len(self._who) > _REMEMBERED:
            self._who.clear()
        named = {text: _tidy(self._readers["external_id"], text) for text in set(cells).difference(self._who)}
        wanted = {name for name in named.values() if name}
        ids = accounts_named(session, wanted)
        self.accounts.update(ids.values())
        unknown = wanted.difference(ids)
        if unknown:
            ids.update(self._spool.name_ids(unknown))
        self._who.update((text, ids[name]) for text, name in named.items() if name)

    def _one_by_one(
        self,
        lines: Sequence[int],
        who: Sequence[int],
        metrics: Sequence[int],
        days: Sequence[str],
        cells: Mapping[str, Sequence[str]],
    ) -> list[int]:
        """Set rows aside each by what it says; returns the places of those that cannot be taken."""
        nothing = [""] * len(lines)
        numbers: list[tuple[int, int, int, str, int]] = []
        events: list[tuple[object, ...]] = []
        members: list[tuple[object, ...]] = []
        bad = []
        values = map(self._numbers.__getitem__, cells.get("value", nothing))
        ids, named = (self._texts(name, cells.get(name, nothing)) for name in ("event_id", "member"))
        for place, (line, whose, metric, day, value, event_id, counted) in enumerate(
            zip(lines, who, metrics, days, values, ids, named, strict=True)
        ):
            kind = self.kinds.get(metric)
            if not (whose and metric and day) or value == _BAD or event_id is None or counted is None:
                bad.append(place)
            elif kind == "distinct" and counted:
                digest = self._hash(counted)
                if event_id:
                    events.append((line, whose, metric, day, None, event_id, digest))
                else:
                    members.append((line, whose, metric, day, digest))
            elif event_id and kind != "distinct" and (value >= 0 or self._is_one(kind)):
                events.append((line, whose, metric, day, value if value >= 0 else SCALE, event_id, None))
            elif not event_id and value >= 0:
                numbers.append((line, whose, metric, day, value))
            else:
                bad.append(place)
        self._spool.put_numbers(numbers, sum(row[4] for row in numbers))
        self._spool.put_events(events)
        self._spool.put_members(members)
        return bad

    def _is_one(self, kind: str | None) -> bool:
        """Whether an event without a number counts one: in a sum, of a file that gives no numbers."""
        return kind == "sum" and "value" not in self._readers

    def _texts(self, name: str, cells: Sequence[str]) -> Sequence[str | None]:
        """The cells without blanks around them: "" for a blank one, None for one that cannot be."""
        whole = "".join(cells)
        if whole.isascii() and whole.isprintable() and " " not in whole and len(max(cells, key=len, default="")) <= 200:
            return cells
        return [_tidy(self._readers[name], cell) for cell in cells]

    def _turned(self, block: Block, cells: Mapping[str, Sequence[str]], place: int) -> Turned | None:
        """A row that cannot be taken, with every reason; None for a blank one."""
        raw = RawRow(block.lines[place], {column: values[place] for column, values in block.columns.items()})
        if not any(raw.cells.values()):
            return None
        texts = {name: cells[name][place].strip() if name in cells else "" for name in _FIELDS}
        found = [RowReason(raw.line, name, message) for name in _FIELDS if (message := self._reason(name, texts))]
        return raw, found

    def _reason(self, name: str, texts: Mapping[str, str]) -> str | None:
        text = texts[name]
        if not text:
            return "It is blank." if name in _NEEDED else self._lacks(name, texts)
        try:
            self._readers[name](text)
        except ValueError as problem:
            return str(problem)
        if name == "metric" and text not in self._metrics:
            return f"There is no metric “{text}”. There are: {', '.join(list(self._metrics)[:20]) or 'none yet'}."
        return None

    def _lacks(self, name: str, texts: Mapping[str, str]) -> str | None:
        """Why a field may not be blank in such a row, if that is so."""
        kind = self.kinds.get(self._metrics.get(texts["metric"], 0))
        if name == "member" and kind == "distinct" and texts["event_id"]:
            return "An event counts for this metric by whom or what it counts; name that."
        if name == "value" and kind is not None and not (kind == "distinct" and (texts["member"] or texts["event_id"])):
            return None if texts["event_id"] and self._is_one(kind) else "It is blank."
        return None


class _Known(dict[str, Value]):
    """What texts mean, each read once: `bad` for one that cannot be read, `blank` for a blank one."""

    def __init__(self, read: Callable[[str], Value], bad: Value, blank: Value) -> None:
        super().__init__()
        self._read, self._bad, self._blank = read, bad, blank

    def __missing__(self, text: str) -> Value:
        plain = text.strip()
        if not plain:
            return self._blank
        try:
            value = self._read(plain)
        except ValueError:
            return self._bad
        if len(self) > _REMEMBERED:
            self.clear()
        self[text] = value
        return value


def _tidy(read: Callable[[str], object], text: str) -> str | None:
    if not text or text.isspace():
        return ""
    try:
        return str(read(text))
    except ValueError:
        return None


def _unreadable(block: Block) -> list[Turned]:
    return [(row, [RowReason(row.line, None, row.fault or "")]) for row in block.unreadable]
