"""The administrator's pages about use whose account nobody knows: match a name, or forget it."""

from typing import Any

import structlog
from flask import Blueprint, Response, flash, request, url_for

from changetrack.domain.people import Action
from changetrack.operations.usage.matching import match_usage
from changetrack.operations.usage.unmatched import forget_unmatched
from changetrack.queries.search import search
from changetrack.queries.usage_unmatched import COUNTED_UP_TO, PAGE, get_unmatched, list_unmatched
from changetrack.web.admin.usage_forms import ForgetForm, MatchForm
from changetrack.web.formatting import plural, with_args
from changetrack.web.forms import Form, refusals_on
from changetrack.web.platform import acting, clock, go, page, require

blueprint = Blueprint("unmatched_admin", __name__, url_prefix="/admin/usage/unmatched")
log = structlog.get_logger("changetrack.web")


@blueprint.get("")
def index() -> Response:
    require(Action.ADMINISTER)
    start, after = _text("from"), _text("after")
    rows = list_unmatched(start=start if not after else "", after=after, limit=PAGE + 1)
    return page(
        "admin/unmatched.html", rows=rows[:PAGE], start=start, at_most=COUNTED_UP_TO,
        first=with_args({}) if after or start else "",
        following=with_args({}, after=rows[PAGE - 1].name) if len(rows) > PAGE else "",
    )  # fmt: skip


@blueprint.get("/name")
def name() -> Response:
    require(Action.ADMINISTER)
    return _name_page(_text("name"), _text("q"), ForgetForm(formdata=None))


@blueprint.post("/match")
def match() -> Response:
    require(Action.ADMINISTER)
    form = MatchForm()
    if form.validate_on_submit():
        with refusals_on(form):
            matched = match_usage(name=form.name.data, account_id=form.account_id.data, **acting())
            log.info("usage_matched", account_id=form.account_id.data)
            words = f"“{form.name.data}” is matched: {_what(matched)} counted."
            address = url_for("journey.account_page", account_id=form.account_id.data)
            told: Any = {"words": words, "address": address, "link": "Open the account"}  # flash() keeps any JSON
            flash(told, "success")
            return go(".index")
    return _name_page(str(form.name.data or ""), "", ForgetForm(formdata=None), match_form=form)


@blueprint.post("/forget")
def forget() -> Response:
    actor, form = require(Action.ADMINISTER), ForgetForm()
    if form.validate_on_submit():
        with refusals_on(form):
            gone = forget_unmatched(actor=actor, now=clock().now(), name=form.name.data, reason=form.reason.data)
            flash(f"“{form.name.data}” is forgotten: {_what(gone)}.", "success")
            return go(".index")
    return _name_page(str(form.name.data or ""), "", form)


def _name_page(wanted: str, text: str, form: Form, match_form: Form | None = None) -> Response:
    actor, found = require(Action.ADMINISTER), get_unmatched(wanted)
    form["name"].data = wanted
    hits: Any = search(text or wanted, actor=actor).accounts
    problems = match_form if match_form is not None else form
    return page(
        "admin/unmatched_name.html", form=form, found=found, text=text, hits=hits, at_most=COUNTED_UP_TO,
        match_form=match_form, status=422 if problems.errors else 200,
    )  # fmt: skip


def _what(waited: Any) -> str:
    """How much waited: `events` and `numbers`, as far as there were any."""
    counts = ((waited.events, "event"), (waited.numbers, "number"))
    return " and ".join(plural(count, noun) for count, noun in counts if count) or "nothing"


def _text(argument: str) -> str:
    return request.args.get(argument, "")[:200]
