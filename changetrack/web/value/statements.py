"""What the team heard the customer say of an outcome: recording it, and taking such a report back."""

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, flash

from changetrack.domain.refusal import NotFound
from changetrack.operations.value import statements as operations
from changetrack.web.forms import refusals_on
from changetrack.web.platform import acting, go
from changetrack.web.value.desk import look, show, word_form
from changetrack.web.value.forms import BecauseForm
from changetrack.web.value.words import SAID

blueprint = Blueprint("outcome_words", __name__, url_prefix="/accounts/<int:account_id>/outcomes/<int:seq>/words")

_OPERATIONS: Mapping[str, Callable[..., int]] = {
    "agreed": operations.agree_outcome,
    "attested": operations.attest_outcome,
    "not_yet": operations.say_not_yet,
    "disputed": operations.dispute_outcome,
    "withdrawn": operations.withdraw_outcome,
}


@blueprint.post("/<kind>")
def record(account_id: int, seq: int, kind: str) -> Response:
    if kind not in _OPERATIONS:
        raise NotFound("kind of statement")
    form = word_form(look(account_id, seq), kind)
    if form.validate_on_submit():
        with refusals_on(form):
            _OPERATIONS[kind](account_id=account_id, seq=seq, word=form.word(), **acting())
            flash(SAID[kind], "success")
            return go("outcomes.outcome", account_id=account_id, seq=seq, _anchor="words")
    return show(account_id, seq, form, kind)


@blueprint.post("/<int:statement>/retract")
def retract(account_id: int, seq: int, statement: int) -> Response:
    look(account_id, seq)
    form = BecauseForm()
    if form.validate_on_submit():
        with refusals_on(form):
            operations.retract_statement(
                account_id=account_id, statement=statement, because=form.because.data or "", **acting()
            )
            flash("The report is taken back.", "success")
            return go("outcomes.outcome", account_id=account_id, seq=seq, _anchor="words")
    return show(account_id, seq, form, f"retract-{statement}")
