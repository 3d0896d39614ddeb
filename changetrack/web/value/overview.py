"""What the page of value shows: figures of one currency with their changes, the months, outcomes by state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from changetrack.domain.funnel import PLACES
from changetrack.queries.funnel import count_visible
from changetrack.queries.funnel_worth import find_ready_worth, get_worth, total
from changetrack.queries.outcome_list import Standing, count_standings
from changetrack.queries.value_changes import count_months
from changetrack.queries.value_figures import MEASURES, Worth, get_filtered_value
from changetrack.queries.value_months import Months, get_months
from changetrack.web.value.asked import Asked, end_of_month
from changetrack.web.value.chart import Chart, chart_of

COUNTED_UNASKED = 2_000  # accounts up to which what no summary holds is added up though nobody asked for it
NAMES = {
    "promised": "Promised to date",
    "probationary": "Probationary",
    "realized": "Realized",
    "live": "Live a period",
}
STATES: Mapping[tuple[str, str | None], str] = {
    ("proposed", None): "Proposed",
    ("agreed", None): "Agreed",
    ("in_use", None): "In use",
    ("confirmed", None): "Confirmed",
    ("confirmed", "at_risk"): "At risk",
    ("confirmed", "unverifiable"): "Unverifiable",
    ("lapsed", "use"): "Lapsed",
    ("lapsed", "attestation"): "Attestation ran out",
    ("disputed", None): "Disputed",
    ("withdrawn", None): "Withdrawn",
    ("withdrawn", "replaced"): "Replaced by other terms",
}
"""How outcomes can stand, in the order of the way they go."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, in minor units, with its change since the date of comparison, None where that is not known."""

    key: str
    label: str
    amount: int
    change: int | None
    href: str


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many outcomes stand so, as `state` and `detail` say it; `words` has the name as badges take it."""

    state: str
    detail: str | None
    words: Mapping[str, str]
    outcomes: int
    href: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the page, of one of `currencies`.

    `before` is None without a comparison, or where it would have to be added up for very many accounts; `chart` where
    nothing happened, or, unless `is_drawn`, for the same reason. `drawn_to` is its last day if that is another one.
    `outcomes` counts them all, of every currency.
    """

    currency: str
    currencies: tuple[str, ...]
    worth: Worth
    before: Worth | None
    figures: tuple[Figure, ...]
    chart: Chart | None
    is_drawn: bool
    drawn_to: date | None
    states: tuple[StateCount, ...]
    outcomes: int


def overview(asked: Asked) -> Overview:
    """Ask for the figures, the comparison, the months and the states, and lay them out."""
    worths = _worths(asked)
    before = _before(asked)
    counts = count_standings(actor=asked.picture.question["actor"], fields=asked.picture.filters)
    used = sorted({one.currency for one in counts} - worths.keys())
    currencies = tuple(dict.fromkeys([*worths, *used, *([asked.currency] if asked.currency else [])]))
    currency = asked.currency or (currencies[0] if currencies else "")
    worth = worths.get(currency, Worth())
    then = None if before is None else before.get(currency, Worth())
    months, drawn_to = asked_months(asked)
    return Overview(
        currency=currency,
        currencies=currencies,
        worth=worth,
        before=then,
        figures=tuple(_figures(asked, currency, worth, then)),
        chart=chart_of((months or {}).get(currency, ())),
        is_drawn=months is not None,
        drawn_to=drawn_to,
        states=tuple(_states(asked, currency, counts)),
        outcomes=sum(one.outcomes for one in counts),
    )


def _worths(asked: Asked) -> Mapping[str, Worth]:
    """By currency, the largest first: of all accounts, also closed and held ones, for what was realized stays."""
    picture = asked.picture
    ready = _ready(asked, picture.as_of, picture.known_at)
    return _counted(asked, picture.as_of, picture.known_at) if ready is None else ready


def _before(asked: Asked) -> Mapping[str, Worth] | None:
    """The same as this page showed it at the end of the day of comparison."""
    picture = asked.picture
    if picture.compare is None:
        return None
    known_at = min(picture.compare, picture.known_at)
    ready = _ready(asked, picture.compare, known_at)
    if ready is None and (is_small(asked) or not picture.compares_by_itself):
        return _counted(asked, picture.compare, known_at)
    return ready


def _ready(asked: Asked, as_of: date, known_at: date) -> Mapping[str, Worth] | None:
    """What the summaries hold: of a past day only of all accounts, whose teams and segments were others then."""
    is_today = as_of == known_at == asked.picture.today
    if asked.picture.filters and not is_today:
        return None
    places = find_ready_worth(**asked.picture.question | {"known_at": known_at}, as_of=as_of)
    if places is None and is_today:
        places = get_worth(**asked.picture.question | {"known_at": known_at}, as_of=as_of).get("", {})
    return None if places is None else total(places, PLACES)


def _counted(asked: Asked, as_of: date, known_at: date) -> Mapping[str, Worth]:
    actor, filters = asked.picture.question["actor"], asked.picture.filters
    worths = get_filtered_value(actor=actor, filters=filters, as_of=as_of, known_at=known_at)
    return dict(sorted(worths.items(), key=lambda pair: (-pair[1].live, -pair[1].promised, pair[0])))


def is_small(asked: Asked) -> bool:
    """Whether so few accounts are visible that what no summary holds is added up without anybody asking for it."""
    return count_visible(actor=asked.picture.question["actor"]) <= COUNTED_UNASKED


def _figures(asked: Asked, currency: str, worth: Worth, before: Worth | None) -> list[Figure]:
    return [
        Figure(
            key,
            NAMES[key],
            getattr(worth, key),
            None if before is None else getattr(worth, key) - getattr(before, key),
            asked.outcomes(currency) if key == "promised" else asked.ledger(currency, measure=key),
        )
        for key in MEASURES
    ]


def asked_months(asked: Asked) -> tuple[Months | None, date | None]:
    """The months that are asked for, and their last day if that is not the one asked for.

    None where they would have to be added up for very many accounts that nobody asked for.
    """
    picture, actor = asked.picture, asked.picture.question["actor"]
    last, ends = picture.as_of, picture.as_of in (picture.today, end_of_month(picture.as_of.replace(day=1)))
    by_team = not picture.filters.keys() - {"team"}
    if by_team and picture.known_at == picture.today and (ends or not is_small(asked)):
        last = last if ends else last.replace(day=1) - timedelta(days=1)
        months = get_months(actor=actor, team_id=asked.team_id, last=last, months=asked.months)
        return months, None if ends else last
    if not is_small(asked):
        return None, None
    question: dict[str, Any] = {"actor": actor, "filters": picture.filters, "as_of": last, "known_at": picture.known_at}
    return count_months(**question, months=asked.months), None


def _states(asked: Asked, currency: str, counts: tuple[Standing, ...]) -> list[StateCount]:
    found = {(one.state, one.detail): one.outcomes for one in counts if one.currency == currency}
    return [
        StateCount(
            state,
            detail,
            {"name": name},
            found.get((state, detail), 0),
            asked.outcomes(
                currency, state=state, detail=detail or ("none" if state in ("confirmed", "withdrawn") else "")
            ),
        )
        for (state, detail), name in STATES.items()
        if found.get((state, detail)) or detail is None
    ]
