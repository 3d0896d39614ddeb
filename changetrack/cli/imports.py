"""The command that reads accounts, aliases, history, contacts, outcomes and usage from a file."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from changetrack.adapters.files import Table
from changetrack.adapters.rejected_rows import RejectedRows
from changetrack.cli._face import clock, counted, emit, json_option, progress, settings
from changetrack.domain.cells import OTHER_FORM
from changetrack.domain.import_guesses import guess_mapping
from changetrack.domain.people import Actor
from changetrack.domain.refusal import OperationRefused, Reason
from changetrack.operations.imports import KINDS, FileRefused, ImportOptions, ImportResult, import_file

STEPS = 1000  # of the progress bar
DATES_HINT = "If dates are written otherwise, say how with --date-format, such as --date-format dd-mm-yyyy."


@click.command("import")
@click.argument("what", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--map", "mapping", multiple=True, metavar="COL=FIELD", help="What a column is; FIELD may be attr:NAME or -."
)
@click.option("--set", "constants", multiple=True, metavar="FIELD=VALUE", help="A field that is the same for all rows.")
@click.option("--date-format", metavar="F", help="Such as dd-mm-yyyy; without it dates are yyyy-mm-dd.")
@click.option("--encoding", metavar="NAME", help="Without it UTF-8, or what the file's first bytes say.")
@click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
@click.option("--batch-id", metavar="ID", help="A name for this delivery, which is imported once.")
@click.option("--skip-bad", is_flag=True, help="Import the good rows although others are bad.")
@click.option("--rejects", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Write bad rows there.")
@json_option
def import_(
    what: str,
    file: Path,
    mapping: tuple[str, ...],
    constants: tuple[str, ...],
    date_format: str | None,
    encoding: str | None,
    dry_run: bool,
    batch_id: str | None,
    skip_bad: bool,
    rejects: Path | None,
    as_json: bool,
) -> None:
    """Read FILE (CSV, also .gz); it is checked whole first, and a file imported twice changes nothing."""
    table = Table(file, encoding=encoding)
    same = _pairs("--set", constants)
    options = ImportOptions(
        mapping=_mapping(what, table.headers, _pairs("--map", mapping), same), constants=same,
        date_format=date_format, batch_id=batch_id, dry_run=dry_run, skip_bad=skip_bad,
    )  # fmt: skip
    try:
        result = _run(what, table, options, rejects)
    except FileRefused as refusal:
        if as_json:
            emit(refusal.result)
        hints = [Reason(None, DATES_HINT)] if _has_other_dates(refusal.result) else []
        raise OperationRefused([*refusal.reasons, *hints]) from refusal
    if as_json:
        emit(result)
    else:
        _tell(result)
    if dry_run and result.rejected_rows and not skip_bad:
        raise OperationRefused([(None, "The import would be refused; --skip-bad would leave those rows out.")])


def _run(what: str, table: Table, options: ImportOptions, rejects: Path | None) -> ImportResult:
    given: dict[str, Any] = {"kind": what, "source": table, "options": options, "secret": settings().secret_key}
    given |= {"actor": Actor.operator("import"), "now": clock().now(), "today": clock().today()}
    with progress("Importing", STEPS) as bar:

        def watch(share: float) -> None:
            bar.update(int(share * STEPS) - bar.pos)

        if rejects is None:
            return import_file(watch=watch, **given)
        with rejects.open("w", encoding="utf-8", errors="replace", newline="") as stream:
            on_reject = RejectedRows(stream, table.headers).add
            return import_file(watch=watch, on_reject=on_reject, **given)


def _mapping(what: str, headers: Sequence[str], given: Mapping[str, str], same: Mapping[str, str]) -> dict[str, str]:
    """What was given, and for the other columns what the import page would propose too: nothing said otherwise."""
    guessed, said = guess_mapping(what, headers), {*given.values(), *same}
    return {column: field for column, field in guessed.items() if field not in said} | dict(given)


def _pairs(option: str, given: Iterable[str]) -> dict[str, str]:
    pairs = {}
    for pair in given:
        left, sign, right = pair.partition("=")
        if not (left and sign and right):
            raise click.BadParameter(f"“{pair}” is not of the form NAME=VALUE.", param_hint=option)
        pairs[left] = right
    return pairs


def _has_other_dates(result: ImportResult) -> bool:
    return any(OTHER_FORM in reason.message for reason in result.rejected)


def _tell(result: ImportResult) -> None:
    for reason in result.rejected:
        click.echo(f"line {reason.line}{f', {reason.field}' if reason.field else ''}: {reason.message}", err=True)
    untold = result.rejected_rows - len({reason.line for reason in result.rejected})
    if untold > 0:
        click.echo(f"and {counted(untold, 'more row')}; --rejects FILE writes all down.", err=True)
    if _has_other_dates(result):
        click.echo(DATES_HINT, err=True)
    if result.repeated:
        click.echo("This file was imported before: nothing was done.")
        return
    would = "would be " if result.dry_run else ""
    click.echo(
        f"{counted(result.rows, 'row')}: {result.created:,} {would}created, {result.updated:,} {would}updated,"
        f" {result.unchanged:,} unchanged, {result.rejected_rows:,} turned away."
        + (f" {result.waiting:,} {'would ' if result.dry_run else ''}wait for their account." if result.waiting else "")
    )


COMMANDS: tuple[click.Command, ...] = (import_,)
