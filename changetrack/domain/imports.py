"""How the columns of a file become fields: the kinds of file, the mapping of columns, the reading of rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from changetrack.domain import accounts, outcome_file
from changetrack.domain.accounts import Field, attribute_key
from changetrack.domain.cells import (
    date_pattern,
    date_reader,
    parse_count,
    parse_email,
    parse_flag,
    parse_text,
    parse_whole,
)
from changetrack.domain.coalition import PATH_ROLES
from changetrack.domain.funnel import PLACE_KEYS
from changetrack.domain.money import parse_amount, parse_currency
from changetrack.domain.refusal import OperationRefused, Reason, refuse_if
from changetrack.domain.usage_file import scaled_number

_EXTERNAL_ID = accounts.FIELD["external_id"]
CATALOGUES: Mapping[str, tuple[Field, ...]] = {
    "accounts": accounts.FIELDS,
    "aliases": (
        _EXTERNAL_ID,
        Field("alias", "Alias", max_length=200, required=True),
    ),
    "history": (
        _EXTERNAL_ID,
        Field("step", "Step", kind="place", required=True),
        Field("entered_on", "Entered on", kind="date", required=True),
        Field("reason", "Reason", kind="note", max_length=500),
    ),
    "contacts": (
        _EXTERNAL_ID,
        Field("name", "Name", required=True),
        Field("email", "E-mail", kind="email", max_length=254),
        Field("title", "Title"),
        Field("function", "Function"),
        Field("roles", "Decision path", kind="roles", hint="Roles, parted by semicolons."),
        Field("in_coalition", "In the coalition", kind="flag"),
        Field("sponsor", "Sponsor", kind="flag"),
        Field("left_on", "Left on", kind="date"),
    ),
    "usage": (
        _EXTERNAL_ID,
        Field("metric", "Metric", max_length=60, required=True, hint="The key of a metric."),
        Field("day", "Day", kind="date", required=True),
        Field("value", "Number", kind="number", hint="0 to 10¹², at most four decimals."),
        Field("event_id", "Event id", max_length=200, hint="With it a row counts once; without, the file states days."),
        Field("member", "Counted person or thing", max_length=500, hint="For metrics of how many different ones."),
    ),
    "outcomes": (_EXTERNAL_ID, *outcome_file.FIELDS),
}
REJECT_COLUMNS = ("rejected_line", "rejected_because")
"""Columns that a file of rejected rows adds, and that importing it again leaves out."""
DERIVED_COLUMNS = ("supported_step", "days_in_step", "days_limit", "severity", "stale_because")
"""Columns that a list saved as a file adds, and that follow from others."""

IGNORE = "-"
ATTRIBUTE = "attr:"


_PLACES = {"0": 0} | {key: place for place, key in enumerate(PLACE_KEYS)}


class RawRow(NamedTuple):
    """One row as it stands in the file: the line it begins on, its cells by column, why it cannot be read."""

    line: int
    cells: Mapping[str, str]
    fault: str | None = None


class Block(NamedTuple):
    """Some rows side by side: the line on which each begins, their cells by column, and rows that cannot be read."""

    lines: Sequence[int]
    columns: Mapping[str, Sequence[str]]
    unreadable: Sequence[RawRow] = ()


class RowReason(NamedTuple):
    """Why a row was turned away: its line, the field it is about (None: the row), a sentence."""

    line: int
    field: str | None
    message: str


class ParsedRow(NamedTuple):
    """One row understood: the mapped fields with their values (None where blank), and its attributes."""

    line: int
    values: dict[str, object]
    attributes: dict[str, str]


Reader = Callable[[str], object]
"""Makes a value of a cell that is not blank. Raises ValueError with a sentence."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column fills which field, which are kept as attributes, and what every row has in common."""

    columns: tuple[tuple[str, Field], ...]
    attributes: tuple[tuple[str, str], ...] = ()
    constants: tuple[tuple[Field, str], ...] = ()


