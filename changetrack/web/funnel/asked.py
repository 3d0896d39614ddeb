"""What an address asks of the funnel, and the addresses that go on from there."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import url_for
from werkzeug.datastructures import MultiDict

from changetrack.domain.accounts import attribute_key
from changetrack.domain.cells import EARLIEST
from changetrack.domain.filters import ATTRIBUTE, filter_reasons, group_reasons, is_filter_field, unknown_field
from changetrack.domain.funnel import FLOWS, OPEN_PLACES, PLACE_KEYS
from changetrack.domain.refusal import refuse_if
from changetrack.web.platform import clock, current_actor, settings

PERIODS = {7: "week", 28: "4 weeks", 91: "13 weeks", 182: "26 weeks", 364: "52 weeks"}
USUAL_PERIOD = 28
NO_COMPARISON = "none"
WORDS = ("as_of", "known_at", "compare", "period", "by")

Args = MultiDict[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for. `compare` is the date to compare with, None for no comparison."""

    today: date
    as_of: date
    known_at: date
    compare: date | None
    period: int
    by: str | None
    filters: Mapping[str, str]
    query: Mapping[str, str]

    @property
    def first(self) -> date:
        """The first day of the period."""
        return self.as_of - timedelta(days=self.period - 1)

    @property
    def eve(self) -> date:
        """The day before the period."""
        return self.as_of - timedelta(days=self.period)

    @property
    def is_past(self) -> bool:
        """Whether the picture is not the present one."""
        return self.as_of < self.today or self.known_at < self.today

    @property
    def is_known_then(self) -> bool:
        """Whether the picture is as was known on an earlier day."""
        return self.known_at < self.today

    @property
    def usual_comparison(self) -> str:
        """What the form shows as the date of comparison without anybody's wish."""
        return self.eve.isoformat() if self.compares_by_itself else NO_COMPARISON

    @property
    def compares_by_itself(self) -> bool:
        """Whether the date to compare with follows from the period, rather than being asked for."""
        return "compare" not in self.query

    @property
    def question(self) -> dict[str, Any]:
        """Who asks, when, as known when, about which accounts: what all queries of the funnel take."""
        zone = ZoneInfo(settings().timezone)
        return {"actor": current_actor(), "today": self.today, "zone": zone, "known_at": self.known_at,
                "filters": self.filters}  # fmt: skip

    def page(self, endpoint: str, changes: Mapping[str, str | None] | None = None) -> str:
        """The address of a page of the funnel that asks the same, but for `changes`; None takes one away."""
        merged = {name: value for name, value in {**self.query, **(changes or {})}.items() if value is not None}
        return url_for(endpoint) + ("?" + urlencode(merged) if merged else "")

    def accounts(self, **more: str) -> str:
        """The address of the list of the accounts that are counted here, open for further arguments: it ends in ?…&."""
        kept = {name: value for name, value in self.query.items() if name in ("as_of", "known_at")}
        said = urlencode({**kept, **self.filters, **more})
        return f"{url_for('accounts.index')}?{said}&" if said else f"{url_for('accounts.index')}?"


def read_asked(args: Args, *, also: Collection[str] = ()) -> Asked:
    """Read an address, leaving out the arguments named in `also`. Raises OperationRefused with all it cannot mean."""
    today = clock().today()
    query = {name: args[name].strip() for name in args if name not in also and args[name].strip()}
    reasons = _unfold_attribute(query)
    _tell_comparison(query, asks_for_one="compare" in args)
    reasons += [(name, unknown_field(name)) for name in query if name not in WORDS and not is_filter_field(name)]
    days = {name: _day(name, query, reasons) for name in ("as_of", "known_at", "compare")}
    period = _period(query, reasons)
    filters = {name: value for name, value in query.items() if is_filter_field(name)}
    by = query.get("by")
    reasons += filter_reasons(filters) + group_reasons(by)
    as_of, known_at = (_past_or_today(name, days, today, reasons) for name in ("as_of", "known_at"))
    compare = None if query.get("compare") == NO_COMPARISON else days["compare"] or as_of - timedelta(days=period)
    if compare and compare >= as_of:
        reasons.append(("compare", f"Compare with a day before {as_of.isoformat()}."))
    refuse_if(reasons)
    for name, day in (("as_of", as_of), ("known_at", known_at)):
        if day == today:
            query.pop(name, None)
    return Asked(today, as_of, known_at, compare, period, by, filters, query)


def read_flow(args: Args) -> tuple[str, int | None]:
    """Read which figure of the movement an address asks for: a flow, and an open place or None for all."""
    flow, key = args.get("flow", ""), args.get("place", "")
    known = [PLACE_KEYS[place] for place in OPEN_PLACES]
    reasons = [] if flow in FLOWS else [("flow", f"There is no flow “{flow[:40]}”. Use one of: {', '.join(FLOWS)}.")]
    if key and key not in known:
        reasons.append(("place", f"There is no step “{key[:40]}”. Use one of: {', '.join(known)}."))
    refuse_if(reasons)
    return flow, PLACE_KEYS.index(key) if key else None


def _unfold_attribute(query: dict[str, str]) -> list[tuple[str, str]]:
    """Turn what was typed as `plan=gold` into the filter of that attribute; returns what is wrong with it."""
    typed = query.pop("attr", "")
    name, sign, value = (part.strip() for part in typed.partition("="))
    if not typed:
        return []
    if not (sign and value and is_filter_field(ATTRIBUTE + attribute_key(name))):
        return [("attr", "Write an attribute as name=value, such as plan=gold.")]
    query[ATTRIBUTE + attribute_key(name)] = value
    return []


def _tell_comparison(query: dict[str, str], *, asks_for_one: bool) -> None:
    """A form sends the date it showed as `usual`: sent back unchanged it is no wish, and emptied it is one."""
    usual = query.pop("usual", None)
    if usual and usual == query.get("compare"):
        query.pop("compare")
    elif usual and asks_for_one and "compare" not in query:
        query["compare"] = NO_COMPARISON


def _day(name: str, query: Mapping[str, str], reasons: list[tuple[str, str]]) -> date | None:
    text = query.get(name, "")
    if not text or text == NO_COMPARISON:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        reasons.append((name, f"“{text[:40]}” is not a date in the form yyyy-mm-dd."))
        return None
    if day < EARLIEST:
        reasons.append((name, f"{text} lies before {EARLIEST.year}."))
    return max(day, EARLIEST)


def _past_or_today(name: str, days: Mapping[str, date | None], today: date, reasons: list[tuple[str, str]]) -> date:
    day = days[name] or today
    if day > today:
        reasons.append((name, f"{day.isoformat()} lies in the future."))
    return min(day, today)


def _period(query: dict[str, str], reasons: list[tuple[str, str]]) -> int:
    text = query.get("period", str(USUAL_PERIOD))
    known = {str(days): days for days in PERIODS}
    if text not in known:
        reasons.append(("period", f"“{text[:40]}” is not a period. Use one of: {', '.join(known)} days."))
        return USUAL_PERIOD
    if known[text] == USUAL_PERIOD:
        query.pop("period", None)
    return known[text]
