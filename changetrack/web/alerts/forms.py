"""The forms about alerts; what may be refused is decided by the operation, with all reasons at once."""

from wtforms import DateField, HiddenField, IntegerField, StringField
from wtforms.validators import Optional

from changetrack.domain.alerts import SNOOZE_MAX_DAYS
from changetrack.web.forms import Form

NEEDED = {"required": True}


class AcknowledgeForm(Form):
    """What comes next, as the customer will see it, and when; `version` is the one that was shown."""

    version = HiddenField()
    next_step = StringField("Next step the customer will see", render_kw={**NEEDED, "maxlength": 500})
    next_step_on = DateField("On which day", [Optional()], render_kw=NEEDED)


class SnoozeForm(Form):
    """For how many business days an alert may rest, and why; `version` is the one that was shown."""

    version = HiddenField()
    days = IntegerField("Business days", [Optional()], render_kw={**NEEDED, "min": 1, "max": SNOOZE_MAX_DAYS})
    reason = StringField("Why this can wait", render_kw={**NEEDED, "maxlength": 500})


class ReadForm(Form):
    """Which message was read; all of them when it names none."""

    key = HiddenField()
