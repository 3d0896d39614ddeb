"""Value for executives: promised against realized over time, and every figure down to the ledger and its readings."""

from flask import Blueprint, Flask, Response, current_app, make_response, redirect, request

from changetrack.domain.refusal import refuse_if
from changetrack.domain.value_flows import causes_of
from changetrack.queries.account_choices import get_choices
from changetrack.queries.account_record import get_account_record
from changetrack.queries.hands import get_hands
from changetrack.queries.ledger_list import list_ledger
from changetrack.queries.outcome_list import list_all_outcomes, list_currencies
from changetrack.queries.outcomes import list_metric_choices
from changetrack.web.downloads import csv_file
from changetrack.web.filter_menu import filter_fields
from changetrack.web.formatting import with_args
from changetrack.web.platform import clock, current_actor, page
from changetrack.web.value.asked import SPANS, filter_chips, read_asked
from changetrack.web.value.export import (
    ENTRIES,
    MONTHS,
    OUTCOMES,
    entry_rows,
    month_rows,
    outcome_rows,
)
from changetrack.web.value.lists import (
    CAUSE_SIGNS,
    CAUSE_WORDS,
    cause_field,
    currency_field,
    ledger_chips,
    measure_tabs,
    outcome_chips,
    read_ledger_filters,
    read_outcome_filters,
    state_field,
)
from changetrack.web.value.overview import asked_months, is_small, overview

blueprint = Blueprint("value", __name__)
LINES_SHOWN = {
    "accrued": "Accrued",
    "corrected": "Corrected",
    "reversed": "Reversed",
    "probationary": "Probationary",
    "live": "Went live, or measured anew",
    "lapsed": "Stopped being live",
}


@blueprint.get("/value")
def index() -> Response:
    asked = read_asked(request.args)
    if asked.query != request.args.to_dict():
        return make_response(redirect(asked.page("value.index")))
    actor, picture, view = current_actor(), asked.picture, overview(asked)
    choices = get_choices(actor=actor)
    has_hands = view.outcomes and is_small(asked) and asked.team_id != 0
    return page(
        "value/value.html",
        asked=asked,
        picture=picture,
        view=view,
        hands=get_hands(actor=actor, today=picture.today, team_id=asked.team_id or None) if has_hands else None,
        is_measured=bool(view.outcomes or list_metric_choices()),
        spans=SPANS,
        chips=filter_chips(asked, choices),
        menu=filter_fields(picture.filters, choices),
        lines=LINES_SHOWN,
        causes_of=causes_of,
    )


@blueprint.get("/value.csv")
def export() -> Response:
    asked = read_asked(request.args)
    months, _drawn_to = asked_months(asked)
    refuse_if([] if months is not None else [(None, "Of a part of so many accounts the months are not kept.")])
    return csv_file(f"value-{asked.picture.as_of.isoformat()}", MONTHS, month_rows(months or {}))


@blueprint.get("/value/outcomes")
def outcomes() -> Response:
    filters, query = read_outcome_filters(request.args), request.args.to_dict(flat=False)
    actor, after = current_actor(), request.args.get("after", "")
    found = list_all_outcomes(filters, actor=actor, today=clock().today(), after=after)
    choices = get_choices(actor=actor)
    own = [state_field(filters), currency_field(list_currencies(), filters.currency)]
    return page(
        "value/outcomes.html",
        found=found,
        filters=filters,
        query=query,
        chips=outcome_chips(filters, query, choices),
        menu=[*own, *filter_fields(filters.fields, choices)],
        first=with_args(query, after=None) or "?" if after else "",
        following=with_args(query, after=found.after) if found.after else "",
    )


@blueprint.get("/value/outcomes.csv")
def outcomes_export() -> Response:
    filters, today = read_outcome_filters(request.args), clock().today()
    rows = outcome_rows(_app(), filters, actor=current_actor(), today=today)
    return csv_file(f"outcomes-{today.isoformat()}", OUTCOMES, rows)


@blueprint.get("/value/ledger")
def ledger() -> Response:
    filters, query = read_ledger_filters(request.args), request.args.to_dict(flat=False)
    actor, after, of = current_actor(), request.args.get("after", ""), filters.account_id
    account = get_account_record(of, actor=actor).name if of is not None else ""
    found = list_ledger(filters, actor=actor, after=after)
    choices = get_choices(actor=actor)
    own = [cause_field(filters), currency_field(list_currencies(), filters.currency)]
    return page(
        "value/ledger.html",
        found=found,
        filters=filters,
        query=query,
        chips=ledger_chips(filters, query, choices, account),
        menu=[*own, *filter_fields(filters.fields, choices)],
        tabs_of_measures=measure_tabs(filters, query),
        cause_words=CAUSE_WORDS,
        cause_signs=CAUSE_SIGNS,
        first=with_args(query, after=None) or "?" if after else "",
        following=with_args(query, after=found.after) if found.after else "",
    )


@blueprint.get("/value/ledger.csv")
def ledger_export() -> Response:
    filters, actor = read_ledger_filters(request.args), current_actor()
    if filters.account_id is not None:
        get_account_record(filters.account_id, actor=actor)
    return csv_file(f"ledger-{clock().today().isoformat()}", ENTRIES, entry_rows(_app(), filters, actor=actor))


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # what stands behind the proxy
    return app
