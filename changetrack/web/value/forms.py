"""The forms about outcomes: their terms in plain questions, and what a person of the customer's said of one."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    Field,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from changetrack.domain.money import in_minor_units, in_plain_figures, parse_amount, parse_currency
from changetrack.domain.outcomes import ACCRUALS, LONGEST_GROUP, LONGEST_STATEMENT, PERIODS, RULE_TERMS
from changetrack.domain.refusal import Reason, refuse_if
from changetrack.operations.value.statements import Word
from changetrack.queries.coalition import ContactView
from changetrack.queries.outcomes import MetricChoice, OutcomeView
from changetrack.web.forms import Form
from changetrack.web.journey.forms import day_field, note_field, person_choices, person_number, said_how_field

_NUMBERS = ("threshold", "target", "baseline")
_COUNTS = ("confirm_after", "lapse_after", "restore_after", "min_hold", "attestation_valid_days", "settle_lag_days")
_PLAIN = ("statement", "metric_id", "period", "accrual", "plan_start", "plan_periods", "requires_attestation")


class Needed:
    """Marks a field as one that cannot be left empty; the operation refuses, with all reasons at once."""

    field_flags: Mapping[str, bool] = {"required": True}

    def __call__(self, form: Form, field: Field) -> None:
        """Refuse nothing."""


def _choices(words: Mapping[str, str]) -> list[SelectChoice]:
    return [SelectChoice(key, word) for key, word in words.items()]


def _id(text: object) -> int | None:
    return int(str(text)) if str(text or "").isdecimal() and len(str(text)) <= 9 else None


def _number(label: str, help: str = "", *more: Needed) -> DecimalField:
    return DecimalField(label, [*more, Optional()], places=None, description=help, render_kw={"inputmode": "decimal"})


def _count(label: str, help: str = "") -> IntegerField:
    return IntegerField(label, [Optional()], description=help, render_kw={"inputmode": "numeric"})


class OutcomeForm(Form):
    """The terms of an outcome: the main questions first, then the rules that most never change."""

    version = HiddenField()
    beneficiary_seq = SelectField("Who benefits?", [Needed()], validate_choice=False)
    beneficiary_name = StringField("Their name", [Length(max=120)])
    beneficiary_title = StringField("Their title", [Length(max=120)])
    statement = TextAreaField(
        "What will be different for them?",
        [Needed(), Length(max=LONGEST_STATEMENT)],
        description="In their words: what they would tell a colleague.",
        render_kw={"rows": 3},
    )
    metric_id = SelectField("Which number shows it?", [Needed()], coerce=_id, validate_choice=False)
    threshold = _number("At least how much?", "Less than this counts as not used.", Needed())
    period = SelectField("In every", [Needed()], choices=_choices(PERIODS), default="week")
    rate = StringField(
        "What is that worth to them?", [Needed()], description="For each such week or month, such as 2500."
    )
    currency = StringField("Currency", [Needed()], render_kw={"maxlength": 3, "autocapitalize": "characters"})
    baseline = _number("How much is it today?", "Before the change, if anybody knows.")
    target = _number("How much do they hope for?", "Drawn beside the threshold.")
    plan_start = DateField("Planned from", [Optional()], description="Else from the first whole week or month agreed.")
    plan_periods = _count("For how many weeks or months?", "Left empty, the plan has no end.")
    accrual = SelectField("Worth", choices=_choices(ACCRUALS), default="flat")
    confirm_after = _count("Confirmed after", "So many passing weeks or months in a row.")
    lapse_after = _count("Lapsed after", "So many failing ones in a row.")
    restore_after = _count("Confirmed again after", "So many passing ones in a row, once it lapsed.")
    min_hold = _count("Has to hold for", "Ending sooner takes back what accrued: it was never a habit.")
    attestation_valid_days = _count("Their word is good for", "Days; then it has to be renewed.")
    settle_lag_days = _count("Wait for late numbers", "Days after the end of a week or month.")
    requires_attestation = BooleanField("A person of the customer's has to say that it is so")
    overlap_group = StringField(
        "Shares its worth with", [Length(max=LONGEST_GROUP)], description="A name for outcomes that overlap."
    )
    group_cap = StringField("Together at most", description="For each week or month, all of the group.")


class WordForm(Form):
    """What a person of the customer's said of an outcome, as the team heard it."""

    contact_seq = SelectField("Who said it?", validate_choice=False)
    said_how = said_how_field()
    given_on = day_field("When did they say so?")
    note = note_field("In their words")

    def word(self) -> Word:
        """What was typed, for the operation."""
        return Word(
            contact_seq=person_number(self.contact_seq.data),
            said_how=self.said_how.data,
            given_on=self.given_on.data,
            note=self.note.data or "",
        )


