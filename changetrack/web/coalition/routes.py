"""Adding and editing the customer's people, and saying which roles their decision path has."""

from flask import Blueprint, Response, flash

from changetrack.domain.people import Action
from changetrack.domain.refusal import OperationRefused
from changetrack.operations import coalition as operations
from changetrack.queries.account_record import AccountRecord, get_account_record
from changetrack.queries.coalition import get_coalition, get_contact
from changetrack.web.coalition.forms import ContactForm, DecisionPathForm
from changetrack.web.forms import refusals_on, shown_version
from changetrack.web.platform import acting, clock, current_actor, go, page, require

blueprint = Blueprint("coalition", __name__, url_prefix="/accounts/<int:account_id>")


@blueprint.get("/contacts")
def index(account_id: int) -> Response:
    get_account_record(account_id, actor=current_actor())
    return go("journey.account_page", account_id=account_id, tab="coalition", _anchor="below")


@blueprint.route("/contacts/new", methods=["GET", "POST"])
def new(account_id: int) -> Response:
    account, form = _workable(account_id), ContactForm()
    if form.validate_on_submit():
        with refusals_on(form):
            operations.add_contact(account_id=account_id, contact=form.record(), **acting())
            return _done(account_id, f"{form.name.data} is added.")
    return page("coalition/contact.html", form=form, account=account, person=None)


@blueprint.route("/contacts/<int:seq>", methods=["GET", "POST"])
def contact(account_id: int, seq: int) -> Response:
    account = _workable(account_id)
    person = get_contact(account_id, seq, actor=current_actor(), today=clock().today())
    form = ContactForm(obj=person)
    if form.validate_on_submit():
        with refusals_on(form):
            version = shown_version(form.version.data)
            operations.edit_contact(account_id=account_id, seq=seq, contact=form.record(), version=version, **acting())
            return _done(account_id, f"{form.name.data} is saved.")
    return page("coalition/contact.html", form=form, account=account, person=person)


@blueprint.post("/decision-path")
def decision_path(account_id: int) -> Response:
    _workable(account_id)
    form = DecisionPathForm()
    if not form.validate_on_submit():
        raise OperationRefused((None, message) for messages in form.errors.values() for message in messages)
    operations.set_decision_path(account_id=account_id, not_applicable=form.not_applicable.data or (), **acting())
    return _done(account_id, "The decision path is saved.")


def _workable(account_id: int) -> AccountRecord:
    """The account, for somebody who works on it."""
    account = get_account_record(account_id, actor=current_actor())
    require(Action.WORK, account.team_id)
    return account


def _done(account_id: int, words: str) -> Response:
    """Say what changed and what the coalition still lacks."""
    found = get_coalition(account_id, actor=current_actor(), today=clock().today())
    gaps = found.coalition_gaps + found.path_gaps
    flash(f"{words} {gaps[0] if gaps else 'The coalition is formed and the decision path covered.'}", "success")
    return go("journey.account_page", account_id=account_id, tab="coalition", _anchor="below")
