"""`python -m tests.faults`: have everything go wrong that the README promises to survive, and count."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from tests.databases import DURABLE, postgres_server
from tests.faults.cases import CASES, Played, play
from tests.faults.channel_cases import CHANNEL_CASES
from tests.faults.clock_cases import CLOCK_CASES
from tests.faults.staging import Place
from tests.faults.web_cases import Served, database_restarted, server_killed, workers_killed

DATABASES = ("sqlite", "postgresql")
ONLY = ("messages", "web")
COLUMNS = (46, 11, 11, 7, 8, 6, 9, 6, 8)


@click.command()
@click.option("--database", "databases", multiple=True, type=click.Choice(DATABASES), default=DATABASES)
@click.option("--only", multiple=True, type=click.Choice(ONLY), default=ONLY)
@click.option("--share", default=1.0, show_default=True, help="So much of the kills, alerts and writes.")
def main(databases: Sequence[str], only: Sequence[str], share: float) -> None:
    """Kill, stop, fail and turn clocks, on both databases; ends with 1 when a promise is broken."""
    broken: list[str] = []
    for database in databases:
        with _places(database) as places:
            if "messages" in only:
                _line("what", "database", "schedulers", "kills", "alerts", "lost", "repeated", "keys", "seconds")
                for case in CASES:
                    broken += _show(play(next(places), case.times(share)))
                for special in (*CLOCK_CASES, *CHANNEL_CASES):
                    broken += _show(special(next(places)))
            if "web" in only:
                _line("what", "database", "", "times", "writes", "missing", "wrong", "silence", "seconds")
                broken += _show_served(workers_killed(next(places), round(5_000 * share), round(30 * share)))
                broken += _show_served(server_killed(next(places)))
                if database == "postgresql":
                    broken += _show_served(database_restarted(next(places)))
    for promise in broken[:40]:
        click.echo(f"BROKEN: {promise}", err=True)
    load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
    click.echo(f"\n{len(broken)} promises broken; load of the machine at the end {load}")
    sys.exit(1 if broken else 0)


@contextmanager
def _places(database: str) -> Iterator[Iterator[Place]]:
    """Empty places on one server."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres_server(DURABLE)) if database == "postgresql" else None
        folders = (Path(stack.enter_context(TemporaryDirectory(prefix="changetrack-faults-"))) for _ in count())
        yield (Place(folder, server) for folder in folders)


def _show(played: Played) -> list[str]:
    case, found = played.case, played.found
    numbers = (case.schedulers, played.kills, found.alerts, len(found.lost), found.repeated, len(found.keys))
    _line(case.what, played.database, *(f"{number:,}" for number in numbers), f"{played.seconds:.0f}")
    return played.broken


def _show_served(served: Served) -> list[str]:
    writers = served.writers
    missing = len(served.broken) - len(writers.wrong)
    numbers = (served.times, len(writers.acknowledged), missing, len(writers.wrong))
    silence = f"{writers.silence:.1f} s"
    _line(served.what, served.database, "", *(f"{number:,}" for number in numbers), silence, f"{served.seconds:.0f}")
    return served.broken + served.late


def _line(*cells: str) -> None:
    first, *rest = (cell.ljust(width) for cell, width in zip(cells, COLUMNS, strict=True))
    click.echo("  ".join([first, *(cell.strip().rjust(len(cell)) for cell in rest)]).rstrip())


if __name__ == "__main__":
    main()
