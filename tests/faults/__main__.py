"""`python -m tests.faults`: have everything go wrong that the README promises to survive, and count."""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import click

from tests.faults.programme import MEASURED_PARTS, PARTS, PLAYED, counted, measured, tell_line

DATABASES = ("sqlite", "postgresql")
AT_ONCE = 3  # of what is counted: most of it waits most of the time


@click.command()
@click.option("--database", "databases", multiple=True, type=click.Choice(DATABASES), default=DATABASES)
@click.option("--only", multiple=True, type=click.Choice(PARTS), default=PARTS)
@click.option("--share", default=1.0, show_default=True, help="So much of the kills, alerts, rows and writes.")
def main(databases: Sequence[str], only: Sequence[str], share: float) -> None:
    """Kill, stop, fail, fill and turn clocks, on both databases; ends with 1 when a promise is broken.

    messages: alerts and their delivery; data: migrations, full disks, backups; web: the pages and those who use them.
    What is counted is played three at a time, what is measured in seconds alone.
    """
    tell_line(*PLAYED)
    each = [(part, database, share) for part in PARTS if part in only for database in databases]
    with ProcessPoolExecutor(AT_ONCE, mp_context=get_context("spawn")) as processes:
        broken = [promise for found in processes.map(counted, *zip(*each, strict=True)) for promise in found]
    for part, database, _ in each:
        broken += measured(part, database, share) if part in MEASURED_PARTS else []
    for promise in broken[:40]:
        click.echo(f"BROKEN: {promise}", err=True)
    load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
    click.echo(f"\n{len(broken)} promises broken; load of the machine at the end {load}")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
