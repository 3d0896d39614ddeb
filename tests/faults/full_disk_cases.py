"""A PostgreSQL whose disk is full: what is written is refused in words, reading goes on, room again is all it takes."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from sqlalchemy import text

from tests.databases import NOBODY, PostgresServer
from tests.faults.processes import command
from tests.faults.staging import Place, staged
from tests.faults.tried import Tried
from tests.faults.web_server import Answer, WebServer, web_server

WHAT = "disk full"
ROOM = 64  # megabytes of the disk
TRIES = 400  # until what is free within the tables' own files is used up
WORDS = "cannot take changes just now"
DATABASES = "SELECT datname FROM pg_database"
PAGES = ("/", "/accounts", "/funnel", "/healthz")


def disk_full(place: Place) -> Tried:
    """The tables lie on a small disk of their own, which is filled and emptied under a running server."""
    assert place.server is not None
    started, disk = time.perf_counter(), place.server.folder / "disk"
    with _small_disk(disk) as is_there:
        if not is_there:
            return Tried(WHAT, place.name, "left out: no right to mount a small disk here", [], 0.0, is_left_out=True)
        with _tables_on(place.server, disk):
            figures, broken = _filled(place, disk)
    return Tried(WHAT, place.name, figures, broken, time.perf_counter() - started)


def _filled(place: Place, disk: Path) -> tuple[str, list[str]]:
    with staged(place, rate=1) as stage, web_server(stage) as server:
        before = _add(server, "before", 20)
        with _filler(disk):
            while_full = _add(server, "full", TRIES)
            refused = server.add_account("refused")
            read = {path: server.look(path).status for path in PAGES}
        again = _add(server, "after", 20)
        taken = [name for name, answer in (before | while_full | again).items() if answer.status == 303]
        broken = [
            *([] if _is_refused(refused) else [f"a write on a full disk is answered with {refused.status}"]),
            *(f"{name} is answered with {a.status}" for name, a in while_full.items()
              if a.status != 303 and not _is_refused(a)),
            *(f"{path} is answered with {status} while the disk is full" for path, status in read.items()
              if status != 200),
            *(f"{name} is refused after there is room again" for name, a in again.items() if a.status != 303),
        ]  # fmt: skip
        there = set(stage.session.scalars(text("SELECT name FROM accounts")))
        broken += [f"{name} was acknowledged and is not there" for name in taken if name not in there]
        verified = command(stage.settings, "verify")
        broken += [f"verify: {verified.stdout}{verified.stderr}"] if verified.returncode else []
    number = sum(_is_refused(answer) for answer in while_full.values())
    return f"{len(taken)} taken, {number} refused in words, pages read meanwhile {list(read.values())}", broken


def _add(server: WebServer, what: str, number: int) -> dict[str, Answer]:
    """Add accounts, until one is refused."""
    answers: dict[str, Answer] = {}
    for count in range(number):
        answers[f"{what} {count}"] = answer = server.add_account(f"{what} {count}")
        if answer.status != 303 and what == "full":
            break
    return answers


def _is_refused(answer: Answer) -> bool:
    return answer.status in (503, 507) and bool(answer.retry_after) and WORDS in answer.text


@contextmanager
def _small_disk(folder: Path) -> Iterator[bool]:
    """A file system of its own, where this may be."""
    folder.mkdir()
    options = f"size={ROOM}m,mode=0700,uid={NOBODY},gid={NOBODY}"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True)
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def _tables_on(server: PostgresServer, disk: Path) -> Iterator[None]:
    """Tables that are made from now on lie on that disk."""
    with psycopg.connect(f"postgresql://postgres@/postgres?host={server.folder}", autocommit=True) as admin:
        admin.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
        admin.execute("ALTER SYSTEM SET default_tablespace = 'small'")
        admin.execute("SELECT pg_reload_conf()")
        others = [name for (name,) in admin.execute(DATABASES)]
        try:
            yield
        finally:
            admin.execute("ALTER SYSTEM RESET default_tablespace")
            admin.execute("SELECT pg_reload_conf()")
            for (name,) in admin.execute(DATABASES).fetchall():
                if name not in others:
                    admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            admin.execute("DROP TABLESPACE small")


@contextmanager
def _filler(disk: Path) -> Iterator[None]:
    """A file that takes all the room there is."""
    file = disk / "filler"
    with file.open("wb", buffering=0) as filler:
        for block in (bytes(2**20), bytes(2**12)):
            with suppress(OSError):
                while True:
                    filler.write(block)
    yield
    file.unlink()
