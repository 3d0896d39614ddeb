"""The inbox: in order of severity and value, cut into pages, of one's own teams, at the same cost however long."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta

import pytest

from changetrack.domain.refusal import NotFound
from changetrack.models import Account, Alert
from changetrack.queries.alert_story import get_story
from changetrack.queries.alerts import (
    AlertFilters,
    DueAccount,
    count_alerts,
    count_due_accounts,
    get_alert,
    get_badges,
    list_alerts,
    list_due_accounts,
)
from changetrack.queries.jobs import get_outbox_size, list_given_up
from changetrack.queries.messages import list_messages
from tests.clock import TODAY
from tests.factories import Cast, make_account, make_alert, make_cast, make_event, make_message, make_notification
from tests.factories._saving import Saver

Counted = Callable[[], AbstractContextManager[list[str]]]
RANKS = {"critical": 0, "warning": 1, "notice": 2}


@pytest.fixture
def cast(session: Saver) -> Cast:
    return make_cast(session)


def test_messages_about_an_account_end_with_the_access_to_it(session: Saver, cast: Cast) -> None:
    kept, handed_over = (make_account(session, team_id=team.id) for team in (cast.team, cast.other_team))
    for title, account in (("Kept", kept.id), ("Handed over", handed_over.id), ("Of no account", None)):
        make_notification(session, cast.olu, title=title, account_id=account)

    listed = list_messages(actor=cast.actor("olu")).messages
    unread = get_badges(actor=cast.actor("olu")).unread

    assert {message.title for message in listed} == {"Kept", "Of no account"}
    assert unread == 2


def alert(session: Saver, cast: Cast, name: str, severity: str = "notice", stake: int = 0, **fields: object) -> Alert:
    """An alert of an account of North."""
    account = make_account(
        session,
        name=name,
        claimed_step=3,
        team_id=cast.team.id,
        owner_id=cast.olu.id,
        annual_value=stake,
        currency="USD",
    )
    order = {"severity": severity, "severity_rank": RANKS[severity], "stake_rank": -stake}
    return make_alert(session, account, **order, **fields)


def names(session: Saver, cast: Cast, who: str = "olu", state: str = "firing", limit: int = 50) -> list[str]:
    """The accounts of all pages, in order."""
    found, after = [], ""
    while True:
        page = list_alerts(actor=cast.actor(who), today=TODAY, state=state, after=after, limit=limit)
        found += [row.account for row in page.alerts]
        after = page.following
        if not after:
            return found


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_the_gravest_and_dearest_come_first_on_pages_of_any_length(session: Saver, cast: Cast, limit: int) -> None:
    alert(session, cast, "small notice", "notice", 100)
    alert(session, cast, "critical", "critical", 0)
    alert(session, cast, "big notice", "notice", 9_000_000_000_000)
    alert(session, cast, "warning", "warning", 500)
    alert(session, cast, "small notice too", "notice", 100)

    assert names(session, cast, limit=limit) == [
        "critical", "warning", "big notice", "small notice", "small notice too",
    ]  # fmt: skip


def test_resolved_alerts_come_newest_first(session: Saver, cast: Cast, now: datetime) -> None:
    for days in (3, 1, 2):
        alert(session, cast, f"{days} days ago", state="resolved", resolved_at=now - timedelta(days=days))

    assert names(session, cast, state="resolved", limit=2) == ["1 days ago", "2 days ago", "3 days ago"]


def test_an_alert_says_why_by_which_rule_and_what_was_answered(session: Saver, cast: Cast, today: date) -> None:
    made = alert(
        session, cast, "Acme", state="acknowledged", acknowledged_by=cast.tess.id, next_step="Call Mara",
        next_step_on=today, reasons={"over_age": {"since": "2026-02-01", "why": "Old.", "rule": "playbook 2"}},
    )  # fmt: skip

    found = get_alert(made.id, actor=cast.actor("olu"), today=TODAY)

    (reason,) = found.reasons
    assert (reason.code, reason.since, reason.why, reason.rule) == ("over_age", date(2026, 2, 1), "Old.", "playbook 2")
    assert (found.next_step, found.acknowledged_by, found.owner, found.team) == ("Call Mara", "Tess", "Olu", "North")


@pytest.mark.parametrize(("who", "seen"), [("olu", 1), ("otto", 0), ("ed", 1), ("ada", 1)])
def test_one_sees_the_alerts_of_ones_teams_only(session: Saver, cast: Cast, who: str, seen: int) -> None:
    made = alert(session, cast, "Acme")
    actor = cast.actor(who)

    assert len(names(session, cast, who)) == seen
    assert count_alerts(actor=actor) == {"firing": seen, "acknowledged": 0, "snoozed": 0, "decide": 0}
    assert get_badges(actor=actor).firing == seen
    if seen:
        assert get_alert(made.id, actor=actor, today=TODAY).account == "Acme"
    else:
        with pytest.raises(NotFound):
            get_alert(made.id, actor=actor, today=TODAY)


def test_an_alert_goes_with_its_account_to_another_team(session: Saver, cast: Cast) -> None:
    made = alert(session, cast, "Acme")
    session.get_one(Account, made.account_id).team_id = cast.other_team.id
    session.commit()

    assert names(session, cast) == []


def test_a_spoilt_cursor_shows_the_first_page(session: Saver, cast: Cast) -> None:
    alert(session, cast, "Acme")

    page = list_alerts(actor=cast.actor("olu"), today=TODAY, state="firing", after="what-is-this")

    assert [row.account for row in page.alerts] == ["Acme"]


def test_the_inbox_takes_one_statement_and_the_counts_one(session: Saver, cast: Cast, counted: Counted) -> None:
    for number in range(5):
        alert(session, cast, f"A {number}")
    actor = cast.actor("olu")
    session.rollback()

    with counted() as listing:
        list_alerts(actor=actor, today=TODAY, state="firing")
    with counted() as counting:
        count_alerts(actor=actor)
        get_badges(actor=actor)

    assert (len(listing), len(counting)) == (1, 2)


def test_what_is_due_comes_longest_due_first_and_page_by_page(session: Saver, cast: Cast, today: date) -> None:
    due = [make_account(session, due_on=today - timedelta(days=days)) for days in (0, 2, 2, 1)]
    make_account(session, due_on=today + timedelta(days=1))
    make_account(session, due_on=None)

    found: list[DueAccount] = []
    while page := list_due_accounts(day=today, after=found[-1] if found else None, limit=3):
        found += page

    assert [row.account_id for row in found] == [due[1].id, due[2].id, due[3].id, due[0].id]
    assert count_due_accounts(day=today) == 4


def test_messages_come_newest_first_and_are_ones_own(session: Saver, cast: Cast, now: datetime) -> None:
    for days in (2, 0, 1):
        make_notification(session, cast.olu, title=f"{days}", created_at=now - timedelta(days=days))
    make_notification(session, cast.tess, title="for Tess")
    actor = cast.actor("olu")

    first = list_messages(actor=actor, limit=2)
    rest = list_messages(actor=actor, after=first.following, limit=2)

    assert [m.title for m in (*first.messages, *rest.messages)] == ["0", "1", "2"]
    assert rest.following == ""
    assert get_badges(actor=actor).unread == 3


def test_the_outbox_says_what_waits_and_what_was_given_up(session: Saver, cast: Cast, now: datetime) -> None:
    make_message(session, cast.olu)
    make_message(session, cast.olu, delivered_at=now)
    make_message(
        session, cast.tess, dead_at=now, payload={"title": "Acme is stale"}, last_error="No pigeon", attempts=8
    )

    size, (given_up,) = get_outbox_size(), list_given_up()

    assert (size.waiting, size.given_up) == (1, 1)
    assert (given_up.person, given_up.title, given_up.error) == ("Tess", "Acme is stale", "No pigeon")


def said(code: str) -> dict[str, dict[str, str]]:
    return {code: {"since": "2026-02-01", "why": f"It is {code}.", "rule": "playbook 1"}}


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (AlertFilters(), {"A", "B", "C"}),
        (AlertFilters(severity="warning"), {"B"}),
        (AlertFilters(reason="over_age"), {"B", "C"}),
        (AlertFilters(reason="no such thing"), {"A", "B", "C"}),
        (AlertFilters(mine=True), {"A", "B"}),
        (AlertFilters(severity="warning", reason="over_age", mine=True), {"B"}),
        (AlertFilters(severity="grave"), set()),
    ],
)
def test_an_inbox_is_narrowed_and_counted_alike(
    session: Saver, cast: Cast, filters: AlertFilters, found: set[str]
) -> None:
    alert(session, cast, "A", reasons=said("no_progress"))
    alert(session, cast, "B", "warning", reasons=said("over_age") | said("no_progress"))
    others = alert(session, cast, "C", reasons=said("over_age"))
    session.get_one(Account, others.account_id).owner_id = cast.tess.id
    session.commit()
    actor = cast.actor("olu")

    page = list_alerts(actor=actor, today=TODAY, state="firing", filters=filters)

    assert {row.account for row in page.alerts} == found
    assert count_alerts(actor=actor, filters=filters)["firing"] == len(found)


def test_what_waits_for_a_decision_is_at_the_top_of_the_ladder_firing_and_undecided(session: Saver, cast: Cast) -> None:
    alert(session, cast, "waits", rung=4)
    alert(session, cast, "below", rung=3)
    alert(session, cast, "taken up", rung=4, state="acknowledged")
    alert(session, cast, "decided", rung=4, decision="revive")

    assert names(session, cast, "ed", state="decide") == ["waits"]
    assert count_alerts(actor=cast.actor("ed"))["decide"] == 1


def test_of_a_team_one_reads_the_alerts_of_its_accounts(session: Saver, cast: Cast) -> None:
    alert(session, cast, "North’s")
    filters = [AlertFilters(team_id=team.id) for team in (cast.team, cast.other_team)]

    found = [list_alerts(actor=cast.actor("ed"), today=TODAY, state="firing", filters=f).alerts for f in filters]

    assert [[row.account for row in rows] for rows in found] == [["North’s"], []]


def test_an_alert_knows_who_leads_its_team_and_how_far_it_has_climbed(session: Saver, cast: Cast) -> None:
    made = alert(session, cast, "Acme", rung=2, rung_due_on=TODAY + timedelta(days=7))

    row = get_alert(made.id, actor=cast.actor("olu"), today=TODAY)

    assert (row.owner, row.coordinator, row.vsm) == ("Olu", "Tess", "Vik")
    assert (row.rung, row.rung_due_on, row.fired_on) == (2, TODAY + timedelta(days=7), TODAY)


def test_the_story_of_an_alert_is_its_own_and_takes_two_statements(
    session: Saver, cast: Cast, now: datetime, counted: Counted
) -> None:
    made = alert(session, cast, "Acme", state="resolved", rung=4, resolved_at=now, raised_at=now - timedelta(days=9))
    account = session.get_one(Account, made.account_id)
    for kind, days in (("alert_raised", 30), ("alert_raised", 9), ("alert_escalated", 2), ("note_added", 1)):
        make_event(session, account, kind=kind, recorded_at=now - timedelta(days=days), actor="tess@example.com")
    make_event(session, account, kind="alert_raised", recorded_at=now + timedelta(days=1))  # the next one
    for key in ("raised", f"rung-4-{TODAY.isoformat()}", "rung-3-2025-01-01"):
        make_message(session, cast.olu, key=f"alert:{made.id}:{key}:in_app:1", alert_id=made.id, created_at=now)
    make_message(session, cast.olu, key="of another", alert_id=made.id + 1)
    row = get_alert(made.id, actor=cast.actor("olu"), today=TODAY)

    with counted() as statements:
        story = get_story(row)

    assert [(one.kind, one.by) for one in story.happenings] == [("alert_raised", "Tess"), ("alert_escalated", "Tess")]
    assert [one.rung for one in story.tellings] == [0, 4, None]
    assert len(statements) == 2
