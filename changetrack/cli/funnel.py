"""The command that prints the funnel: on a date, as known on a date, filtered and grouped."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from changetrack.cli._face import clock, emit, json_option, settings
from changetrack.domain.filters import NO_VALUE, field_label
from changetrack.domain.funnel import CLOSED, HELD, OPEN_PLACES, PLACE_KEYS, PLACES, headline, place_name
from changetrack.domain.money import in_plain_figures
from changetrack.domain.people import Actor
from changetrack.domain.refusal import NotFound, OperationRefused
from changetrack.queries.funnel import Funnel, Group, Picture, get_funnel
from changetrack.queries.funnel_worth import NOTHING, ByPlace, get_worth, total
from changetrack.queries.people import find_team_id, find_user_id
from changetrack.queries.value_figures import MEASURES

OPERATOR = Actor.operator("cli")
WIDTH_IN_A_FILE = 160
DAY = click.DateTime(["%Y-%m-%d"])


@click.command("funnel")
@click.option("--as-of", type=DAY, metavar="DAY", help="The day at whose end accounts stood there; today if left out.")
@click.option("--known-at", type=DAY, metavar="DAY", help="As was known at the end of that day; today if left out.")
@click.option("--by", metavar="FIELD", help="Group by team, segment, organization, attr:NAME …")
@click.option("--filter", "given", multiple=True, metavar="FIELD=VALUE", help="Count these only; may be repeated.")
@click.option("--team", metavar="NAME", help="Short for --filter team=NAME.")
@json_option
def funnel(
    as_of: datetime | None,
    known_at: datetime | None,
    by: str | None,
    given: Sequence[str],
    team: str | None,
    as_json: bool,
) -> None:
    """Say how many accounts stand at each step, how many without proof, how many stale.

    Fields are team, product, segment, region, industry, tier, organization, owner (to filter by) and attr:NAME.
    """
    question: dict[str, Any] = {
        "actor": OPERATOR,
        "today": clock().today(),
        "zone": ZoneInfo(settings().timezone),
        "as_of": as_of.date() if as_of else None,
        "known_at": known_at.date() if known_at else None,
        "filters": _filters([*given, *([f"team={team}"] if team is not None else [])]),
        "by": by,
    }
    found, worth = get_funnel(**question), get_worth(**question if as_json else question | {"by": None})
    if not as_json:
        _print(found, worth.get("", NOTHING))
    elif by is None:
        emit(_document(found, worth.get("", NOTHING)))
    else:
        emit([_group(found, group, worth) for group in _groups(found)])


def _filters(given: Sequence[str]) -> dict[str, str]:
    filters: dict[str, str] = {}
    for text in given:
        field, sign, value = (part.strip() for part in text.partition("="))
        if not sign or not value:
            raise click.UsageError(f"A filter is written FIELD=VALUE, not “{text}”.")
        if field in filters:
            raise OperationRefused([("filter", f"“{field}” is filtered twice; one value can be asked for.")])
        filters[field] = _id(field, value)
    return filters


def _id(field: str, value: str) -> str:
    """Teams and people are filtered by number, and typed by name and e-mail address."""
    if field not in ("team", "owner") or value == NO_VALUE:
        return value
    found = find_team_id(value) if field == "team" else find_user_id(value)
    if found is None and not value.isdecimal():
        raise NotFound(f"There is no {field} “{value}”.")
    return value if found is None else str(found)


def _document(funnel: Funnel, worth: ByPlace, picture: Picture | None = None) -> dict[str, Any]:
    counts = (picture or funnel.picture).counts
    return {
        "as_of": funnel.as_of,
        "known_at": funnel.known_at,
        "steps": [
            {
                "step": PLACE_KEYS[place],
                "name": place_name(place),
                "accounts": counts[place].accounts,
                "unsupported": counts[place].unsupported,
                "stale": counts[place].stale,
                "value": {currency: asdict(amounts) for currency, amounts in worth.get(place, {}).items()},
            }
            for place in OPEN_PLACES
        ],
        "held": counts[HELD].accounts,
        "closed": counts[CLOSED].accounts,
    }


def _groups(funnel: Funnel) -> list[Group]:
    rest = [Group("", "All others", funnel.rest)] if funnel.rest else []
    return [*funnel.groups, *rest]


def _group(funnel: Funnel, group: Group, worth: Mapping[str, ByPlace]) -> Mapping[str, Any]:
    places = worth.get("" if group.value == NO_VALUE else group.value, NOTHING) if group.value else NOTHING
    value = None if group.value in ("", NO_VALUE) else group.value
    return {"by": funnel.by, "value": value, "label": group.label, **_document(funnel, places, group.picture)}


def _print(funnel: Funnel, worth: ByPlace) -> None:
    console = Console(width=None if sys.stdout.isatty() else WIDTH_IN_A_FILE)
    known = "" if funnel.known_at >= clock().today() else f", as known at the end of {funnel.known_at}"
    console.print(f"The funnel at the end of {funnel.as_of}{known}", markup=False, highlight=False)
    console.print(headline(funnel.picture.counts), markup=False, highlight=False)
    console.print(_table(funnel, worth) if funnel.by is None else _matrix(funnel))
    for currency, amounts in total(worth, OPEN_PLACES).items():
        figures = ", ".join(f"{name} {in_plain_figures(getattr(amounts, name), currency)}" for name in MEASURES)
        console.print(f"Value in {currency}: {figures} a period", markup=False, highlight=False)


def _table(funnel: Funnel, worth: ByPlace) -> Table:
    table = Table("", "Step", box=None, pad_edge=False)
    for head in ("Accounts", "Claimed only", "Stale"):
        table.add_column(head, justify="right")
    currencies = list(total(worth, OPEN_PLACES))
    for currency in currencies:
        table.add_column(f"Live {currency}", justify="right")
    for place in PLACES:
        count = funnel.picture.counts[place]
        numbers = (count.accounts, count.unsupported, count.stale) if place in OPEN_PLACES else (count.accounts,)
        number = PLACE_KEYS[place] if PLACE_KEYS[place].isdecimal() else ""
        live = [_live(worth, place, currency) for currency in currencies if place in OPEN_PLACES]
        table.add_row(number, place_name(place), *(f"{n:,}" for n in numbers), *live)
    return table


def _live(worth: ByPlace, place: int, currency: str) -> str:
    amounts = worth.get(place, {}).get(currency)
    return in_plain_figures(amounts.live, currency) if amounts and amounts.live else ""


def _matrix(funnel: Funnel) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(field_label(funnel.by or ""), overflow="fold")
    for head in ("–", *PLACE_KEYS[1:9], "⚓", "Journey", "Claimed only", "Stale", "On hold", "Closed"):
        table.add_column(head, justify="right", no_wrap=True)
    for group in (*_groups(funnel), Group("", "All", funnel.picture)):
        picture = group.picture
        places = [picture.counts[place].accounts for place in OPEN_PLACES]
        whole = (picture.in_journey, picture.unsupported, picture.stale, picture.held, picture.closed)
        table.add_row(Text(group.label), *(f"{n:,}" for n in (*places, *whole)))
    return table


COMMANDS: tuple[click.Command, ...] = (funnel,)
