"""The command that recomputes every derived figure and every hash chain."""

from datetime import timedelta

import click

from changetrack.cli._face import clock, counted, emit, json_option, progress, settings
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
    sizes = ((found.accounts, "account"), (found.standings, "standing"), (found.events, "event"))
    outcome = counted(found.found, "difference") if found.found else "all figures and chains agree"
    click.echo(f"{', '.join(counted(number, noun) for number, noun in sizes)}: {outcome}.")


COMMANDS: tuple[click.Command, ...] = (verify_command,)
