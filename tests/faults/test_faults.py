"""The promises under accidents, in short: `make test-faults` has many more kills, alerts and writes."""

from dataclasses import replace
from importlib import import_module
from inspect import isfunction, signature
from pathlib import Path

import pytest

from tests.databases import DURABLE, postgres_server
from tests.faults import programme
from tests.faults.cases import DAYS, FAILING, Case, play
from tests.faults.channel_cases import CHANNEL_CASES, PUNCTUAL_CASES
from tests.faults.clock_cases import AHEAD, CLOCK_CASES, a_day_ahead_and_back
from tests.faults.editing_cases import eight_edit_one
from tests.faults.proxy_cases import is_here, slow_crowd
from tests.faults.schema_cases import migrations_killed
from tests.faults.staging import Place
from tests.faults.web_cases import database_restarted, workers_killed


def test_every_case_is_in_the_programme() -> None:
    modules = [import_module(f"tests.faults.{file.stem}") for file in Path(__file__).parent.glob("*_cases.py")]
    cases = {
        case
        for module in modules
        for name, case in vars(module).items()
        if isfunction(case) and case.__module__ == module.__name__ and not name.startswith("_")
        and next(iter(signature(case).parameters), "") == "place"
    }  # fmt: skip

    played = {*CLOCK_CASES, *CHANNEL_CASES, *PUNCTUAL_CASES, *filter(isfunction, vars(programme).values())}

    assert cases - played == set()
    assert len(cases) > 10


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


def test_a_migration_that_was_killed_and_is_run_again_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    assert migrations_killed(Place(tmp_path), times=2).broken == []


def test_of_eight_who_edit_one_account_one_is_first_and_nobody_loses_what_they_typed(tmp_path: Path) -> None:
    assert eight_edit_one(Place(tmp_path), rounds=1).broken == []


@pytest.mark.skipif(not is_here(), reason="nginx or openssl is not installed")
def test_before_the_shipped_nginx_conf_a_slow_crowd_holds_up_nobody(tmp_path: Path) -> None:
    assert slow_crowd(Place(tmp_path), crowd=200, looks=40, most=10).broken == []
