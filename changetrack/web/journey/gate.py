"""The gate on the account page: proposing, signing off, the customer's word, withdrawing, going ahead by exception."""

from flask import Blueprint, Response

from changetrack.domain.people import Action
from changetrack.operations.journey.gate import propose_advance, record_customer_sign_off, sign_off, withdraw_proposal
from changetrack.operations.journey.moves import advance_by_exception
from changetrack.web.forms import refusals_on, shown_version
from changetrack.web.journey.desk import done, look, show
from changetrack.web.journey.forms import person_choices, person_number
from changetrack.web.journey.move_forms import CustomerSignForm, ExceptionForm, ProposeForm, SignForm, WithdrawForm
from changetrack.web.journey.words import gate_words
from changetrack.web.platform import acting, clock, require

blueprint = Blueprint("journey_gate", __name__, url_prefix="/accounts/<int:account_id>")


@blueprint.post("/proposal")
def propose(account_id: int) -> Response:
    form = ProposeForm(effective_on=clock().today())
    if form.validate_on_submit():
        with refusals_on(form):
            result = propose_advance(
                account_id=account_id, effective_on=form.effective_on.data, note=form.note.data or "", **acting()
            )
            return done(account_id, lambda view: f"Proposed. {gate_words(view.name, result)}")
    return show(account_id, form, "propose")


@blueprint.post("/sign-off")
def sign(account_id: int) -> Response:
    form = SignForm()
    if form.validate_on_submit():
        with refusals_on(form):
            result = sign_off(
                account_id=account_id,
                proposal_seq=shown_version(form.proposal_seq.data),
                note=form.note.data or "",
                **acting(),
            )
            return done(account_id, lambda view: f"Signed off. {gate_words(view.name, result)}")
    return show(account_id, form, "sign")


@blueprint.post("/customer-sign-off")
def customer_sign(account_id: int) -> Response:
    form = CustomerSignForm()
    if form.validate_on_submit():
        with refusals_on(form):
            result = record_customer_sign_off(
                account_id=account_id,
                contact_seq=person_number(form.contact_seq.data),
                said_how=form.said_how.data,
                proposal_seq=shown_version(form.proposal_seq.data),
                note=form.note.data or "",
                **acting(),
            )
            return done(account_id, lambda view: f"Their word is recorded. {gate_words(view.name, result)}")
    form.contact_seq.choices = person_choices(look(account_id).coalition.people, new=False)
    return show(account_id, form, "customer")


@blueprint.post("/proposal/withdraw")
def withdraw(account_id: int) -> Response:
    form = WithdrawForm()
    if form.validate_on_submit():
        with refusals_on(form):
            withdraw_proposal(account_id=account_id, proposal_seq=shown_version(form.proposal_seq.data), **acting())
            return done(account_id, "The proposal is withdrawn.")
    return show(account_id, form, "withdraw")


@blueprint.route("/exception", methods=["GET", "POST"])
def exception(account_id: int) -> Response:
    require(Action.EXCEPT, look(account_id).standing.team_id)
    form = ExceptionForm(effective_on=clock().today())
    if form.validate_on_submit():
        with refusals_on(form):
            moved = advance_by_exception(
                account_id=account_id,
                reason=form.reason.data or "",
                ends_on=form.ends_on.data,
                effective_on=form.effective_on.data,
                **acting(),
            )
            return done(account_id, f"It claims step {moved.claimed_step} now, by exception.")
    return show(account_id, form, "exception")
