"""The inbox of alerts, what people answer to them, and the messages inside the application."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, g, request
from sqlalchemy.exc import SQLAlchemyError

from changetrack.domain.alerts import SNOOZE_MAX_DAYS, SNOOZES_A_VISIT
from changetrack.domain.journey.steps import step_name
from changetrack.domain.people import Action, Actor, may
from changetrack.operations.alerts import acknowledge_alert, mark_read, snooze_alert
from changetrack.operations.delivery import send_again
from changetrack.queries.alerts import OPEN_STATES, AlertRow, Badges, count_alerts, get_alert, get_badges, list_alerts
from changetrack.queries.jobs import list_given_up
from changetrack.queries.messages import list_messages
from changetrack.web.alerts.forms import AcknowledgeForm, ReadForm, SnoozeForm
from changetrack.web.formatting import exact_date
from changetrack.web.forms import expect_no_fields, refusals_on, shown_version
from changetrack.web.platform import acting, clock, current_actor, go, known_actor, page, require

blueprint = Blueprint("alerts", __name__)

STATES = (*OPEN_STATES, "resolved")
SHOWN = 25


@blueprint.get("/alerts")
def index() -> Response:
    actor, state = current_actor(), request.args.get("state", "")
    state = state if state in STATES else "firing"
    after = request.args.get("after", "")
    found = list_alerts(actor=actor, today=clock().today(), state=state, after=after, limit=SHOWN)
    return page(
        "alerts/inbox.html",
        state=state,
        counts=count_alerts(actor=actor),
        alerts=found.alerts,
        following=found.following,
        may_work=_who_may_work(actor),
        step_name=step_name,
        most_days=SNOOZE_MAX_DAYS,
    )


@blueprint.route("/alerts/<int:alert_id>/acknowledge", methods=["GET", "POST"])
def acknowledge(alert_id: int) -> Response:
    alert = _alert_to_answer(alert_id)
    form = AcknowledgeForm(version=alert.version)
    if form.validate_on_submit():
        with refusals_on(form):
            acknowledge_alert(
                alert_id=alert_id,
                next_step=form.next_step.data or "",
                next_step_on=form.next_step_on.data,
                version=shown_version(form.version.data),
                **acting(),
            )
            flash(
                f"{alert.account}: acknowledged. The next step is due on {exact_date(form.next_step_on.data)}.",
                "success",
            )
            return _back(alert)
    return page("alerts/acknowledge.html", form=form, alert=alert, step_name=step_name)


@blueprint.route("/alerts/<int:alert_id>/snooze", methods=["GET", "POST"])
def snooze(alert_id: int) -> Response:
    alert = _alert_to_answer(alert_id)
    form = SnoozeForm(version=alert.version)
    if form.validate_on_submit():
        with refusals_on(form):
            until = snooze_alert(
                alert_id=alert_id,
                days=form.days.data,
                reason=form.reason.data or "",
                version=shown_version(form.version.data),
                **acting(),
            )
            flash(f"{alert.account}: snoozed. It fires again on {exact_date(until)}.", "success")
            return _back(alert)
    return page("alerts/snooze.html", form=form, alert=alert, step_name=step_name, most_snoozes=SNOOZES_A_VISIT)


@blueprint.get("/alerts/messages")
def messages() -> Response:
    found = list_messages(actor=current_actor(), after=request.args.get("after", ""), limit=SHOWN)
    return page("alerts/messages.html", messages=found.messages, following=found.following)


@blueprint.post("/alerts/messages/read")
def read() -> Response:
    form = ReadForm()
    if form.validate():
        mark_read(key=form.key.data or None, actor=current_actor(), now=clock().now())
    return go(".messages")


@blueprint.get("/alerts/undelivered")
def undelivered() -> Response:
    require(Action.ADMINISTER)
    return page("alerts/undelivered.html", messages=list_given_up())


@blueprint.post("/alerts/undelivered/<int:message_id>/send-again")
def deliver_again(message_id: int) -> Response:
    actor = require(Action.ADMINISTER)
    expect_no_fields()
    send_again(message_id=message_id, actor=actor, now=clock().now())
    flash("It waits to be delivered again, within the next half minute.", "success")
    return go(".undelivered")


@blueprint.app_context_processor
def _badges_for_templates() -> dict[str, Any]:
    """`badges()`: asked for only where a layout shows it, so that an error page needs no database."""
    return {"badges": _badges}


def _badges() -> Badges:
    actor = known_actor()
    if actor is None:
        return Badges(0, 0)
    if "badges" not in g:
        try:
            g.badges = get_badges(actor=actor)
        except SQLAlchemyError:
            g.badges = Badges(0, 0)
    found: Badges = g.badges
    return found


def _alert_to_answer(alert_id: int) -> AlertRow:
    alert = get_alert(alert_id, actor=current_actor(), today=clock().today())
    require(Action.WORK, alert.team_id)
    return alert


def _who_may_work(actor: Actor) -> Callable[[AlertRow], bool]:
    return lambda alert: may(actor, Action.WORK, alert.team_id)


def _back(alert: AlertRow) -> Response:
    """To the page on which the alert was shown, which says so in its address."""
    came_from = request.args.get("back")
    if came_from == "today":
        return go("today.index")
    if came_from == "account":
        return go("journey.account_page", account_id=alert.account_id)
    return go(".index")
