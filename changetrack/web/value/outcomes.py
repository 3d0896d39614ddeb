"""The pages of outcomes: proposing one, its own page, editing it, asking for other terms."""

from typing import Any

from flask import Blueprint, Response, flash

from changetrack.domain.people import Action
from changetrack.domain.refusal import Forbidden
from changetrack.operations.value import outcomes as operations
from changetrack.queries.account_record import AccountRecord, get_account_record
from changetrack.queries.coalition import load_contacts
from changetrack.queries.outcome import OutcomePage, get_outcome
from changetrack.queries.outcomes import list_metric_choices
from changetrack.web.forms import refusals_on, shown_version
from changetrack.web.platform import acting, clock, current_actor, go, page, require
from changetrack.web.value.desk import look, show
from changetrack.web.value.forms import (
    BecauseForm,
    OutcomeForm,
    as_typed,
    blank_terms,
    offer,
    shown_terms,
    typed_terms,
)
from changetrack.web.value.words import agreed_words

blueprint = Blueprint("outcomes", __name__, url_prefix="/accounts/<int:account_id>/outcomes")


@blueprint.get("")
def index(account_id: int) -> Response:
    get_account_record(account_id, actor=current_actor())
    return go("journey.account_page", account_id=account_id, tab="value", _anchor="below")


@blueprint.route("/new", methods=["GET", "POST"])
def new(account_id: int) -> Response:
    account = _workable(account_id)
    metrics = list_metric_choices()
    form = offer(
        OutcomeForm(**blank_terms(account.currency)), load_contacts(account_id, today=clock().today()), metrics
    )
    if form.validate_on_submit():
        with refusals_on(form):
            seq = operations.propose_outcome(account_id=account_id, **typed_terms(form), **acting())
            flash("It is proposed. It is worth nothing until its beneficiary agrees: record that here.", "success")
            return go("outcomes.outcome", account_id=account_id, seq=seq)
    return page("value/new.html", form=form, account=account, metrics=metrics)


@blueprint.get("/<int:seq>")
def outcome(account_id: int, seq: int) -> Response:
    return show(account_id, seq)


@blueprint.route("/<int:seq>/edit", methods=["GET", "POST"])
def edit(account_id: int, seq: int) -> Response:
    view = _workable_outcome(account_id, seq)
    form = _terms_form(view)
    if form.validate_on_submit():
        with refusals_on(form):
            operations.edit_outcome(
                account_id=account_id,
                seq=seq,
                version=shown_version(form.version.data),
                **typed_terms(form),
                **acting(),
            )
            flash("The proposal is saved.", "success")
            return go("outcomes.outcome", account_id=account_id, seq=seq)
    if form.conflict:
        form.conflict.current = as_typed(form, form.conflict.current)
    return page("value/edit.html", form=form, view=view, now={})


@blueprint.route("/<int:seq>/change", methods=["GET", "POST"])
def change(account_id: int, seq: int) -> Response:
    view = _workable_outcome(account_id, seq)
    form = _terms_form(view)
    if form.validate_on_submit():
        with refusals_on(form):
            new_seq = operations.renegotiate_outcome(account_id=account_id, seq=seq, **typed_terms(form), **acting())
            flash(
                "The other terms are proposed. What was agreed holds until the beneficiary agrees to them.", "success"
            )
            return go("outcomes.outcome", account_id=account_id, seq=new_seq)
    return page("value/change.html", form=form, view=view, now=agreed_words(view.outcome))


@blueprint.post("/<int:seq>/take-back")
def take_back(account_id: int, seq: int) -> Response:
    look(account_id, seq)
    form = BecauseForm()
    if form.validate_on_submit():
        with refusals_on(form):
            operations.withdraw_proposal(account_id=account_id, seq=seq, because=form.because.data or "", **acting())
            flash("The proposal is taken back.", "success")
            return go("outcomes.index", account_id=account_id)
    return show(account_id, seq, form, "take-back")


def _workable(account_id: int) -> AccountRecord:
    account = get_account_record(account_id, actor=current_actor())
    require(Action.WORK, account.team_id)
    return account


def _workable_outcome(account_id: int, seq: int) -> OutcomePage:
    view = get_outcome(account_id, seq, actor=current_actor(), today=clock().today())
    if not view.may_work:
        raise Forbidden("You may look at this account, but not change it.")
    return view


def _terms_form(view: OutcomePage) -> OutcomeForm:
    given: dict[str, Any] = shown_terms(view.outcome)
    return offer(OutcomeForm(**given), view.people, list_metric_choices(keep=view.outcome.metric_id))
