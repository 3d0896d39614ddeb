"""The command that loads the example portfolio. (In work by the DEMO helper, no longer by the import helper.)"""

import click

COMMANDS: tuple[click.Command, ...] = ()
