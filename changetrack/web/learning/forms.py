"""The forms of a commitment: made, met, not met after all, given another day or person, taken back."""

from collections.abc import Iterable
from typing import Any

from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from changetrack.domain.commitments import ACTION_MAX, RESULT_MAX
from changetrack.queries.coalition import ContactView
from changetrack.queries.commitment_choices import CommitmentChoices
from changetrack.queries.journey_rows import TeamMate
from changetrack.web.forms import Form

OURS, THEIRS = "u", "c"


class CommitmentForm(Form):
    """Who does what by when, and which outcome asks for it."""

    action = StringField("What will be done?", [Length(max=ACTION_MAX)], description="The next step, in one sentence.")
    owner = SelectField("Whose word is it?", validate_choice=False)
    due_on = DateField("By when?", [Optional()])
    outcome_seq = SelectField("Which outcome asks for it?", validate_choice=False)


class MetForm(Form):
    """That it was done; `then` is where to go on."""

    version = HiddenField()
    then = HiddenField()
    met_on = DateField("When was it done?", [Optional()])
    result = TextAreaField("What came of it?", [Length(max=RESULT_MAX)], render_kw={"rows": 2})


class ReopenForm(Form):
    """That it was not met after all; `then` is where to go on."""

    version = HiddenField()
    then = HiddenField()


class AnotherDayForm(Form):
    """Another day by which it will be done."""

    version = HiddenField()
    due_on = DateField("By when instead?", [Optional()])
    because = StringField("Why?", [Length(max=RESULT_MAX)])


class HandOverForm(Form):
    """Who does it instead."""

    version = HiddenField()
    owner = SelectField("Whose word is it from now on?", validate_choice=False)


class OutcomeForm(Form):
    """Which outcome asks for it."""

    version = HiddenField()
    outcome_seq = SelectField("Which outcome asks for it?", validate_choice=False)


class WithdrawForm(Form):
    """Why it will not be done."""

    version = HiddenField()
    reason = TextAreaField("Why will it not be done?", [Length(max=RESULT_MAX)], render_kw={"rows": 2})


def owner_choices(team: Iterable[TeamMate], people: Iterable[ContactView]) -> list[SelectChoice]:
    """Everybody whose word it can be: ours and the customer's, each group under its name."""
    ours = [SelectChoice(f"{OURS}{mate.user_id}", mate.name, optgroup="Ours") for mate in team]
    theirs = [SelectChoice(f"{THEIRS}{p.seq}", p.name, optgroup="The customer's") for p in people if p.is_active]
    return [*ours, *theirs]


def outcome_choices(outcomes: Iterable[tuple[int, str]]) -> list[SelectChoice]:
    """The outcomes by number and statement, and none."""
    return [SelectChoice("", "None of them"), *(SelectChoice(str(seq), words[:80]) for seq, words in outcomes)]


def offer(form: CommitmentForm, choices: CommitmentChoices) -> CommitmentForm:
    """Give a form whose word it can be and which outcomes there are."""
    form.owner.choices = owner_choices(choices.team, choices.people)
    form.outcome_seq.choices = outcome_choices(choices.outcomes)
    return form


def owner_of(chosen: str | None) -> dict[str, Any]:
    """Whom a choice of `owner_choices` names, as operations are told; what is none of them is nobody."""
    kind, number = (chosen or "")[:1], (chosen or "")[1:]
    is_number = number.isascii() and number.isdecimal() and len(number) < 19
    return {
        "owner_user_id": int(number) if kind == OURS and is_number else None,
        "owner_contact_seq": int(number) if kind == THEIRS and is_number else None,
    }


def number_of(chosen: str | None) -> int | None:
    """The number of a chosen outcome, None for none; what is no number is nobody's."""
    if not chosen:
        return None
    return int(chosen) if chosen.isascii() and chosen.isdecimal() and len(chosen) < 10 else 0
