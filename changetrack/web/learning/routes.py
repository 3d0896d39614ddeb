"""Learning: the list of commitments across accounts, on a page and as a file."""

from collections.abc import Iterator
from datetime import date

from flask import Blueprint, Flask, Response, current_app, request

from changetrack.domain.people import Actor
from changetrack.queries.account_choices import get_choices
from changetrack.queries.account_record import get_account_record
from changetrack.queries.commitments import (
    CommitmentFilters,
    CommitmentView,
    count_commitments,
    list_commitments,
)
from changetrack.queries.export_tables import Column
from changetrack.web.downloads import csv_file
from changetrack.web.filter_menu import filter_fields
from changetrack.web.formatting import with_args
from changetrack.web.learning.asked import chips_of, menu_of, read_filters, tabs_of
from changetrack.web.platform import clock, current_actor, go, page

AT_ONCE = 500  # rows read by one statement
COLUMNS = (
    *(Column("account"), Column("commitment", "int"), Column("action"), Column("owner"), Column("side")),
    *(Column("made_on", "date"), Column("first_due_on", "date"), Column("due_on", "date")),
    *(Column("renegotiated", "int"), Column("state"), Column("ended_on", "date"), Column("result"), Column("outcome")),
)

blueprint = Blueprint("learning", __name__)


@blueprint.get("/learning")
def index() -> Response:
    return go(".commitments")


@blueprint.get("/learning/commitments")
def commitments() -> Response:
    filters, query = read_filters(request.args), request.args.to_dict(flat=False)
    actor, today, after = current_actor(), clock().today(), request.args.get("after", "")
    account = get_account_record(filters.account_id, actor=actor).name if filters.account_id is not None else ""
    choices = get_choices(actor=actor)
    found = list_commitments(filters, actor=actor, today=today, after=after)
    return page(
        "learning/commitments.html",
        found=found,
        counts=count_commitments(filters, actor=actor, today=today),
        filters=filters,
        account=account,
        query=query,
        whose=tabs_of(filters, query, actor),
        chips=chips_of(filters, query, choices, account),
        menu=[*menu_of(filters), *filter_fields(filters.fields, choices)],
        first=with_args(query, after=None) or "?" if after else "",
        following=with_args(query, after=found.after) if found.after else "",
    )


@blueprint.get("/learning/commitments.csv")
def export() -> Response:
    filters, actor, today = read_filters(request.args), current_actor(), clock().today()
    if filters.account_id is not None:
        get_account_record(filters.account_id, actor=actor)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # what stands behind the proxy
    return csv_file(f"commitments-{today.isoformat()}", COLUMNS, _rows(app, filters, actor, today))


def _rows(app: Flask, filters: CommitmentFilters, actor: Actor, today: date) -> Iterator[tuple[object, ...]]:
    """Every commitment of a list in its order; no connection is kept while the reader is slow."""
    after: str | None = ""
    while after is not None:
        with app.app_context():
            found = list_commitments(filters, actor=actor, today=today, after=after, limit=AT_ONCE)
        yield from map(_cells, found.rows)
        after = found.after


def _cells(row: CommitmentView) -> tuple[object, ...]:
    return (
        *(row.account, row.seq, row.action, row.owner, row.side, row.made_on, row.first_due_on, row.due_on),
        *(row.renegotiated, row.state, row.ended_on, row.result, row.outcome),
    )
