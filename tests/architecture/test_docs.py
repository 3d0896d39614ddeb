"""What people rely on is written down: every setting, every command, every page."""

from collections.abc import Iterator
from dataclasses import fields

import click
from flask import Flask

from changetrack.cli import changetrack, register
from changetrack.config import PREFIX, Settings
from tests.architecture.source import ROOT

OPERATOR = (ROOT / "docs" / "operator-guide.md").read_text(encoding="utf-8")
USER = (ROOT / "docs" / "user-guide.md").read_text(encoding="utf-8")


def test_every_setting_has_its_line_in_the_table() -> None:
    missing = [field.name for field in fields(Settings) if f"| `{PREFIX}{field.name.upper()}` |" not in OPERATOR]

    assert missing == []


def test_every_command_has_its_line_in_the_table() -> None:
    missing = [name for name in _commands(register(changetrack), "changetrack") if f"| `{name}" not in OPERATOR]

    assert missing == []


def test_every_command_explains_itself() -> None:
    silent = [name for name, command in _walk(register(changetrack), "changetrack") if not command.get_short_help_str()]

    assert silent == []


def test_every_page_is_in_a_guide(app: Flask) -> None:
    places = {"/" + rule.rule.strip("/").split("/")[0] for rule in app.url_map.iter_rules()} - {"/static"}

    missing = sorted(place for place in places if f"`{place}" not in USER + OPERATOR)

    assert missing == []


def _commands(group: click.Group, prefix: str) -> list[str]:
    return [name for name, command in _walk(group, prefix) if not isinstance(command, click.Group)]


def _walk(group: click.Group, prefix: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if command.hidden:
            continue
        yield f"{prefix} {name}", command
        if isinstance(command, click.Group):
            yield from _walk(command, f"{prefix} {name}")
