"""`python -m tests.benchmarks`: measure the promises of speed and say which are kept."""

import importlib
import os
import sys
from collections.abc import Iterator, Sequence

import click

from tests.benchmarks.floors import Finding
from tests.benchmarks.stage import stages

BENCHES = ("funnel", "accounts", "sweep", "imports", "usage_file", "step_change", "ingest", "recognise", "delivery")
DATABASES = ("sqlite", "postgresql")
COLUMNS = (62, 12, 12, 10, 10, 8)


@click.command()
@click.option("--size", "sizes", multiple=True, type=int, default=(10_000, 100_000, 1_000_000), show_default=True,
              help="Accounts, a multiple of fifty; the first is compared with the last.")  # fmt: skip
@click.option("--database", "databases", multiple=True, type=click.Choice(DATABASES), default=DATABASES)
@click.option("--only", multiple=True, type=click.Choice(BENCHES), default=BENCHES)
def main(sizes: Sequence[int], databases: Sequence[str], only: Sequence[str]) -> None:
    """Measure each promise as a ratio to its floor, in the same run.

    A million accounts take 8 GB in the temporary folder (TMPDIR) and some minutes to be made.
    """
    broken = 0
    _line("what", "measured", "floor", "ratio", "promise", "")
    for database in databases:
        for finding in _measure(database, tuple(sorted(sizes)), only):
            broken += finding.verdict == "BROKEN"
            ratio = f"{finding.ratio:,.2f}" if finding.ratio < 100 else f"{finding.ratio:,.0f}"
            _line(finding.what, finding.measured, finding.floor, ratio, finding.promise, finding.verdict)
    load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
    click.echo(f"\n{broken} of the promises broken; load of the machine at the end {load}")
    sys.exit(1 if broken else 0)


def _measure(database: str, sizes: tuple[int, ...], only: Sequence[str]) -> Iterator[Finding]:
    with stages(database, sizes) as ready:
        for name in BENCHES:
            if name in only:
                yield from importlib.import_module(f"tests.benchmarks.bench_{name}").measure(ready)


def _line(*cells: str) -> None:
    first, *rest = (cell.ljust(width) for cell, width in zip(cells, COLUMNS, strict=True))
    click.echo("  ".join([first, *(cell.strip().rjust(len(cell)) for cell in rest)]).rstrip())


if __name__ == "__main__":
    main()
