"""The command that recomputes every derived figure and every hash chain."""

from datetime import timedelta

import click

from changetrack.cli._face import clock, emit, json_option, progress, settings
from changetrack.queries.verify import Verified, count_to_verify, verify


@click.command("verify")
@json_option
def verify_command(as_json: bool) -> None:
    """Recompute every derived figure and the history's hash chains; list what differs, exit 1 if anything does."""
    with progress("Verifying accounts", count_to_verify()) as bar:
        today = clock().today()
        kept_from = today - timedelta(days=settings().usage_retention_days)
        found = verify(today=today, usage_kept_from=kept_from, progress=bar.update)
    if as_json:
        emit(found)
    else:
        _print(found)
    if found.found:
        raise SystemExit(1)


def _print(found: Verified) -> None:
    for difference in found.differences:
        click.echo(
            f"{difference.subject}: {difference.figure} is {difference.kept}, recomputed {difference.recomputed}"
        )
    looked_at = f"{found.accounts:,} accounts, {found.standings:,} standings, {found.events:,} events"
    click.echo(f"{looked_at}: {f'{found.found:,} differences' if found.found else 'all figures and chains agree'}.")


COMMANDS: tuple[click.Command, ...] = (verify_command,)
