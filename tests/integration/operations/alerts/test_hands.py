"""When hands change: who answers for a firing alert now is told once and soon; who does no more, no further."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

from changetrack.domain.people import Actor
from changetrack.operations import people, teams
from changetrack.operations.night import release_held
from tests.factories.delivery import make_endpoint, make_message_settings
from tests.factories.people import make_user
from tests.integration.operations.alerts.conftest import A_MINUTE, EVERYWHERE, SYSTEM, Hands, Night


def test_a_new_owner_is_told_within_a_minute_by_the_channels_that_they_chose(hands: Hands) -> None:
    (account_id,) = hands.fire()
    hands.give(account_id, owner_id=hands.walk.cast.tess.id)

    early, late = hands.release(timedelta(seconds=59)), hands.release(timedelta(seconds=1))

    assert (early, late) == (0, 1)
    assert hands.handed() == [("Tess", "0", "in_app"), ("Tess", "0", "email")]
    told = hands.rows(user_id=hands.walk.cast.tess.id)
    assert len({row.created_at for row in told}) == 1
    assert {row.payload["title"] for row in told} == {"Account 01: stale in step 1 since 17 Mar: take it up"}
    assert all(row.payload["lead"].endswith("It was handed over: you answer for it now.") for row in told)
    assert {row.payload["path"] for row in told} == {f"/alerts/{hands.alert_of(account_id).id}"}


def test_it_is_told_once(hands: Hands) -> None:
    (account_id,) = hands.fire()
    hands.give(account_id, owner_id=hands.walk.cast.tess.id)
    hands.release()
    before = len(hands.rows())

    again = hands.release()
    hands.give(account_id, name="Another name")
    hands.night()

    assert (again, len(hands.rows())) == (0, before)


def test_who_gets_it_back_is_told_again_under_another_key(hands: Hands) -> None:
    (account_id,) = hands.fire()
    cast = hands.walk.cast
    for owner in (cast.tess, cast.olu, cast.tess, cast.olu):
        hands.give(account_id, owner_id=owner.id)

    hands.release()

    assert hands.handed() == [("Olu", "0", "in_app"), ("Olu", "0", "email")]
    assert all(row.delivered_at for row in hands.rows(user_id=cast.tess.id))


def test_who_is_told_reads_what_the_rung_says_that_was_reached(hands: Hands) -> None:
    (account_id,) = hands.fire()
    hands.walk.move_on(2)
    hands.night()
    hands.note_delivered()

    hands.give(account_id, owner_id=hands.walk.cast.tess.id)
    hands.release()

    told = hands.rows(user_id=hands.walk.cast.tess.id, channel="in_app")[-1]
    assert (told.kind, told.key.split("-")[1]) == ("reminder", "1")
    assert told.payload["lead"].startswith("Nobody has taken up the alert of")


def test_another_team_hears_on_each_rung_that_was_reached(hands: Hands) -> None:
    walk = hands.walk
    (account_id,) = hands.fire()
    walk.move_on(14)
    hands.night()
    hands.note_delivered()
    ada, team = hands.of_admin(), walk.cast.other_team.id
    lead = make_user(walk.session, name="Lea")
    teams.put_in_team(team_id=team, user_id=lead.id, role="vsm", **ada)

    hands.give(account_id, team_id=team, owner_id=walk.cast.otto.id)
    hands.release()

    told = {(who, rung) for who, rung, _ in hands.handed()}
    assert hands.alert_of(account_id).rung == 3
    assert ("Otto", "1") in told
    assert {rung for who, rung in told if who == "Lea"} & {"2", "3"}
    assert "Vik was told on" in str([row.payload for row in hands.rows(user_id=lead.id)])


def test_what_was_not_sent_yet_to_who_had_it_is_withdrawn(hands: Hands) -> None:
    (account_id,) = hands.fire()
    alert, olu = hands.alert_of(account_id), hands.walk.cast.olu
    for row in hands.rows(user_id=olu.id, channel="email"):
        row.delivered_at = None
    hands.walk.session.commit()

    hands.give(account_id, owner_id=hands.walk.cast.tess.id)

    told = {row.channel: row.dropped_because for row in hands.rows(user_id=olu.id, alert_id=alert.id)}
    assert told == {"in_app": None, "email": "Not told: somebody else answers for the account by then."}


def test_of_many_five_are_told_singly_and_the_others_in_one_letter(hands: Hands) -> None:
    for account_id in hands.fire(9):
        hands.give(account_id, owner_id=hands.walk.cast.tess.id)
        hands.walk.now += timedelta(seconds=1)

    hands.release()

    tess = hands.walk.cast.tess.id
    singly = [row.payload["account"] for row in hands.rows(user_id=tess, channel="in_app", dropped_because=None)[:-1]]
    assert sorted(singly) == [f"Account {n:02}" for n in range(5, 10)]
    (letter,) = hands.rows(user_id=tess, channel="in_app", kind="gathered")
    assert letter.payload["title"] == "Account 04 and 3 more need you, Tess: look through them"
    assert len(letter.payload["sections"][0]["items"]) == 4
    assert len(hands.rows(user_id=tess, channel="email", kind="gathered")) == 1


def test_what_the_night_told_them_that_day_counts(hands: Hands) -> None:
    ids = hands.fire(7)  # of which Olu was told five singly that day
    tess = hands.walk.cast.tess.id
    for account_id in ids[:3]:
        hands.give(account_id, owner_id=tess)
    hands.release()
    for account_id in ids[3:]:
        hands.give(account_id, owner_id=tess)
    hands.release()

    rows = hands.rows(user_id=tess, channel="in_app", dropped_because=None)
    assert [row.kind for row in rows].count("alert") == 5
    assert [row.kind for row in rows].count("gathered") == 1


def test_it_waits_out_their_quiet_days_outside_of_the_application(hands: Hands) -> None:
    walk = hands.walk
    walk.now = datetime(2026, 3, 2, 5, tzinfo=UTC)
    (account_id,) = hands.fire()
    walk.now = datetime(2026, 3, 28, 9, tzinfo=UTC)  # a Saturday
    make_message_settings(walk.session, walk.cast.tess, timezone="UTC", digest_hour=9)

    hands.give(account_id, owner_id=walk.cast.tess.id)
    hands.release()

    due = {row.channel: row.due_at for row in hands.rows(user_id=walk.cast.tess.id)}
    assert due["email"] == datetime(2026, 3, 30, 9, tzinfo=UTC)
    assert due["in_app"] <= walk.now


def test_slack_of_their_own_is_told_too(hands: Hands) -> None:
    walk = hands.walk
    make_message_settings(walk.session, walk.cast.tess, choices={"alert": ["in_app", "slack"]})
    make_endpoint(walk.session, kind="slack", user_id=walk.cast.tess.id, secret_sealed=None)
    (account_id,) = hands.fire()

    hands.give(account_id, owner_id=walk.cast.tess.id)
    hands.release()

    assert [channel for _, _, channel in hands.handed()] == ["in_app", "slack"]


def test_what_was_taken_up_stays_with_who_promised(hands: Hands, night: Night) -> None:
    (account_id,) = hands.fire()
    night.acknowledge()

    hands.give(account_id, owner_id=hands.walk.cast.tess.id)

    assert hands.handed() == []


def test_what_was_taken_up_within_the_minute_is_not_told(hands: Hands, night: Night) -> None:
    (account_id,) = hands.fire()
    hands.give(account_id, owner_id=hands.walk.cast.tess.id)
    hands.walk.now += timedelta(seconds=1)
    night.acknowledge(who="tess")

    hands.release()

    assert hands.handed() == []


def test_what_was_imported_is_told_to_nobody(night: Night, hands: Hands) -> None:
    night.import_file("accounts", "external_id,name,team,step,step_entered_on", "imported,Old,North,3,2025-06-01")
    night.sweep()

    hands.give(night.walk.account_id, owner_id=hands.walk.cast.tess.id)

    assert (night.alert.quiet, hands.handed()) == (True, [])


def test_a_file_that_changes_owners_tells_the_new_ones(night: Night, hands: Hands) -> None:
    walk = night.walk
    walk.open(days_ago=30)
    night.sweep()
    release_held(actor=SYSTEM, now=walk.now, reach=EVERYWHERE)
    name = walk.account().external_id

    night.import_file("accounts", "external_id,name,team,owner_email", f"{name},Acme,North,tess@example.com")
    hands.release()

    assert hands.handed() == [("Tess", "0", "in_app"), ("Tess", "0", "email")]


def test_who_leaves_the_team_leaves_their_alerts_to_who_leads_it(hands: Hands) -> None:
    hands.fire(2)
    cast = hands.walk.cast

    teams.remove_from_team(team_id=cast.team.id, user_id=cast.olu.id, **hands.of_admin())
    hands.release()

    assert hands.handed(channel="in_app") == [("Tess", "0", "in_app"), ("Tess", "0", "in_app")]


def test_who_can_sign_in_no_more_leaves_their_alerts_likewise(hands: Hands) -> None:
    hands.fire(1)

    people.disable_user(user_id=hands.walk.cast.olu.id, **hands.of_admin())
    hands.release()

    assert hands.handed(channel="in_app") == [("Tess", "0", "in_app")]


def test_a_new_coordinator_hears_of_what_came_up_to_the_one_before(hands: Hands) -> None:
    walk = hands.walk
    hands.fire(1)
    walk.move_on(7)
    hands.night()
    hands.note_delivered()
    lea = make_user(walk.session, name="Lea")
    team_id = walk.cast.team.id

    teams.put_in_team(team_id=team_id, user_id=walk.cast.tess.id, role="member", **hands.of_admin())
    teams.put_in_team(team_id=team_id, user_id=lea.id, role="coordinator", **hands.of_admin())
    hands.release()

    assert ("Lea", "2", "in_app") in hands.handed()
    assert not [who for who, _, _ in hands.handed() if who == "Olu"]


def test_who_gets_an_alert_on_two_rungs_within_the_minute_is_told_once_on_the_lower(hands: Hands) -> None:
    walk = hands.walk
    (account_id,) = hands.fire()
    walk.move_on(7)
    hands.night()
    hands.note_delivered()
    lea, team_id = make_user(walk.session, name="Lea"), walk.cast.team.id
    teams.put_in_team(team_id=team_id, user_id=walk.cast.tess.id, role="member", **hands.of_admin())
    teams.put_in_team(team_id=team_id, user_id=lea.id, role="coordinator", **hands.of_admin())

    hands.give(account_id, owner_id=lea.id)
    hands.release()

    assert [told for told in hands.handed(channel="in_app") if told[0] == "Lea"] == [("Lea", "1", "in_app")]


def test_a_new_executive_hears_of_what_waits_for_a_decision(hands: Hands) -> None:
    walk = hands.walk
    hands.fire(1)
    walk.move_on(30)
    hands.night()

    added = people.add_user(email="exa@example.com", name="Exa", role="executive", **hands.of_admin())
    hands.release()

    assert added.user_id
    assert hands.handed(channel="in_app") == [("Exa", "4", "in_app")]


def test_a_change_of_hands_with_nothing_firing_tells_nobody(hands: Hands) -> None:
    hands.give(hands.walk.account_id, owner_id=hands.walk.cast.tess.id)

    assert (hands.rows(), hands.release()) == ([], 0)


def test_where_a_team_has_nobody_left_another_administrator_takes_the_place_of_the_one_who_leaves(hands: Hands) -> None:
    walk = hands.walk
    hands.fire(1)
    lea = make_user(walk.session, name="Lea", role="admin")
    for user in (walk.cast.olu, walk.cast.tess, walk.cast.vik):
        teams.remove_from_team(team_id=walk.cast.team.id, user_id=user.id, **hands.of_admin())
    hands.release()
    by_lea: dict[str, Any] = {"actor": Actor("user", lea.id, "Lea", role="admin"), "now": walk.now}

    people.disable_user(user_id=walk.cast.ada.id, **by_lea)
    hands.release()

    assert hands.handed(channel="in_app")[-1] == ("Lea", "0", "in_app")


def test_handing_over_many_takes_as_many_statements_as_handing_over_few(
    hands: Hands, counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    costs = []
    for count in (8, 16):
        for account_id in hands.fire(count):
            hands.give(account_id, owner_id=hands.walk.cast.tess.id)
        with counted() as statements:
            hands.release()
        costs.append(len(statements))

    assert costs[0] == costs[1]


def test_an_alert_of_which_no_words_can_be_made_holds_up_no_other(hands: Hands) -> None:
    bad, good = hands.fire(2)
    for account_id in (bad, good):
        hands.give(account_id, owner_id=hands.walk.cast.tess.id)
    hands.alert_of(bad).reasons = {"no_progress": {}}
    hands.walk.session.commit()

    hands.release()

    titles = {row.payload["title"] for row in hands.rows(user_id=hands.walk.cast.tess.id, channel="in_app")}
    assert titles == {"An account needs you", "Account 02: stale in step 1 since 17 Mar: take it up"}


def test_what_is_under_way_to_who_had_it_is_not_said_to_be_untold(hands: Hands) -> None:
    (account_id,) = hands.fire()
    walk = hands.walk
    for row in hands.rows(user_id=walk.cast.olu.id, channel="email"):
        row.delivered_at, row.leased_until = None, walk.now + A_MINUTE
    walk.session.commit()

    hands.give(account_id, owner_id=walk.cast.tess.id)

    assert [row.dropped_because for row in hands.rows(user_id=walk.cast.olu.id, channel="email")] == [None]