def lay_out(
    kind: str,
    headers: Sequence[str],
    *,
    mapping: Mapping[str, str] | None = None,
    constants: Mapping[str, str] | None = None,
) -> Layout:
    """Decide what each column of a file of `kind` means.

    A column named like a field fills it. `mapping` (column → field, `attr:key`, or `-` to leave it out) goes
    first; `constants` (field → text) hold for every row. Extra columns of accounts become attributes.
    Raises OperationRefused with every reason.
    """
    mapping, constants = mapping or {}, constants or {}
    catalogue = {f.name: f for f in CATALOGUES[kind]}
    reasons = [*_unknown_columns(headers, mapping), *_unknown_targets(kind, catalogue, mapping, constants)]
    taken = set(mapping.values()) | constants.keys()
    targets = {h: mapping[h] if h in mapping else _guess(kind, h, catalogue, taken) for h in headers}
    columns = tuple((h, catalogue[t]) for h, t in targets.items() if t in catalogue)
    attributes = tuple((h, t.removeprefix(ATTRIBUTE)) for h, t in targets.items() if t.startswith(ATTRIBUTE))
    reasons += _clashes([f.name for _, f in columns], "field")
    reasons += _clashes([key for _, key in attributes], "attribute")
    given = {f.name for _, f in columns} | constants.keys()
    missing = [f.name for f in catalogue.values() if f.required and f.name not in given]
    reasons += [Reason(name, f"There is no column for {name}. The file has: {', '.join(headers)}.") for name in missing]
    if len(attributes) > accounts.MAX_ATTRIBUTES:
        reasons.append(Reason(None, f"{len(attributes)} extra columns; at most {accounts.MAX_ATTRIBUTES} are kept."))
    refuse_if(reasons)
    return Layout(columns, attributes, tuple((catalogue[name], text) for name, text in constants.items()))


def row_parser(
    layout: Layout,
    *,
    date_format: str | None,
    today: date,
    check: Callable[[dict[str, object]], Iterable[tuple[str | None, str]]] | None = None,
) -> Callable[[RawRow], ParsedRow | list[RowReason]]:
    """A function that turns a raw row into a ParsedRow, or into every reason why it cannot be one.

    `check` looks at the fields together once each is right by itself. Raises OperationRefused for a bad date
    format or a bad constant.
    """
    readers, constants = cell_readers(layout, date_format=date_format, today=today)
    plan = [
        (column, f.name, f.required, f.max_length if f.kind == "text" else 0, readers[f.name])
        for column, f in layout.columns
    ]

    def parse(row: RawRow) -> ParsedRow | list[RowReason]:
        line, cells, fault = row
        if fault is not None:
            return [RowReason(line, None, fault)]
        values: dict[str, object] = dict(constants)
        reasons: list[RowReason] = []
        for column, name, required, longest, read in plan:
            text = cells[column]
            if len(text) <= longest and text.isascii() and text.isprintable() and (plain := text.strip()):
                values[name] = plain
            elif text and not text.isspace():
                try:
                    values[name] = read(text)
                except ValueError as problem:
                    reasons.append(RowReason(line, name, str(problem)))
            elif required:
                reasons.append(RowReason(line, name, "It is blank."))
            else:
                values[name] = None
        attributes = _read_attributes(layout, cells, line, reasons)
        if not reasons and check is not None:
            reasons = [RowReason(line, name, message) for name, message in check(values)]
        return reasons or ParsedRow(line, values, attributes)

    return parse


def cell_readers(
    layout: Layout, *, date_format: str | None, today: date
) -> tuple[dict[str, Reader], dict[str, object]]:
    """What reads the cells of each field that is given, and the values that all rows have in common.

    Raises OperationRefused for a bad date format or a bad constant.
    """
    try:
        date_pattern(date_format)
    except ValueError as problem:
        raise OperationRefused([("date_format", str(problem))]) from None
    dates = _Dates(date_reader(date_format, today=today), date_reader(date_format, today=date.max))
    given = [field for _, field in layout.columns] + [field for field, _ in layout.constants]
    return {f.name: _cell_reader(f, dates) for f in given}, _read_constants(layout, dates)


