"""The command line: one module per room, each with its `COMMANDS`, all put together here."""

import functools
import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from types import ModuleType

import click
from flask.cli import with_appcontext

from changetrack.cli._face import refusing


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="changetrack", message="%(prog)s %(version)s")
def changetrack() -> None:
    """Customer adoption through Kotter's eight steps, with value counted only from confirmed use."""


def register(group: click.Group) -> click.Group:
    """Add the commands of every room to `group`, each in the application's context and able to refuse."""
    for room in _rooms():
        for command in room.COMMANDS:
            group.add_command(command)
    return group


@functools.cache
def _rooms() -> tuple[ModuleType, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    rooms = tuple(importlib.import_module(f"{__name__}.{name}") for name in names)
    for room in rooms:
        for command in _leaves(room.COMMANDS):
            if command.callback is not None:
                command.callback = with_appcontext(refusing(command.callback))
    return rooms


def _leaves(commands: Iterable[click.Command]) -> Iterator[click.Command]:
    for command in commands:
        if isinstance(command, click.Group):
            yield from _leaves(command.commands.values())
        else:
            yield command
