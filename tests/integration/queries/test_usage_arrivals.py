"""What arrived, newest first: what each event fed, page by page at the same cost however much there is."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from changetrack.models import UsageEvent
from changetrack.queries import usage_arrivals
from changetrack.queries.usage_arrivals import list_arrivals
from tests.clock import NOW, TODAY
from tests.factories import Cast, make_account, make_metric, make_rule, make_source, make_usage_event
from tests.factories._saving import Saver

Counted = Callable[[], AbstractContextManager[list[str]]]


def ago(seconds: int) -> dict[str, Any]:
    return {"received_at": NOW - timedelta(seconds=seconds)}


def test_the_newest_comes_first_with_its_account_and_source(session: Saver, cast: Cast) -> None:
    source, account = make_source(session), make_account(session, team_id=cast.team.id, name="Acme")
    make_usage_event(session, source, "old", **ago(9))
    make_usage_event(session, source, "new", state="counted", account_id=account.id, **ago(1))

    rows = list_arrivals().rows

    assert [(row.message_id, row.account, row.source) for row in rows] == [
        ("new", "Acme", "Web app"),
        ("old", None, "Web app"),
    ]


def test_an_event_tells_what_it_fed_when_it_came(session: Saver) -> None:
    source, logins, users = make_source(session), make_metric(session, "logins"), make_metric(session, "users")
    make_rule(session, logins, ended_at=NOW - timedelta(5))
    make_rule(session, users, created_at=NOW - timedelta(9))
    make_usage_event(session, source, "noted", state="counted", feeds=[[logins.id, "1", None]], **ago(1))
    make_usage_event(session, source, "ruled", state="counted", feeds=None, **ago(2))

    noted, ruled = list_arrivals().rows

    assert noted.metrics == ((logins.id, "Logins"),)
    assert ruled.metrics == ((users.id, "Users"),)


def test_an_event_without_effect_tells_which_property_was_wanted(session: Saver) -> None:
    source, seats = make_source(session), make_metric(session, "seats", aggregation="last")
    make_rule(session, seats, "Seats Changed", property="plan.seats", created_at=NOW - timedelta(9))
    make_usage_event(session, source, "1", event="Seats Changed", state="no_rule", feeds=None, **ago(1))
    make_usage_event(session, source, "2", event="Seats Removed", state="no_rule", feeds=None, **ago(2))

    lacking, unknown = list_arrivals().rows

    assert (lacking.wants, lacking.metrics) == (("plan.seats",), ())
    assert unknown.wants == ()


@pytest.mark.parametrize("together", [True, False])
def test_pages_show_every_event_once(session: Saver, together: bool) -> None:
    sources = [make_source(session), make_source(session, "Mobile")]
    for number in range(11):
        make_usage_event(session, sources[number % 2], f"m{number}", **ago(0 if together else number))

    seen, before = [], None
    while True:
        page = list_arrivals(before=before, limit=3)
        seen += [(row.source_id, row.message_id) for row in page.rows]
        if (before := page.following) is None:
            break

    assert len(seen) == len(set(seen)) == 11


def test_filters_keep_one_source_state_or_event(session: Saver) -> None:
    web, mobile = make_source(session), make_source(session, "Mobile")
    make_usage_event(session, web, "a", event="Login", **ago(1))
    make_usage_event(session, mobile, "b", event="Login", state="no_rule", **ago(2))
    make_usage_event(session, mobile, "c", event="Export", state="no_rule", **ago(3))

    def ids(**filters: Any) -> str:
        return "".join(row.message_id for row in list_arrivals(**filters).rows)

    assert ids(source_id=mobile.id) == "bc"
    assert ids(state="no_rule") == "bc"
    assert ids(event="Login") == "ab"
    assert ids(source_id=mobile.id, event="Login") == "b"
    assert ids(source_id=0) == ""


def test_a_rare_event_is_looked_for_bit_by_bit(session: Saver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_arrivals, "LOOKED_THROUGH", 4)
    source = make_source(session)
    for number in range(9):
        make_usage_event(session, source, f"m{number}", event="Rare" if number == 8 else "Often", **ago(number))

    looks = [list_arrivals(event="Rare")]
    while looks[-1].following is not None:
        looks.append(list_arrivals(event="Rare", before=looks[-1].following))

    assert [len(look.rows) for look in looks] == [0, 0, 1]


def test_the_list_costs_the_same_at_any_length(session: Saver, counted: Counted) -> None:
    source = make_source(session)
    row = {"event": "Login", "name": "acme", "day": TODAY, "state": "unmatched", "feeds": []}
    session.add_all(UsageEvent(source_id=source.id, message_id=str(i), **row, **ago(i)) for i in range(300))
    session.commit()

    with counted() as statements:
        page = list_arrivals()
    with counted() as filtered:
        list_arrivals(state="counted")

    assert (len(page.rows), len(statements), len(filtered)) == (50, 3, 2)