def _unknown_columns(headers: Sequence[str], mapping: Mapping[str, str]) -> list[Reason]:
    has = ", ".join(headers)
    return [Reason(c, f"The file has no column “{c}”. It has: {has}.") for c in mapping if c not in headers]


def _unknown_targets(
    kind: str, catalogue: Mapping[str, Field], mapping: Mapping[str, str], constants: Mapping[str, str]
) -> Iterator[Reason]:
    for target in (*mapping.values(), *constants):
        key = target.removeprefix(ATTRIBUTE)
        if key != target and kind == "accounts" and target not in constants:
            if key != attribute_key(key) or not key or key in catalogue:
                yield Reason(target, f"“{key}” cannot name an attribute; use small letters, digits and _.")
        elif target not in catalogue and (target != IGNORE or target in constants):
            yield Reason(target, f"There is no field “{target}”. There are: {', '.join(catalogue)}.")


def _guess(kind: str, header: str, catalogue: Mapping[str, Field], taken: set[str]) -> str:
    key = attribute_key(header)
    if key in catalogue:
        return IGNORE if key in taken else key
    if kind != "accounts" or key in (*REJECT_COLUMNS, *DERIVED_COLUMNS) or not key:
        return IGNORE
    return ATTRIBUTE + key


def _clashes(names: Sequence[str], what: str) -> list[Reason]:
    twice = sorted({name for name in names if names.count(name) > 1})
    return [Reason(name, f"More than one column would fill the {what} {name}.") for name in twice]


class _Dates(NamedTuple):
    """How dates are read: those of what has happened, and any."""

    past: Callable[[str], date]
    any: Callable[[str], date]


def _cell_reader(field: Field, dates: _Dates) -> Reader:
    match field.kind:
        case "date":
            return lambda text: dates.past(text.strip())
        case "day":
            return lambda text: dates.any(text.strip())
        case "dates":
            return lambda text: [dates.past(part.strip()) for part in text.split(";") if part.strip()]
        case "email":
            return parse_email
        case "flag":
            return parse_flag
        case "amount":
            return lambda text: parse_amount(text.strip())
        case "currency":
            return lambda text: parse_currency(text.strip())
        case "place":
            return parse_place
        case "roles":
            return _parse_roles
        case "count":
            return lambda text: parse_count(text.strip())
        case "whole":
            return lambda text: parse_whole(text.strip())
        case "number":
            return lambda text: scaled_number(text.strip())
    longest, breaks = field.max_length, field.kind == "note"
    return lambda text: parse_text(text, longest, breaks=breaks)


def parse_place(text: str) -> int:
    """The place in the funnel, 0 to 11, that `text` names: 0 or not_opened, 1 to 8, anchored, held, closed.

    Raises ValueError with a sentence for anything else.
    """
    place = _PLACES.get(text.strip().lower().replace(" ", "_").replace("-", "_"))
    if place is None:
        raise ValueError(f"“{text[:40]}” is no step; there are {', '.join(PLACE_KEYS)}.")
    return place


def _parse_roles(text: str) -> list[str]:
    named = {role.strip().lower() for role in text.split(";")} - {""}
    unknown = sorted(named.difference(PATH_ROLES))
    if unknown:
        raise ValueError(f"“{unknown[0][:40]}” is no role on the decision path; there are {', '.join(PATH_ROLES)}.")
    return [role for role in PATH_ROLES if role in named]


def _read_constants(layout: Layout, dates: _Dates) -> dict[str, object]:
    values: dict[str, object] = {}
    for known, text in layout.constants:
        try:
            values[known.name] = _cell_reader(known, dates)(text)
        except ValueError as problem:
            raise OperationRefused([(known.name, str(problem))]) from None
    return values


def _read_attributes(layout: Layout, cells: Mapping[str, str], line: int, reasons: list[RowReason]) -> dict[str, str]:
    found: dict[str, str] = {}
    for column, key in layout.attributes:
        text = cells[column]
        if text and not text.isspace():
            try:
                found[key] = parse_text(text, accounts.MAX_ATTRIBUTE_VALUE, breaks=True)
            except ValueError as problem:
                reasons.append(RowReason(line, column, str(problem)))
    return found
