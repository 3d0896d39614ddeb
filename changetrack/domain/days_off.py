"""Days off as people type them: one a line, or a first and a last day; and how they are shown again."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

MOST_DAYS_OFF = 1_000
MOST_READ = 10_000  # days and lines together: nobody means more
MOST_TROUBLES = 20  # that are told one by one
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)
_RANGE = re.compile(r"(\S+)\s*(?:\bto\b|–|\.\.)\s*(\S+)")
_LONGEST_QUOTE = 40
_LONGEST_LINE = 100  # the time of a match grows with its square


def read_days_off(text: str) -> tuple[tuple[date, ...], list[str]]:
    """Return the days of a text, in order and each once, and a sentence for every line that holds none.

    A line is a day such as 2026-12-24, or a first and a last day: 2026-12-24 to 2027-01-03. Of a text that nobody can
    mean only as much is read as says so.
    """
    days: set[date] = set()
    troubles: list[str] = []
    read = 0
    for number, line in enumerate(text.splitlines(), 1):
        if read > MOST_READ or len(troubles) >= MOST_TROUBLES:
            troubles.append(f"What follows from line {number} on was not read.")
            break
        read += 1
        if not line.strip():
            continue
        try:
            found = _days_of(line.strip())
        except ValueError as trouble:
            troubles.append(f"Line {number}, “{line.strip()[:_LONGEST_QUOTE]}”: {trouble}")
            continue
        days.update(found)
        read += len(found)
    if len(days) > MOST_DAYS_OFF:
        troubles.append(f"At most {MOST_DAYS_OFF:,} days off are kept; these are {len(days):,}.")
    return tuple(sorted(days)), troubles


def days_off_text(days: Iterable[date]) -> str:
    """Days as lines that `read_days_off` reads; neighbours become a first and a last day."""
    lines: list[list[date]] = []
    for day in sorted(set(days)):
        if lines and lines[-1][-1] + timedelta(days=1) == day:
            lines[-1].append(day)
        else:
            lines.append([day])
    return "\n".join(_line(run) for run in lines)


def _line(run: Sequence[date]) -> str:
    return run[0].isoformat() if len(run) == 1 else f"{run[0].isoformat()} to {run[-1].isoformat()}"


def _days_of(line: str) -> list[date]:
    found = _RANGE.fullmatch(line) if len(line) <= _LONGEST_LINE else None
    first, last = (_day(found[1]), _day(found[2])) if found else (_day(line), _day(line))
    length = (last - first).days
    if length < 0:
        raise ValueError("the last day is before the first.")
    if length >= MOST_DAYS_OFF:
        raise ValueError(f"that is longer than {MOST_DAYS_OFF:,} days.")
    return [first + timedelta(days=n) for n in range(length + 1)]


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else None
    except ValueError:
        raise ValueError("there is no such day.") from None
    if day is None:
        raise ValueError("write a day as 2026-12-24.")
    if not EARLIEST <= day <= LATEST:
        raise ValueError(f"only days from {EARLIEST.year} to {LATEST.year} are kept.")
    return day
