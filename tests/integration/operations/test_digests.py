"""The weekly digests: at the local hour, once for each person and local date, with only what they may see."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden
from changetrack.models import Digest, MessageSettings, OutboxMessage, TeamMember, User
from changetrack.operations.digests import write_digest
from changetrack.queries.digests import DueDigest, list_due_digests
from tests.clock import NOW, TODAY
from tests.factories import Cast, make_account, make_alert, make_digest
from tests.factories._saving import Saver, save

NIGHT = Actor.system("digest")
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
CHANNELS = frozenset({"in_app", "email", "slack"})
EARLY = NOW - timedelta(days=400)


@pytest.fixture(autouse=True)
def people(session: Saver, cast: Cast) -> None:
    """Everybody has been here for a year."""
    for user in session.scalars(select(User)):
        user.created_at = EARLY
    session.commit()


def choose(session: Saver, user: User, **chosen: Any) -> None:
    save(session, MessageSettings(user_id=user.id, **{"timezone": "Europe/Berlin", **chosen}))


def due(at: datetime, user: User) -> list[tuple[str, date]]:
    return [(one.kind, one.local_date) for one in list_due_digests(at=at, zone=UTC) if one.user_id == user.id]


def write(one: DueDigest, at: datetime = NOW) -> bool:
    return write_digest(due=one, at=at, zone=UTC, channels=CHANNELS, actor=NIGHT, now=at)


def week_of(user: User) -> DueDigest:
    return DueDigest(user.id, "digest", TODAY)


def messages(session: Saver, user: User) -> Sequence[OutboxMessage]:
    session.rollback()
    return session.scalars(select(OutboxMessage).where(OutboxMessage.user_id == user.id)).all()


def lines(message: OutboxMessage) -> dict[str, list[str]]:
    return {part["heading"]: [item["text"] for item in part["items"]] for part in message.payload["sections"]}


def test_the_digest_of_the_week_is_due_on_monday_at_eight_and_the_portfolio_for_executives(cast: Cast) -> None:
    monday = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    found = list_due_digests(at=monday, zone=UTC)
    before = list_due_digests(at=monday - timedelta(minutes=1), zone=UTC)

    assert {(one.user_id, one.kind) for one in found} == {
        *((user.id, "digest") for user in (cast.olu, cast.tess, cast.vik, cast.otto)),
        (cast.ed.id, "portfolio"),
    }
    assert {one.local_date for one in found} == {TODAY}
    assert before == []  # an older week is never caught up


@pytest.mark.parametrize(
    ("day", "at"),
    [
        (date(2026, 3, 29), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),  # 02:00 is skipped: it comes at 03:00 summer time
        (date(2026, 10, 25), datetime(2026, 10, 25, 0, 0, tzinfo=UTC)),  # 02:00 comes twice: the first counts
        (date(2026, 7, 5), datetime(2026, 7, 5, 0, 0, tzinfo=UTC)),
    ],
)
def test_in_nights_in_which_the_clock_changes_it_comes_once(
    session: Saver, cast: Cast, day: date, at: datetime
) -> None:
    choose(session, cast.olu, digest_hour=2, digest_weekday=6)
    make_digest(session, cast.olu, local_date=day - timedelta(days=7))
    moments = [at + n * timedelta(minutes=5) for n in range(-24, 60)]

    written = []
    for moment in moments:
        for one in list_due_digests(at=moment, zone=UTC):
            if one.user_id == cast.olu.id and write(one, moment):
                written.append((moment, one.local_date))

    assert written == [(at, day)]


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=-1), -HOUR, HOUR])
def test_a_clock_that_jumps_repeats_nothing(session: Saver, cast: Cast, jump: timedelta) -> None:
    monday = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    written = 0

    for moment in (monday, monday + jump, monday + timedelta(minutes=5), monday + 2 * HOUR):
        for one in list_due_digests(at=moment, zone=UTC):
            written += one.user_id == cast.olu.id and write(one, moment)

    assert written == 1
    assert len(messages(session, cast.olu)) == 2  # in the application and by e-mail


def test_a_week_that_was_missed_is_caught_up_once_and_an_older_one_never(session: Saver, cast: Cast) -> None:
    make_digest(session, cast.olu, local_date=date(2026, 2, 2))
    thursday = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)

    assert due(thursday, cast.olu) == [("digest", TODAY)]
    assert write(week_of(cast.olu), thursday)
    assert due(thursday, cast.olu) == []


def test_the_day_and_the_hour_are_those_of_the_person(session: Saver, cast: Cast) -> None:
    choose(session, cast.olu, timezone="Pacific/Auckland", digest_hour=7, digest_weekday=1)
    make_digest(session, cast.olu, local_date=date(2026, 2, 24))
    tuesday_there = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)  # 07:00 of the third in Auckland

    assert due(tuesday_there - timedelta(seconds=1), cast.olu) == []
    assert due(tuesday_there, cast.olu) == [("digest", date(2026, 3, 3))]


def test_who_was_added_since_waits_for_the_next_one(session: Saver, cast: Cast) -> None:
    cast.olu.created_at = NOW + HOUR
    cast.tess.disabled_at = NOW
    session.commit()

    assert due(NOW + 2 * HOUR, cast.olu) == []
    assert due(NOW + timedelta(days=7), cast.olu) == [("digest", TODAY + timedelta(days=7))]
    assert due(NOW, cast.tess) == []


def test_the_second_of_two_schedulers_writes_nothing(session: Saver, cast: Cast) -> None:
    first, second = write(week_of(cast.olu)), write(week_of(cast.olu))

    assert (first, second) == (True, False)
    assert len(messages(session, cast.olu)) == 2
    assert session.scalars(select(Digest.local_date)).all() == [TODAY]


def test_a_week_tells_what_needs_its_reader_and_nothing_of_others(session: Saver, cast: Cast) -> None:
    for name, team, owner in (("Acme", cast.team, cast.olu), ("Beta", cast.other_team, cast.otto)):
        account = make_account(session, name=name, claimed_step=3, visit_seq=1, team_id=team.id, owner_id=owner.id)
        make_alert(session, account)

    write(week_of(cast.olu))

    email = next(m for m in messages(session, cast.olu) if m.channel == "email")
    assert email.payload["title"] == "Your week from 2 Mar 2026, Olu: 1 account needs you"
    assert lines(email)["What needs you"] == ["Acme: No progress."]
    assert "Beta" not in str(email.payload)
    assert (email.kind, email.key) == ("digest", f"digest:2026-03-02:email:{cast.olu.id}")


def test_a_week_that_is_caught_up_is_called_by_its_own_day(session: Saver, cast: Cast) -> None:
    write(week_of(cast.otto), datetime(2026, 3, 8, 9, 0, tzinfo=UTC))

    assert messages(session, cast.otto)[0].payload["title"].startswith("Your week from 2 Mar 2026, Otto")


def test_a_week_without_anything_says_so(session: Saver, cast: Cast) -> None:
    write(week_of(cast.otto))

    letter = messages(session, cast.otto)[0].payload
    assert letter["title"] == "Your week from 2 Mar 2026, Otto: nothing waits for you"
    assert letter["lead"] == "All clear: a good week to talk to a customer."
    assert letter["sections"] == []


def test_a_portfolio_tells_where_customers_stand_and_what_is_to_decide(session: Saver, cast: Cast) -> None:
    owned: dict[str, Any] = {"team_id": cast.team.id, "annual_value": 5_000_000, "currency": "EUR", "visit_seq": 1}
    for name, rung in (("Acme", 4), ("Beta", 2)):
        make_alert(session, make_account(session, name=name, claimed_step=3, **owned), rung=rung)

    write(DueDigest(cast.ed.id, "portfolio", TODAY))

    letter = messages(session, cast.ed)[0]
    assert letter.payload["title"].startswith("Portfolio on 2 Mar 2026, Ed: 1 decision waits for you")
    assert lines(letter)["Decisions waiting"] == ["Acme (50,000 EUR): No progress."]
    assert lines(letter)["Gravest and dearest alerts"] == ["Beta (50,000 EUR): No progress."]
    assert len(lines(letter)["The funnel"]) == 10
    assert letter.payload["path"] == "/funnel"


def test_who_left_all_channels_out_has_a_digest_without_messages(session: Saver, cast: Cast) -> None:
    choose(session, cast.olu, choices={"digest": []})

    assert write(week_of(cast.olu))
    assert messages(session, cast.olu) == []
    assert due(NOW, cast.olu) == []


def test_on_a_quiet_day_only_the_application_is_told_at_once(session: Saver, cast: Cast) -> None:
    choose(session, cast.olu, timezone="UTC", quiet_days="1000011", digest_hour=8)

    write(week_of(cast.olu))

    when = {message.channel: message.due_at for message in messages(session, cast.olu)}
    assert when == {"in_app": NOW, "email": datetime(2026, 3, 3, 8, 0, tzinfo=UTC)}


def test_it_takes_as_many_statements_whatever_there_is_to_tell(
    session: Saver, cast: Cast, counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    def statements(user: User, kind: str, local_date: date) -> int:
        session.rollback()
        with counted() as found:
            write(DueDigest(user.id, kind, local_date))
        return len(found)

    def both(local_date: date) -> list[int]:
        return [statements(cast.olu, "digest", local_date), statements(cast.ed, "portfolio", local_date)]

    owned = {"team_id": cast.team.id, "owner_id": cast.olu.id, "visit_seq": 1}
    make_alert(session, make_account(session, claimed_step=3, **owned))
    few = both(TODAY)
    for _ in range(12):
        make_alert(session, make_account(session, claimed_step=3, **owned), rung=4)

    assert both(TODAY + timedelta(days=7)) == few


def test_looking_who_is_due_takes_one_statement(
    session: Saver, counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    session.rollback()
    with counted() as statements:
        list_due_digests(at=NOW, zone=UTC)

    assert len(statements) == 1


def test_who_can_no_longer_sign_in_gets_none_and_nobody_else_writes_them(session: Saver, cast: Cast) -> None:
    cast.olu.disabled_at = NOW
    session.execute(TeamMember.__table__.delete().where(TeamMember.user_id == cast.otto.id))  # type: ignore[attr-defined]
    session.commit()

    assert not write(week_of(cast.olu))
    assert due(NOW, cast.otto) == []
    with pytest.raises(Forbidden):
        write_digest(due=week_of(cast.tess), at=NOW, zone=UTC, channels=CHANNELS, actor=cast.actor("tess"), now=NOW)
