"""The quick update: what happened at the customer (evidence, a word, a commitment, a note), saved in one request."""

from typing import Any

from flask import Response
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from changetrack.domain.journey.playbook import ControlPoint
from changetrack.operations.journey.evidence import Statement, record_evidence
from changetrack.operations.notes import LONGEST_NOTE, add_note, record_customer_word
from changetrack.queries.commitment_choices import list_outcome_choices
from changetrack.queries.journey import JourneyView
from changetrack.web.forms import Form, named, refusals_on
from changetrack.web.journey.desk import WHAT, done, quick_point
from changetrack.web.journey.forms import (
    day_field,
    evidence_form,
    person_choices,
    person_number,
    said_how_field,
    statement_of,
)
from changetrack.web.journey.words import recorded_words
from changetrack.web.learning.commitments import make, suggested
from changetrack.web.learning.forms import CommitmentForm, outcome_choices, owner_choices
from changetrack.web.platform import acting, clock, page

SORTS = {"reply": "A reply", "objection": "An objection", "idea": "An idea", "other": "Something else"}


class SaidForm(Form):
    """What one of the customer's people said, that is no answer to a control point."""

    contact_seq = SelectField("Who said it?", validate_choice=False)
    contact_name = StringField("Their name", [Length(max=120)])
    contact_title = StringField("Their title", [Length(max=120)])
    said_how = said_how_field()
    sort = RadioField("What was it?", choices=[SelectChoice(*pair) for pair in SORTS.items()], default="reply",
                      validate_choice=False)  # fmt: skip
    note = TextAreaField("What did they say?", [Length(max=LONGEST_NOTE)], render_kw={"rows": 3})
    effective_on = day_field("When?")


class NoteForm(Form):
    """Some words of ours for the history."""

    note = TextAreaField("Note", [Length(max=LONGEST_NOTE)], render_kw={"rows": 3})
    effective_on = day_field("Of which day?")


def evidence(view: JourneyView, asked: str) -> Response:
    """Evidence for the control point that is asked for, else the likeliest one."""
    point = _point(view, asked)
    if point is None:
        return _show(view, "evidence", Form())
    form = named(evidence_form(point, view.coalition.people, effective_on=clock().today()), "update")
    if form.validate_on_submit():
        with refusals_on(form):
            recorded = record_evidence(
                account_id=view.id,
                point=point.key,
                statement=statement_of(form, point),
                effective_on=form["effective_on"].data,
                **acting(),
            )
            return done(view.id, recorded_words(point.key, recorded), step=point.step, anchor=f"point-{point.key}")
    return _show(view, "evidence", form, point=point)


def said(view: JourneyView, _asked: str) -> Response:
    """What a person of the customer's said or replied."""
    form = SaidForm(effective_on=clock().today())
    form.contact_seq.choices = person_choices(view.coalition.people, new=True)
    if form.validate_on_submit():
        with refusals_on(form):
            record_customer_word(
                account_id=view.id,
                said=_statement(form),
                sort=form.sort.data or "",
                effective_on=form.effective_on.data,
                **acting(),
            )
            return done(view.id, "Their word is recorded.")
    return _show(view, "said", form)


def commitment(view: JourneyView, _asked: str) -> Response:
    """Somebody's word to do something by a day."""
    form = CommitmentForm(**suggested())
    form.owner.choices = owner_choices(view.team, view.coalition.people)
    form.outcome_seq.choices = outcome_choices(list_outcome_choices(view.id))
    if form.validate_on_submit():
        with refusals_on(form):
            make(view.id, form)
            return done(view.id, f"Kept: “{form.action.data}”.", anchor="commitments-card")
    return _show(view, "commitment", form)


def note(view: JourneyView, _asked: str) -> Response:
    """A note of ours."""
    form = NoteForm(effective_on=clock().today())
    if form.validate_on_submit():
        with refusals_on(form):
            add_note(account_id=view.id, note=form.note.data or "", effective_on=form.effective_on.data, **acting())
            return done(view.id, "The note is in the history.")
    return _show(view, "note", form)


UPDATES = {"evidence": evidence, "said": said, "commitment": commitment, "note": note}
"""How each of WHAT is asked for and saved."""


def _show(view: JourneyView, what: str, form: Form, **context: Any) -> Response:
    shown = {"point": None, **context, "view": view, "what": what, "whats": WHAT}
    return page("journey/update.html", form=named(form, "update"), **shown)


def _statement(form: SaidForm) -> Statement:
    chosen = person_number(form.contact_seq.data)
    return Statement(
        contact_seq=chosen,
        contact_name=(form.contact_name.data or "") if chosen is None else "",
        contact_title=(form.contact_title.data or "") if chosen is None else "",
        said_how=form.said_how.data,
        note=form.note.data or "",
    )


def _point(view: JourneyView, key: str) -> ControlPoint | None:
    """The control point that is asked for, else the likeliest one."""
    points = [point for rules in view.steps.values() for point in rules.points if point.is_recordable]
    likeliest = quick_point(view)
    first = likeliest.point if likeliest else next(iter(points), None)
    return next((point for point in points if point.key == key), first)
