"""The forms of the customer's word: what a person answers, and what a team asks of whom."""

from collections.abc import Iterable
from typing import Any

from wtforms import Field, HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField, URLField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length
from wtforms.widgets import CheckboxInput, ListWidget

from changetrack.operations.customer_answers import LONGEST_COMMENT, Answer
from changetrack.queries.customer_page import AskView
from changetrack.queries.customer_requests import RequestsView
from changetrack.web.forms import Form
from changetrack.web.journey.forms import NumberField

OUT_OF_DATE = "The page had gone out of date. Send your answer again."


class RequestForm(Form):
    """Whom to ask, and what."""

    contact_seq = SelectField("Whom do you ask?", validate_choice=False)
    asks = SelectMultipleField(
        "What do you ask?", validate_choice=False, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )


def request_form(view: RequestsView, **given: Any) -> RequestForm:
    """The form with the people and the questions of this account."""
    form = RequestForm(**given)
    form.contact_seq.choices = [
        SelectChoice("", "Choose…"),
        *(SelectChoice(str(p.seq), f"{p.name}, {p.title}" if p.title else p.name) for p in view.people),
    ]
    form.asks.choices = [SelectChoice(one.key, f"{one.words} ({one.note})") for one in view.askable]
    return form


def answer_form(view: AskView, /, **given: Any) -> Form:
    """The form for one question, made from what it asks; its field names are those of the operation's reasons."""
    fields: dict[str, Field] = {"ask": HiddenField(default=view.key), "answer": StringField()}
    if view.point is not None and view.point.kind == "numbers" and view.point.rule is not None:
        fields |= {f.key: NumberField(f.label) for f in view.point.rule.fields}
    if view.point is not None and view.point.kind == "link":
        fields["url"] = URLField("Where can it be seen?", [Length(max=1000)], render_kw={"placeholder": "https://"})
    fields["comment"] = TextAreaField(
        "Anything you would like to add", [Length(max=LONGEST_COMMENT)], render_kw={"rows": 2}
    )
    made: Form = type("AnswerForm", (Form,), fields)(**given)
    return made


def blank_answers(asks: Iterable[AskView]) -> dict[str, Form]:
    """For each question its form, with what was answered before."""
    found = {}
    for view in asks:
        before = {"url": view.ask.url, "comment": view.ask.comment, **(view.ask.numbers or {})}
        found[view.key] = answer_form(view, formdata=None, data=before | {"ask": view.key})
    return found


def answer_of(form: Form, view: AskView) -> Answer:
    """What was answered, for the operation."""
    typed = {name: field.data for name, field in form._fields.items()}
    rule = view.point.rule if view.point is not None and view.point.kind == "numbers" else None
    return Answer(
        answer=(typed["answer"] or "")[:20],
        comment=typed["comment"] or "",
        numbers={f.key: typed[f.key] for f in rule.fields if typed[f.key] is not None} if rule else {},
        url=typed.get("url") or "",
    )


def excuse_old_token(form: Form) -> None:
    """Say in plain words that a page was left open for too long."""
    if form.errors.get("csrf_token"):
        form["csrf_token"].errors = []
        form.form_errors.append(OUT_OF_DATE)
