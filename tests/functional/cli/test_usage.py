"""Metrics, sources, keys and tokens from the shell."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from sqlalchemy import select

from changetrack.models import ApiToken, WriteKey
from tests.factories import make_source, make_token, make_write_key
from tests.factories._saving import Saver

Run = Callable[..., Result]
METRIC = ("metric", "add", "active_users", "--name", "Active users", "--unit", "users", "--aggregation", "distinct")


def test_a_metric_is_added_fed_and_listed(run: Run, session: Saver) -> None:
    make_source(session)

    run(*METRIC, "--purpose", "active_users")
    ruled = run("metric", "rule", "active_users", "Signed In", "--source", "Web app")
    listed = run("metric", "list").stdout

    assert ruled.stdout == "Signed In feeds active_users from now on.\n"
    assert listed == (
        "active_users\tActive users\tusers\tdistinct\tactive_users\t\n"
        "  Signed In\tcounts the different users who sent it\tWeb app\n"
    )


def test_metrics_are_listed_for_machines(run: Run) -> None:
    made = json.loads(run(*METRIC, "--json").stdout)
    ruled = json.loads(run("metric", "rule", "active_users", "Signed In", "--json").stdout)

    listed = json.loads(run("metric", "list", "--json").stdout)

    assert [metric["id"] for metric in listed] == [made["metric_id"]]
    assert [rule["id"] for rule in listed[0]["rules"]] == [ruled["rule_id"]]


def test_a_refusal_says_every_reason(run: Run) -> None:
    result = run("metric", "add", "Bad Key", "--name", "", "--unit", "u", "--aggregation", "sum")

    assert result.exit_code == 1
    assert "key: " in result.stderr
    assert "name: " in result.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("metric", "rule", "none", "Signed In"),
        ("key", "create", "none"),
        ("key", "revoke", "wk_none"),
        ("token", "revoke", "ct_none"),
    ],
)
def test_what_is_not_there_is_refused(run: Run, command: tuple[str, ...]) -> None:
    result = run(*command)

    assert (result.exit_code, result.stdout) == (1, "")


def test_a_source_is_added_with_a_key_that_is_printed_once(run: Run, session: Saver) -> None:
    key = run("source", "add", "Web app").stdout.strip()
    other = json.loads(run("key", "create", "Web app", "--json").stdout)["key"]
    listed = run("source", "list").stdout

    assert key.startswith("wk_")
    assert len(session.scalars(select(WriteKey)).all()) == 2
    assert f"{key[:12]}…\tlast used never" in listed
    assert key not in listed
    assert other not in run("source", "list", "--json").stdout


def test_a_key_is_revoked_by_its_first_characters(run: Run) -> None:
    key = run("source", "add", "Web app").stdout.strip()

    revoked = run("key", "revoke", key[:12])

    assert revoked.exit_code == 0
    assert f"{key[:12]}…\trevoked" in run("source", "list").stdout


def test_too_few_characters_revoke_nothing(run: Run, session: Saver) -> None:
    source = make_source(session)
    for digit in "12":
        make_write_key(session, source, digit * 64)
        make_token(session, digit * 64)

    results = [run("key", "revoke", "wk_a"), run("token", "revoke", "ct_a")]

    assert ["give more of it" in result.stderr for result in results] == [True, True]
    assert all(
        row.revoked_at is None for row in (*session.scalars(select(WriteKey)), *session.scalars(select(ApiToken)))
    )


def test_a_token_is_made_listed_and_revoked(run: Run) -> None:
    token = run("token", "create", "Export", "--scope", "ingest", "--scope", "read", "--expires", "30").stdout.strip()
    listed = run("token", "list").stdout
    run("token", "revoke", token[:12])

    assert token.startswith("ct_")
    assert listed == f"{token[:12]}…\tExport\tread,ingest\tin force\tends 2026-04-01\tlast used never\n"
    assert "\trevoked\t" in run("token", "list").stdout


def test_a_token_is_made_for_machines(run: Run) -> None:
    made = json.loads(run("token", "create", "Export", "--scope", "read", "--json").stdout)

    assert set(made) == {"token_id", "prefix", "token"}
    assert json.loads(run("token", "list", "--json").stdout)[0]["id"] == made["token_id"]


def test_an_unknown_scope_is_misuse(run: Run) -> None:
    assert run("token", "create", "Export", "--scope", "root").exit_code == 2
