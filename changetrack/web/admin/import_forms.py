"""The forms of an import: the file, what its columns mean, and whether it is imported."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from changetrack.adapters.uploaded_file import Choices
from changetrack.domain.import_guesses import DATE_FORMATS, attribute_for, guess_mapping
from changetrack.domain.imports import ATTRIBUTE, CATALOGUES, IGNORE
from changetrack.domain.refusal import OperationRefused, refuse_if
from changetrack.web.admin.import_sample import Dates, Sample
from changetrack.web.formatting import exact_date, number
from changetrack.web.forms import Form

KINDS: Mapping[str, tuple[str, str]] = {
    "accounts": ("Accounts", "One row per account: new ones are added, known ones brought up to date."),
    "contacts": ("Contacts", "The customers' people, and who decides."),
    "aliases": ("Aliases", "Other systems' ids of an account, such as subscriptions."),
    "history": ("History of steps", "Where each account stood since when."),
    "usage": ("Usage", "How much each account used on which day: numbers of metrics, or events."),
    "outcomes": ("Outcomes", "What each customer is to gain, and what they said of it."),
}
ENCODINGS: Mapping[str, str] = {
    "": "UTF-8 (usual)",
    "cp1252": "Windows-1252 (Western Europe, older Excel)",
    "cp1250": "Windows-1250 (Central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "shift_jis": "Shift JIS (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
}
SAME_FOR_ALL: Mapping[str, Sequence[str]] = {
    "accounts": ("team", "owner_email", "product", "segment", "region", "industry", "tier", "currency"),
    "usage": ("metric",),
}
Offered = Mapping[str, Iterable[tuple[str, str]]]
"""For a field what can be chosen: what it is called in a file, and for people."""


class UploadForm(Form):
    """A file and what it holds."""

    kind = RadioField(
        "It holds",
        choices=[SelectChoice(kind, words) for kind, (words, _) in KINDS.items()],
        default="accounts",
    )
    file = FileField(
        "File",
        [FileRequired("Choose a file.")],
        description="CSV, also compressed as .gz; its first line names the columns.",
        render_kw={"accept": ".csv,.tsv,.txt,.gz,text/csv"},
    )
    encoding = SelectField(
        "Written in",
        choices=[SelectChoice(code, words) for code, words in ENCODINGS.items()],
        default="",
    )


class CommitForm(Form):
    """The word to import; `skip` says that rows which were turned away are left out."""

    skip = HiddenField()


def columns_form(kind: str, sample: Sample, dates: Dates, offered: Offered, chosen: Choices) -> Form:
    """The form that asks what each column fills, how dates are written, and what holds for all rows.

    Fields: `column_N` by place in the file, `date_format` where the kind has dates, `every_FIELD`.
    """
    guessed = guess_mapping(kind, sample.headers)
    columns = [(f"column_{place}", header) for place, header in enumerate(sample.headers)]
    fields: dict[str, Any] = {name: _column(kind, header, guessed[header]) for name, header in columns}
    if has_dates(kind):
        fields["date_format"] = SelectField("Dates are written as", choices=_date_choices(dates))
    fields |= {f"every_{name}": _constant(kind, name, offered) for name in SAME_FOR_ALL.get(kind, ())}
    start = {name: chosen.mapping.get(header) for name, header in columns}
    start |= {f"every_{name}": text for name, text in chosen.constants.items()}
    start["date_format"] = chosen.date_format or dates.guess or ""
    form: Form = type("ColumnsForm", (Form,), fields)(**start)
    return form


def choices_of(form: Form, headers: Sequence[str]) -> Choices:
    """What was chosen on the form of the columns."""
    mapping = {header: form[f"column_{place}"].data for place, header in enumerate(headers)}
    every = [name.removeprefix("every_") for name in form.data if name.startswith("every_")]
    constants = {name: (form[f"every_{name}"].data or "").strip() for name in every}
    told = {name: text for name, text in constants.items() if text}
    date_format = form["date_format"].data or None if "date_format" in form else None
    return Choices(mapping=mapping, constants=told, date_format=date_format)


def refuse_unclear(choices: Choices, kind: str, dates: Dates) -> None:
    """Refuse a field that is filled twice over, and dates that can be read in two ways. Raises OperationRefused."""
    filled = {target: column for column, target in choices.mapping.items()}
    reasons = [
        (f"every_{name}", f"The column “{filled[name]}” fills it already; use one of the two.")
        for name in choices.constants
        if name in filled
    ]
    is_date = {field.name for field in CATALOGUES[kind] if field.kind == "date"}
    if choices.date_format is None and dates.readings and is_date.intersection(filled):
        reasons.append(("date_format", "Choose how the dates in the file are written."))
    refuse_if(reasons)


def at_constants(refusal: OperationRefused, form: Form) -> OperationRefused:
    """The refusal with each reason about a value for all rows at its field."""
    return OperationRefused(
        (f"every_{reason.field}" if form.data.get(f"every_{reason.field}") else reason.field, reason.message)
        for reason in refusal.reasons
    )


def has_dates(kind: str) -> bool:
    """Whether a file of this kind has dates."""
    return any(field.kind == "date" for field in CATALOGUES[kind])


def _column(kind: str, header: str, guessed: str) -> SelectField:
    choices = [SelectChoice(IGNORE, "Leave it out")]
    names = {field.name for field in CATALOGUES[kind]}
    target = guessed if guessed.startswith(ATTRIBUTE) else attribute_for(header, names)
    if kind == "accounts" and target != IGNORE:
        choices.append(SelectChoice(target, f"Keep as attribute “{target.removeprefix(ATTRIBUTE)}”"))
    for field in CATALOGUES[kind]:
        choices.append(SelectChoice(field.name, field.label + (" (needed)" if field.required else "")))
    return SelectField(header, choices=choices)


def _date_choices(dates: Dates) -> list[SelectChoice]:
    """The forms that fit come first, each with an example and how many dates it fits."""
    fitting = [
        SelectChoice(
            reading.form,
            f"{reading.form}: {reading.example} is {exact_date(reading.means)}; fits "
            + ("all" if reading.fits == reading.of else f"{number(reading.fits)} of {number(reading.of)}"),
        )
        for reading in dates.readings
    ]
    known = {reading.form for reading in dates.readings}
    others = [SelectChoice(form, form) for form in DATE_FORMATS if form not in known]
    return [SelectChoice("", "Choose"), *fitting, *others]


def _constant(kind: str, name: str, offered: Offered) -> SelectField | StringField:
    field = next(field for field in CATALOGUES[kind] if field.name == name)
    if name in offered:
        choices = [SelectChoice(value, words) for value, words in offered[name]]
        return SelectField(field.label, choices=[SelectChoice("", "Not the same for all"), *choices])
    return StringField(field.label, [Length(max=field.max_length)], description=field.hint)
