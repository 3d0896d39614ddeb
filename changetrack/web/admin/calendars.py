"""The administrator's pages about work calendars: whose days off stop the clocks of which accounts."""

from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, flash, request

from changetrack.domain.people import Action
from changetrack.domain.refusal import OperationRefused
from changetrack.operations import calendars as operations
from changetrack.queries.calendars import DayOff, days_off_ahead, get_calendar, list_calendars
from changetrack.web.admin.calendar_forms import (
    CalendarForm,
    calendar_form,
    calendar_typed,
    parts_form,
    place_words,
    week_words,
)
from changetrack.web.forms import expect_no_fields, refusals_on, shown_version
from changetrack.web.platform import acting, clock, go, page, require, settings
from changetrack.web.time_zones import time_zones

blueprint = Blueprint("calendars_admin", __name__, url_prefix="/admin/calendars")


@blueprint.get("")
def index() -> Response:
    require(Action.ADMINISTER)
    words: dict[str, Any] = {"week_words": week_words, "place_words": place_words, "house_zone": settings().timezone}
    return page("admin/calendars.html", calendars=list_calendars(), **words)


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response:
    require(Action.ADMINISTER)
    form = calendar_form()
    if not form.preview.data and form.validate_on_submit():
        with refusals_on(form):
            calendar_id = operations.create_calendar(**calendar_typed(form), **acting())
            flash(f"{form.name.data} is added. Accounts choose it on their edit page.", "success")
            return go(".calendar", calendar_id=calendar_id)
    return page("admin/calendars_new.html", form=form, **_beside(form))


@blueprint.get("/parts")
def parts() -> Response:
    """The field for the part of a country, as soon as that is chosen."""
    require(Action.ADMINISTER)
    return page("admin/_calendar_part.html", form=parts_form(request.args.get("country", "")))


@blueprint.route("/<int:calendar_id>", methods=["GET", "POST"])
def calendar(calendar_id: int) -> Response:
    require(Action.ADMINISTER)
    found = get_calendar(calendar_id)
    form = calendar_form(found)
    if not form.preview.data and form.validate_on_submit():
        with refusals_on(form):
            version = shown_version(form.version.data)
            operations.edit_calendar(calendar_id=calendar_id, version=version, **calendar_typed(form), **acting())
            flash(f"{form.name.data} is saved.", "success")
            return go(".calendar", calendar_id=calendar_id)
    return page("admin/calendars_calendar.html", form=form, calendar=found, **_beside(form))


@blueprint.post("/<int:calendar_id>/make-house")
def make_house(calendar_id: int) -> Response:
    require(Action.ADMINISTER)
    expect_no_fields()
    operations.make_house_calendar(calendar_id=calendar_id, **acting())
    flash("It is the house’s calendar now: every account that has chosen no other keeps it.", "success")
    return go(".calendar", calendar_id=calendar_id)


@blueprint.post("/<int:calendar_id>/delete")
def delete(calendar_id: int) -> Response:
    require(Action.ADMINISTER)
    expect_no_fields()
    operations.delete_calendar(calendar_id=calendar_id, **acting())
    flash("The calendar is deleted.", "success")
    return go(".index")


def _beside(form: CalendarForm) -> dict[str, Any]:
    """What stands beside the fields: the days off that they make, as far as they can be read."""
    days: list[DayOff] | None = None
    refused, previewed = "", bool(form.preview.data)
    with refusals_on(form) if previewed else suppress(OperationRefused):  # a refused save has told its reasons
        typed = calendar_typed(form)
        about = {name: typed[name] for name in ("weekmask", "country", "subdivision", "blackout_days")}
        try:
            days = days_off_ahead(clock().today(), **about)
        except NotImplementedError:
            refused = "Choose a country of the list, and a part of that country or the whole of it."
    return {"days": days, "refused": refused, "previewed": previewed, "zones": time_zones()}
