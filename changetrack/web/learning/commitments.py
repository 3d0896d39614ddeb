"""One commitment of an account: making it, saying that it is met, another day, another person, taking it back."""

from typing import Any

from flask import Blueprint, Response, flash

from changetrack.domain.people import Action, may
from changetrack.operations import commitments as operations
from changetrack.queries.commitment_choices import CommitmentChoices, get_commitment_choices
from changetrack.queries.commitments import WEEK, CommitmentView, get_commitment
from changetrack.web.forms import Form, named, refusals_on, shown_version
from changetrack.web.learning.forms import (
    AnotherDayForm,
    CommitmentForm,
    HandOverForm,
    MetForm,
    WithdrawForm,
    number_of,
    offer,
    owner_choices,
    owner_of,
)
from changetrack.web.platform import acting, clock, current_actor, go, page, require

blueprint = Blueprint("commitments", __name__, url_prefix="/accounts/<int:account_id>/commitments")


@blueprint.get("")
def index(account_id: int) -> Response:
    get_commitment_choices(account_id, actor=current_actor(), today=clock().today())
    return go("learning.commitments", whose="team", account=account_id)


@blueprint.route("/new", methods=["GET", "POST"])
def new(account_id: int) -> Response:
    choices = _workable(account_id)
    form = offer(CommitmentForm(**suggested()), choices)
    if form.validate_on_submit():
        with refusals_on(form):
            make(account_id, form)
            flash(f"Kept: “{form.action.data}”.", "success")
            return go("journey.account_page", account_id=account_id, _anchor="commitments-card")
    return page("learning/new.html", form=form, account=choices)


@blueprint.get("/<int:seq>")
def commitment(account_id: int, seq: int) -> Response:
    return _show(account_id, seq)


@blueprint.post("/<int:seq>/met")
def met(account_id: int, seq: int) -> Response:
    _workable(account_id)
    form = MetForm()
    if form.validate_on_submit():
        with refusals_on(form):
            told = {"version": shown_version(form.version.data), "met_on": form.met_on.data}
            result = form.result.data or ""
            operations.meet_commitment(account_id=account_id, seq=seq, result=result, **told, **acting())
            flash(f"Met: “{_found(account_id, seq).action}”.", "success")
            return go("today.index") if form.then.data == "today" else _back(account_id, form.then.data)
    return _show(account_id, seq, form, "met")


@blueprint.post("/<int:seq>/another-day")
def another_day(account_id: int, seq: int) -> Response:
    _workable(account_id)
    form = AnotherDayForm()
    if form.validate_on_submit():
        with refusals_on(form):
            told = {"version": shown_version(form.version.data), "due_on": form.due_on.data}
            because = form.because.data or ""
            operations.renegotiate_commitment(account_id=account_id, seq=seq, because=because, **told, **acting())
            flash(f"“{_found(account_id, seq).action}” has another day. The first one stays on record.", "success")
            return go(".commitment", account_id=account_id, seq=seq)
    return _show(account_id, seq, form, "another_day")


@blueprint.post("/<int:seq>/hand-over")
def hand_over(account_id: int, seq: int) -> Response:
    choices = _workable(account_id)
    form = HandOverForm()
    form.owner.choices = owner_choices(choices.team, choices.people)
    if form.validate_on_submit():
        with refusals_on(form):
            version, whose = shown_version(form.version.data), owner_of(form.owner.data)
            operations.hand_over_commitment(account_id=account_id, seq=seq, version=version, **whose, **acting())
            flash(f"It is the word of {_found(account_id, seq).owner} now.", "success")
            return go(".commitment", account_id=account_id, seq=seq)
    return _show(account_id, seq, form, "hand_over")


@blueprint.post("/<int:seq>/withdraw")
def withdraw(account_id: int, seq: int) -> Response:
    _workable(account_id)
    form = WithdrawForm()
    if form.validate_on_submit():
        with refusals_on(form):
            version, reason = shown_version(form.version.data), form.reason.data or ""
            operations.withdraw_commitment(account_id=account_id, seq=seq, version=version, reason=reason, **acting())
            flash(f"Withdrawn: “{_found(account_id, seq).action}”.", "success")
            return _back(account_id)
    return _show(account_id, seq, form, "withdraw")


def suggested() -> dict[str, Any]:
    """What a new commitment is likeliest: mine, a week ahead."""
    return {"owner": f"u{current_actor().user_id}", "due_on": clock().today() + WEEK}


def make(account_id: int, form: Form) -> int:
    """Make the commitment that was typed; returns its number."""
    return operations.make_commitment(
        account_id=account_id,
        action=form["action"].data or "",
        due_on=form["due_on"].data,
        outcome_seq=number_of(form["outcome_seq"].data),
        **owner_of(form["owner"].data),
        **acting(),
    )


def _show(account_id: int, seq: int, form: Form | None = None, slot: str = "") -> Response:
    """The page of a commitment; with `form` in its place `slot`, and the reasons for which it was refused."""
    actor, today = current_actor(), clock().today()
    choices, found = get_commitment_choices(account_id, actor=actor, today=today), _found(account_id, seq)
    blank: dict[str, Any] = {"formdata": None, "version": found.version}
    owner = f"u{found.owner_user_id}" if found.owner_user_id is not None else f"c{found.owner_contact_seq}"
    forms: dict[str, Form] = {
        "met": MetForm(**blank, met_on=today),
        "another_day": AnotherDayForm(**blank),
        "hand_over": HandOverForm(**blank, owner=owner),
        "withdraw": WithdrawForm(**blank),
    }
    forms["hand_over"]["owner"].choices = owner_choices(choices.team, choices.people)
    if form is not None:
        forms[slot] = form
    forms = {key: named(one, key) for key, one in forms.items()}
    may_work = may(actor, Action.WORK, choices.team_id)
    context: dict[str, Any] = {"account": choices, "found": found, "forms": forms, "slot": slot, "may_work": may_work}
    return page("learning/commitment.html", form=form, **context)


def _found(account_id: int, seq: int) -> CommitmentView:
    return get_commitment(account_id, seq, actor=current_actor())


def _back(account_id: int, then: str | None = None) -> Response:
    if then == "list":
        return go("learning.commitments")
    return go("journey.account_page", account_id=account_id, _anchor="commitments-card")


def _workable(account_id: int) -> CommitmentChoices:
    """The account, for somebody who works on it."""
    choices = get_commitment_choices(account_id, actor=current_actor(), today=clock().today())
    require(Action.WORK, choices.team_id)
    return choices
