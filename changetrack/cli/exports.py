"""The command that writes accounts and all that is on record of them to a file."""

import sys
from pathlib import Path

import click

from changetrack.adapters.file_writers import FORMATS, write_table, written_whole
from changetrack.cli._face import counted
from changetrack.queries.exports import EXPORTS


@click.command("export")
@click.argument("what", type=click.Choice(list(EXPORTS)))
@click.option("--format", "form", type=click.Choice(FORMATS), default="csv", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Else standard output.")
def export(what: str, form: str, out: Path | None) -> None:
    """Write accounts, or what is on record of them, always in the same order; formulas are defused in CSV."""
    table = EXPORTS[what]()
    if out is None:
        write_table(sys.stdout.buffer, table.columns, table.rows, form)
        return
    with written_whole(out) as stream:
        rows = write_table(stream, table.columns, table.rows, form)
    click.echo(f"{out} holds {counted(rows, 'row')}.", err=True)


COMMANDS: tuple[click.Command, ...] = (export,)
