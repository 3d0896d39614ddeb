"""People and teams from the shell."""

import json
from collections.abc import Callable

from click.testing import Result
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.models import AuditEvent

Run = Callable[..., Result]
PASSWORD = "nine slow herons fishing"


def test_a_user_is_added_with_a_password_from_standard_input(run: Run, client: FlaskClient) -> None:
    result = run("user", "add", "Olu@example.com", "--role", "executive", "--password-stdin", stdin=f"{PASSWORD}\n")

    response = client.post("/login", data={"email": "olu@example.com", "password": PASSWORD})
    assert (result.exit_code, result.stdout) == (0, "Olu@example.com is added as executive.\n")
    assert response.location == "/"


def test_without_a_password_a_one_time_password_is_printed(run: Run, client: FlaskClient) -> None:
    added = json.loads(run("user", "add", "olu@example.com", "--json").stdout)

    client.post("/login", data={"email": "olu@example.com", "password": added["one_time_password"]})
    assert client.get("/me/sessions").location == "/me/password"


def test_a_refusal_says_every_reason_on_stderr(run: Run) -> None:
    result = run("user", "add", "olu", "--password-stdin", stdin="password1234\n")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "email: Give an e-mail address" in result.stderr
    assert "password: " in result.stderr


def test_an_unknown_role_is_misuse(run: Run) -> None:
    assert run("user", "add", "olu@example.com", "--role", "owner").exit_code == 2


def test_a_disabled_user_is_listed_as_such_until_enabled(run: Run) -> None:
    run("user", "add", "olu@example.com", "--name", "Olu")

    run("user", "disable", "olu@example.com")
    disabled = run("user", "list").stdout
    run("user", "enable", "olu@example.com")
    enabled = run("user", "list").stdout

    assert disabled == "olu@example.com\tOlu\tmember\tdisabled\t\n"
    assert enabled == "olu@example.com\tOlu\tmember\t\t\n"


def test_a_password_is_reset_to_one_that_works_once(run: Run, client: FlaskClient) -> None:
    run("user", "add", "olu@example.com", "--password-stdin", stdin=PASSWORD)

    printed = run("user", "reset-password", "olu@example.com").stdout.strip()

    client.post("/login", data={"email": "olu@example.com", "password": printed.rpartition(" ")[2]})
    assert client.get("/me/sessions").location == "/me/password"


def test_people_join_and_leave_a_team(run: Run) -> None:
    for name in ("olu", "tess"):
        run("user", "add", f"{name}@example.com")
    run("team", "add", "North")

    run("team", "join", "North", "olu@example.com")
    run("team", "join", "North", "tess@example.com", "--role", "coordinator")
    joined = run("team", "list").stdout
    run("team", "leave", "North", "olu@example.com")
    [left] = json.loads(run("team", "list", "--json").stdout)

    assert joined == "North\n  coordinator\ttess@example.com\tTess\n  member\tolu@example.com\tOlu\n"
    assert [member["email"] for member in left["members"]] == ["tess@example.com"]


def test_who_is_not_there_is_named(run: Run) -> None:
    run("team", "add", "North")

    nobody, nowhere = run("team", "join", "North", "who@example.com"), run("team", "join", "South", "who@x.org")

    assert (nobody.exit_code, nobody.stderr) == (1, "There is no user who@example.com.\n")
    assert (nowhere.exit_code, nowhere.stderr) == (1, "There is no team South.\n")


def test_what_is_done_at_the_shell_is_audited_as_such(run: Run, session: scoped_session[Session]) -> None:
    run("team", "add", "North")

    assert session.scalars(select(AuditEvent.actor)).all() == ["cli"]
