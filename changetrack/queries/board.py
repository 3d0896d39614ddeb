"""The board: the open places as columns, each with the accounts that have been there longest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from changetrack.domain.funnel import CLOSED, HELD, OPEN_PLACES, PlaceCount, place_name
from changetrack.domain.people import Actor
from changetrack.queries.account_filters import AccountFilters, teams_in_scope
from changetrack.queries.account_sizes import get_sizes
from changetrack.queries.accounts import AccountRow, list_longest_at

CARDS = 20  # of a column
_NOTHING = PlaceCount()


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """One open place with its longest-standing accounts; `count` is of all that are there, as far as it is known."""

    place: int
    name: str
    count: PlaceCount
    cards: tuple[AccountRow, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Board:
    """The ten open places from not opened to anchored. `held` and `closed` are None where nobody has counted."""

    columns: tuple[BoardColumn, ...]
    held: int | None
    closed: int | None


def get_board(filters: AccountFilters, *, actor: Actor, today: date, cards: int = CARDS) -> Board:
    """Return the board of the accounts that the filters leave, at most `cards` a column.

    The counts come from the summaries; with filters that no summary counts, they are of the cards shown.
    """
    sizes = get_sizes(filters, teams_in_scope(filters, actor))
    counts = sizes.counts(filters)
    longest = list_longest_at(OPEN_PLACES, filters, actor=actor, today=today, limit=cards + 1)
    return Board(
        columns=tuple(_column(place, longest.get(place, ()), counts, cards) for place in OPEN_PLACES),
        held=None if counts is None else counts.get(HELD, _NOTHING).accounts,
        closed=None if counts is None else counts.get(CLOSED, _NOTHING).accounts,
    )


def _column(
    place: int, rows: tuple[AccountRow, ...], counts: Mapping[int, PlaceCount] | None, cards: int
) -> BoardColumn:
    shown = rows[:cards]
    if counts is None:
        unproven = sum(row.supported_step < row.claimed_step for row in shown)
        count = PlaceCount(len(shown), unproven, sum(row.stale for row in shown))
    else:
        count = counts.get(place, _NOTHING)
    return BoardColumn(place, place_name(place), count, shown, has_more=len(rows) > cards)
