"""The forms about alerts; what may be refused is decided by the operation, with all reasons at once."""

from collections.abc import Iterable
from typing import Any

from wtforms import DateField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from changetrack.domain.alerts import SNOOZE_MAX_DAYS
from changetrack.domain.journey.steps import CLOSE_OUTCOMES
from changetrack.domain.ladder import DECISIONS, WORDS_MAX
from changetrack.queries.journey_rows import TeamMate
from changetrack.web.forms import Form

NEEDED = {"required": True}
_ENDINGS = (("", "Choose"), *CLOSE_OUTCOMES.items())
_LONGEST_NUMBER = 18


class AcknowledgeForm(Form):
    """What comes next, as the customer will see it, when, and who does it; `version` is the one that was shown."""

    version = HiddenField()
    next_step = StringField("Next step the customer will see", render_kw={**NEEDED, "maxlength": 500})
    next_step_on = DateField("On which day", [Optional()], render_kw=NEEDED)
    owner = SelectField("Whose word is it?", validate_choice=False)


class DecideForm(Form):
    """What an executive decides, with what each of the three decisions asks for."""

    version = HiddenField()
    decision = RadioField("What do you decide?", choices=[SelectChoice(*pair) for pair in DECISIONS.items()],
                          validate_choice=False)  # fmt: skip
    words = TextAreaField("What changes in the plan, or why", render_kw={**NEEDED, "rows": 3, "maxlength": WORDS_MAX})
    next_step = StringField("Next step the customer will see", render_kw={"maxlength": 500})
    next_step_on = DateField("On which day", [Optional()])
    owner = SelectField("Whose word is it?", validate_choice=False)
    until = DateField("Look at it again on", [Optional()])
    outcome = SelectField("How it ends", choices=[SelectChoice(*pair) for pair in _ENDINGS], validate_choice=False)


class SnoozeForm(Form):
    """For how many business days an alert may rest, and why; `version` is the one that was shown."""

    version = HiddenField()
    days = IntegerField("Business days", [Optional()], render_kw={**NEEDED, "min": 1, "max": SNOOZE_MAX_DAYS})
    reason = StringField("Why this can wait", render_kw={**NEEDED, "maxlength": 500})


class ReadForm(Form):
    """Which message was read; all of them when it names none."""

    key = HiddenField()


def offer_owners(form: Any, team: Iterable[TeamMate], owner_id: int | None) -> Any:
    """Let a form choose whose word the next step is: of the account's team, its owner unless another is chosen."""
    mates = [(str(mate.user_id), mate.name) for mate in team]
    form.owner.choices = [SelectChoice(*pair) for pair in mates] or [SelectChoice("", "Whoever takes it up")]
    if form.owner.data is None and owner_id is not None:
        form.owner.data = str(owner_id)
    return form


def owner_of(form: Any) -> int | None:
    """Whom the form chose; None for nobody in particular, 0 for what is nobody."""
    text = form.owner.data or ""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else 0
