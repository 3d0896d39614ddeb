"""Random lives of outcomes, lived by the real operations: every figure of every pair of days follows from the facts."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from changetrack.domain.value import MEASURES, OutcomeHistory, figures, promised
from changetrack.models import Evidence, LedgerEntry, Outcome
from changetrack.queries.recognition_inputs import read_histories
from changetrack.queries.value_figures import Worth, get_account_value, get_account_values
from changetrack.queries.verify import verify
from tests.factories._saving import Saver
from tests.factories.random_life import OPERATOR, RandomLife

SEEDS = (517, 521)  # lives in which much is realized, capped, lost and corrected
DAYS = 95
BETWEEN = 12  # days, from one that is looked at to the next

Worths = Mapping[str, Worth]


def by_the_function(life: RandomLife, as_of: date, known_at: date) -> tuple[dict[tuple[int, str], int], Worths]:
    """What the function says: each measure of each outcome, and what the account is worth by currency."""
    outcomes = life.outcomes()
    histories = read_histories(life.session, outcomes, {(o.account_id, o.seq) for o in outcomes})
    groups: defaultdict[object, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.overlap_group or outcome.seq].append(outcome)
    amounts: dict[tuple[int, str], int] = {}
    worths: defaultdict[str, Worth] = defaultdict(Worth)
    for group in groups.values():
        of_group = [histories[o.account_id, o.seq] for o in group]
        found = figures(of_group, as_of=as_of, known_at=known_at)
        for outcome, history in zip(group, of_group, strict=True):
            known = {measure: getattr(found[outcome.seq], measure) for measure in MEASURES}
            amounts |= {(outcome.seq, measure): amount for measure, amount in known.items() if amount}
            worths[outcome.currency] += Worth(promised=promise(history, as_of, known_at), **known)
    return amounts, {currency: worth for currency, worth in sorted(worths.items()) if worth != Worth()}


def promise(history: OutcomeHistory, as_of: date, known_at: date) -> int:
    """What was promised by a day, as known at a day."""
    terms = history.terms_at(known_at)
    return 0 if terms is None else promised(terms, as_of)


def by_the_ledger(life: RandomLife, as_of: date, known_at: date) -> dict[tuple[int, str], int]:
    """What the entries add up to."""
    sums: Counter[tuple[int, str]] = Counter()
    for entry in life.session.scalars(select(LedgerEntry)):
        if entry.posted_on <= as_of and entry.known_on <= known_at:
            sums[entry.outcome_seq, entry.measure] += entry.amount
    return {key: amount for key, amount in sums.items() if amount}


def holds(life: RandomLife, point: str) -> bool:
    """Whether evidence proves a point on the last day."""
    rows = life.session.scalars(select(Evidence).where(Evidence.point == point, Evidence.retracted_on.is_(None)))
    return any(row.effective_on <= life.today and (row.expires_on or date.max) > life.today for row in rows)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_every_figure_follows_from_the_facts(session: Saver, seed: int) -> None:
    life = RandomLife(session, seed)

    life.live(DAYS)

    assert verify(today=life.today).differences == ()
    days = [*(life.first_day + timedelta(days=n) for n in range(0, DAYS, BETWEEN)), life.today]
    for known_at in days:
        for as_of in (day for day in days if day <= known_at):
            amounts, worths = by_the_function(life, as_of, known_at)
            pair = {"as_of": as_of, "known_at": known_at}
            assert by_the_ledger(life, **pair) == amounts, pair
            assert get_account_value(actor=OPERATOR, account_id=life.account_id, **pair) == worths, pair
            assert get_account_values(**pair).get(life.account_id, {}) == worths, pair
    states = {outcome.state for outcome in life.outcomes() if (outcome.confirmed_from or life.today) <= life.today}
    assert holds(life, "6b") == ("confirmed" in states)
    assert holds(life, "3c") == bool(states & {"agreed", "in_use", "confirmed", "lapsed"})
