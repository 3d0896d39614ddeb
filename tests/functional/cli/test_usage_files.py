"""Use in and out at the shell: what comes in goes out again, bad rows are told, what waits is counted."""

import csv
import io
import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import delete, func, select, update

from changetrack.domain.people import Actor
from changetrack.models import Import, Metric, UsageDaily, UsageEvent, UsageMember
from changetrack.operations.playbook import install_playbook
from tests.factories import make_metric
from tests.factories._saving import Saver

BringIn = Callable[..., Result]
Run = Callable[..., Result]
RAVENSTACK = Path(__file__).parents[4] / "shared" / "data" / "ravenstack"
USE = (
    "external_id,metric,day,value\r\n"
    "=A-2,calls,2026-02-01,0\r\n"
    "A-1,calls,2026-02-01,12\r\n"
    "A-1,calls,2026-02-02,1.5\r\n"
    "A-1,users,2026-02-01,1000000000000\r\n"
)


@pytest.fixture
def bring_in(run: Run, session: Saver, tmp_path: Path, now: datetime) -> BringIn:
    """Import a text about two accounts and two metrics: `bring_in("usage", USE, "--dry-run")`."""
    install_playbook(actor=Actor.system("test"), now=now)
    make_metric(session, "calls")
    make_metric(session, "users", aggregation="distinct")
    session.commit()

    def go(what: str, content: str, *options: str) -> Result:
        path = tmp_path / f"{what}.csv"
        path.write_text(content, encoding="utf-8")
        return run("import", what, str(path), *options)

    assert go("accounts", "external_id,name\nA-1,Ahorn\n'=A-2,Birke\n").exit_code == 0
    return go


def exported(run: Run) -> list[tuple[str, ...]]:
    """The rows of the export, without when they were recorded."""
    rows = csv.reader(io.StringIO(run("export", "usage").stdout))
    return [tuple(row[:4]) for row in rows]


def test_use_comes_back_out_and_in_again(run: Run, bring_in: BringIn, session: Saver) -> None:
    bring_in("usage", USE)
    file, before = run("export", "usage").stdout, exported(run)
    session.execute(delete(UsageDaily))
    session.execute(delete(Import))
    session.commit()

    result = bring_in("usage", file)

    assert result.exit_code == 0, result.output
    assert exported(run) == before
    assert before[0] == ("external_id", "metric", "day", "value")
    assert before[1:] == [
        ("'=A-2", "calls", "2026-02-01", "0"), ("A-1", "calls", "2026-02-01", "12"),
        ("A-1", "calls", "2026-02-02", "1.5"), ("A-1", "users", "2026-02-01", "1000000000000"),
    ]  # fmt: skip
    assert run("verify").exit_code == 0


def test_the_newest_known_number_is_exported(run: Run, bring_in: BringIn, session: Saver) -> None:
    bring_in("usage", USE)
    session.execute(update(UsageDaily).values(recorded_on=date(2026, 3, 1)))
    session.commit()

    bring_in("usage", USE.replace(",12\r", ",13\r"))

    assert ("A-1", "calls", "2026-02-01", "13") in exported(run)
    assert len(exported(run)) == 5


def test_an_export_has_the_moment_and_other_forms(run: Run, bring_in: BringIn) -> None:
    bring_in("usage", USE)

    first = json.loads(run("export", "usage", "--format", "jsonl").stdout.splitlines()[0])

    assert first == {
        "external_id": "=A-2", "metric": "calls", "day": "2026-02-01", "value": "0",
        "recorded_at": "2026-03-02T09:00:00Z",
    }  # fmt: skip


def test_what_is_set_for_all_rows_goes_before_a_column_of_that_name(run: Run, bring_in: BringIn) -> None:
    bring_in("usage", USE, "--set", "metric=calls", "--set", "value=2")

    assert ("A-1", "calls", "2026-02-01", "4") in exported(run)


def test_the_command_says_what_waits(bring_in: BringIn) -> None:
    result = bring_in("usage", USE + "nobody,calls,2026-02-01,1\r\n")

    assert "5 rows: 4 created, 0 updated, 0 unchanged, 0 turned away. 1 wait for their account." in result.stdout


def test_bad_rows_are_told_and_written_to_a_file_that_can_be_mended(bring_in: BringIn, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"

    result = bring_in("usage", USE + "A-1,clicks,2026-02-01,-1\r\n", "--skip-bad", "--rejects", str(rejects), "--json")

    counts = json.loads(result.stdout)
    assert (counts["created"], counts["rejected_rows"]) == (4, 1)
    [row] = csv.DictReader(io.StringIO(rejects.read_text()))
    assert (row["metric"], row["value"], row["rejected_line"]) == ("clicks", "-1", "6")
    assert "There is no metric “clicks”" in row["rejected_because"]
    assert "is negative" in row["rejected_because"]


@pytest.mark.skipif(not RAVENSTACK.is_dir(), reason="the data are not at hand")
def test_ravenstack_comes_in_whole(run: Run, bring_in: BringIn, session: Saver) -> None:
    make_metric(session, "feature_calls")
    make_metric(session, "active_features", aggregation="distinct")
    session.commit()
    run("import", "accounts", str(RAVENSTACK / "ravenstack_accounts.csv"), "--date-format", "yyyy-mm-dd", "--map",
        "account_name=name", "--map", "account_id=external_id", "--map", "signup_date=-")  # fmt: skip
    names = ("--map", "subscription_id=alias", "--map", "account_id=external_id")
    run("import", "aliases", str(RAVENSTACK / "ravenstack_subscriptions.csv"), *names)
    usage = (
        "import", "usage", str(RAVENSTACK / "ravenstack_feature_usage.csv"), "--map", "usage_id=event_id", "--map",
        "subscription_id=external_id", "--map", "usage_date=day", "--date-format", "dd-mm-yyyy", "--json",
    )  # fmt: skip

    calls = run(*usage, "--map", "usage_count=value", "--set", "metric=feature_calls")
    features = run(*usage, "--map", "feature_name=member", "--set", "metric=active_features")

    for result in (calls, features):
        counts = json.loads(result.stdout)
        assert (counts["rows"], counts["waiting"], counts["rejected_rows"]) == (25_000, 0, 0)
    with (RAVENSTACK / "ravenstack_feature_usage.csv").open(encoding="utf-8") as stream:
        of_all = sum(int(row["usage_count"]) for row in csv.DictReader(stream))
    session.rollback()
    query = select(func.sum(UsageDaily.counted)).join(Metric, Metric.id == UsageDaily.metric_id)
    assert session.scalar(query.where(Metric.key == "feature_calls")) == of_all
    assert session.scalar(select(func.count()).select_from(UsageEvent)) == 50_000
    assert 0 < (session.scalar(select(func.count()).select_from(UsageMember)) or 0) <= 25_000
    assert run("verify").exit_code == 0
