"""What an account is worth, and the summaries of what accounts are worth: kept in step with its outcomes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.journey.timeline import Dimensions
from changetrack.domain.value.standing import promised
from changetrack.domain.value_flows import line_of, promised_by_month, was_promised_by_month
from changetrack.models import ValueFlow
from changetrack.operations._bulk import table_of
from changetrack.operations._cells import FunnelTally, _add
from changetrack.operations.value._recognised import FIGURES, Recognised

Value = Mapping[str, Sequence[int]]
"""What an account is worth: currency -> [promised, probationary, realized, live]."""

_NOTHING = (0,) * len(FIGURES)


def value_of(outcomes: Iterable[Any], recognised: Mapping[Any, Recognised]) -> dict[str, list[int]]:
    """Return what an account is worth by what its outcomes are, with the new figures of those recognised now."""
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for outcome in outcomes:
        found = recognised.get((outcome.account_id, outcome.seq))
        figures = sums[outcome.currency]
        for place, name in enumerate(FIGURES):
            figures[place] += found.figures[name] if found else getattr(outcome, name)
    return {currency: figures for currency, figures in sorted(sums.items()) if any(figures)}


def account_value_changed(tally: FunnelTally, place: int, dimensions: Dimensions, before: Value, after: Value) -> None:
    """Tally that an account which stays where it is is worth something else; `settle` does so for one it settles."""
    more = {}
    for currency in before.keys() | after.keys():
        old, new = (worth.get(currency, _NOTHING) for worth in (before, after))
        more[currency] = [is_now - was for was, is_now in zip(old, new, strict=True)]
    tally.worth(place, dimensions, more)


def add_flows(session: scoped_session[Session], found: Iterable[tuple[int | None, Recognised]], today: date) -> None:
    """Add what is posted now, and what was promised since, to the months from which it is so, by team."""
    posted: defaultdict[tuple[int, str], defaultdict[tuple[date, str, str], int]]
    posted = defaultdict(lambda: defaultdict(int))
    flows: defaultdict[tuple[date, int, str, str], int] = defaultdict(int)
    for team_id, recognised in found:
        team, currency = team_id or 0, recognised.outcome.currency
        of_team = posted[team, currency]
        for posting in recognised.postings:
            of_team[posting.posted_on, posting.measure, posting.cause] += posting.amount
        for month, amount in _newly_promised(recognised, today):
            flows[month, team, currency, "promised"] += amount
    for (team, currency), of_team in posted.items():
        for (day, measure, cause), amount in of_team.items():
            flows[day.replace(day=1), team, currency, line_of(measure, cause)] += amount
    rows = [
        {"month": month, "team_id": team, "currency": currency, "line": line, "amount": amount}
        for (month, team, currency, line), amount in sorted(flows.items())
        if amount
    ]
    _add(session.connection(), table_of(ValueFlow), rows, ("amount",))


def _newly_promised(recognised: Recognised, today: date) -> Iterator[tuple[date, int]]:
    """By how much more (or less) was promised in each month than at the last recognition."""
    outcome, versions = recognised.outcome, recognised.history.versions
    was, day = outcome.promised, outcome.recognised_on
    terms = recognised.history.terms_at(today) or versions[0][1]
    if day is not None and promised(terms, day) == was:
        yield from promised_by_month(terms, today, since=day)
        return
    counted = [known for _day, known in versions if known.agreed_on is not None]
    if day is not None and counted:
        yield from ((month, -amount) for month, amount in was_promised_by_month(counted[-1], day, was))
    yield from promised_by_month(terms, today)
