"""The inbox of alerts, what people answer to them, and the messages inside the application."""

from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, g, request
from sqlalchemy.exc import SQLAlchemyError

from changetrack.domain.alerts import REST_MAX_DAYS, SNOOZE_MAX_DAYS, SNOOZES_A_VISIT
from changetrack.domain.journey.steps import CATALOGUE, step_name
from changetrack.domain.ladder import TOP
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.usefulness import ENOUGH_ALERTS
from changetrack.operations.alerts import acknowledge_alert, decide_alert, mark_read, snooze_alert
from changetrack.operations.delivery import send_again
from changetrack.queries.account_choices import list_team_choices
from changetrack.queries.alert_rows import AlertRow
from changetrack.queries.alert_story import get_story
from changetrack.queries.alerts import Badges, count_alerts, get_alert, get_badges, list_alerts
from changetrack.queries.jobs import list_given_up
from changetrack.queries.journey_rows import team_mates
from changetrack.queries.messages import list_messages
from changetrack.queries.usefulness import get_usefulness
from changetrack.web.alerts.asked import STATES, chips_of, menu_of, read_filters, read_state, tabs_of
from changetrack.web.alerts.forms import (
    AcknowledgeForm,
    DecideForm,
    ReadForm,
    SnoozeForm,
    offer_owners,
    owner_of,
)
from changetrack.web.alerts.story import ladder_of, next_words, story_lines
from changetrack.web.formatting import exact_date
from changetrack.web.forms import expect_no_fields, refusals_on, shown_version
from changetrack.web.platform import acting, clock, current_actor, go, known_actor, page, require, settings

blueprint = Blueprint("alerts", __name__)

SHOWN = 25
DECIDED = {
    "revive": "it goes on with the changed plan.",
    "park": "parked; it comes back on the day you named.",
    "close": "closed.",
}


@blueprint.get("/alerts")
def index() -> Response:
    actor, today, after = current_actor(), clock().today(), request.args.get("after", "")
    filters, query = read_filters(request.args), request.args.to_dict(flat=False)
    counts, teams = count_alerts(actor=actor, filters=filters), list_team_choices(actor=actor)
    state = read_state(request.args, actor, counts)
    found = list_alerts(actor=actor, today=today, state=state, filters=filters, after=after, limit=SHOWN)
    return page(
        "alerts/inbox.html",
        state=state,
        states=STATES,
        counts=counts,
        alerts=found.alerts,
        following=found.following,
        narrowed=not filters.are_none,
        tabs_shown=tabs_of(state, query, counts, actor),
        chips=chips_of(filters, query, teams),
        menu_fields=menu_of(filters, teams),
        query=query,
        useful=get_usefulness(actor=actor, today=today).values(),
        **_words_of(actor),
    )


@blueprint.get("/alerts/<int:alert_id>")
def alert(alert_id: int) -> Response:
    actor = current_actor()
    found = get_alert(alert_id, actor=actor, today=clock().today())
    story = get_story(found)
    return page(
        "alerts/alert.html",
        alert=found,
        lines=story_lines(story),
        ladder=ladder_of(found, story),
        next_words=next_words,
        step_name=step_name,
        may_work=may(actor, Action.WORK, found.team_id),
        may_decide=_may_decide(actor, found),
    )


@blueprint.route("/alerts/<int:alert_id>/acknowledge", methods=["GET", "POST"])
def acknowledge(alert_id: int) -> Response:
    alert = _alert_to_answer(alert_id)
    form = offer_owners(AcknowledgeForm(version=alert.version), team_mates(alert.team_id), alert.owner_id)
    if form.validate_on_submit():
        with refusals_on(form):
            acknowledge_alert(
                alert_id=alert_id,
                next_step=form.next_step.data or "",
                next_step_on=form.next_step_on.data,
                owner_user_id=owner_of(form),
                version=shown_version(form.version.data),
                **acting(),
            )
            flash(
                f"{alert.account}: acknowledged. The next step is due on {exact_date(form.next_step_on.data)}.",
                "success",
            )
            return _back(alert)
    return page("alerts/acknowledge.html", form=form, alert=alert, step_name=step_name, most_rest=REST_MAX_DAYS)


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


@blueprint.route("/alerts/<int:alert_id>/decide", methods=["GET", "POST"])
def decide(alert_id: int) -> Response:
    alert = get_alert(alert_id, actor=current_actor(), today=clock().today())
    actor = require(Action.DECIDE)
    form = offer_owners(DecideForm(version=alert.version), team_mates(alert.team_id), alert.owner_id)
    if form.validate_on_submit():
        with refusals_on(form):
            decide_alert(
                alert_id=alert_id,
                decision=form.decision.data or "",
                words=form.words.data or "",
                until=form.until.data,
                next_step=form.next_step.data or "",
                next_step_on=form.next_step_on.data,
                owner_user_id=owner_of(form),
                outcome=form.outcome.data or "",
                version=shown_version(form.version.data),
                channels=settings().channels,
                zone=ZoneInfo(settings().timezone),
                **acting(),
            )
            flash(f"{alert.account}: {DECIDED[form.decision.data]}", "success")
            return _back(alert)
    can_decide = _may_decide(actor, alert)
    words: dict[str, Any] = {"step_name": step_name, "most_rest": REST_MAX_DAYS}
    return page("alerts/decide.html", form=form, alert=alert, can_decide=can_decide, **words)


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


def _words_of(actor: Actor) -> dict[str, Any]:
    """What the inbox says of each alert, and what the actor may do about it."""
    return {
        "may_work": lambda alert: may(actor, Action.WORK, alert.team_id),
        "may_decide": partial(_may_decide, actor),
        "next_words": next_words,
        "step_name": step_name,
        "short_names": {number: step.short for number, step in CATALOGUE.items()},
        "most_days": SNOOZE_MAX_DAYS,
        "most_rest": REST_MAX_DAYS,
        "enough": ENOUGH_ALERTS,
    }


def _may_decide(actor: Actor, alert: AlertRow) -> bool:
    waits = alert.state == "firing" and alert.rung >= TOP and alert.decision is None
    return waits and may(actor, Action.DECIDE, alert.team_id)


def _back(alert: AlertRow) -> Response:
    """To the page on which the alert was shown, which says so in its address."""
    came_from = request.args.get("back")
    if came_from == "today":
        return go("today.index")
    if came_from == "alert":
        return go(".alert", alert_id=alert.id)
    if came_from == "account":
        return go("journey.account_page", account_id=alert.account_id)
    return go(".index")
