"""The funnel at the shell: the worked example as JSON, tables for people, and clear refusals."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from click.testing import Result

from changetrack.domain.funnel import CLOSED
from tests.clock import FixedClock
from tests.factories import make_team, make_value_cell
from tests.factories._saving import Saver
from tests.integration.queries.histories import Stood, domain_example, stood, write

Run = Callable[..., Result]
FEBRUARY = date(2026, 2, 9)


@pytest.fixture
def example(session: Saver, clock: FixedClock) -> None:
    """The accounts A to F, seen from 31 March 2026."""
    clock.move(days=29)
    write(session, domain_example())


def document(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize(
    ("as_of", "known_at", "expected", "closed"),
    [
        ("2026-01-31", "2026-01-31", {"1": 3, "2": 1}, 0),
        ("2026-01-31", "2026-02-05", {"1": 2, "2": 2}, 0),
        ("2026-02-28", "2026-03-31", {"1": 1, "2": 3, "3": 1}, 1),
        ("2026-03-10", "2026-03-31", {"1": 2, "2": 2, "3": 1}, 1),
    ],
)
def test_the_worked_example_as_json(run: Run, as_of: str, known_at: str, expected: dict[str, int], closed: int) -> None:
    funnel = document(run("funnel", "--as-of", as_of, "--known-at", known_at, "--json"))

    assert (funnel["as_of"], funnel["known_at"]) == (as_of, known_at)
    assert {row["step"]: row["accounts"] for row in funnel["steps"] if row["accounts"]} == expected
    assert (funnel["held"], funnel["closed"]) == (0, closed)


@pytest.mark.usefixtures("session")
def test_every_step_is_there_by_its_key_and_name(run: Run) -> None:
    steps = document(run("funnel", "--json"))["steps"]

    assert [row["step"] for row in steps] == ["not_opened", *"12345678", "anchored"]
    assert steps[1] == {
        "step": "1", "name": "Establish urgency", "accounts": 0, "unsupported": 0, "stale": 0, "value": {},
    }  # fmt: skip


@pytest.fixture
def two_teams(session: Saver) -> None:
    """One account of a team named North, one of no team, one closed."""
    north = make_team(session, name="North")
    rows: list[Stood] = [
        stood(1, 1, 2, FEBRUARY, team_id=north.id, segment="[red]", supported_step=1),
        stood(2, 1, 3, FEBRUARY, stale=True),
        stood(3, 1, CLOSED, FEBRUARY, step=1, segment="[red]"),
    ]
    write(session, rows)


@pytest.mark.usefixtures("two_teams")
def test_groups_come_as_an_array_that_adds_up(run: Run) -> None:
    groups = document(run("funnel", "--by", "team", "--json"))

    assert [(group["by"], group["label"]) for group in groups] == [("team", "No team"), ("team", "North")]
    assert groups[0]["value"] is None
    assert [sum(row["accounts"] for row in group["steps"]) + group["closed"] for group in groups] == [2, 1]


@pytest.mark.usefixtures("two_teams")
def test_a_team_is_named_by_its_name(run: Run) -> None:
    short = document(run("funnel", "--team", "North", "--json"))
    long = document(run("funnel", "--filter", "team=North", "--json"))
    several = document(run("funnel", "--team", "North", "--filter", "segment=Retail", "--json"))

    assert short == long
    assert [row["unsupported"] for row in short["steps"]][2] == 1
    assert not any(row["accounts"] for row in several["steps"])


@pytest.mark.usefixtures("two_teams")
def test_people_get_a_table_with_names_as_they_are(run: Run) -> None:
    whole, grouped = run("funnel").stdout, run("funnel", "--by", "segment", "--as-of", "2026-02-20").stdout

    assert "Most stale accounts are at step 3" in whole
    assert "Create the guiding coalition" in whole
    assert "[red]" in grouped
    assert "No segment" in grouped


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--as-of", "2099-01-01"], "as_of: 2099-01-01 lies in the future."),
        (["--known-at", "2099-01-01"], "known_at: 2099-01-01 lies in the future."),
        (["--by", "mood"], "by: There is no field “mood”."),
        (["--by", "owner"], "by: Accounts are not grouped by owner."),
        (["--filter", "mood=good"], "mood: There is no field “mood”."),
        (["--filter", "tier=Gold", "--filter", "tier=Silver"], "filtered twice"),
        (["--team", "Nowhere"], "There is no team “Nowhere”."),
        (["--filter", "owner=nobody@example.com"], "There is no owner “nobody@example.com”."),
    ],
)
def test_what_the_rules_refuse_exits_1_with_the_reason(run: Run, arguments: list[str], said: str) -> None:
    result = run("funnel", *arguments)

    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stdout == ""


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("arguments", [["--as-of", "31.01.2026"], ["--filter", "tier"], ["--nonsense"]])
def test_what_is_written_wrongly_exits_2(run: Run, arguments: list[str]) -> None:
    assert run("funnel", *arguments).exit_code == 2


@pytest.mark.usefixtures("two_teams")
def test_each_step_says_what_it_is_worth_in_each_currency(run: Run, session: Saver) -> None:
    for currency, live in (("USD", 10_000), ("EUR", 2_500)):
        make_value_cell(session, place=2, currency=currency, promised=50_000, realized=20_000, live=live)
    session.commit()

    second = document(run("funnel", "--json"))["steps"][2]["value"]
    printed = run("funnel").stdout

    assert second["EUR"] == {"promised": 50_000, "probationary": 0, "realized": 20_000, "live": 2_500}
    assert set(second) == {"EUR", "USD"}
    assert "Value in USD: promised 500.00, probationary 0.00, realized 200.00, live 100.00 a period" in printed
