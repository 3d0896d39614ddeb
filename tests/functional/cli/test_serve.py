"""`changetrack serve` answers, restarts what dies, and leaves nothing behind."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from changetrack.config import load_settings
from tests.architecture.source import ROOT
from tests.ports import free_port

PATIENCE = 40.0  # seconds: a start on a machine under load


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance whose database was made by `db upgrade`."""
    folder = tmp_path_factory.mktemp("upgraded")
    command = [sys.executable, "-m", "changetrack", "db", "upgrade"]
    subprocess.run(command, cwd=ROOT, env=environment_of(folder), check=True, capture_output=True)
    return folder


@pytest.fixture
def environment(upgraded: Path, tmp_path: Path) -> dict[str, str]:
    """The settings of an instance of its own."""
    return environment_of(shutil.copytree(upgraded, tmp_path / "instance"))


def environment_of(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "CHANGETRACK_INSTANCE": str(folder), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def port() -> int:
    return free_port()


@contextmanager
def serving(environment: dict[str, str], *options: str) -> Iterator["subprocess.Popen[str]"]:
    server = subprocess.Popen(
        [sys.executable, "-m", "changetrack", "serve", *options],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield server
    finally:
        server.terminate()
        server.communicate(timeout=30)


def read_until(server: "subprocess.Popen[str]", beginning: str) -> str:
    assert server.stdout is not None
    return next(line for line in server.stdout if line.startswith(beginning))


def answer(port: int, path: str) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as response:
        status: int = response.status
    return status


def children_of(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(child) for child in listed.split()]


def test_it_answers_at_the_address_it_prints(environment: dict[str, str], port: int) -> None:
    with serving(environment, "--port", str(port), "--workers", "1", "--no-scheduler") as server:
        line = read_until(server, "ChangeTrack is at")

        assert f"http://127.0.0.1:{port} " in line
        assert answer(port, "/healthz") == 200


def test_its_web_server_knows_its_port(environment: dict[str, str], port: int) -> None:
    with serving(environment, "--port", str(port), "--workers", "1", "--no-scheduler") as server:
        read_until(server, "ChangeTrack is at")
        told = Path(f"/proc/{children_of(server.pid)[0]}/environ").read_text().split("\0")

        assert load_settings(dict(pair.split("=", 1) for pair in told if pair)).base_url == f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly(environment: dict[str, str], port: int, number: signal.Signals) -> None:
    with serving(environment, "--port", str(port), "--workers", "1") as server:
        read_until(server, "ChangeTrack is at")
        children = children_of(server.pid)

        server.send_signal(number)
        server.communicate(timeout=30)

        assert server.returncode == 0
        assert len(children) == 2
        assert not any(Path(f"/proc/{child}").exists() for child in children)


def test_a_web_server_that_is_killed_comes_back(environment: dict[str, str], port: int) -> None:
    with serving(environment, "--port", str(port), "--workers", "1", "--no-scheduler") as server:
        read_until(server, "ChangeTrack is at")
        assert server.stderr is not None

        os.kill(children_of(server.pid)[0], signal.SIGKILL)
        said = server.stderr.readline()
        read_until(server, "ChangeTrack is again at")

        assert "starting it again" in said
        assert answer(port, "/healthz") == 200


def test_it_comes_back_however_often_its_processes_are_killed(environment: dict[str, str], port: int) -> None:
    with serving(environment, "--port", str(port), "--workers", "2", "--no-scheduler") as server:
        read_until(server, "ChangeTrack is at")
        victims = ["worker", "server", "workers", "server", "worker", "worker"]
        answered = [kill_and_wait(server, port, victim) for victim in victims]
        alone = wait_for(lambda: not orphans_of(server, port))
        server.terminate()
        _, said = server.communicate(timeout=60)

        assert all(answered)
        assert alone  # no worker of an earlier one listens
        assert set(re.findall(r"starting it again in (\d+) s", said)) == {"0"}


def kill_and_wait(server: "subprocess.Popen[str]", port: int, victim: str) -> bool:
    """Kill the web server, one of its workers or all of them; whether somebody is answered again."""
    masters = children_of(server.pid)
    workers = [pid for pid in everybody() if group_of(pid) in masters and pid not in masters]
    for pid in {"worker": workers[:1], "workers": workers, "server": masters}[victim]:
        with suppress(ProcessLookupError):  # it is ending already, for those killed before
            os.kill(pid, signal.SIGKILL)
    return wait_for(lambda: is_answered(port))


def wait_for(condition: Callable[[], bool]) -> bool:
    """Whether it comes true in time."""
    until, pause = time.monotonic() + PATIENCE, threading.Event()
    while not condition():
        if time.monotonic() > until:
            return False
        pause.wait(0.02)
    return True


def is_answered(port: int) -> bool:
    with suppress(OSError):
        return answer(port, "/healthz") == 200
    return False


def orphans_of(server: "subprocess.Popen[str]", port: int) -> set[int]:
    """The groups of processes that listen on the port and are not the server's any more."""
    groups = {group_of(pid) for pid in everybody() if str(port) in command_of(pid).split("\0")}
    return groups - {group_of(server.pid), *children_of(server.pid)}


def command_of(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def group_of(pid: int) -> int:
    with suppress(OSError):
        return os.getpgid(pid)
    return 0


def everybody() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def test_a_database_at_another_revision_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    environment["CHANGETRACK_INSTANCE"] = str(tmp_path / "empty")

    with serving(environment) as server:
        _, said = server.communicate(timeout=30)

    assert server.returncode == 1
    assert "run `changetrack db upgrade`" in said


def test_a_port_in_use_is_refused(environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with serving(environment, "--port", str(taken.getsockname()[1])) as server:
            _, said = server.communicate(timeout=30)

    assert server.returncode == 1
    assert "Address already in use" in said
