"""The forms of the gate and of the moves: proposing, signing, going back, holding, closing."""

from collections.abc import Iterable, Mapping

from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from changetrack.domain.journey.steps import CATALOGUE, CLOSE_OUTCOMES, REGRESS_REASONS
from changetrack.web.forms import Form
from changetrack.web.journey.forms import day_field, note_field, said_how_field


def _choices(words: Mapping[str, str]) -> list[SelectChoice]:
    return [SelectChoice("", "Choose…"), *(SelectChoice(key, word) for key, word in words.items())]


class ProposeForm(Form):
    """That an account is ready to leave its step."""

    effective_on = day_field("Ready since")
    note = note_field("What should the others know?")


class WithdrawForm(Form):
    """That the proposal that was shown is taken back."""

    proposal_seq = HiddenField()


class SignForm(WithdrawForm):
    """A team mate's word on the proposal that was shown."""

    note = StringField("Note", [Length(max=2000)])


class CustomerSignForm(WithdrawForm):
    """A customer person's word on the proposal that was shown, as the team heard it."""

    contact_seq = SelectField("Who agrees?", validate_choice=False)
    said_how = said_how_field()
    note = note_field()


class ExceptionForm(Form):
    """Why an account goes ahead without its evidence, and until when."""

    reason = TextAreaField("Why does it go ahead?", [Length(max=2000)], render_kw={"rows": 3})
    ends_on = day_field("By when is the evidence to be there?")
    effective_on = day_field("From when on?")


class BackForm(Form):
    """To which earlier step, and why."""

    to_step = SelectField("Back to", coerce=int, validate_choice=False)
    reason = SelectField("Why?", choices=_choices(REGRESS_REASONS), validate_choice=False)
    note = note_field("In more words")
    effective_on = day_field("From when on?")

    def offer_steps(self, claimed: int) -> None:
        """Let every step before the claimed one be chosen, the nearest first."""
        steps: Iterable[int] = range(min(claimed, 9) - 1, 0, -1)
        self.to_step.choices = [SelectChoice(n, f"{n} {CATALOGUE[n].name}") for n in steps]


class HoldForm(Form):
    """The customer's reason for waiting, and when to look again."""

    reason = TextAreaField("What makes the customer wait?", [Length(max=2000)], render_kw={"rows": 3})
    review_on = day_field("Look at it again on")
    effective_on = day_field("On hold since")


class DayForm(Form):
    """The day of a move that needs nothing else: resuming, reopening."""

    effective_on = day_field("From when on?")


class CloseForm(Form):
    """How the journey ended."""

    outcome = SelectField("How did it end?", choices=_choices(CLOSE_OUTCOMES), validate_choice=False)
    note = note_field("In more words")
    effective_on = day_field("When did it end?")
