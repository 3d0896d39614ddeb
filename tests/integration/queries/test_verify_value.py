"""Verification of value finds what was changed behind the operations' back, and nothing else."""

from datetime import date

import pytest
from sqlalchemy import text

from changetrack.queries.verify import Verified, verify
from tests.factories._saving import Saver
from tests.factories.use import FIRST_DAY, Use, week

TODAY = date(2026, 4, 26)
V4 = [41, 44, 47, 40, 45, 46, 44, 48, 52, 30, 22, 45, 46, 44, 41, 43]
SIXTH = "2026-02-15 known on 2026-02-15 for 2026-02-09"
FORGED = (
    "INSERT INTO ledger (account_id, outcome_seq, seq, measure, posted_on, known_on, amount, currency, cause, words,"
    " recorded_at) VALUES (1, 1, 99, 'realized', '2026-03-08', '2026-03-08', 500, 'USD', 'accrued', 'Trust me.',"
    " '2026-03-08 09:00:00+00')"
)


@pytest.fixture
def use(session: Saver) -> Use:
    """Use that was confirmed, lapsed and came back, recognised day after day."""
    use = Use(session)
    use.propose(plan_start=FIRST_DAY, plan_periods=26)
    use.say("agreed", FIRST_DAY)
    use.say("attested", date(2026, 1, 28))
    use.weeks(V4)
    for day in (week(5), week(9), week(11), TODAY):
        use.recognise(day)
    return use


def tampered(use: Use, statement: str) -> Verified:
    """What verification finds after somebody changed the database by hand."""
    use.session.execute(text(statement))
    use.session.commit()
    return verify(today=TODAY)


def test_nothing_differs_after_honest_work(use: Use) -> None:
    found = verify(today=TODAY)

    assert (found.found, found.differences) == (0, ())
    assert len(use.ledger()) > 10


@pytest.mark.parametrize(
    ("statement", "figure"),
    [
        ("UPDATE usage_daily SET stated = 990000 WHERE day = '2026-02-11'", "reading of 2026-02-09"),
        ("UPDATE readings SET value = 990000 WHERE period_start = '2026-02-09'", "reading of 2026-02-09"),
        ("DELETE FROM readings WHERE period_start = '2026-02-09'", "reading of 2026-02-09"),
        ("DELETE FROM readings WHERE period_start = '2026-02-09'", f"ledger, realized of {SIXTH}"),
        (FORGED, "ledger, realized of 2026-03-08 known on 2026-03-08"),
        (FORGED, "number of ledger entries"),
        (FORGED, "realized"),
        (FORGED, "accrued"),
        ("UPDATE outcomes SET realized = 1", "realized"),
        ("UPDATE outcomes SET probationary = 1", "probationary"),
        ("UPDATE outcomes SET live = 1", "live"),
        ("UPDATE outcomes SET promised = 1", "promised"),
        ("UPDATE outcomes SET state = 'lapsed'", "state"),
        ("UPDATE outcomes SET detail = 'at_risk'", "detail"),
        ("UPDATE outcomes SET state_since = '2026-01-01'", "state_since"),
        ("UPDATE outcomes SET confirmed_from = '2026-01-01'", "confirmed_from"),
        ("UPDATE outcomes SET valid_until = '2027-01-01'", "valid_until"),
        ("UPDATE outcomes SET due_on = NULL", "due_on"),
        ("UPDATE outcome_statements SET given_on = '2026-02-05' WHERE kind = 'attested'", "valid_until"),
        ("UPDATE accounts SET value = '{\"USD\": [1, 2, 3, 4]}'", "value"),
        ("UPDATE accounts SET falling_since = '2026-04-01'", "falling_since"),
        ("UPDATE value_flows SET amount = 1 WHERE line = 'accrued' AND month = '2026-02-01'", "accrued"),
        ("DELETE FROM value_flows WHERE line = 'promised' AND month = '2026-02-01'", "promised"),
    ],
)  # fmt: skip
def test_each_tampering_is_found_and_named(use: Use, statement: str, figure: str) -> None:
    found = tampered(use, statement)

    assert figure in {difference.figure for difference in found.differences}


def test_what_waits_to_be_recognised_is_no_difference(use: Use) -> None:
    use.count(week(6), 10, recorded_on=TODAY)
    use.say("attested", date(2026, 4, 20), recorded_on=TODAY)

    assert verify(today=TODAY).differences == ()


def test_the_word_taken_back_leaves_no_difference(use: Use) -> None:
    use.retract("attested", TODAY)
    use.recognise(TODAY)

    assert verify(today=TODAY).differences == ()


def test_terms_that_end_leave_the_flows_as_they_should_be(use: Use) -> None:
    use.say("withdrawn", date(2026, 3, 2), recorded_on=TODAY)
    use.recognise(TODAY)

    assert (use.outcome().state, use.outcome().promised) == ("withdrawn", 80_000)
    assert verify(today=TODAY).differences == ()
