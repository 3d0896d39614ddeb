"""The promises under accidents, in short: `make test-faults` has many more kills, alerts and writes."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.databases import DURABLE, postgres_server
from tests.faults.cases import DAYS, FAILING, Case, play
from tests.faults.clock_cases import AHEAD, a_day_ahead_and_back
from tests.faults.staging import Place
from tests.faults.web_cases import database_restarted, workers_killed


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_killed_schedulers_lose_no_alert_and_repeat_none_under_another_key(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("postgres") if database == "postgresql" else None
    case = Case("killed", 2, 6, 12, FAILING, days=DAYS[:1], busy=4)

    played = play(Place(tmp_path, server), case)

    assert (played.kills, played.broken) == (6, [])


def test_a_clock_that_jumps_a_day_ahead_and_back_tells_each_alert_once(tmp_path: Path) -> None:
    short = replace(AHEAD, alerts_a_day=3, busy=4, faults={}, days=AHEAD.days[:2])

    played = a_day_ahead_and_back(Place(tmp_path), short)

    assert (played.found.repeated, played.broken) == (0, [])


def test_what_was_acknowledged_is_there_after_a_web_worker_was_killed(tmp_path: Path) -> None:
    served = workers_killed(Place(tmp_path), writes=60, kills=2)

    assert served.broken == []


def test_while_the_database_is_away_people_are_told_to_come_back(tmp_path: Path) -> None:
    with postgres_server(DURABLE) as server:
        served = database_restarted(Place(tmp_path, server), writes=60, times=1)

    assert served.broken == []
    assert served.writers.statuses[503] > 0