class BecauseForm(Form):
    """Why something is taken back."""

    because = StringField("Why is it taken back?", [Length(max=500)])


def offer(form: OutcomeForm, people: Iterable[ContactView], metrics: Iterable[MetricChoice]) -> OutcomeForm:
    """Fill in the people and the metrics that can be chosen."""
    form.beneficiary_seq.choices = person_choices(people, new=True)
    form.metric_id.choices = [
        SelectChoice("", "Choose…"),
        *(SelectChoice(str(m.id), f"{m.name} ({m.unit})") for m in metrics),
    ]
    return form


def blank_terms(currency: str | None) -> dict[str, Any]:
    """What a new outcome's form begins with."""
    return {**RULE_TERMS, "currency": currency or ""}


def shown_terms(outcome: OutcomeView) -> dict[str, Any]:
    """The terms of an outcome as the fields of its form show them."""
    same = (*_PLAIN, *_NUMBERS, *_COUNTS, "currency", "overlap_group", "version")
    shown = {name: getattr(outcome, name) for name in same}
    shown["beneficiary_seq"] = str(outcome.beneficiary_seq)
    shown["rate"] = in_plain_figures(outcome.rate, outcome.currency)
    if outcome.group_cap is not None:
        shown["group_cap"] = in_plain_figures(outcome.group_cap, outcome.currency)
    return shown


def typed_terms(form: OutcomeForm) -> dict[str, Any]:
    """What was typed as the operation's terms and names. Raises OperationRefused with all that cannot be read."""
    reasons: list[Reason] = []
    terms: dict[str, Any] = {name: form[name].data for name in (*_PLAIN, *_NUMBERS, "overlap_group")}
    terms |= {name: form[name].data if form[name].data is not None else RULE_TERMS[name] for name in _COUNTS}
    terms["currency"] = currency = _currency(form, reasons)
    for name in ("rate", "group_cap"):
        terms[name] = _amount(form, name, currency, reasons)
    chosen = person_number(form.beneficiary_seq.data)
    terms["beneficiary_seq"] = chosen
    refuse_if(reasons)
    is_new = chosen is None
    names = {name: (form[name].data or "") if is_new else "" for name in ("beneficiary_name", "beneficiary_title")}
    return {"terms": terms, **names}


def as_typed(form: Form, current: Mapping[str, Any]) -> dict[str, Any]:
    """The terms that stand now as the form would show them: money in plain figures."""
    shown = dict(current)
    for name in ("rate", "group_cap"):
        if isinstance(shown.get(name), int) and isinstance(shown.get("currency"), str):
            shown[name] = in_plain_figures(shown[name], shown["currency"])
    for name in ("metric_id", "beneficiary_seq"):
        words = {str(choice.value): choice.label for choice in form[name].choices}
        shown[name] = words.get(str(shown.get(name)), shown.get(name))
    return shown


def _currency(form: OutcomeForm, reasons: list[Reason]) -> str | None:
    text = (form.currency.data or "").strip()
    if not text:
        return None
    try:
        return parse_currency(text)
    except ValueError as problem:
        reasons.append(Reason("currency", str(problem)))
        return None


def _amount(form: OutcomeForm, name: str, currency: str | None, reasons: list[Reason]) -> int | None:
    text = (form[name].data or "").strip()
    if not text:
        return None
    try:
        amount: Decimal = parse_amount(text)
        return in_minor_units(amount, currency) if currency else 1
    except ValueError as problem:
        reasons.append(Reason(name, str(problem)))
        return None
