"""The forms in which a team tells what it heard: evidence by kind, and what the record of the change lacks."""

from collections.abc import Iterable
from math import isfinite
from typing import Any

from wtforms import DateField, Field, HiddenField, RadioField, SelectField, StringField, TextAreaField, URLField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional
from wtforms.widgets import NumberInput

from changetrack.domain.journey.playbook import ControlPoint
from changetrack.domain.journey.records import VISION_WORDS
from changetrack.operations.journey.evidence import Statement
from changetrack.queries.coalition import ContactView
from changetrack.web.forms import Form

NEW = "new"
SAID_HOW = (SelectChoice("call", "Call"), SelectChoice("mail", "Mail"), SelectChoice("meeting", "Meeting"))
ANSWERS = (SelectChoice("yes", "Yes, this is so"), SelectChoice("no", "Not yet"))


class NumberField(Field):  # type: ignore[misc]  # WTForms is not typed
    """A number of any size that a person may have counted."""

    widget = NumberInput(step="any", min=0)
    data: float | None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:g}"

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; an empty field is no number yet."""
        text = valuelist[0].strip() if valuelist else ""
        if not text:
            return
        try:
            number = float(text)
        except ValueError as error:
            raise ValueError("Write a number.") from error
        if not isfinite(number):
            raise ValueError("Write a number that can be counted to.")
        self.data = number


def day_field(label: str = "When was it so?", **settings: Any) -> DateField:
    """A civil date; the rules say whether it may be empty."""
    return DateField(label, [Optional()], **settings)


def said_how_field() -> RadioField:
    """How the team heard it."""
    return RadioField("How did you hear it?", choices=list(SAID_HOW), validate_choice=False)


def note_field(label: str = "Note", most: int = 2000, **settings: Any) -> TextAreaField:
    """Some free words."""
    return TextAreaField(label, [Length(max=most)], render_kw={"rows": 2}, **settings)


class OpeningForm(Form):
    """The two questions that open an account."""

    version = HiddenField()
    beneficiary = StringField(
        "Who is the customer?",
        [Length(max=200)],
        description="The person or group that is to benefit, by name.",
    )
    value_statement = TextAreaField(
        "What do they value?", [Length(max=2000)], description="In their words.", render_kw={"rows": 3}
    )
    effective_on = day_field("When did they say so?")


class GapForm(Form):
    """From what, to what, by when."""

    version = HiddenField()
    gap_metric = StringField("What is measured?", [Length(max=200)])
    gap_unit = StringField("Unit", [Length(max=60)])
    gap_from = StringField("From (today)", [Length(max=60)])
    gap_to = StringField("To", [Length(max=60)])
    gap_by = day_field("By when?")
    gap_evidence = TextAreaField("How do you know where it stands today?", [Length(max=2000)], render_kw={"rows": 2})
    effective_on = day_field("When was this agreed?")


class VisionForm(Form):
    """The vision and who of the customer's wrote it with us."""

    version = HiddenField()
    vision = TextAreaField(
        "The vision",
        [Length(max=8000)],
        description=f"At most {VISION_WORDS} words; one tells it in five minutes.",
        render_kw={"rows": 6},
    )
    contact_seq = SelectField("Written with (of the customer)", validate_choice=False)
    effective_on = day_field("Written on")


class RetractForm(Form):
    """Why a piece of evidence is taken back."""

    because = StringField("Why is it taken back?", [Length(max=500)])


def person_choices(people: Iterable[ContactView], *, new: bool) -> list[SelectChoice]:
    """The active people of the customer, and, where `new` may be named, somebody new."""
    known = [
        SelectChoice(str(p.seq), f"{p.name}, {p.title or p.function}" if p.title or p.function else p.name)
        for p in people
        if p.is_active
    ]
    first = [SelectChoice("", "Choose…")] if known or not new else []
    return [*first, *known, *([SelectChoice(NEW, "Somebody new…")] if new else [])]


def _who_fields(people: Iterable[ContactView]) -> dict[str, Field]:
    return {
        "contact_seq": SelectField("Who said it?", choices=person_choices(people, new=True), validate_choice=False),
        "contact_name": StringField("Their name", [Length(max=120)]),
        "contact_title": StringField("Their title", [Length(max=120)]),
        "said_how": said_how_field(),
    }


def _what_fields(point: ControlPoint) -> dict[str, Field]:
    if point.kind == "numbers" and point.rule is not None:
        return {field.key: NumberField(field.label) for field in point.rule.fields}
    if point.kind == "link":
        return {"url": URLField("Where can it be seen?", [Length(max=1000)], render_kw={"placeholder": "https://"})}
    return {"answer": RadioField("Is it so?", choices=list(ANSWERS), default="yes")}


def evidence_form(point: ControlPoint, people: Iterable[ContactView], /, **given: Any) -> Form:
    """The form for one control point, made from its kind, side and rule; `given` are arguments of a form.

    Its field names are those of the operation's reasons: the numbers go by the keys of the rule.
    """
    fields: dict[str, Field] = {"point": HiddenField(default=point.key)}
    if point.by == "customer":
        fields |= _who_fields(people)
    fields |= _what_fields(point)
    fields |= {"effective_on": day_field(), "note": StringField("Note", [Length(max=2000)])}
    made: Form = type("EvidenceForm", (Form,), fields)(**given)
    return made


def statement_of(form: Form, point: ControlPoint) -> Statement:
    """What was typed into an evidence form, for the operation."""
    typed = {name: field.data for name, field in form._fields.items()}
    numbers = {f.key: typed[f.key] for f in point.rule.fields if typed[f.key] is not None} if point.rule else {}
    chosen = person_number(typed.get("contact_seq"))
    return Statement(
        contact_seq=chosen,
        contact_name=(typed.get("contact_name") or "") if chosen is None else "",
        contact_title=(typed.get("contact_title") or "") if chosen is None else "",
        said_how=typed.get("said_how"),
        answer=typed.get("answer", "yes") == "yes",
        numbers=numbers,
        url=(typed.get("url") or "").strip(),
        note=typed.get("note") or "",
    )


def person_number(chosen: str | None) -> int | None:
    """The number of the chosen person, None for nobody or somebody new; what is no number is nobody's."""
    if not chosen or chosen == NEW:
        return None
    return int(chosen) if chosen.isdecimal() and len(chosen) < 10 else 0
