"""The commands that save the whole database to a file and bring it back."""

from pathlib import Path

import click

from changetrack import migrations
from changetrack.adapters.backup_file import BackupReader, BackupWriter, BadBackup
from changetrack.cli._face import clock, counted, engine, progress
from changetrack.domain.people import Actor
from changetrack.operations.backup import restore_tables
from changetrack.queries.backup import backed_up_tables, read_whole


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def backup(file: Path) -> None:
    """Save the whole database, as it is at this moment, to FILE; others may go on writing meanwhile.

    The file holds password hashes: only its owner may read it. It restores on SQLite and on PostgreSQL alike.
    """
    migrations.refuse_wrong_revision(engine())
    rows = 0
    with BackupWriter(file, revision=migrations.head_revision(), created_at=clock().now()) as writer:
        for name, columns, content in read_whole():
            rows += writer.add_table(name, columns, content)
    click.echo(f"{file} holds {counted(rows, 'row')}.")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Fill an empty, migrated database from FILE; every checksum is compared before anything is written.

    The secret key is not in FILE: without the one it was made under, sealed webhook secrets open no more.
    """
    try:
        reader = BackupReader(file)
        reader.check()
    except BadBackup as bad:
        raise click.ClickException(str(bad)) from bad
    manifest, head = reader.manifest, migrations.head_revision()
    if manifest.revision != head:
        raise click.ClickException(f"The backup is of revision {manifest.revision}; this version needs {head}.")
    migrations.refuse_wrong_revision(engine())
    tables = {table.name: table for table in backed_up_tables()}
    content = ((tables[entry.name], reader.rows(entry)) for entry in manifest.tables)
    with progress("Restoring", sum(entry.rows for entry in manifest.tables)) as bar:
        rows = restore_tables(tables=content, actor=Actor.operator("restore"), now=clock().now(), progress=bar.update)
    click.echo(f"Restored {counted(rows, 'row')} of {manifest.created_at[:16]}.")
    click.echo(
        "Bring the secret key over, too, if this is another instance: “changetrack secrets reseal” tells.", err=True
    )


COMMANDS: tuple[click.Command, ...] = (backup, restore)
