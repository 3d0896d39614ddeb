"""Verification finds what was changed behind the operations' back, and nothing else."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from click.testing import Result
from sqlalchemy import text

from changetrack.operations.commitments import make_commitment
from changetrack.queries.verify import Verified, verify
from tests.factories._saving import Saver
from tests.factories.walk import Walk


@pytest.fixture
def walked(walk: Walk) -> Walk:
    """An account that has come to step 2."""
    walk.open()
    walk.prove_step_1()
    walk.advance()
    due_on, olu = walk.today + timedelta(7), walk.cast.olu.id
    make_commitment(action="Send the plan", due_on=due_on, owner_user_id=olu, **walk.by("olu"))
    return walk


def tampered(session: Saver, statement: str, today: date) -> Verified:
    """What verification finds after somebody changed the database by hand."""
    session.execute(text(statement))
    session.commit()
    return verify(today=today)


def test_nothing_differs_after_honest_work(walked: Walk) -> None:
    found = verify(today=walked.today)

    assert (found.accounts, found.found, found.differences) == (1, 0, ())
    assert found.events > 5


@pytest.mark.parametrize(
    ("statement", "figure"),
    [
        ("update accounts set claimed_step = 3", "claimed_step"),
        ("update accounts set supported_step = 1", "supported_step"),
        ("update accounts set place = 4", "place"),
        ("update accounts set status = 'anchored'", "status"),
        ("update accounts set name_key = 'other'", "name_key"),
        ("update accounts set segment = 'Small'", "segment"),
        ("update accounts set event_hash = repeat('0', 64)", "end of history"),
        ("update standings set supported_step = 1 where place = 2", "supported_step"),
        ("delete from standings where place = 1", "standing on 2026-01-31"),
        ("update visits set entered_on = '2026-01-20' where seq = 2", "standing on 2026-01-20"),
        ("delete from evidence where point = '1c'", "standing on 2026-03-02"),
        ("update accounts set commitment_due_on = '2026-05-01'", "commitment_due_on"),
        ("update accounts set commitment_words = null", "commitment_words"),
        ("delete from commitments", "commitment_due_on"),
        ("update commitments set state = 'met', ended_on = made_on, ended_at = made_at", "commitment 1"),
        ("update accounts set customer_on = null", "customer_on"),
        ("update accounts set customer_on = '2026-03-30'", "customer_on"),
        ("update funnel_cells set accounts = 7 where field = 'team' and place = 2", "accounts, unsupported, stale"),
        ("delete from funnel_cells where field = '' and place = 2", "accounts, unsupported, stale"),
        ("update movement_cells set advanced_in = 5 where place = 2", "advanced_in"),
    ],
)
def test_each_tampering_is_found_and_named(walked: Walk, statement: str, figure: str) -> None:
    is_sqlite = walked.session.get_bind().dialect.name == "sqlite"
    statement = statement.replace("repeat('0', 64)", f"'{'0' * 64}'") if is_sqlite else statement

    found = tampered(walked.session, statement, walked.today)

    assert figure in {difference.figure for difference in found.differences}


def test_evidence_that_ended_since_the_last_night_is_no_difference(walked: Walk) -> None:
    walked.move_on(175)

    assert verify(today=walked.today).differences == ()


def test_the_command_says_that_all_agrees(walked: Walk, run: Callable[..., Result], now: datetime) -> None:
    walked.session.rollback()

    result = run("verify")

    assert (result.exit_code, result.stdout[:9]) == (0, "1 account")


def test_the_command_exits_with_1_and_names_the_account(walked: Walk, run: Callable[..., Result]) -> None:
    tampered(walked.session, "update accounts set place = 4", walked.today)

    result = run("verify")

    assert result.exit_code == 1
    assert f"account ct-{walked.account_id}: place is 4, recomputed 2" in result.stdout
