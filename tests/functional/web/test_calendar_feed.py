"""The calendar of a person's commitments and reviews: read back by its own library, and for nobody else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar, Component
from sqlalchemy import delete
from sqlalchemy.orm import Session, scoped_session

from changetrack.models import Commitment, MessageSettings, TeamMember, User
from changetrack.operations._tries import GUESSES_OF_AN_ADDRESS
from changetrack.operations.calendar_feed import make_calendar_address, revoke_calendar_address
from tests.clock import NOW, TODAY
from tests.factories import Cast, make_account, make_commitment, make_hold

Saver = scoped_session[Session]


@pytest.fixture
def token(session: Saver, cast: Cast) -> str:
    """The secret of Olu's calendar."""
    return make_calendar_address(actor=cast.actor("olu"), now=NOW)


@pytest.fixture
def read(client: FlaskClient, token: str) -> Callable[[], dict[str, Component]]:
    """The events of Olu's calendar by their summaries, as a program that subscribes to it reads them."""

    def events() -> dict[str, Component]:
        response = client.get(f"/calendar/{token}.ics")
        assert response.status_code == 200
        parsed = Calendar.from_ical(response.data)
        return {str(event["summary"]): event for event in parsed.walk("VEVENT")}

    return events


def test_a_commitment_is_a_day_with_a_link_to_its_page(
    session: Saver, cast: Cast, read: Callable[[], dict[str, Component]]
) -> None:
    account = make_account(session, team_id=cast.team.id, name="Acme")
    make_commitment(session, account, owner_user_id=cast.olu.id, owner_name="Olu", version=3)

    event = read()["Acme: Send the plan (Olu)"]

    assert event.decoded("dtstart") == TODAY + timedelta(7)
    assert event.decoded("dtend") == TODAY + timedelta(8)
    assert (str(event["uid"]).partition("@")[0], event["sequence"]) == (f"commitment-{account.id}-1", 2)
    assert str(event["url"]).endswith(f"/accounts/{account.id}/commitments/1")
    assert (event["status"], event.decoded("last-modified")) == ("CONFIRMED", NOW.replace(microsecond=0))


def test_what_ended_lately_says_so_and_what_is_far_away_is_left_out(
    session: Saver, cast: Cast, read: Callable[[], dict[str, Component]]
) -> None:
    account = make_account(session, team_id=cast.team.id, name="Acme")
    ours: dict[str, Any] = {"owner_user_id": cast.olu.id, "owner_name": "Olu"}
    make_commitment(session, account, action="A", state="met", ended_on=TODAY, **ours)
    make_commitment(session, account, action="B", state="withdrawn", ended_on=TODAY, **ours)
    make_commitment(session, account, action="C", due_on=TODAY - timedelta(31), **ours)
    make_commitment(session, account, action="D", due_on=TODAY + timedelta(366), **ours)
    make_commitment(session, make_account(session, team_id=cast.team.id, status="closed", place=11), **ours)

    found = read()

    assert {words: event["status"] for words, event in found.items()} == {
        "Met: Acme: A (Olu)": "CONFIRMED",
        "Acme: B (Olu)": "CANCELLED",
    }


def test_an_account_on_hold_is_to_be_looked_at_again(
    session: Saver, cast: Cast, read: Callable[[], dict[str, Component]]
) -> None:
    review = TODAY + timedelta(30)
    account = make_account(session, team_id=cast.team.id, name="Acme", status="held", place=10, review_on=review)
    make_hold(session, account, review_on=review, reason="Their budget")

    event = read()["Look again at Acme"]

    assert event.decoded("dtstart") == review
    assert "Their budget" in str(event["description"])


def test_no_name_can_add_a_line_to_it(session: Saver, cast: Cast, read: Callable[[], dict[str, Component]]) -> None:
    name = "Acme\r\nEND:VEVENT\r\nBEGIN:VEVENT;,\\n"
    account = make_account(session, team_id=cast.team.id, name=name)
    make_commitment(session, account, action="x\r\nATTACH:http://evil.example/", owner_name="Olu\nSTATUS:CANCELLED")

    (event,) = read().values()

    assert (event["status"], "attach" in event) == ("CONFIRMED", False)
    assert "END:VEVENT BEGIN:VEVENT;,\\n" in str(event["summary"])


