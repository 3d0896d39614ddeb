"""One commitment of an account: made, met, not met after all, given another day or person, taken back."""

from typing import Any
from urllib.parse import parse_qs

from flask import Blueprint, Response, flash, url_for

from changetrack.domain.commitments import reopen_reasons
from changetrack.domain.letters import one_line
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
    OutcomeForm,
    ReopenForm,
    WithdrawForm,
    number_of,
    offer,
    outcome_choices,
    owner_choices,
    owner_of,
)
from changetrack.web.platform import acting, clock, current_actor, go, go_asking, page, require

SHOWN = 80  # characters of what is to be done, in a message

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
            flash(f"Kept: {_short(form.action.data)}.", "success")
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
            flash(_met(_found(account_id, seq), form.then.data or ""), "success")  # type: ignore[arg-type]  # any JSON
            return _back(account_id, form.then.data)
    return _show(account_id, seq, form, "met")


@blueprint.post("/<int:seq>/reopen")
def reopen(account_id: int, seq: int) -> Response:
    _workable(account_id)
    form = ReopenForm()
    if form.validate_on_submit():
        with refusals_on(form):
            version = shown_version(form.version.data)
            operations.reopen_commitment(account_id=account_id, seq=seq, version=version, **acting())
            flash(f"{_short(_found(account_id, seq).action)} is open again.", "success")
            return _back(account_id, form.then.data, seq)
    return _show(account_id, seq, form, "reopen")


@blueprint.post("/<int:seq>/another-day")
def another_day(account_id: int, seq: int) -> Response:
    _workable(account_id)
    form = AnotherDayForm()
    if form.validate_on_submit():
        with refusals_on(form):
            told = {"version": shown_version(form.version.data), "due_on": form.due_on.data}
            because = form.because.data or ""
            operations.renegotiate_commitment(account_id=account_id, seq=seq, because=because, **told, **acting())
            flash(
                f"{_short(_found(account_id, seq).action)} has another day. The first one stays on record.", "success"
            )
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


@blueprint.post("/<int:seq>/outcome")
def outcome(account_id: int, seq: int) -> Response:
    choices = _workable(account_id)
    form = OutcomeForm()
    form.outcome_seq.choices = outcome_choices(choices.outcomes)
    if form.validate_on_submit():
        with refusals_on(form):
            version, asking = shown_version(form.version.data), number_of(form.outcome_seq.data)
            operations.link_commitment(account_id=account_id, seq=seq, version=version, outcome_seq=asking, **acting())
            flash("It is kept which outcome asks for it.", "success")
            return go(".commitment", account_id=account_id, seq=seq)
    return _show(account_id, seq, form, "outcome")


@blueprint.post("/<int:seq>/withdraw")
def withdraw(account_id: int, seq: int) -> Response:
    _workable(account_id)
    form = WithdrawForm()
    if form.validate_on_submit():
        with refusals_on(form):
            version, reason = shown_version(form.version.data), form.reason.data or ""
            operations.withdraw_commitment(account_id=account_id, seq=seq, version=version, reason=reason, **acting())
            flash(f"Withdrawn: {_short(_found(account_id, seq).action)}.", "success")
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
        "outcome": OutcomeForm(**blank, outcome_seq=found.outcome_seq or ""),
        "withdraw": WithdrawForm(**blank),
    }
    present = {found.outcome_seq: found.outcome or ""} if found.outcome_seq is not None else {}
    forms["outcome"]["outcome_seq"].choices = outcome_choices((present | dict(choices.outcomes)).items())
    forms["hand_over"]["owner"].choices = owner_choices(choices.team, choices.people)
    if form is not None:
        forms[slot] = form
    forms = {key: named(one, key) for key, one in forms.items()}
    may_work = may(actor, Action.WORK, choices.team_id)
    wrong = reopen_reasons(found.state, ended_at=found.ended_at, moved_at=choices.moved_at, is_closed=choices.is_closed)
    context: dict[str, Any] = {"account": choices, "found": found, "forms": forms, "slot": slot, "may_work": may_work}
    context["may_reopen"] = may_work and not wrong
    return page("learning/commitment.html", form=form, **context)


def _found(account_id: int, seq: int) -> CommitmentView:
    return get_commitment(account_id, seq, actor=current_actor())


def _short(action: str | None) -> str:
    return f"“{one_line(action or '', SHOWN)}”"


def _met(found: CommitmentView, then: str) -> dict[str, Any]:
    """The message that it is met, with a button that takes it back and comes back to the same place."""
    undo = url_for(".reopen", account_id=found.account_id, seq=found.seq)
    same_day = " It was made on that very day: that is kept, and is no progress." if found.is_no_progress else ""
    return {
        "words": f"Met: {_short(found.action)}.{same_day}",
        "undo": undo,
        "fields": {"version": found.version, "then": then},
    }


def _back(account_id: int, then: str | None = None, seq: int | None = None) -> Response:
    """Where somebody came from: Today, the list as it was asked for (“list?when=overdue”), or the account."""
    where, _, asked = (then or "").partition("?")
    if where == "today":
        return go("today.index")
    if where == "list":
        return go_asking("learning.commitments", parse_qs(asked))
    if where == "page" and seq is not None:
        return go(".commitment", account_id=account_id, seq=seq)
    return go("journey.account_page", account_id=account_id, _anchor="commitments-card")


def _workable(account_id: int) -> CommitmentChoices:
    """The account, for somebody who works on it."""
    choices = get_commitment_choices(account_id, actor=current_actor(), today=clock().today())
    require(Action.WORK, choices.team_id)
    return choices
