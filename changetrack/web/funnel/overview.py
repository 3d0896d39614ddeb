"""What the page of the funnel shows: the picture, what it is compared with, and one row for each step."""

from collections.abc import Mapping
from dataclasses import dataclass

from changetrack.domain.funnel import OPEN_PLACES, PLACE_KEYS, headline, place_name
from changetrack.domain.people import visible_teams
from changetrack.queries.funnel import Funnel, Group, Picture, count_visible, find_ready_funnel, get_funnel
from changetrack.queries.funnel_overview import find_overview
from changetrack.queries.funnel_worth import ByPlace, find_ready_worth, find_worth_since, get_worth, total
from changetrack.queries.movement import Flows, get_flows
from changetrack.queries.value_figures import Worth
from changetrack.web.funnel.asked import Asked

MOST_GROUPS = 24  # that a person still compares
OUT_OF_A_STEP = {"advanced_out": "Moves on from here", "regressed_out": "Moves back from here"}
COUNTED_UNASKED = 20_000  # accounts up to which what no summary holds is counted though nobody asked for it


@dataclass(frozen=True, slots=True)
class Row:
    """One open place: its counts, how they changed, what moved on and back out of it, and where each figure leads.

    `live` is its live value, (currency, minor units), the currency with most of it first.
    """

    place: int
    key: str
    name: str
    accounts: int
    unsupported: int
    stale: int
    change: int | None
    href: str
    href_unsupported: str
    href_stale: str
    cells: tuple[Mapping[str, object], ...]
    live: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the top line, with its change since the date of comparison, None without one."""

    key: str
    label: str
    value: int
    change: int | None
    href: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the page. `before` is None where there is no comparison, or it is not counted unasked.

    `worth` is the value of the accounts in the journey by currency; None where it would have to be added up outcome by
    outcome for very many accounts, `worth_before` also where no summary holds it.

    `has_moves`: whether moves are shown beside the bars; of a part of very many accounts they are counted on demand.
    """

    funnel: Funnel
    before: Funnel | None
    has_moves: bool
    sentence: str
    figures: tuple[Figure, ...]
    rows: tuple[Row, ...]
    worth: Mapping[str, Worth] | None = None
    worth_before: Mapping[str, Worth] | None = None


def overview(asked: Asked) -> Overview:
    """Ask for the picture, the comparison and the flows, and lay them out."""
    funnel, before, flows = _read(asked)
    places, then = _worth(asked)
    return Overview(
        funnel, before, flows is not None, headline(funnel.picture.counts), _figures(asked, funnel, before),
        _rows(asked, funnel.picture, before, flows, places or {}),
        None if places is None else total(places, OPEN_PLACES), None if then is None else total(then, OPEN_PLACES),
    )  # fmt: skip


def _worth(asked: Asked) -> tuple[ByPlace | None, ByPlace | None]:
    if asked.compare is not None and not asked.is_past:
        question = {name: value for name, value in asked.question.items() if name != "known_at"}
        found = find_worth_since(**question, compare=asked.compare)
        if found is not None:
            return found
    now = find_ready_worth(**asked.question, as_of=asked.as_of)
    if now is None and count_visible(actor=asked.question["actor"]) <= COUNTED_UNASKED:
        now = get_worth(**asked.question, as_of=asked.as_of).get("", {})
    if not now or asked.compare is None:
        return now, None
    return now, find_ready_worth(**asked.question | {"known_at": asked.compare}, as_of=asked.compare)


def _read(asked: Asked) -> tuple[Funnel, Funnel | None, Flows | None]:
    if asked.by is None:
        found = find_overview(**asked.question, as_of=asked.as_of, first=asked.first, compare=asked.compare)
        if found is not None:
            return found.funnel, found.before, found.flows
    funnel = get_funnel(**asked.question, as_of=asked.as_of, by=asked.by, most_groups=MOST_GROUPS)
    actor = asked.question["actor"]
    is_small = count_visible(actor=actor) <= COUNTED_UNASKED
    is_whole = visible_teams(actor) is None and not (asked.filters or asked.is_known_then)
    flows = get_flows(**asked.question, first=asked.first, last=asked.as_of) if is_small or is_whole else None
    return funnel, _compared(asked, is_small=is_small), flows


def _compared(asked: Asked, *, is_small: bool) -> Funnel | None:
    if asked.compare is None:
        return None
    ready = find_ready_funnel(**asked.question, as_of=asked.compare)
    if ready is None and (is_small or not asked.compares_by_itself):
        return get_funnel(**asked.question, as_of=asked.compare)
    return ready


def _figures(asked: Asked, funnel: Funnel, before: Funnel | None) -> tuple[Figure, ...]:
    now, then = funnel.picture, before.picture if before else None
    keys = {"in_journey": "In the journey", "unsupported": "Claimed only", "stale": "Stale", "held": "On hold",
            "closed": "Closed"}  # fmt: skip
    leads = {
        "in_journey": "&".join(f"place={PLACE_KEYS[place]}" for place in OPEN_PLACES),
        "unsupported": "unsupported=1",
        "stale": "stale=1",
        "held": "place=held",
        "closed": "place=closed",
    }
    listed = asked.accounts()
    return tuple(
        Figure(key, label, _of(now, key), None if then is None else _of(now, key) - _of(then, key), listed + leads[key])
        for key, label in keys.items()
    )


def _of(picture: Picture, key: str) -> int:
    value: int = getattr(picture, key)
    return value


def _rows(
    asked: Asked, picture: Picture, before: Funnel | None, flows: Flows | None, worth: ByPlace
) -> tuple[Row, ...]:
    accounts = asked.accounts() + "place="
    moves = asked.page("funnel.moves", {"flow": "FLOW", "place": ""})
    return tuple(
        _row(
            place,
            picture,
            before,
            flows[place] if flows else None,
            f"{accounts}{PLACE_KEYS[place]}",
            f"{moves}{PLACE_KEYS[place]}",
            tuple((currency, one.live) for currency, one in total(worth, [place]).items() if one.live),
        )
        for place in OPEN_PLACES
    )


def _row(
    place: int,
    picture: Picture,
    before: Funnel | None,
    flows: Mapping[str, int] | None,
    accounts: str,
    moves: str,
    live: tuple[tuple[str, int], ...],
) -> Row:
    count = picture.counts[place]
    return Row(
        place=place,
        key=PLACE_KEYS[place],
        name=place_name(place),
        accounts=count.accounts,
        unsupported=count.unsupported,
        stale=count.stale,
        change=None if before is None else count.accounts - before.picture.counts[place].accounts,
        href=accounts,
        href_unsupported=f"{accounts}&unsupported=1",
        href_stale=f"{accounts}&stale=1",
        cells=tuple(
            {"value": flows[flow], "href": moves.replace("flow=FLOW", f"flow={flow}"), "words": words}
            for flow, words in OUT_OF_A_STEP.items()
            if flows is not None
        ),
        live=live,
    )


def group_address(asked: Asked, group: Group) -> str:
    """The funnel of one group."""
    return asked.page("funnel.index", {"by": None, asked.by or "by": group.value})


def group_accounts(asked: Asked, group: Group) -> str:
    """The list of the accounts of one group."""
    return asked.accounts(**{asked.by or "by": group.value})
