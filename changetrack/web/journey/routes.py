"""The account page itself, as it is and as it was known on an earlier day; and the quick update."""

from datetime import date
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request

from changetrack.domain.funnel import end_of_day
from changetrack.domain.refusal import Forbidden, OperationRefused
from changetrack.queries.journey import JourneyView
from changetrack.queries.journey_as_known import get_journey_as_known
from changetrack.web.journey.desk import look, segments, show, shown_step
from changetrack.web.journey.update import UPDATES
from changetrack.web.platform import clock, current_actor, page, settings

blueprint = Blueprint("journey", __name__, url_prefix="/accounts/<int:account_id>")


@blueprint.get("")
def account_page(account_id: int) -> Response:
    known_at = request.args.get("known_at", "")
    return _as_known(account_id, known_at) if known_at else show(account_id)


@blueprint.route("/update", methods=["GET", "POST"])
def update(account_id: int) -> Response:
    """One small form for what happens most: evidence, a word of the customer's, a commitment, a note."""
    view = _workable(account_id)
    what = request.args.get("what", "")
    if what not in UPDATES:
        what = "evidence" if view.standing.status not in ("not_opened", "closed") else "commitment"
    return UPDATES[what](view, request.values.get("point", ""))


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
