"""Commands about the database's schema."""

import click

from changetrack import migrations
from changetrack.cli._face import clock, engine
from changetrack.domain.people import Actor
from changetrack.operations.playbook import install_playbook


@click.group("db")
def db_group() -> None:
    """The database's schema."""


@db_group.command("upgrade")
def upgrade() -> None:
    """Bring the database to the revision this version needs; an empty one is made."""
    before = migrations.current_revision(engine())
    migrations.upgrade(engine())
    install_playbook(actor=Actor.operator("db upgrade"), now=clock().now())
    after = migrations.current_revision(engine())
    click.echo(f"Already at {after}." if before == after else f"From {before or 'an empty database'} to {after}.")


@db_group.command("check")
def check() -> None:
    """Say whether the database is at the right revision and its schema is what the models say."""
    found = migrations.differences(engine())
    try:
        migrations.refuse_wrong_revision(engine())
    except migrations.WrongRevision as wrong:
        found.insert(0, str(wrong))
    if found:
        raise click.ClickException("\n".join(found))
    click.echo("Models and schema agree.")


@db_group.command("revision", hidden=True)
@click.argument("name")
def revision(name: str) -> None:
    """Draft a migration NAME (dated: 2026_11_21_what_it_does) from the difference; for developers."""
    click.echo(f"Read and mend {migrations.write_revision(engine(), name)}.")


COMMANDS: tuple[click.Command, ...] = (db_group,)
