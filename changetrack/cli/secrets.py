"""The command by which secrets are sealed with a new key, so that the former one is needed no more."""

import click

from changetrack.cli._face import clock, counted, emit, json_option, settings
from changetrack.domain.people import Actor
from changetrack.domain.refusal import OperationRefused
from changetrack.operations.secrets import reseal_secrets

OPERATOR = Actor.operator("cli")
PAGE = 100  # endpoints a transaction


@click.group("secrets")
def secrets_group() -> None:
    """The secrets that are kept sealed: addresses and secrets of webhooks and Slack channels."""


@secrets_group.command("reseal")
@json_option
def reseal(as_json: bool) -> None:
    """Seal them all with CHANGETRACK_SECRET_KEY; keys of CHANGETRACK_SECRET_KEY_FALLBACKS open what they sealed."""
    resealed, already = 0, 0
    unreadable: list[str] = []
    after: int | None = 0
    while after is not None:
        done = reseal_secrets(secrets=settings().secrets, after=after, limit=PAGE, actor=OPERATOR, now=clock().now())
        resealed, already, after = resealed + done.resealed, already + done.already, done.after
        unreadable += done.unreadable
    if as_json:
        emit({"resealed": resealed, "already": already, "unreadable": unreadable})
    else:
        click.echo(f"{counted(resealed, 'secret')} sealed anew, {already:,} were sealed with this key already.")
    if unreadable:
        raise OperationRefused([(None, f"{name} opens with none of the keys: enter it again.") for name in unreadable])


COMMANDS: tuple[click.Command, ...] = (secrets_group,)
