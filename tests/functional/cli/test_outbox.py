"""`changetrack outbox`: what could not be delivered is seen, and sent again."""

import json
from collections.abc import Callable

from click.testing import Result
from sqlalchemy import select

from changetrack.models import OutboxMessage
from tests.clock import FixedClock
from tests.factories import Cast, make_endpoint, make_message
from tests.factories._saving import Saver

Command = Callable[..., Result]


def test_what_was_given_up_is_listed_and_sent_again(
    session: Saver, cast: Cast, run: Command, clock: FixedClock
) -> None:
    now = clock.now()
    first = make_message(session, cast.olu, payload={"title": "Acme"}, dead_at=now, last_error="It was away.")
    make_message(session, cast.olu, delivered_at=now)

    listed, machine = run("outbox", "list"), json.loads(run("outbox", "list", "--json").stdout)
    again = run("outbox", "send-again", str(first.id))

    assert listed.stdout.split("\t")[2:] == ["in_app", "Olu", "Acme", "It was away.\nin_app: 0 waiting, 1 given up.\n"]
    assert [row["id"] for row in machine["given_up"]] == [first.id]
    assert machine["channels"]["in_app"] == {"waiting": 0, "given_up": 1}
    assert (again.exit_code, again.stdout) == (0, "1 message will be sent again.\n")
    assert session.get_one(OutboxMessage, first.id).due_at == now
    assert run("outbox", "list").stdout == "in_app: 1 waiting, 0 given up.\n"


def test_all_are_sent_again_but_for_those_that_cannot_be(
    session: Saver, cast: Cast, run: Command, clock: FixedClock
) -> None:
    off = make_endpoint(session, name="CRM", disabled_at=clock.now())
    make_message(session, cast.olu, channel="webhook", user_id=None, endpoint_id=off.id, dead_at=clock.now())
    for _ in range(2):
        make_message(session, cast.olu, dead_at=clock.now())

    again = run("outbox", "send-again", "--all")

    assert (again.exit_code, again.stdout) == (1, "2 messages will be sent again.\n")
    assert "CRM is switched off." in again.stderr
    assert len(session.scalars(select(OutboxMessage).where(OutboxMessage.dead_at.is_not(None))).all()) == 1


def test_an_empty_outbox_says_so(session: Saver, run: Command) -> None:
    assert run("outbox", "list").stdout == "Nothing waits, and nothing was given up.\n"


def test_it_is_asked_for_one_or_all(session: Saver, run: Command) -> None:
    assert run("outbox", "send-again").exit_code == 2
    assert run("outbox", "send-again", "1", "--all").exit_code == 2
    assert run("outbox", "send-again", "4711").exit_code == 1
