"""What docs/connecting.md says is what happens: its commands and examples are run against a server, word for word."""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from changetrack.models import NUMBER_SCALE
from changetrack.web.admin.first_event import snippets
from tests.architecture.source import ROOT
from tests.functional.api.node_packages import NODE_MODULES, install_node_packages
from tests.ports import free_port

GUIDE = (ROOT / "docs" / "connecting.md").read_text(encoding="utf-8")
HOST, KEY, TOKEN = "https://changetrack.example.com", "YOUR_WRITE_KEY", "YOUR_TOKEN"
pytestmark = pytest.mark.xdist_group("connecting")

NODE = "Segment, Node"
SECTIONS = ("Segment, Python", NODE, "RudderStack, Python", "PostHog, Python", "Anything else")
ACCOUNTS = "external_id,name\nC-1041,Alder Works\nC-1042,Birch & Sons\n"


def block(section: str, number: int = 0) -> str:
    """A block of code of a section of the guide."""
    part = re.split(rf"^##+ {re.escape(section)}$", GUIDE, flags=re.MULTILINE)[1]
    blocks: list[str] = re.findall(r"^```\w+\n(.*?)^```$", re.split(r"^##+ ", part, flags=re.MULTILINE)[0], re.S | re.M)
    return blocks[number]


@dataclass(frozen=True)
class Reader:
    """Somebody who follows the guide: a folder, a running server, and the key that its commands printed."""

    folder: Path
    host: str
    key: str

    def run(self, code: str, token: str = "") -> str:
        """Run an example with host and keys filled in; what it printed."""
        filled = code.replace(HOST, self.host).replace(KEY, self.key).replace(TOKEN, token)
        return run(self.folder, *program_of(filled), filled)

    def number(self, metric: str, day: str | None = None, account: str = "C-1041") -> Decimal | None:
        """The number of a metric of a day (today if none is given); None where there is none."""
        query = """
            SELECT coalesce(d.stated, d.counted) FROM usage_daily d
            JOIN metrics m ON m.id = d.metric_id JOIN accounts a ON a.id = d.account_id
            WHERE m.key = ? AND a.external_id = ? AND d.day = coalesce(?, date('now'))
            ORDER BY d.recorded_on DESC LIMIT 1
        """
        database = sqlite3.connect(self.folder / "instance" / "changetrack.db")
        try:
            found = database.execute(query, (metric, account, day)).fetchone()
        finally:
            database.close()
        return Decimal(found[0]) / NUMBER_SCALE if found else None


def program_of(code: str) -> tuple[str, ...]:
    """What runs an example."""
    if code.startswith(("curl", "changetrack")):
        return ("bash", "-ec")
    return ("node", "-e") if "require(" in code else (sys.executable, "-c")


def run(folder: Path, *command: str) -> str:
    """Run a command to its end as the guide's reader would, in a folder of its own."""
    ended = subprocess.run(
        command, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def environment(folder: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "CHANGETRACK_INSTANCE": str(folder / "instance"), "NODE_PATH": str(NODE_MODULES)}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A new installation with two accounts, set up by the commands of the guide."""
    folder = tmp_path_factory.mktemp("connecting")
    (folder / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    run(folder, "changetrack", "db", "upgrade")
    run(folder, "changetrack", "import", "accounts", "accounts.csv")
    printed = run(folder, "bash", "-ec", block("A metric, a rule, a source"))
    port = free_port()
    server = subprocess.Popen(
        ["changetrack", "serve", "--port", str(port), "--workers", "1", "--no-scheduler"],
        cwd=folder, env=environment(folder) | {"PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, executable=Path(sys.executable).parent / "changetrack",
    )  # fmt: skip
    try:
        assert server.stdout is not None
        next(line for line in server.stdout if line.startswith("ChangeTrack is at"))
        yield Reader(folder, f"http://127.0.0.1:{port}", printed.splitlines()[-1])
    finally:
        server.terminate()
        server.communicate(timeout=30)


@pytest.mark.parametrize("section", SECTIONS)
def test_an_example_counts_one_event_of_one_user(reader: Reader, section: str) -> None:
    if section == NODE and (why := install_node_packages()) is not None:
        pytest.skip(why)
    before = reader.number("reports") or 0

    reader.run(block(section))

    assert reader.number("reports") == before + 1
    assert reader.number("reporters") == 1


def test_a_file_states_the_numbers_of_its_days(reader: Reader) -> None:
    (reader.folder / "numbers.csv").write_text(block("Numbers instead of events"), encoding="utf-8")

    run(reader.folder, "changetrack", "import", "usage", "numbers.csv")

    assert reader.number("reports", "2026-03-02") == 12
    assert reader.number("reports", "2026-03-02", "C-1042") == 0


def test_a_program_states_a_number_with_a_token(reader: Reader) -> None:
    token = run(reader.folder, "changetrack", "token", "create", "Warehouse", "--scope", "ingest").strip()

    reader.run(block("Numbers instead of events", 1).replace('"value": 12', '"value": 13'), token)

    assert reader.number("reports", "2026-03-02") == 13


def test_the_pages_show_the_examples_of_the_guide() -> None:
    shown = {snippet.name: snippet.code for snippet in snippets(HOST, KEY)}

    assert list(shown.values()) == [block(section) for section in SECTIONS]
