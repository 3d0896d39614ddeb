"""The account page itself, as it is and as it was known on an earlier day; and the quick update."""

from datetime import date
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request

from changetrack.domain.funnel import end_of_day
from changetrack.domain.journey.playbook import ControlPoint
from changetrack.domain.refusal import Forbidden, OperationRefused
from changetrack.operations.journey.evidence import record_evidence
from changetrack.queries.journey import JourneyView
from changetrack.queries.journey_as_known import get_journey_as_known
from changetrack.web.forms import Form, named, refusals_on
from changetrack.web.journey.desk import done, look, quick_point, segments, show, shown_step
from changetrack.web.journey.forms import evidence_form, statement_of
from changetrack.web.journey.words import recorded_words
from changetrack.web.platform import acting, clock, current_actor, page, settings

blueprint = Blueprint("journey", __name__, url_prefix="/accounts/<int:account_id>")


@blueprint.get("")
def account_page(account_id: int) -> Response:
    known_at = request.args.get("known_at", "")
    return _as_known(account_id, known_at) if known_at else show(account_id)


@blueprint.route("/update", methods=["GET", "POST"])
def update(account_id: int) -> Response:
    """One small form for what happens most: evidence for a control point."""
    view = _workable(account_id)
    point = _point(view, request.values.get("point", ""))
    form = _update_form(view, point)
    if point is not None and form.validate_on_submit():
        with refusals_on(form):
            recorded = record_evidence(
                account_id=account_id,
                point=point.key,
                statement=statement_of(form, point),
                effective_on=form["effective_on"].data,
                **acting(),
            )
            return done(account_id, recorded_words(point.key, recorded), step=point.step, anchor=f"point-{point.key}")
    return page("journey/update.html", form=form, view=view, point=point)


def _as_known(account_id: int, known_at: str) -> Response:
    day = _past_day(known_at)
    until = end_of_day(day, ZoneInfo(settings().timezone))
    view = get_journey_as_known(account_id, actor=current_actor(), day=day, known_until=until, step=shown_step())
    return page("journey/known.html", view=view, segments=segments(view.id, view.path, known_at=day.isoformat()))


def _past_day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise OperationRefused([("known_at", f"“{text[:40]}” is not a date in the form yyyy-mm-dd.")]) from None
    if day > clock().today():
        raise OperationRefused([("known_at", f"Nobody knows yet what will be known on {day.isoformat()}.")])
    return day


def _workable(account_id: int) -> JourneyView:
    view = look(account_id)
    if not view.rights.work:
        raise Forbidden("You may look at this account, but not change it.")
    return view


def _point(view: JourneyView, key: str) -> ControlPoint | None:
    """The control point that is asked for, else the likeliest one."""
    points = [point for rules in view.steps.values() for point in rules.points if point.is_recordable]
    likeliest = quick_point(view)
    first = likeliest.point if likeliest else next(iter(points), None)
    return next((point for point in points if point.key == key), first)


def _update_form(view: JourneyView, point: ControlPoint | None) -> Form:
    if point is None:
        return Form()
    return named(evidence_form(point, view.coalition.people, effective_on=clock().today()), "update")
