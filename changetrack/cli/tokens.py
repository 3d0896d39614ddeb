"""Commands about the API's tokens."""

from datetime import timedelta

import click

from changetrack.cli._face import SHOWN_ONCE, clock, emit, json_option
from changetrack.domain.people import Actor
from changetrack.domain.refusal import NotFound, OperationRefused
from changetrack.domain.tokens import SCOPES
from changetrack.operations import tokens as operations
from changetrack.queries.tokens import list_tokens, list_tokens_by_prefix

OPERATOR = Actor.operator("cli")


@click.group("token")
def token_group() -> None:
    """The keys with which programs use the API."""


@token_group.command("create")
@click.argument("name")
@click.option("--scope", "scopes", type=click.Choice(tuple(SCOPES)), multiple=True, required=True, help="What it may.")
@click.option("--expires", "days", type=click.IntRange(1, 3650), help="After how many days it ends.")
@json_option
def create_token(name: str, scopes: tuple[str, ...], days: int | None, as_json: bool) -> None:
    """Make a token and print it: now and never again."""
    now = clock().now()
    made = operations.create_token(
        actor=OPERATOR, now=now, name=name, scopes=scopes, expires_at=now + timedelta(days) if days else None
    )
    if as_json:
        emit(made)
        return
    click.echo(made.token)
    click.echo(SHOWN_ONCE, err=True)


@token_group.command("list")
@json_option
def list_all(as_json: bool) -> None:
    """List all tokens by their first characters."""
    tokens, now = list_tokens(), clock().now()
    if as_json:
        emit(tokens)
        return
    for token in tokens:
        state = "in force" if token.is_open(now) else "revoked" if token.revoked_at else "ended"
        ends = f"ends {token.expires_at:%Y-%m-%d}" if token.expires_at else ""
        used = f"last used {token.last_used_on or 'never'}"
        click.echo("\t".join((f"{token.prefix}…", token.name, ",".join(token.scopes), state, ends, used)))


@token_group.command("revoke")
@click.argument("prefix")
def revoke_token(prefix: str) -> None:
    """Revoke the token that begins with PREFIX, as `changetrack token list` shows it."""
    found = list_tokens_by_prefix(prefix.rstrip("…"))
    if not found:
        raise NotFound(f"No token in force begins with {prefix}.")
    if len(found) > 1:
        raise OperationRefused([(None, f"{len(found)} tokens begin with {prefix}; give more of it.")])
    operations.revoke_token(actor=OPERATOR, now=clock().now(), token_id=found[0].id)
    click.echo(f"{found[0].prefix}… is revoked.")


COMMANDS: tuple[click.Command, ...] = (token_group,)
