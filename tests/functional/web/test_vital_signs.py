"""`/metrics`: the figures of now, for who has the token or asks from this machine."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from changetrack.domain.people import Actor
from changetrack.operations.jobs import Turn, note_heartbeat
from tests.clock import FixedClock
from tests.factories import (
    Cast,
    make_account,
    make_alert,
    make_endpoint,
    make_heartbeat,
    make_job_run,
    make_message,
)
from tests.factories._saving import Saver

TOKEN = "0123456789abcdef-metrics"
ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
MakeApp = Callable[..., Flask]


def figures(client: FlaskClient) -> dict[tuple[str, ...], float]:
    """Each figure by its name and the values of its labels, these in order of their names."""
    text = client.get("/metrics").get_data(as_text=True)
    return {
        (sample.name.removeprefix("changetrack_"), *dict(sorted(sample.labels.items())).values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_figures_are_those_of_the_database(
    session: Saver, cast: Cast, client: FlaskClient, clock: FixedClock
) -> None:
    now = clock.now()
    account = make_account(session, claimed_step=1, team_id=cast.team.id)
    make_alert(session, account)
    make_message(session, cast.olu, due_at=now - timedelta(minutes=2))
    make_message(session, cast.olu, due_at=now + timedelta(minutes=2), last_error="It was away.")
    make_message(session, cast.olu, channel="email", held_for=clock.today())
    make_message(session, cast.olu, channel="email", dead_at=now)
    make_message(session, cast.olu, channel="email", delivered_at=now)
    make_endpoint(session, failing_since=now)
    make_heartbeat(session, seen_at=now - timedelta(seconds=20))
    make_job_run(session, name="tidy", finished_at=now - timedelta(hours=1))

    found = figures(client)

    assert found[("outbox_waiting", "in_app")] == 2
    assert found[("outbox_failed", "in_app")] == 1
    assert found[("outbox_lag_seconds", "in_app")] == 120
    assert found[("outbox_held",)] == 1
    assert found[("outbox_given_up", "email")] == 1
    assert found[("endpoints", "failing")] == 1
    assert found[("scheduler_heartbeat_age_seconds",)] == 20
    assert found[("job_last_success_age_seconds", "tidy")] == 3600
    assert found[("alerts_open", "notice", "firing")] == 1
    assert found[("outbox_waiting", "email")] == 0


def test_an_empty_house_has_figures_too(client: FlaskClient) -> None:
    answer = client.get("/metrics")

    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    assert "changetrack_outbox_held 0.0" in answer.get_data(as_text=True)
    found = figures(client)
    for name in ("outbox_waiting", "outbox_failed", "outbox_lag_seconds", "outbox_given_up"):
        assert [found[(name, channel)] for channel in ("in_app", "email", "slack", "webhook")] == [0, 0, 0, 0]


def test_a_lane_that_runs_all_the_time_shows_when_it_last_did_its_part_and_whether_it_fails(
    session: Saver, client: FlaskClient, clock: FixedClock
) -> None:
    now, actor = clock.now(), Actor.system("scheduler")
    turns = (
        Turn("deliver", "email", now - timedelta(seconds=90)),
        Turn("deliver", "email", now - timedelta(seconds=5), "OSError: no"),
        Turn("deliver", "slack", now - timedelta(seconds=2)),
        Turn("deliver", "slack", now - timedelta(hours=1), "OSError: no"),
        Turn("digest", None, now - timedelta(minutes=4)),
    )
    note_heartbeat(name="scheduler", turns=turns, actor=actor, now=now)

    found = figures(client)

    assert [found[("job_turn_age_seconds", "deliver", lane)] for lane in ("email", "slack")] == [90, 2]
    assert [found[("job_turn_failed", "deliver", lane)] for lane in ("email", "slack")] == [1, 0]
    assert found[("job_turn_age_seconds", "digest", "")] == 240
    assert not any(name == "job_last_success_age_seconds" for name, *_ in found)


def test_a_look_costs_few_statements(
    session: Saver, cast: Cast, client: FlaskClient, counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    for _ in range(20):
        make_message(session, cast.olu)

    with counted() as statements:
        client.get("/metrics")

    assert len(statements) <= 8


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("headers", "address", "status"),
    [
        ({}, "127.0.0.1", 200),
        ({}, "::1", 200),
        ({}, "10.0.0.7", 403),
        ({"Authorization": f"Bearer {TOKEN}"}, "10.0.0.7", 200),
        ({"Authorization": "Bearer 0123456789abcdef-guessed"}, "10.0.0.7", 403),
        ({"Authorization": f"Basic {TOKEN}"}, "10.0.0.7", 403),
        ({"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", 403),
        ({"X-Forwarded-For": "127.0.0.1"}, "10.0.0.7", 403),
        ({"Forwarded": "for=10.0.0.7"}, "127.0.0.1", 403),
        ({"X-Forwarded-For": "10.0.0.7", "Authorization": f"Bearer {TOKEN}"}, "127.0.0.1", 200),
    ],
)
def test_only_this_machine_and_who_has_the_token_sees_them(
    make_app: MakeApp, headers: dict[str, str], address: str, status: int
) -> None:
    client = make_app(metrics_token=TOKEN).test_client()

    answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})

    assert answer.status_code == status


@ON_ONE_DATABASE
@pytest.mark.parametrize("proxies", [1, 2])
@pytest.mark.parametrize("forwarded", ["10.0.0.7", "127.0.0.1", "127.0.0.1, 10.0.0.7"])
def test_through_a_proxy_they_are_seen_with_the_token_only(make_app: MakeApp, forwarded: str, proxies: int) -> None:
    client = make_app(trusted_proxies=proxies, metrics_token=TOKEN).test_client()
    given = {"X-Forwarded-For": forwarded}

    answers = [
        client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": "127.0.0.1"}).status_code
        for headers in (given, {**given, "Authorization": f"Bearer {TOKEN}"}, {})
    ]

    assert answers == [403, 200, 200]


@ON_ONE_DATABASE
def test_without_a_token_none_is_accepted(make_app: MakeApp) -> None:
    client = make_app().test_client()

    for given in ("", "Bearer ", "Bearer None"):
        answer = client.get("/metrics", headers={"Authorization": given}, environ_base={"REMOTE_ADDR": "10.0.0.7"})
        assert answer.status_code == 403


def test_readiness_says_when_messages_do_not_leave(
    session: Saver, cast: Cast, client: FlaskClient, clock: FixedClock
) -> None:
    make_heartbeat(session, seen_at=clock.now())
    make_message(session, cast.olu, due_at=clock.now() - timedelta(minutes=11))

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.get_json()["status"] == "degraded"
    assert answer.get_json()["checks"]["outbox"] == "late"
