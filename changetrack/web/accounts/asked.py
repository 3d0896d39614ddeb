"""What an address asks of a list of accounts, and how that is said back: filters, sort, columns, chips."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from changetrack.domain.filters import ATTRIBUTE, CARRIED_FIELDS, NO_VALUE, TODAY_FIELDS, field_label, filter_reasons
from changetrack.domain.funnel import PLACE_KEYS, end_of_day, place_name
from changetrack.domain.refusal import OperationRefused, refuse_if
from changetrack.queries.account_choices import Choices
from changetrack.queries.account_filters import LONGEST_TEXT, AccountFilters
from changetrack.queries.accounts import SORTS
from changetrack.web.formatting import exact_date, with_args
from changetrack.web.platform import clock, current_actor, settings

Args = MultiDict[str, str]
FLAGS = {"unsupported": "Claimed only", "stale": "Stale"}
# Columns that can be chosen; those shown unless others are.
COLUMNS = {
    "days": "Days", "why": "Why stale", "owner": "Owner", "team": "Team", "live": "Live value",
    "realized": "Realized", "promised": "Promised", "value": "Annual value",
    "segment": "Segment", "region": "Region", "industry": "Industry", "tier": "Tier", "product": "Product",
    "started": "Started", "id": "Id",
}  # fmt: skip
MORE_PEOPLE = "Not everybody fits in here. Search at the top finds the others, with their accounts."
USUAL = ("days", "why", "owner", "team", "live", "value")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for; `query` holds its arguments, so that links can keep them."""

    filters: AccountFilters
    sort: str
    columns: tuple[str, ...]
    after: str
    before: str
    query: Mapping[str, list[str]]


def read_asked(args: Args) -> Asked:
    """Read an address. Raises OperationRefused for what cannot be meant, so that no list shows more than was asked."""
    sort = args.get("sort", "name")
    refuse_if([("sort", f"Accounts are not sorted by “{sort[:40]}”.")] if sort not in SORTS else [])
    columns = tuple(key for key in COLUMNS if key in args.getlist("col")) or USUAL
    after, before = args.get("after", ""), args.get("before", "")
    return Asked(read_filters(args), sort, columns, after, before, args.to_dict(flat=False))


def read_filters(args: Args) -> AccountFilters:
    """Read the filters of an address. Raises OperationRefused with everything that is wrong with them."""
    fields = _fields(args)
    refuse_if(filter_reasons(fields))
    as_of, known_at, today = _day(args, "as_of"), _day(args, "known_at"), clock().today()
    refuse_if([(n, f"{d.isoformat()} lies in the future.") for n, d in (("as_of", as_of), ("known_at", known_at))
               if d and d > today])  # fmt: skip
    is_past_knowledge = known_at is not None and known_at < today
    zone = ZoneInfo(settings().timezone)
    return AccountFilters(
        fields=fields,
        places=frozenset(_place(key) for key in [*args.getlist("place"), *args.getlist("step")] if key),
        unsupported=args.get("unsupported") == "1",
        stale=args.get("stale") == "1",
        text=args.get("q", "").strip()[:LONGEST_TEXT],
        as_of=(as_of or today) if is_past_knowledge or (as_of and as_of < today) else None,
        known_until=end_of_day(known_at, zone) if is_past_knowledge and known_at else None,
    )


def kept_query(text: str) -> str:
    """The arguments of an address as a view keeps them. Raises OperationRefused for what cannot be meant."""
    args = MultiDict(parse_qsl(text.lstrip("?")))
    read_asked(args)
    pairs = [(name, value) for name, value in args.items(multi=True) if name not in ("after", "before")]
    return urlencode(sorted(pairs))


def chips(asked: Asked, choices: Choices) -> list[dict[str, str]]:
    """The filters in use, each with the address of the list without it."""
    query, filters = asked.query, asked.filters
    found = [("q", "Search", filters.text)] if filters.text else []
    found += [(name, field_label(name), _words(name, value, choices)) for name, value in filters.fields.items()]
    found += [(name, "Only", words) for name, words in FLAGS.items() if getattr(filters, name)]
    shown = [_chip(label, words, query, name) for name, label, words in found]
    for name in ("place", "step"):
        keys = [key for key in query.get(name, []) if key]
        for key in keys:
            rest = [other for other in keys if other != key]
            shown.append(_chip("Step", place_name(_place(key)), query, name, rest))
    if filters.as_of:
        shown.append(_chip("As of", exact_date(filters.as_of), query, "as_of"))
    if filters.known_until:
        known = exact_date(date.fromisoformat(query["known_at"][0]))
        shown.append(_chip("As known on", known, query, "known_at"))
    return shown


def filter_menu_fields(asked: Asked, choices: Choices) -> list[dict[str, Any]]:
    """The fields of the filter menu with their options."""
    options: dict[str, Sequence[tuple[Any, str]]] = {"team": choices.teams}
    options |= {name: [(value, value) for value in values] for name, values in choices.values.items()}
    options["owner"] = choices.people
    places = {"name": "place", "label": "Step", "value": next(iter(asked.query.get("place", [])), "")}
    places["options"] = [(key, place_name(place)) for place, key in enumerate(PLACE_KEYS)]  # type: ignore[assignment]
    fields = [places, *(_menu_field(name, asked, listed) for name, listed in options.items() if listed)]
    return [field | {"help": MORE_PEOPLE} if field["name"] == "owner" and choices.has_more_people else field
            for field in fields]  # fmt: skip


def _menu_field(name: str, asked: Asked, options: Sequence[tuple[Any, str]]) -> dict[str, Any]:
    value = asked.filters.fields.get(name, "")
    listed = [*options, (NO_VALUE, f"No {field_label(name).lower()}")]
    if value and all(str(key) != value for key, _ in listed):
        listed.append((value, value))
    return {"name": name, "label": field_label(name), "options": listed, "value": value}


def _fields(args: Args) -> dict[str, str]:
    names = [n for n in args if n in CARRIED_FIELDS or n in TODAY_FIELDS or n.startswith(ATTRIBUTE)]
    fields = {name: args[name] for name in names if args[name]}
    if fields.get("owner") == "me":
        fields["owner"] = str(current_actor().user_id)
    return fields


def _place(key: str) -> int:
    if key not in PLACE_KEYS:
        raise OperationRefused([("place", f"There is no step “{key[:40]}”. Use one of: {', '.join(PLACE_KEYS)}.")])
    return PLACE_KEYS.index(key)


def _day(args: Args, name: str) -> date | None:
    text = args.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise OperationRefused([(name, f"“{text[:40]}” is not a date in the form yyyy-mm-dd.")]) from None


def _words(name: str, value: str, choices: Choices) -> str:
    return "none" if value == NO_VALUE else choices.name_of(name, value)


def _chip(
    label: str, words: str, query: Mapping[str, list[str]], name: str, rest: Sequence[str] = ()
) -> dict[str, str]:
    changes = {name: list(rest), "after": None, "before": None}
    return {"label": label, "value": words, "remove": with_args(query, **changes)}
