"""Writing many rows at a time, on each database by its own way."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from changetrack.models import Account, Alias, Journey, Team
from changetrack.operations._bulk import insert_rows, update_rows
from tests.clock import NOW
from tests.factories import make_account
from tests.factories._saving import Saver


def teams(count: int) -> list[dict[str, object]]:
    return [{"id": n, "name": f'Team\t{n} \\ "é"', "created_at": NOW, "version": 1} for n in range(1, count + 1)]


def test_rows_arrive_as_they_were_given(session: Saver) -> None:
    insert_rows(session, Team, teams(120))

    rows = session.execute(select(Team.id, Team.name, Team.created_at).order_by(Team.id)).all()
    assert len(rows) == 120
    assert rows[0] == (1, 'Team\t1 \\ "é"', datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


@pytest.mark.parametrize("count", [2, 120])
def test_few_and_many_rows_are_updated_by_their_keys(session: Saver, count: int) -> None:
    insert_rows(session, Team, teams(count))

    update_rows(session, Team, ["id"], [{"id": n, "name": f"New {n}"} for n in range(1, count)])

    names = list(session.scalars(select(Team.name).order_by(Team.id)))
    assert names[:-1] == [f"New {n}" for n in range(1, count)]
    assert names[-1].startswith("Team")


def test_json_and_nothing_keep_their_kind(session: Saver) -> None:
    accounts = [make_account(session) for _ in range(60)]
    rows = [{"account_id": a.id, "judged_by": {"1": n}, "roles_not_applicable": ["buyer"], "version": 1,
             "vision": None} for n, a in enumerate(accounts)]  # fmt: skip

    insert_rows(session, Journey, rows)

    found = session.execute(select(Journey.judged_by, Journey.roles_not_applicable, Journey.vision).order_by(
        Journey.account_id))  # fmt: skip
    assert [tuple(row) for row in found] == [({"1": n}, ["buyer"], None) for n in range(60)]


def test_no_rows_are_no_work(session: Saver) -> None:
    insert_rows(session, Account, [])
    update_rows(session, Account, ["id"], [])

    assert session.scalars(select(Account)).all() == []


def test_a_name_that_is_taken_is_an_integrity_error_on_both_databases(session: Saver) -> None:
    account = make_account(session)
    row = {"alias": "crm-1", "account_id": account.id, "created_at": NOW}

    with pytest.raises(IntegrityError):
        insert_rows(session, Alias, [row, row])

    session.rollback()
