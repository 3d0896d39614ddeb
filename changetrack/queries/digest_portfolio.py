"""Where the customers stand, read for the portfolio digest of executives, by as many statements for each."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta, tzinfo
from typing import Any

from changetrack.domain.digest_letters import Listed, Portfolio, Standing, signed
from changetrack.domain.funnel import OPEN_PLACES, headline, place_name
from changetrack.domain.journey.steps import STEPS
from changetrack.domain.letters import Item
from changetrack.domain.money import minor_digits
from changetrack.domain.people import Actor
from changetrack.queries.alert_rows import AlertRow
from changetrack.queries.alerts import UNDECIDED, list_alerts
from changetrack.queries.funnel import Picture, find_ready_funnel, get_funnel
from changetrack.queries.value_figures import MEASURES, get_portfolio_value

SHOWN = 10  # decisions
GRAVEST = 5
COUNTED_AGAIN = 10_000  # accounts: with more, a week ago is told only where it was recorded then
WEEK = timedelta(days=7)
_FIGURES = (
    ("In the journey", "in_journey"),
    ("Stale", "stale"),
    ("Claimed, not carried by evidence", "unsupported"),
    ("On hold", "held"),
)
_MEASURED = {"promised": "Promised to date", "realized": "Realized", "live": "Live a period"}


def get_portfolio(*, actor: Actor, today: date, zone: tzinfo) -> Portfolio:
    """Return how the accounts that `actor` may see stand on `today`, against a week ago as it was known then."""
    question: dict[str, Any] = {"actor": actor, "today": today, "zone": zone}
    now = get_funnel(**question).picture
    then = _picture_then(question, today - WEEK, is_small=now.accounts <= COUNTED_AGAIN)
    undecided = list_alerts(actor=actor, today=today, state=UNDECIDED, limit=SHOWN)
    gravest = list_alerts(actor=actor, today=today, state="firing", limit=SHOWN + GRAVEST)
    known = {alert.id for alert in undecided.alerts}
    others = [alert for alert in gravest.alerts if alert.id not in known]
    return Portfolio(
        headline=headline(now.counts),
        figures=tuple(Standing(label, getattr(now, name), _change(now, then, name)) for label, name in _FIGURES),
        steps=tuple(_steps(now, then)),
        value=tuple(_values(actor, today)),
        decisions=Listed(tuple(map(_alert, undecided.alerts)), bool(undecided.following), "/alerts?state=decide"),
        gravest=Listed(tuple(map(_alert, others[:GRAVEST])), len(others) > GRAVEST, "/alerts?state=firing"),
    )


def _picture_then(question: Mapping[str, Any], day: date, *, is_small: bool) -> Picture | None:
    ready = find_ready_funnel(**question, as_of=day, known_at=day)
    if ready is None and is_small:
        ready = get_funnel(**question, as_of=day, known_at=day)
    return ready.picture if ready and ready.picture.accounts else None


def _change(now: Picture, then: Picture | None, name: str) -> int | None:
    return None if then is None else getattr(now, name) - getattr(then, name)


def _steps(now: Picture, then: Picture | None) -> Iterator[Item]:
    for place in OPEN_PLACES:
        count = now.counts[place]
        label = f"Step {place}, {place_name(place)}" if place in STEPS else place_name(place)
        change = None if then is None else count.accounts - then.counts[place].accounts
        stale = f", {count.stale:,} stale" if count.stale else ""
        yield Item(f"{label}: {Standing(label, count.accounts, change).words}{stale}")


def _values(actor: Actor, today: date) -> Iterator[tuple[str, str]]:
    """What each currency's outcomes are worth, with what was added in a week."""
    now = get_portfolio_value(actor=actor, as_of=today, known_at=today)
    then = get_portfolio_value(actor=actor, as_of=today - WEEK, known_at=today - WEEK)
    for currency, worth in now.items():
        for name in MEASURES:
            if name in _MEASURED:
                before = getattr(then[currency], name) if currency in then else 0
                added = round((getattr(worth, name) - before) / 10 ** minor_digits(currency))
                words = f"{_sum(getattr(worth, name), currency)} ({signed(added)} in a week)"
                yield f"{_MEASURED[name]} ({currency})", words


def _sum(minor: int, currency: str) -> str:
    return f"{minor / 10 ** minor_digits(currency):,.0f}"


def _alert(alert: AlertRow) -> Item:
    stake = f" ({_sum(alert.stake, alert.currency)} {alert.currency})" if alert.stake and alert.currency else ""
    return Item(f"{alert.account}{stake}: {' '.join(r.why for r in alert.reasons)}", f"/alerts/{alert.id}")
