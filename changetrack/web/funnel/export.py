"""The funnel as a file: one line for each place, or for each group and place."""

from collections.abc import Iterator

from changetrack.domain.filters import NO_VALUE, field_label
from changetrack.domain.funnel import OPEN_PLACES, PLACE_KEYS, PLACES, place_name
from changetrack.queries.export_tables import Column
from changetrack.queries.funnel import Funnel, Picture
from changetrack.queries.movement import Movement
from changetrack.web.funnel.asked import Asked

FLOW_COLUMNS = ("start", "entered", "advanced_in", "regressed_in", "advanced_out", "regressed_out", "left", "end")
COLUMNS = (
    Column("as_of", "date"), Column("known_at", "date"), Column("filters"), Column("grouped_by"), Column("group"),
    Column("step"), Column("name"), Column("accounts", "int"), Column("unsupported", "int"), Column("stale", "int"),
    Column("from", "date"), *(Column(name, "int") for name in FLOW_COLUMNS),
)  # fmt: skip


def funnel_rows(asked: Asked, funnel: Funnel, movement: Movement) -> Iterator[tuple[object, ...]]:
    """The lines of the file: the whole with its movement, then each group."""
    filters = "; ".join(f"{field}={value}" for field, value in asked.filters.items())
    asked_for = (funnel.as_of, funnel.known_at, filters or None)
    flows = {row.place: tuple(getattr(row, name) for name in FLOW_COLUMNS) for row in movement.rows}
    for place in PLACES:
        moved = (movement.first, *flows[place]) if place in OPEN_PLACES else (None,) * (len(FLOW_COLUMNS) + 1)
        yield (*asked_for, None, None, *_counts(funnel.picture, place), *moved)
    pictures = [("none" if g.value == NO_VALUE else g.label, g.picture) for g in funnel.groups]
    for label, picture in [*pictures, *([("all others", funnel.rest)] if funnel.rest else [])]:
        for place in PLACES:
            by = field_label(funnel.by or "")
            yield (*asked_for, by, label, *_counts(picture, place), *(None,) * (len(FLOW_COLUMNS) + 1))


def _counts(picture: Picture, place: int) -> tuple[object, ...]:
    count = picture.counts[place]
    return PLACE_KEYS[place], place_name(place), count.accounts, count.unsupported, count.stale
