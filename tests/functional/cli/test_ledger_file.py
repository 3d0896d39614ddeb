"""The ledger as a file: every realized amount with its cause and its reading, always in the same order."""

import csv
import io
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from click.testing import Result

from tests.clock import TODAY
from tests.factories._saving import Saver
from tests.factories.use import FIRST_DAY, Use, week

Run = Callable[..., Result]


@pytest.fixture
def use(session: Saver) -> Use:
    """V9: eight passing weeks, the last four of them confirmed; the sixth turns out to have failed."""
    use = Use(session)
    use.propose(plan_start=FIRST_DAY)
    use.say("agreed", FIRST_DAY)
    use.weeks((41, 44, 47, 40, 45, 46, 44, 48))
    use.say("attested", date(2026, 1, 28))
    use.recognise(TODAY)
    use.count(date(2026, 2, 11), 31, recorded_on=week(10))
    use.recognise(week(10))
    return use


def test_the_file_adds_up_to_what_was_realized(run: Run, use: Use) -> None:
    rows = list(csv.DictReader(io.StringIO(run("export", "ledger").stdout)))

    assert list(rows[0]) == [
        "external_id", "outcome", "statement", "period_start", "posted_on", "known_on", "amount", "currency", "cause",
        "words", "reading_value", "reading_recorded_on", "recorded_at",
    ]  # fmt: skip
    assert sum(Decimal(row["amount"]) for row in rows) * 100 == use.outcome().realized == 30_000
    assert [row["cause"] for row in rows] == ["accrued"] * 4 + ["corrected"]
    assert (rows[-1]["amount"], rows[-1]["reading_value"]) == ("-100.00", "31")


@pytest.mark.usefixtures("use")
def test_the_file_is_the_same_each_time_and_the_same_in_other_formats(run: Run) -> None:
    first, again = run("export", "ledger").stdout, run("export", "ledger").stdout
    lines = [json.loads(line) for line in run("export", "ledger", "--format", "jsonl").stdout.splitlines()]

    assert first == again
    assert [line["amount"] for line in lines] == [row["amount"] for row in csv.DictReader(io.StringIO(first))]
