"""Files in and out at the shell: what comes in goes out again, and a bad file says where it is bad."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from changetrack.domain.people import Actor
from changetrack.operations.playbook import install_playbook
from tests.clock import NOW, TODAY
from tests.factories import Cast, make_account, make_calendar, make_cast, make_commitment, make_contact
from tests.factories._saving import Saver

Run = Callable[..., Result]
RAVENSTACK = Path(__file__).parents[4] / "shared" / "data" / "ravenstack"

ACCOUNTS = (
    "external_id,name,organization,product,segment,region,industry,tier,team,owner_email,started_on,step,"
    "step_entered_on,annual_value,currency,planned_users,calendar,plan,seats\r\n"
    "A-1,Ahorn,Ahorn Group,Loom,Enterprise,DACH,Paper,Gold,North,olu@example.com,2025-06-02,3,2025-11-03,"
    "12500.50,EUR,250,Bavaria,pro,40\r\n"
    "A-2,'=Birke,,,,,,,,,,not_opened,2026-01-05,,,,,,\r\n"
    'A-3,"Buche, Söhne",,,,,,,South,,,held,2026-02-02,900,JPY,,,,-5\r\n'
    "A-4,Eibe,,,,,,,,,,closed,2026-02-03,,,,,,\r\n"
    "A-5,Esche,,,,,,,,,,anchored,2026-02-04,,,,,,\r\n"
)
HISTORY = (
    "external_id,step,entered_on,reason\r\n"
    "A-1,1,2025-06-02,\r\n"
    "A-1,2,2025-08-04,\r\n"
    "A-1,1,2025-09-01,sponsor_left\r\n"
    "A-1,held,2025-09-15,Budget freeze\r\n"
    "A-1,1,2025-10-01,\r\n"
    "A-1,3,2025-11-03,\r\n"
    "A-2,not_opened,2026-01-05,\r\n"
    "A-3,2,2025-12-01,\r\n"
    "A-3,held,2026-02-02,Strike\r\n"
    "A-4,4,2025-12-01,\r\n"
    "A-4,closed,2026-02-03,bought by a competitor\r\n"
    "A-5,anchored,2026-02-04,\r\n"
)


@pytest.fixture
def cast(session: Saver, now: datetime) -> Cast:
    """The people and teams that files name, and the playbook that ships."""
    install_playbook(actor=Actor.system("test"), now=now)
    make_calendar(session, name="Bavaria")
    return make_cast(session)


@pytest.fixture
def bring_in(run: Run, cast: Cast, tmp_path: Path) -> Callable[..., Result]:
    """Import a text: `bring_in("accounts", ACCOUNTS, "--dry-run")`."""

    def go(what: str, content: str | bytes, *options: str) -> Result:
        path = tmp_path / f"{what}.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return run("import", what, str(path), *options)

    return go


def test_accounts_come_back_out_byte_for_byte(run: Run, bring_in: Callable[..., Result]) -> None:
    assert bring_in("accounts", ACCOUNTS).exit_code == 0

    assert run("export", "accounts").stdout_bytes.decode() == ACCOUNTS


def test_history_comes_back_out_byte_for_byte(run: Run, bring_in: Callable[..., Result]) -> None:
    bring_in("accounts", ACCOUNTS)
    assert bring_in("history", HISTORY).exit_code == 0

    assert run("export", "history").stdout_bytes.decode() == HISTORY
    assert run("export", "accounts").stdout_bytes.decode() == ACCOUNTS
    assert run("verify").exit_code == 0


def test_what_was_exported_changes_nothing_when_it_comes_in_again(run: Run, bring_in: Callable[..., Result]) -> None:
    bring_in("accounts", ACCOUNTS)
    bring_in("history", HISTORY)

    for what in ("accounts", "history"):
        again = bring_in(what, run("export", what).stdout_bytes, "--batch-id", f"again {what}", "--json")
        counts = json.loads(again.stdout)
        assert (counts["created"], counts["updated"]) == (0, 0)


def test_events_are_exported_in_their_chain(run: Run, bring_in: Callable[..., Result]) -> None:
    bring_in("accounts", ACCOUNTS)

    rows = list(csv.DictReader(io.StringIO(run("export", "events").stdout)))

    assert [(row["external_id"], row["seq"], row["kind"]) for row in rows] == [
        (f"A-{n}", "1", "account_imported") for n in range(1, 6)
    ]
    assert json.loads(rows[0]["changes"])["tier"] == [None, "Gold"]


def test_commitments_of_both_sides_are_exported_in_order_and_always_alike(run: Run, session: Saver, cast: Cast) -> None:
    for external_id in ("B", "A"):
        account = make_account(session, external_id=external_id, team_id=cast.team.id)
        make_contact(session, account, name="Mara", email="mara@example.com")
        make_commitment(session, account, owner_name="Mara", action="=Name the trainers")
        ended: dict[str, Any] = {"state": "met", "ended_on": TODAY, "ended_at": NOW, "ended_by": "olu@example.com"}
        make_commitment(session, account, owner_user_id=cast.olu.id, owner_name="Olu", result="Sent.", **ended)

    first, again = run("export", "commitments"), run("export", "commitments")

    rows = list(csv.DictReader(io.StringIO(first.stdout)))
    assert first.stdout_bytes == again.stdout_bytes
    assert [(row["external_id"], row["commitment"]) for row in rows] == [("A", "1"), ("A", "2"), ("B", "1"), ("B", "2")]
    assert [(row["side"], row["owner_email"], row["state"], row["result"]) for row in rows[:2]] == [
        ("customer", "mara@example.com", "open", ""),
        ("ours", "olu@example.com", "met", "Sent."),
    ]
    assert not rows[0]["action"].startswith("=")
    as_lines = run("export", "commitments", "--format", "jsonl").stdout.splitlines()
    assert json.loads(as_lines[0])["action"] == "=Name the trainers"


def test_an_export_goes_to_a_file_in_other_formats(run: Run, bring_in: Callable[..., Result], tmp_path: Path) -> None:
    bring_in("accounts", ACCOUNTS)
    out = tmp_path / "accounts.jsonl"

    result = run("export", "accounts", "--format", "jsonl", "--out", str(out))

    first = json.loads(out.read_text().splitlines()[0])
    assert result.exit_code == 0
    assert (first["external_id"], first["annual_value"], first["seats"]) == ("A-1", "12500.50", "40")


def test_a_gzip_file_with_foreign_columns_is_read(run: Run, bring_in: Callable[..., Result]) -> None:
    content = gzip.compress("id;Kunde;Beginn\nK-1;Müller;16.10.2024\n".encode())

    result = bring_in(
        "accounts", content, "--map", "id=external_id", "--map", "Kunde=name", "--map", "Beginn=started_on",
        "--set", "product=Loom", "--date-format", "dd.mm.yyyy",
    )  # fmt: skip

    assert result.exit_code == 0
    assert "1 row: 1 created" in result.stdout
    assert "K-1,Müller,,Loom,,,,,,,2024-10-16,not_opened,2024-10-16,," in run("export", "accounts").stdout


def test_a_bad_file_exits_1_and_names_line_and_field(run: Run, bring_in: Callable[..., Result]) -> None:
    result = bring_in("accounts", "external_id,name,team\nA-1,Ahorn,North\nA-2,Birke,Nowhere\nA-3,,North\n")

    assert result.exit_code == 1
    assert "line 3, team: There is no team “Nowhere”." in result.stderr
    assert "line 4, name: It is blank." in result.stderr
    assert run("export", "accounts").stdout.count("\n") == 1


def test_rejected_rows_are_written_to_be_mended(run: Run, bring_in: Callable[..., Result], tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    text = "external_id,name,note\nA-1,Ahorn,x\nA-2,,=keep\n"

    result = bring_in("accounts", text, "--skip-bad", "--rejects", str(rejects))

    assert result.exit_code == 0
    assert rejects.read_text().splitlines() == [
        "external_id,name,note,rejected_line,rejected_because",
        "A-2,,'=keep,3,name: It is blank.",
    ]
    mended = rejects.read_text().replace("A-2,,", "A-2,Birke,")
    assert "1 created" in bring_in("accounts", mended).stdout


def test_a_dry_run_writes_nothing(run: Run, bring_in: Callable[..., Result]) -> None:
    result = bring_in("accounts", ACCOUNTS, "--dry-run", "--json")

    assert json.loads(result.stdout)["created"] == 5
    assert run("export", "accounts").stdout.count("\n") == 1


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_dry_run_of_what_would_be_refused_reports_and_exits_1(
    bring_in: Callable[..., Result], form: tuple[str, ...]
) -> None:
    bad = "external_id,name\nA-1,Alder\nA-2,\n"

    refused = bring_in("accounts", bad, "--dry-run", *form)
    skipping = bring_in("accounts", bad, "--dry-run", "--skip-bad", *form)

    assert (refused.exit_code, skipping.exit_code) == (1, 0)
    assert "The import would be refused" in refused.stderr
    assert refused.stdout == skipping.stdout
    assert json.loads(refused.stdout)["rejected_rows"] == 1 if form else "1 turned away" in refused.stdout


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_dates_in_another_form_lead_to_the_option(bring_in: Callable[..., Result], dry: tuple[str, ...]) -> None:
    dated = "external_id,name,started_on\nA-1,Alder,16-10-2024\n"

    result = bring_in("accounts", dated, *dry)

    assert result.exit_code == 1
    assert "--date-format dd-mm-yyyy" in result.stderr
    assert bring_in("accounts", dated, *dry, "--date-format", "dd-mm-yyyy").exit_code == 0


def test_an_imported_file_is_not_imported_again(bring_in: Callable[..., Result]) -> None:
    bring_in("accounts", ACCOUNTS)

    assert "imported before" in bring_in("accounts", ACCOUNTS).stdout


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"external_id,external_id\n", "more than once"),
        (b"external_id\nA-1\n", "There is no column for name"),
        (b"PK\x03\x04", "not CSV text"),
        ("external_id,name\nA-1,M\u00fcller\n".encode("latin-1"), "line 2: It holds bytes that are not UTF-8"),
        (b"external_id,name\nA-1,a\0b\n", "line 2, name: It holds a control character"),
    ],
)
def test_a_poisoned_file_gets_a_clear_error(bring_in: Callable[..., Result], content: bytes, words: str) -> None:
    result = bring_in("accounts", content)

    assert result.exit_code == 1
    assert words in result.stderr


@pytest.mark.parametrize("options", [("--map", "id"), ("--set", "=x"), ("--nonsense",)])
def test_misuse_exits_2(bring_in: Callable[..., Result], options: tuple[str, ...]) -> None:
    assert bring_in("accounts", ACCOUNTS, *options).exit_code == 2


@pytest.mark.skipif(not RAVENSTACK.exists(), reason="the RavenStack data is not here")
def test_a_real_export_is_read_as_it_is(run: Run, cast: Cast) -> None:
    accounts = (
        "--map", "account_id=external_id", "--map", "account_name=name", "--map", "signup_date=started_on",
        "--map", "plan_tier=tier", "--map", "country=region", "--date-format", "dd-mm-yyyy",
    )  # fmt: skip
    aliases = ("--map", "account_id=external_id", "--map", "subscription_id=alias")

    first = run("import", "accounts", str(RAVENSTACK / "ravenstack_accounts.csv"), *accounts)
    second = run("import", "aliases", str(RAVENSTACK / "ravenstack_subscriptions.csv"), *aliases)

    assert "500 rows: 500 created" in first.stdout
    assert "5,000 rows: 5,000 created" in second.stdout
    assert run("verify").exit_code == 0