def test_who_is_taken_out_of_the_team_sees_nothing_of_its_accounts_any_more(
    session: Saver, cast: Cast, read: Callable[[], dict[str, Component]]
) -> None:
    account = make_account(session, team_id=cast.team.id)
    make_commitment(session, account, owner_user_id=cast.olu.id)
    before = read()

    session.execute(delete(TeamMember).where(TeamMember.user_id == cast.olu.id))
    session.commit()

    assert (len(before), read()) == (1, {})


def test_other_teams_are_never_in_it(session: Saver, cast: Cast, read: Callable[[], dict[str, Component]]) -> None:
    make_commitment(session, make_account(session, team_id=cast.other_team.id), owner_user_id=cast.otto.id)
    make_commitment(session, make_account(session), owner_user_id=cast.olu.id)

    assert read() == {}


def test_it_is_read_again_only_if_it_changed(session: Saver, cast: Cast, client: FlaskClient, token: str) -> None:
    account = make_account(session, team_id=cast.team.id)
    commitment = make_commitment(session, account)
    first = client.get(f"/calendar/{token}.ics")
    known = {"If-None-Match": first.headers["ETag"]}

    unchanged = client.get(f"/calendar/{token}.ics", headers=known)
    session.get_one(Commitment, (account.id, commitment.seq)).action = "Send another plan"
    session.commit()
    changed = client.get(f"/calendar/{token}.ics", headers=known)

    assert (unchanged.status_code, unchanged.data, changed.status_code) == (304, b"", 200)


def test_its_name_is_one_line_whatever_a_person_is_called(
    session: Saver, cast: Cast, client: FlaskClient, token: str
) -> None:
    session.get_one(User, cast.olu.id).name = "Olu, Dr; x\\n\r\nX-EVIL:1"
    session.commit()

    answer = client.get(f"/calendar/{token}.ics")

    assert rb"X-WR-CALNAME:Olu\, Dr\; x\\n X-EVIL:1: commitments" in answer.data.splitlines()


def test_it_is_kept_by_nobody_and_found_by_no_search(client: FlaskClient, token: str) -> None:
    response = client.get(f"/calendar/{token}.ics")

    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert "noindex" in response.headers["X-Robots-Tag"]
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_the_secret_is_neither_stored_nor_logged(
    session: Saver, client: FlaskClient, token: str, capfd: pytest.CaptureFixture[str]
) -> None:
    client.get(f"/calendar/{token}.ics")

    kept = session.query(MessageSettings).one().calendar_token_hash
    assert kept is not None
    assert token not in kept
    assert token not in "".join(capfd.readouterr())


def test_an_address_ends_when_another_is_made_or_it_is_revoked(
    session: Saver, cast: Cast, client: FlaskClient, token: str
) -> None:
    second = make_calendar_address(actor=cast.actor("olu"), now=NOW)
    former = client.get(f"/calendar/{token}.ics")
    present = client.get(f"/calendar/{second}.ics")

    revoke_calendar_address(actor=cast.actor("olu"), now=NOW)
    revoked = client.get(f"/calendar/{second}.ics")

    assert (former.status_code, present.status_code, revoked.status_code) == (404, 200, 404)
    assert former.data == revoked.data


def test_who_can_no_longer_sign_in_has_no_calendar(session: Saver, cast: Cast, client: FlaskClient, token: str) -> None:
    session.get_one(User, cast.olu.id).disabled_at = NOW
    session.commit()

    assert client.get(f"/calendar/{token}.ics").status_code == 404


def test_guessing_is_slowed_down_and_keeps_out_nobody_who_has_the_right_address(
    client: FlaskClient, token: str
) -> None:
    answers = [client.get(f"/calendar/wrong-{n}.ics").status_code for n in range(GUESSES_OF_AN_ADDRESS + 1)]

    assert set(answers[:-1]) == {404}
    assert answers[-1] == 429
    assert client.get(f"/calendar/{token}.ics").status_code == 200


def test_the_calendar_has_no_secret_shorter_than_128_bits(app: Flask, token: str) -> None:
    assert len(token) * 6 >= 128
