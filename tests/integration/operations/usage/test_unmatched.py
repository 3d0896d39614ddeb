"""Use that waits for its account: listed by its names at a constant cost, and forgotten once, with a reason."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused
from changetrack.models import AuditEvent, UnmatchedUsage, UsageEvent
from changetrack.operations.usage.unmatched import forget_unmatched
from changetrack.queries.usage_unmatched import COUNTED_UP_TO, get_unmatched, has_unmatched, list_unmatched
from tests.clock import NOW, TODAY
from tests.factories import Cast, make_metric, make_source, make_unmatched, make_usage_event
from tests.factories._saving import Saver

Counted = Callable[[], AbstractContextManager[list[str]]]
YESTERDAY = TODAY - timedelta(1)


@pytest.fixture
def ada(cast: Cast) -> Actor:
    return cast.actor("ada")


@pytest.fixture
def waiting(session: Saver) -> None:
    """Two events and a number of acme, an event of bolt, a number of crux; an event that counted."""
    source, metric = make_source(session), make_metric(session)
    make_usage_event(session, source, "1", name="acme", event="Login")
    make_usage_event(session, source, "2", name="acme", event="Login", day=YESTERDAY)
    make_usage_event(session, source, "3", name="bolt", event="Export")
    make_usage_event(session, source, "4", name="dyna", state="counted", account_id=1)
    make_usage_event(session, source, "5", name=None, state="no_account")
    make_unmatched(session, metric, "acme", day=YESTERDAY - timedelta(1))
    make_unmatched(session, metric, "crux")


def test_each_name_is_listed_once_with_what_waits_under_it(session: Saver, waiting: None) -> None:
    listed = [(row.name, row.events, row.numbers, row.first_day, row.last_day) for row in list_unmatched()]

    assert listed == [
        ("acme", 2, 1, YESTERDAY - timedelta(1), TODAY),
        ("bolt", 1, 0, TODAY, TODAY),
        ("crux", 0, 1, TODAY, TODAY),
    ]


def test_names_are_paged_and_looked_up(session: Saver, waiting: None) -> None:
    assert [row.name for row in list_unmatched(limit=2)] == ["acme", "bolt"]
    assert [row.name for row in list_unmatched(after="bolt")] == ["crux"]
    assert [row.name for row in list_unmatched(start="bolt")] == ["bolt", "crux"]
    assert list_unmatched(after="crux") == []


def test_a_name_tells_which_events_and_metrics_wait(session: Saver, waiting: None) -> None:
    found = get_unmatched("acme")

    assert found.events == (("Login", 2),)
    assert found.metrics == (("Logins", 1),)


def test_nothing_waits_under_a_name_that_is_known(session: Saver, waiting: None) -> None:
    with pytest.raises(NotFound):
        get_unmatched("dyna")


def test_whether_anything_waits(session: Saver, cast: Cast) -> None:
    before = has_unmatched()
    make_unmatched(session, make_metric(session))

    assert (before, has_unmatched()) == (False, True)


def test_the_list_costs_the_same_however_much_waits(session: Saver, waiting: None, counted: Counted) -> None:
    source = make_source(session, "Mobile")
    row = {"event": "Login", "name": "acme", "day": TODAY, "received_at": NOW, "state": "unmatched", "feeds": []}
    session.add_all(UsageEvent(source_id=source.id, message_id=str(i), **row) for i in range(COUNTED_UP_TO + 5))
    session.commit()

    with counted() as statements:
        listed = list_unmatched()

    assert listed[0].events == COUNTED_UP_TO + 1
    assert len(statements) == 2


def test_what_is_forgotten_is_gone_and_on_record(session: Saver, waiting: None, ada: Actor, now: datetime) -> None:
    gone = forget_unmatched(actor=ada, now=now, name="acme", reason=" A test tenant. ")

    event = session.scalars(select(AuditEvent)).one()
    assert (gone.events, gone.numbers) == (2, 1)
    assert [row.name for row in list_unmatched()] == ["bolt", "crux"]
    assert session.scalar(select(func.count()).select_from(UsageEvent)) == 3
    assert session.scalar(select(func.count()).select_from(UnmatchedUsage)) == 1
    assert (event.kind, event.note, event.changes["name"]) == ("unmatched_forgotten", "A test tenant.", ["acme", None])
    assert event.changes["events"] == [2, 0]


def test_forgetting_needs_a_reason(session: Saver, waiting: None, ada: Actor, now: datetime) -> None:
    for reason in ("  ", "x" * 501):
        with pytest.raises(OperationRefused):
            forget_unmatched(actor=ada, now=now, name="acme", reason=reason)

    assert get_unmatched("acme").row.events == 2


def test_what_does_not_wait_cannot_be_forgotten(session: Saver, waiting: None, ada: Actor, now: datetime) -> None:
    with pytest.raises(NotFound):
        forget_unmatched(actor=ada, now=now, name="dyna", reason="A test tenant.")

    assert session.scalars(select(AuditEvent)).all() == []


def test_what_comes_again_can_be_forgotten_again(session: Saver, waiting: None, ada: Actor, now: datetime) -> None:
    forget_unmatched(actor=ada, now=now, name="acme", reason="A test tenant.")
    make_usage_event(session, make_source(session, "Mobile"), "9", name="acme")

    forget_unmatched(actor=ada, now=now, name="acme", reason="Still a test tenant.")

    assert session.scalars(select(AuditEvent.seq).order_by(AuditEvent.seq)).all() == [1, 2]


@pytest.mark.parametrize("who", ["olu", "vik", "ed"])
def test_only_administrators_forget(session: Saver, waiting: None, cast: Cast, now: datetime, who: str) -> None:
    with pytest.raises(Forbidden):
        forget_unmatched(actor=cast.actor(who), now=now, name="acme", reason="A test tenant.")
