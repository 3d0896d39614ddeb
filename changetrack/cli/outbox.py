"""Commands about messages that could not be delivered: which there are, and sending them again."""

import click

from changetrack.cli._face import clock, counted, emit, json_option
from changetrack.domain.people import Actor
from changetrack.domain.refusal import NotFound, OperationRefused
from changetrack.operations.delivery import send_again as send_message_again
from changetrack.queries.jobs import list_given_up
from changetrack.queries.vital_signs import CHANNELS, get_vital_signs

OPERATOR = Actor.operator("cli")
AT_MOST = 10_000


@click.group("outbox")
def outbox_group() -> None:
    """The messages that could not be delivered."""


@outbox_group.command("list")
@json_option
def list_messages(as_json: bool) -> None:
    """List the messages that were given up, newest first, with what went wrong last; and how many wait by channel."""
    found, sizes = list_given_up(), _sizes()
    if as_json:
        emit({"given_up": found, "channels": sizes})
        return
    for row in found:
        at = f"{row.given_up_at:%Y-%m-%d %H:%M}"
        click.echo("\t".join((str(row.id), at, row.channel, row.person, row.title, row.error)))
    for channel, size in sizes.items():
        if any(size.values()):
            click.echo(f"{channel}: {size['waiting']} waiting, {size['given_up']} given up.")
    if not any(any(size.values()) for size in sizes.values()):
        click.echo("Nothing waits, and nothing was given up.")


@outbox_group.command("send-again")
@click.argument("number", type=click.IntRange(1, 2**63 - 1), required=False)
@click.option("--all", "is_all", is_flag=True, help="All that were given up.")
def send_again(number: int | None, is_all: bool) -> None:
    """Send the message NUMBER again, as `outbox list` shows it, or all; it keeps its key."""
    if (number is None) is not is_all:
        raise click.UsageError("Give the number of a message, or --all.")
    ids = [row.id for row in list_given_up(limit=AT_MOST)] if number is None else [number]
    sent, left = 0, []
    for message_id in ids:
        try:
            send_message_again(message_id=message_id, actor=OPERATOR, now=clock().now())
            sent += 1
        except NotFound:
            left.append((None, f"There is no message {message_id} that was given up or taken."))
        except OperationRefused as refusal:
            left += [(None, f"{message_id}: {reason.message}") for reason in refusal.reasons]
    click.echo(f"{counted(sent, 'message')} will be sent again.")
    if left:
        raise OperationRefused(left)


def _sizes() -> dict[str, dict[str, int]]:
    """How many messages wait, and how many were given up, by channel."""
    signs = get_vital_signs(now=clock().now())
    waiting = {sign.channel: sign.waiting for sign in signs.channels}
    return {one: {"waiting": waiting.get(one, 0), "given_up": signs.given_up.get(one, 0)} for one in CHANNELS}


COMMANDS: tuple[click.Command, ...] = (outbox_group,)
