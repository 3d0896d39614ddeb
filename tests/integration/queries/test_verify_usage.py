"""Verification of use finds numbers that do not follow from what is kept, and nothing else."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from changetrack.domain.people import Actor
from changetrack.models import Account, Metric
from changetrack.operations.playbook import install_playbook
from changetrack.operations.usage._daily import News, record_days
from changetrack.queries.verify import verify
from tests.clock import NOW, TODAY
from tests.factories import (
    make_account,
    make_alias,
    make_daily,
    make_member,
    make_metric,
    make_source,
    make_unmatched,
    make_usage_event,
)
from tests.factories._saving import Saver

YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def used(session: Saver) -> tuple[Account, Metric]:
    """Two people counted yesterday, a third found out about today; and calls that grew from five to seven."""
    install_playbook(actor=Actor.system("test"), now=NOW)
    account, users = make_account(session), make_metric(session, "users", aggregation="distinct")
    calls = make_metric(session, "calls")
    for on, members in ((YESTERDAY, ("a", "b")), (TODAY, ("c",))):
        news = News(members={(account.id, users.id, YESTERDAY, who * 32) for who in members})
        record_days(session, news, now=NOW, today=on)
    for on, counted in ((YESTERDAY, 5), (TODAY, 7)):
        make_daily(session, account, calls, day=YESTERDAY, recorded_on=on, counted=Decimal(counted), stated=None)
    make_alias(session, account, alias="S-1")
    session.commit()
    return account, users


def figures(subject: str, kept_from: date = date.min) -> list[tuple[str, str, str]]:
    """(figure, kept, recomputed) of what is found about a subject."""
    found = verify(today=TODAY, usage_kept_from=kept_from).differences
    return [(d.figure, d.kept, d.recomputed) for d in found if d.subject == subject]


def test_nothing_differs_after_honest_work(used: tuple[Account, Metric]) -> None:
    account, _ = used

    assert figures(f"users of {account.external_id} on {YESTERDAY}") == []
    assert figures(f"calls of {account.external_id} on {YESTERDAY}") == []


@pytest.mark.parametrize(
    ("statement", "metric", "figure", "kept", "recomputed"),
    [
        ("update usage_daily set counted = 90000 where counted = 30000", "users", "counted", "9", "3"),
        ("update usage_daily set counted = null, stated = 0 where counted = 30000", "users", "counted", "none", "3"),
        ("delete from usage_members where member like 'c%'", "users", "counted", "3", "2"),
        ("update usage_daily set counted = 40000 where counted = 70000", "calls", "number", "4", "5 or more"),
    ],
)
def test_each_tampering_is_found_and_named(
    used: tuple[Account, Metric], session: Saver, statement: str, metric: str, figure: str, kept: str, recomputed: str
) -> None:
    session.execute(text(statement))
    session.commit()

    found = figures(f"{metric} of {used[0].external_id} on {YESTERDAY}")

    assert (f"{figure}, as known on {TODAY}", kept, recomputed) in found


def test_members_that_were_forgotten_are_no_difference(used: tuple[Account, Metric], session: Saver) -> None:
    session.execute(text("delete from usage_members"))
    session.commit()

    subject = f"users of {used[0].external_id} on {YESTERDAY}"

    assert figures(subject, kept_from=TODAY) == []
    assert len(figures(subject, kept_from=YESTERDAY)) == 2


def test_a_member_that_is_not_counted_is_found_however_old(used: tuple[Account, Metric], session: Saver) -> None:
    account, users = used
    make_member(session, account, users, "d" * 32, day=YESTERDAY)
    session.commit()

    found = figures(f"users of {account.external_id} on {YESTERDAY}", kept_from=TODAY)

    assert found == [(f"counted, as known on {TODAY}", "3", "4")]


def test_an_event_that_is_counted_nowhere_is_found(used: tuple[Account, Metric], session: Saver) -> None:
    account, day = used[0], TODAY - timedelta(days=9)
    make_usage_event(session, make_source(session), account_id=account.id, day=day, state="counted")
    session.commit()

    assert figures(f"use of {account.external_id} on {day}") == [("numbers", "none", "some, from 1 events")]


@pytest.mark.parametrize("name", ["S-1", None])
def test_use_that_waits_under_a_known_name_is_found(
    used: tuple[Account, Metric], session: Saver, name: str | None
) -> None:
    account, users = used
    name = name or account.external_id
    make_unmatched(session, users, name)
    make_usage_event(session, make_source(session), name=name)
    session.commit()

    assert figures(f"use waiting under {name}") == [("its account", "unknown", account.external_id)]
