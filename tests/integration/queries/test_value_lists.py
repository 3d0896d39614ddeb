"""Lists of outcomes and of the ledger page by page, and the months of value by both of their ways."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from changetrack.domain.people import Actor
from changetrack.models import Account, LedgerEntry, Outcome
from changetrack.operations._cells import FunnelTally
from changetrack.operations._dossier import cell_state
from changetrack.queries import account_scope
from changetrack.queries.ledger_list import LedgerFilters, list_ledger
from changetrack.queries.outcome_list import (
    STANDINGS,
    OutcomeFilters,
    count_standings,
    list_all_outcomes,
    list_currencies,
)
from changetrack.queries.value_changes import count_months
from changetrack.queries.value_figures import get_filtered_value
from changetrack.queries.value_months import get_months
from tests.clock import TODAY
from tests.factories import Cast, make_account, make_cast, make_entry, make_metric, make_outcome
from tests.factories._saving import Saver
from tests.factories.use import FIRST_DAY, Use, week
from tests.integration.queries.histories import OPERATOR

WAYS = pytest.mark.parametrize("small", [0, 300], ids=["along the index", "through the accounts"])

OUTCOMES_ASKED = (
    OutcomeFilters(),
    OutcomeFilters(state="confirmed"),
    OutcomeFilters(state="confirmed", detail="none"),
    OutcomeFilters(detail="use"),
    OutcomeFilters(currency="EUR"),
    OutcomeFilters(fields={"segment": "A"}),
    OutcomeFilters(state="lapsed", currency="USD", fields={"segment": "B"}),
)
LEDGERS_ASKED = (
    LedgerFilters(),
    LedgerFilters(causes=("corrected", "capped")),
    LedgerFilters(currency="USD"),
    LedgerFilters(month=date(2026, 2, 1)),
    LedgerFilters(fields={"segment": "A"}),
    LedgerFilters(measure="live"),
    LedgerFilters(as_of=TODAY - timedelta(days=1)),
    LedgerFilters(known_at=TODAY - timedelta(days=1)),
)


@pytest.fixture
def cast(session: Saver) -> Cast:
    return make_cast(session)


@pytest.fixture
def entries(session: Saver, cast: Cast) -> list[tuple[Outcome, LedgerEntry]]:
    """Sixty outcomes of three teams' accounts in every state, on few days, in two currencies, an entry each."""
    draw, metric, tally, made = random.Random(7), make_metric(session, "orders"), FunnelTally(), []
    accounts = [
        make_account(session, team_id=(cast.team.id, cast.other_team.id, None)[n % 3], segment="AB"[n % 2])
        for n in range(12)
    ]
    for account in accounts:
        tally.count(None, cell_state(account))
    tally.flush(session)
    standings = [(state, detail) for state, details in STANDINGS.items() for detail in details]
    for n in range(60):
        state, detail = standings[n % len(standings)]
        day = TODAY - timedelta(days=draw.randrange(3))
        terms: dict[str, Any] = {"state": state, "detail": detail, "state_since": day, "agreed_on": day}
        outcome = make_outcome(session, draw.choice(accounts), metric, currency=draw.choice(["USD", "EUR"]), **terms)
        cause = draw.choice(["accrued", "corrected", "reversed", "capped"])
        made.append((outcome, make_entry(session, outcome, posted_on=day, known_on=TODAY, cause=cause)))
    return made


def outcome_pages(filters: OutcomeFilters, actor: Actor) -> Iterator[tuple[date, int, int]]:
    after: str | None = ""
    while after is not None:
        page = list_all_outcomes(filters, actor=actor, today=TODAY, after=after, limit=7)
        yield from ((row.state_since, row.account_id, row.seq) for row in page.rows)
        after = page.after


def ledger_pages(filters: LedgerFilters, actor: Actor) -> Iterator[tuple[date, int, int, int]]:
    after: str | None = ""
    while after is not None:
        page = list_ledger(filters, actor=actor, after=after, limit=7)
        yield from ((row.posted_on, row.account_id, row.outcome_seq, row.seq) for row in page.rows)
        after = page.after


