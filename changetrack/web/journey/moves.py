"""The moves that need no gate, each a form on the account page: back, hold, resume, close, reopen."""

from flask import Blueprint, Response, request

from changetrack.domain.journey.steps import step_name
from changetrack.operations.journey import moves as operations
from changetrack.web.formatting import exact_date
from changetrack.web.forms import refusals_on
from changetrack.web.journey.desk import done, look, show
from changetrack.web.journey.move_forms import BackForm, CloseForm, DayForm, HoldForm
from changetrack.web.platform import acting, clock

blueprint = Blueprint("journey_moves", __name__, url_prefix="/accounts/<int:account_id>")


@blueprint.route("/back", methods=["GET", "POST"])
def back(account_id: int) -> Response:
    form = BackForm(effective_on=clock().today(), to_step=request.args.get("to_step", type=int))
    form.offer_steps(look(account_id).standing.claimed)
    if form.validate_on_submit():
        with refusals_on(form):
            moved = operations.move_back(
                account_id=account_id,
                to_step=form.to_step.data or 0,
                reason=form.reason.data or "",
                note=form.note.data or "",
                effective_on=form.effective_on.data,
                **acting(),
            )
            return done(account_id, f"It is back at step {moved.claimed_step}, {step_name(moved.claimed_step)}.")
    return show(account_id, form, "back")


@blueprint.route("/hold", methods=["GET", "POST"])
def hold(account_id: int) -> Response:
    form = HoldForm(effective_on=clock().today())
    if form.validate_on_submit():
        with refusals_on(form):
            operations.hold_account(
                account_id=account_id,
                reason=form.reason.data or "",
                review_on=form.review_on.data,
                effective_on=form.effective_on.data,
                **acting(),
            )
            return done(account_id, f"It is on hold until its review on {exact_date(form.review_on.data)}.")
    return show(account_id, form, "hold")


@blueprint.route("/resume", methods=["GET", "POST"])
def resume(account_id: int) -> Response:
    form = DayForm(effective_on=clock().today())
    if form.validate_on_submit():
        with refusals_on(form):
            operations.resume_account(account_id=account_id, effective_on=form.effective_on.data, **acting())
            return done(account_id, "It is off hold: its clocks go on.")
    return show(account_id, form, "resume")


@blueprint.route("/close", methods=["GET", "POST"])
def close(account_id: int) -> Response:
    form = CloseForm(effective_on=clock().today())
    if form.validate_on_submit():
        with refusals_on(form):
            operations.close_account(
                account_id=account_id,
                outcome=form.outcome.data or "",
                note=form.note.data or "",
                effective_on=form.effective_on.data,
                **acting(),
            )
            return done(account_id, "It is closed. It can be reopened at the step where it was.")
    return show(account_id, form, "close")


@blueprint.route("/reopen", methods=["GET", "POST"])
def reopen(account_id: int) -> Response:
    form = DayForm(effective_on=clock().today())
    if form.validate_on_submit():
        with refusals_on(form):
            operations.reopen_account(account_id=account_id, effective_on=form.effective_on.data, **acting())
            return done(account_id, "It is open again.")
    return show(account_id, form, "reopen")
