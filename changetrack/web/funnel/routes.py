"""The funnel, the movement behind it, every single move, and all of it as a file."""

from datetime import date

from flask import Blueprint, Response, make_response, redirect, request

from changetrack.adapters.file_writers import MEDIA_TYPES, text_chunks
from changetrack.domain.filters import field_label, is_known_then
from changetrack.domain.funnel import OPEN_PLACES, PLACE_KEYS, place_name
from changetrack.domain.journey.steps import STEPS
from changetrack.domain.refusal import OperationRefused
from changetrack.queries.funnel import find_last_check, get_funnel
from changetrack.queries.movement import PAGE, Key, get_flows, get_movement, list_moves
from changetrack.web.funnel.asked import PERIODS, read_asked, read_flow
from changetrack.web.funnel.choices import chips, filter_fields, grouping_choices, typed_fields
from changetrack.web.funnel.export import COLUMNS, funnel_rows
from changetrack.web.funnel.overview import group_accounts, group_address, overview
from changetrack.web.platform import page

blueprint = Blueprint("funnel", __name__)
OF_A_FIGURE = ("flow", "place", "after")
FLOW_WORDS = {
    "entered": ("Entered", "at"),
    "advanced_in": ("Advanced", "to"),
    "regressed_in": ("Went back", "to"),
    "advanced_out": ("Advanced", "from"),
    "regressed_out": ("Went back", "from"),
    "left": ("Left", "from"),
}


@blueprint.get("/funnel")
def index() -> Response:
    asked = read_asked(request.args)
    if asked.query != request.args.to_dict():
        return make_response(redirect(asked.page("funnel.index")))
    return page(
        "funnel/funnel.html",
        asked=asked,
        view=overview(asked),
        checked_at=find_last_check(),
        periods=PERIODS,
        groupings=grouping_choices(asked),
        chips=chips(asked),
        by_label=field_label(asked.by or "").lower(),
        group_address=group_address,
        group_accounts=group_accounts,
        of_today=[field_label(f).lower() for f in asked.filters if asked.is_past and not is_known_then(f)],
    )


@blueprint.get("/funnel/movement")
def movement() -> Response:
    asked = read_asked(request.args)
    moved = get_movement(**asked.question, first=asked.first, last=asked.as_of)
    part = "_movement" if "HX-Request" in request.headers else "movement"
    names = [place_name(place) for place in OPEN_PLACES]
    return page(f"funnel/{part}.html", asked=asked, movement=moved, names=names, keys=PLACE_KEYS, chips=chips(asked))


@blueprint.get("/funnel/moves")
def moves() -> Response:
    asked = read_asked(request.args, also=OF_A_FIGURE)
    flow, place = read_flow(request.args)
    period = {**asked.question, "first": asked.first, "last": asked.as_of}
    flows = get_flows(**period)
    after = request.args.get("after", "")
    listed = list_moves(**period, flow=flow, place=place, after=_read_key(after))
    here = {"flow": flow, "place": PLACE_KEYS[place] if place is not None else None}
    return page(
        "funnel/moves.html",
        asked=asked,
        words=flow_words(flow, place),
        count=sum(flows[p][flow] for p in flows if place in (None, p)),
        moves=listed,
        name_of=place_name,
        first=asked.page("funnel.moves", here) if after else "",
        following=asked.page("funnel.moves", here | {"after": _key(listed[-1].key)}) if len(listed) == PAGE else "",
        chips=chips(asked),
    )


@blueprint.get("/funnel/filters")
def filters() -> Response:
    asked = read_asked(request.args)
    return page("funnel/filters.html", asked=asked, fields=filter_fields(asked), typed=typed_fields(asked))


@blueprint.get("/funnel.csv")
def export() -> Response:
    asked = read_asked(request.args)
    funnel = get_funnel(**asked.question, as_of=asked.as_of, by=asked.by)
    moved = get_movement(**asked.question, first=asked.first, last=asked.as_of)
    chunks = text_chunks(COLUMNS, funnel_rows(asked, funnel, moved), "csv")
    response = Response(b"".join(chunks), mimetype=MEDIA_TYPES["csv"])
    response.headers["Content-Disposition"] = f'attachment; filename="funnel-{asked.as_of.isoformat()}.csv"'
    return response


def flow_words(flow: str, place: int | None) -> str:
    """A figure of the movement in words: “Advanced from step 3, Develop vision and strategy”."""
    verb, preposition = FLOW_WORDS[flow]
    if place is None:
        return verb
    return f"{verb} {preposition} " + (f"step {place}, {place_name(place)}" if place in STEPS else place_name(place))


def _key(key: Key) -> str:
    day, account_id, seq = key
    return f"{day.isoformat()}.{account_id}.{seq}"


def _read_key(text: str) -> Key | None:
    if not text:
        return None
    try:
        day, account_id, seq = text.split(".")
        return date.fromisoformat(day), int(account_id), int(seq)
    except ValueError:
        raise OperationRefused([("after", "This page of the list is not known.")]) from None
