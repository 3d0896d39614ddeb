"""The letter of the morning on which something promised is due: once, to whom it concerns."""

from datetime import UTC, date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.domain.people import Actor
from changetrack.models import OutboxMessage
from changetrack.operations.commitment_reminders import Reminded, remind_of_commitments
from changetrack.operations.commitments import meet_commitment, renegotiate_commitment
from tests.clock import NOW, TODAY
from tests.factories import Cast, make_account, make_commitment
from tests.factories._saving import Saver
from tests.factories.walk import Walk


def remind(day: date = TODAY, **page: Any) -> Reminded:
    """The job of that morning."""
    given: dict[str, Any] = {
        "actor": Actor.system("remind-commitments"),
        "now": NOW,
        "channels": frozenset({"in_app"}),
        "zone": UTC,
    }
    return remind_of_commitments(today=day, **given, **page)


def letters(session: Saver) -> list[OutboxMessage]:
    """What waits to be delivered."""
    session.rollback()
    return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


def test_the_owner_is_told_once_on_the_due_day(session: Saver, cast: Cast) -> None:
    account = make_account(session, team_id=cast.team.id, name="Acme")
    make_commitment(session, account, owner_user_id=cast.olu.id, owner_name="Olu", due_on=TODAY)

    first, again = remind(), remind()

    (letter,) = letters(session)
    assert (first.letters, again.letters) == (1, 0)
    assert letter.user_id == cast.olu.id
    assert letter.key == f"commitment:{account.id}:1:{TODAY.isoformat()}:due:in_app:{cast.olu.id}"
    assert letter.payload["path"] == f"/accounts/{account.id}/commitments/1"


@pytest.mark.parametrize("fields", [{"due_on": TODAY + timedelta(1)}, {"due_on": TODAY - timedelta(8)}])
def test_nobody_is_told_before_the_day_or_long_after(session: Saver, cast: Cast, fields: dict[str, Any]) -> None:
    make_commitment(session, make_account(session, team_id=cast.team.id), owner_user_id=cast.olu.id, **fields)

    assert remind().letters == 0


def test_a_missed_morning_is_caught_up_once(session: Saver, cast: Cast) -> None:
    make_commitment(
        session, make_account(session, team_id=cast.team.id), owner_user_id=cast.olu.id, due_on=TODAY - timedelta(2)
    )

    assert (remind().letters, remind(TODAY + timedelta(1)).letters) == (1, 0)


def test_the_account_owner_is_told_once_to_ask_for_what_the_customer_promised(session: Saver, cast: Cast) -> None:
    account = make_account(session, team_id=cast.team.id, owner_id=cast.olu.id, name="Acme")
    make_commitment(session, account, owner_name="Mara", due_on=TODAY)

    first, again = remind(), remind()

    (letter,) = letters(session)
    assert (first.letters, again.letters) == (1, 0)
    assert letter.user_id == cast.olu.id
    assert letter.payload["title"].endswith("Olu: ask Mara whether it is done")


def test_without_an_owner_the_coordinator_asks_the_customer(session: Saver, cast: Cast) -> None:
    make_commitment(session, make_account(session, team_id=cast.team.id), due_on=TODAY)

    remind()

    assert [letter.user_id for letter in letters(session)] == [cast.tess.id]


def test_what_is_met_or_of_a_closed_account_tells_nobody(session: Saver, cast: Cast) -> None:
    account = make_account(session, team_id=cast.team.id)
    ours: dict[str, Any] = {"owner_user_id": cast.olu.id, "due_on": TODAY}
    make_commitment(session, account, state="met", ended_on=TODAY, **ours)
    make_commitment(session, account, state="withdrawn", ended_on=TODAY, due_on=TODAY)
    make_commitment(session, make_account(session, team_id=cast.team.id, status="closed", place=11), **ours)

    assert remind().letters == 0


def test_the_account_owner_is_told_of_what_somebody_who_left_the_team_promised(session: Saver, cast: Cast) -> None:
    account = make_account(session, team_id=cast.team.id, owner_id=cast.olu.id)
    make_commitment(session, account, owner_user_id=cast.otto.id, owner_name="Otto", due_on=TODAY)

    remind()

    (letter,) = letters(session)
    assert letter.user_id == cast.olu.id
    assert "Otto" in letter.payload["lead"]


def test_another_day_is_told_anew(walk: Walk, session: Saver) -> None:
    account = walk.account()
    make_commitment(session, account, owner_user_id=walk.cast.olu.id, due_on=TODAY)
    remind()
    later = TODAY + timedelta(3)

    renegotiate_commitment(seq=1, version=1, due_on=later, **walk.by("olu"))
    on_that_day = remind(later)
    meet_commitment(seq=1, version=2, **walk.by("olu"))

    assert (on_that_day.letters, len(letters(session)), remind(later).letters) == (1, 2, 0)


def test_pages_together_tell_everybody_once(session: Saver, cast: Cast) -> None:
    for _ in range(5):
        account = make_account(session, team_id=cast.team.id)
        make_commitment(session, account, owner_user_id=cast.olu.id, due_on=TODAY)

    done = [remind(limit=2)]
    while done[-1].after is not None:
        done.append(remind(limit=2, after=done[-1].after))

    assert [page.letters for page in done] == [2, 2, 1]
    assert len(letters(session)) == 5
