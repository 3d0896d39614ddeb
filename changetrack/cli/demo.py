"""The command that loads the example portfolio."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from flask import current_app
from sqlalchemy import Engine, event

from changetrack.cli._demo_player import Player, weight_of
from changetrack.cli._face import clock, counted, emit, engine, json_option, progress, settings
from changetrack.domain.demo.house import SHOWN
from changetrack.domain.demo.portfolio import TALES, make_portfolio
from changetrack.domain.people import Actor
from changetrack.domain.refusal import OperationRefused
from changetrack.queries.alerts import count_due_accounts
from changetrack.queries.demo import find_people, has_data, list_changed_passwords

MOST = 9_000_000
UNFINISHED = "demo-unfinished"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@click.command("demo")
@click.option("--accounts", default=TALES, show_default=True, type=click.IntRange(1, MOST), help="How many.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, MOST), help="Another portfolio.")
@click.option("--append", is_flag=True, help="Load it although the database has people or accounts.")
@click.option("--if-new", is_flag=True, help="Load it into an empty database only; else just tell the sign-ins.")
@json_option
def demo(accounts: int, seed: int, append: bool, if_new: bool, as_json: bool) -> None:
    """Load the example portfolio and tell its sign-ins.

    Invented customers over eighteen months up to today: the same for the same seed and day.
    """
    is_new, unfinished = not has_data(), settings().instance / UNFINISHED
    if is_new or append:
        _load(accounts, seed, unfinished)
    elif unfinished.exists():
        where = engine().url.render_as_string()
        raise OperationRefused([(None, f"It was loaded in part only. Begin again with an empty database: {where}")])
    elif not if_new:
        raise OperationRefused([(None, "This database has people or accounts. Use --append to load it beside them.")])
    _tell_sign_ins(as_json)


def _load(accounts: int, seed: int, unfinished: Path) -> None:
    today = clock().today()
    portfolio = make_portfolio(seed=seed, today=today, accounts=accounts)
    bar = progress("Loading the example portfolio", sum(map(weight_of, portfolio.deeds)))
    player = Player(
        portfolio=portfolio,
        password=_password(settings().instance, make=True),
        operator=Actor.operator("demo"),
        zone=ZoneInfo(settings().timezone),
        now=clock().now(),
        today=today,
        watch=bar.update,
        secret=settings().secret_key,
        retention_days=settings().usage_retention_days,
    )
    player.refuse_repetition()
    unfinished.touch()
    with _synced_at_the_end(engine()), bar:
        player.play()
    unfinished.unlink()
    if waiting := count_due_accounts(day=today):
        click.echo(
            f"Due for the night, or for `changetrack jobs run stale-sweep`: {counted(waiting, 'account')}.", err=True
        )


@contextmanager
def _synced_at_the_end(database: Engine) -> Iterator[None]:
    """Have SQLite wait for the disk once, not after each of two thousand transactions.

    Only the load that is under way can be lost to a power failure; what was there before it, and its end, are as
    durable as ever.
    """
    if database.dialect.name != "sqlite":
        yield
        return

    def relax(connection: Any, _record: object, _proxy: object) -> None:
        connection.execute("PRAGMA synchronous=NORMAL").close()

    event.listen(database, "checkout", relax)
    try:
        yield
    finally:
        event.remove(database, "checkout", relax)
        current_app.extensions["sqlalchemy"].session.remove()
        database.dispose()  # the last connection to close writes all of it to the disk


def _tell_sign_ins(as_json: bool) -> None:
    password = _password(settings().instance, make=False)
    known = find_people([f"{key}@example.com" for key in SHOWN])
    changed = list_changed_passwords(known.values())
    emails = [email for key in SHOWN if password and (email := f"{key}@example.com") in known]
    told = {email: None if known[email] in changed else password for email in emails}
    if as_json:
        emit({"sign_ins": [{"email": email, "password": secret} for email, secret in told.items()]})
        return
    for email, secret in told.items():
        click.echo(f"{email}  password: {secret or 'changed since'}")


def _password(instance: Path, *, make: bool) -> str:
    """The one password of all example people, in a file that only its owner reads; '' if there is none to be made."""
    path = instance / "demo-password"
    if make and not path.exists():
        password = "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(3))
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(password + "\n")
    return path.read_text(encoding="ascii").strip() if path.exists() else ""


COMMANDS: tuple[click.Command, ...] = (demo,)
