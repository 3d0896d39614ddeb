"""What is told about an account on its page: the opening answers, the gap, the vision, evidence and its retraction."""

from flask import Blueprint, Response

from changetrack.domain.refusal import NotFound
from changetrack.operations.journey.evidence import record_evidence, retract_evidence
from changetrack.operations.journey.opening import GAP_FIELDS, open_account, state_gap, write_vision
from changetrack.web.forms import refusals_on, shown_version
from changetrack.web.journey.desk import done, look, show
from changetrack.web.journey.forms import (
    GapForm,
    OpeningForm,
    RetractForm,
    VisionForm,
    evidence_form,
    person_choices,
    person_number,
    statement_of,
)
from changetrack.web.journey.words import recorded_words
from changetrack.web.platform import acting, clock

blueprint = Blueprint("journey_record", __name__, url_prefix="/accounts/<int:account_id>")


@blueprint.post("/opening")
def opening(account_id: int) -> Response:
    form = OpeningForm(effective_on=clock().today())
    if form.validate_on_submit():
        with refusals_on(form):
            open_account(
                account_id=account_id,
                beneficiary=form.beneficiary.data or "",
                value_statement=form.value_statement.data or "",
                effective_on=form.effective_on.data,
                version=shown_version(form.version.data),
                **acting(),
            )
            return done(account_id, "Both opening questions are answered.")
    return show(account_id, form, "opening", step=1)


@blueprint.post("/gap")
def gap(account_id: int) -> Response:
    form = GapForm(effective_on=clock().today())
    if form.validate_on_submit():
        with refusals_on(form):
            state_gap(
                account_id=account_id,
                gap={name: form[name].data for name in GAP_FIELDS},
                effective_on=form.effective_on.data,
                version=shown_version(form.version.data),
                **acting(),
            )
            return done(account_id, "The gap is saved.", step=1, anchor="point-1b")
    return show(account_id, form, "gap", step=1)


@blueprint.post("/vision")
def vision(account_id: int) -> Response:
    form = VisionForm(effective_on=clock().today())
    if form.validate_on_submit():
        with refusals_on(form):
            write_vision(
                account_id=account_id,
                vision=form.vision.data or "",
                contact_seq=person_number(form.contact_seq.data),
                effective_on=form.effective_on.data,
                version=shown_version(form.version.data),
                **acting(),
            )
            return done(account_id, "The vision is saved.", step=3, anchor="point-3a")
    form.contact_seq.choices = person_choices(look(account_id).coalition.people, new=False)
    return show(account_id, form, "vision", step=3)


@blueprint.post("/evidence/<point>")
def evidence(account_id: int, point: str) -> Response:
    view = look(account_id)
    rule = next((p for rules in view.steps.values() for p in rules.points if p.key == point), None)
    if rule is None:
        raise NotFound("control point")
    form = evidence_form(rule, view.coalition.people, effective_on=clock().today())
    if form.validate_on_submit():
        with refusals_on(form):
            recorded = record_evidence(
                account_id=account_id,
                point=point,
                statement=statement_of(form, rule),
                effective_on=form["effective_on"].data,
                **acting(),
            )
            return done(account_id, recorded_words(point, recorded), step=rule.step, anchor=f"point-{point}")
    return show(account_id, form, f"evidence-{point}", step=rule.step)


@blueprint.post("/evidence/<int:seq>/retract")
def retract(account_id: int, seq: int) -> Response:
    form = RetractForm()
    if form.validate_on_submit():
        with refusals_on(form):
            retract_evidence(account_id=account_id, seq=seq, because=form.because.data or "", **acting())
            return done(account_id, "The evidence is taken back.")
    return show(account_id, form, f"retract-{seq}")