@WAYS
@pytest.mark.parametrize("who", ["ed", "olu", "otto"])
def test_pages_hold_every_outcome_of_a_list_once_and_in_order(
    session: Saver, cast: Cast, entries: Any, monkeypatch: pytest.MonkeyPatch, small: int, who: str
) -> None:
    monkeypatch.setattr(account_scope, "_SMALL", small)
    actor = cast.actor(who)

    found = [list(outcome_pages(filters, actor)) for filters in OUTCOMES_ASKED]

    assert found == [
        sorted(
            ((o.state_since, o.account_id, o.seq) for o, _ in entries if is_wanted(session, o, filters, actor)),
            reverse=True,
        )
        for filters in OUTCOMES_ASKED
    ]


def is_wanted(session: Saver, outcome: Outcome, filters: OutcomeFilters | LedgerFilters, actor: Actor) -> bool:
    account = session.get_one(Account, outcome.account_id)
    sees = actor.role == "executive" or account.team_id in actor.teams
    state = getattr(filters, "state", "") in ("", outcome.state)
    detail = getattr(filters, "detail", "") in ("", outcome.detail or "none")
    money = filters.currency in ("", outcome.currency)
    return sees and state and detail and money and filters.fields.get("segment") in (None, account.segment)


@WAYS
@pytest.mark.parametrize("who", ["ed", "olu"])
def test_pages_hold_every_entry_of_a_ledger_once_and_in_order(
    session: Saver, cast: Cast, entries: Any, monkeypatch: pytest.MonkeyPatch, small: int, who: str
) -> None:
    monkeypatch.setattr(account_scope, "_SMALL", small)
    actor = cast.actor(who)

    found = [list(ledger_pages(filters, actor)) for filters in LEDGERS_ASKED]

    wanted = [[e for o, e in entries if is_wanted(session, o, f, actor) and is_kept(e, f)] for f in LEDGERS_ASKED]
    keys = [[(e.posted_on, e.account_id, e.outcome_seq, e.seq) for e in some] for some in wanted]
    assert found == [sorted(some, reverse=True) for some in keys]


def is_kept(entry: LedgerEntry, filters: LedgerFilters) -> bool:
    return (
        entry.measure == filters.measure
        and (not filters.causes or entry.cause in filters.causes)
        and (filters.month is None or entry.posted_on.replace(day=1) == filters.month)
        and (filters.as_of is None or entry.posted_on <= filters.as_of)
        and (filters.known_at is None or entry.known_on <= filters.known_at)
    )


@pytest.mark.parametrize("who", ["ed", "olu"])
def test_each_count_of_a_standing_is_the_length_of_its_list(cast: Cast, entries: Any, who: str) -> None:
    actor = cast.actor(who)

    counts = count_standings(actor=actor, fields={})

    assert counts
    assert entries
    for one in counts:
        filters = OutcomeFilters(state=one.state, detail=one.detail or "none", currency=one.currency)
        assert len(list(outcome_pages(filters, actor))) == one.outcomes


@pytest.mark.usefixtures("entries")
def test_currencies_in_use_are_found_without_reading_every_outcome() -> None:
    assert list_currencies() == ("EUR", "USD")


@pytest.mark.parametrize("until", [6, 9, 14, 17])
def test_months_kept_and_months_counted_are_the_same_and_end_at_the_figures(session: Saver, until: int) -> None:
    use = Use(session)
    use.propose(plan_start=FIRST_DAY)
    use.say("agreed", FIRST_DAY)
    use.say("attested", date(2026, 1, 28))
    use.weeks((41, 44, 47, 40, 45, 46, 44, 48, 52, 30, 22, 45, 46, 44, 41, 43)[: until - 1])
    for n in range(5, until + 1):
        use.recognise(week(n))
    last = week(until)

    kept = get_months(actor=OPERATOR, last=last, months=12)
    counted = count_months(actor=OPERATOR, filters={}, as_of=last, known_at=last, months=12)

    figures = get_filtered_value(actor=OPERATOR, filters={}, as_of=last, known_at=last)["USD"]
    assert kept == counted
    assert (kept["USD"][-1].promised_to_date, kept["USD"][-1].realized_to_date) == (figures.promised, figures.realized)
    assert sum(month.live + month.lapsed for month in kept["USD"]) == figures.live
    assert sum(month.probationary for month in kept["USD"]) == figures.probationary
