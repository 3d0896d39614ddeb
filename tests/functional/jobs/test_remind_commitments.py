"""Reminding people of what is due as a job: once for each due day, however often it runs."""

from collections.abc import Callable

import pytest
from click.testing import Result
from sqlalchemy import select

from changetrack.models import OutboxMessage
from tests.clock import TODAY
from tests.factories import Cast, make_account, make_commitment
from tests.factories._saving import Saver


@pytest.mark.parametrize("runs", [1, 3])
def test_the_job_writes_to_each_owner_once(session: Saver, cast: Cast, run: Callable[..., Result], runs: int) -> None:
    for owner in (cast.olu, cast.tess):
        make_commitment(session, make_account(session, team_id=cast.team.id), owner_user_id=owner.id, due_on=TODAY)

    results = [run("jobs", "run", "remind-commitments", "--as-of", TODAY.isoformat()) for _ in range(runs)]

    told = session.scalars(select(OutboxMessage.user_id)).all()
    assert [result.exit_code for result in results] == [0] * runs
    assert "letters" in results[0].stdout
    assert (len(told), set(told)) == (2, {cast.olu.id, cast.tess.id})
