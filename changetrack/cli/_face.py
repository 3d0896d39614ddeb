"""What every command shares: clock, settings and database, JSON out, progress, and how a refusal looks."""

import functools
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any, TypeVar

import click
from click._termui_impl import ProgressBar
from flask import current_app
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from changetrack import migrations
from changetrack.config import Clock, Settings
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused

SHOWN_ONCE = "Keep it now: it is not shown again."

F = TypeVar("F", bound=Callable[..., Any])


def settings() -> Settings:
    """The settings of the running application."""
    found: Settings = current_app.extensions["changetrack.settings"]
    return found


def clock() -> Clock:
    """The clock of the running application."""
    found: Clock = current_app.extensions["changetrack.clock"]
    return found


def engine() -> Engine:
    """The running application's database, for what is about the database itself."""
    found: Engine = current_app.extensions["sqlalchemy"].engine
    return found


def json_option(function: F) -> F:
    """Add `--json` (parameter `as_json`), for machines; the command then gives its result to `emit`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")(function)


def emit(value: object) -> None:
    """Print `value` (dataclasses, mappings, sequences, dates) as one JSON document."""
    click.echo(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 row`, `1,200 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def progress(label: str, length: int | None = None) -> "ProgressBar[int]":
    """A bar on stderr, on a terminal only: `with progress("Reading", rows) as bar: bar.update(500)`."""
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty())


def refusing(callback: F) -> F:
    """Wrap a command so that a refusal is said on stderr, all its reasons, and exits 1."""

    @functools.wraps(callback)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return _on_our_schema(callback, *args, **kwargs)
        except OperationRefused as refusal:
            for reason in refusal.reasons:
                click.echo(f"{reason.field}: {reason.message}" if reason.field else reason.message, err=True)
        except (NotFound, Forbidden) as refusal:
            click.echo(str(refusal), err=True)
        raise SystemExit(1)

    return wrapper  # type: ignore[return-value]  # the same signature, which F cannot say


def _on_our_schema(callback: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run it; when the database fails because it was never migrated, refuse with what to do."""
    try:
        return callback(*args, **kwargs)
    except DBAPIError:
        migrations.refuse_wrong_revision(engine())
        raise


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
