"""docs/real-input.md on use and its worth: its commands and its script, word for word, and the figures it gives."""

import csv
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import func, select

from changetrack.domain.people import Actor
from changetrack.models import Account, LedgerEntry, Metric, Outcome, UsageDaily
from changetrack.operations.playbook import install_playbook
from tests.architecture.source import ROOT
from tests.clock import FixedClock
from tests.factories._saving import Saver
from tests.real_input import RAVENSTACK

Run = Callable[..., Result]
GUIDE = (ROOT / "docs" / "real-input.md").read_text(encoding="utf-8")
DAY = date(2025, 1, 6)
FILES = ("accounts", "subscriptions", "feature_usage")
STANDS = {
    ("agreed", None): 5, ("in_use", None): 78, ("confirmed", None): 7, ("confirmed", "at_risk"): 6,
    ("confirmed", "unverifiable"): 8, ("lapsed", "use"): 48,
}  # fmt: skip

pytestmark = [
    pytest.mark.skipif(not RAVENSTACK.is_dir(), reason="the data are not at hand"),
    pytest.mark.xdist_group("real-usage"),
]


@dataclass(frozen=True)
class Reader:
    """Somebody who follows the guide in a folder that has the files."""

    folder: Path
    run: Run

    def follow(self, section: str) -> dict[str, str]:
        """Carry out the section's commands; what each printed, by command."""
        printed: dict[str, str] = {}
        for block in blocks(section, "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                if line and not line.startswith(("#", "export ")):
                    printed[" ".join(line.split())] = self._call(line)
        return printed

    def _call(self, line: str) -> str:
        program, *words = shlex.split(line)
        if program == "python":
            done = subprocess.run([sys.executable, *words], cwd=self.folder, check=True, capture_output=True, text=True)
            return done.stdout
        named = [str(self.folder / word) if word.endswith(".csv") else word for word in words]
        result = self.run(*named)
        assert result.exit_code == 0, (line, result.output)
        return result.stdout


def blocks(section: str, language: str) -> list[str]:
    """The blocks of code in a language of a section of the guide."""
    part = re.split(rf"^## {section}$", GUIDE, flags=re.MULTILINE)[1]
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", re.split(r"^## ", part, flags=re.M)[0], re.S | re.M)
    return found


def foretold(section: str) -> dict[str, str]:
    """What the guide says that a command prints, by command."""
    told, command = {}, ""
    for block in blocks(section, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("# "):
                told[command] = line[2:] + "\n"
            command = " ".join(line.split())
    return told


@pytest.fixture
def reader(run: Run, session: Saver, clock: FixedClock, tmp_path: Path) -> Reader:
    """The files and the script in a folder, on the day of the guide; the schema is there, with the playbook."""
    install_playbook(actor=Actor.system("test"), now=clock.now())
    for name in FILES:
        shutil.copy(RAVENSTACK / f"ravenstack_{name}.csv", tmp_path)
    (tmp_path / "enterprise_outcomes.py").write_text(blocks("What it is worth", "python")[0], encoding="utf-8")
    clock.move(days=(DAY - clock.today()).days)
    return Reader(tmp_path, run)


def test_use_comes_in_by_alias_and_adds_up_as_anybody_would_add_it(reader: Reader, session: Saver) -> None:
    printed = reader.follow("Its use")

    assert {command: printed[command] for command in foretold("Its use")} == foretold("Its use")
    expected = added_up()
    assert numbers(session, "feature_calls") == expected["feature_calls"]
    assert numbers(session, "active_features") == expected["active_features"]
    assert sum(expected["feature_calls"].values()) == 250_525
    assert len(repeated_ids()) == 21


def test_value_is_what_the_rules_leave_of_it(reader: Reader, session: Saver) -> None:
    reader.follow("Its use")

    printed = reader.follow("What it is worth")

    assert {command: printed[command] for command in foretold("What it is worth")} == foretold("What it is worth")
    session.rollback()
    states = session.execute(
        select(Outcome.state, Outcome.detail, func.count()).group_by(Outcome.state, Outcome.detail)
    )
    assert {(state, detail): count for state, detail, count in states} == STANDS
    sums = (func.sum(Outcome.promised), func.sum(Outcome.probationary), func.sum(Outcome.realized))
    assert session.execute(select(*sums)).one() == (57_940_000, 10_700_000, 1_320_000)
    realized = select(func.count()).where(LedgerEntry.measure == "realized").group_by(LedgerEntry.cause)
    assert session.scalars(realized.order_by(LedgerEntry.cause)).all() == [135, 3]
    assert total(reader, "outcomes", "realized") == total(reader, "ledger", "amount") == 13_200


def total(reader: Reader, what: str, column: str) -> Decimal:
    """The sum of a column of an export."""
    rows = csv.DictReader(reader.run("export", what).stdout.splitlines())
    return sum((Decimal(row[column]) for row in rows), Decimal(0))


def numbers(session: Saver, metric: str) -> dict[tuple[str, date], int]:
    """The number of each account and day on record."""
    session.rollback()
    query = (
        select(Account.external_id, UsageDaily.day, UsageDaily.counted)
        .join(Account, Account.id == UsageDaily.account_id)
        .join(Metric, Metric.id == UsageDaily.metric_id)
        .where(Metric.key == metric)
    )
    return {(name, day): int(counted or 0) for name, day, counted in session.execute(query)}


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one of the files."""
    with (RAVENSTACK / f"ravenstack_{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def added_up() -> dict[str, dict[tuple[str, date], int]]:
    """Both metrics by account and day, from the files alone."""
    account_of = {row["subscription_id"]: row["account_id"] for row in rows("subscriptions")}
    calls, features = Counter[tuple[str, date]](), defaultdict[tuple[str, date], set[str]](set)
    for row in rows("feature_usage"):
        day, month, year = map(int, row["usage_date"].split("-"))
        key = account_of[row["subscription_id"]], date(year, month, day)
        calls[key] += int(row["usage_count"])
        features[key].add(row["feature_name"])
    return {"feature_calls": dict(calls), "active_features": {key: len(found) for key, found in features.items()}}


def repeated_ids() -> list[str]:
    """The usage ids that occur more than once."""
    return [id_ for id_, times in Counter(row["usage_id"] for row in rows("feature_usage")).items() if times > 1]


def test_most_weeks_have_no_data() -> None:
    enterprise = {row["account_id"] for row in rows("accounts") if row["plan_tier"] == "Enterprise"}

    weeks = {(name, day - timedelta(day.weekday())) for name, day in added_up()["feature_calls"] if name in enterprise}

    of_2024 = [week for _, week in weeks if week.year == 2024]
    assert round(len(of_2024) / len(enterprise)) == 19
