"""Backup, restore, verify. (In work by the BACKUP helper, no longer by the import helper.)"""

import click

COMMANDS: tuple[click.Command, ...] = ()
