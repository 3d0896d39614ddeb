"""The forms about endpoints: a webhook of a program, a Slack channel of a team, a new secret."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from wtforms import HiddenField, PasswordField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from changetrack.domain.outgoing import LONGEST_URL
from changetrack.domain.webhook_events import EVENTS
from changetrack.web.forms import Form

OVERLAPS = (
    (0, "None: the former one holds no more"),
    (1, "An hour"),
    (24, "A day"),
    (7 * 24, "A week"),
    (30 * 24, "Thirty days"),
)
"""For how many hours a former secret holds beside the new one."""
_URL = {"maxlength": LONGEST_URL, "autocomplete": "off", "spellcheck": "false", "inputmode": "url"}


def _id(text: object) -> int | None:
    return int(str(text)) if str(text or "").isdecimal() and len(str(text)) <= 18 else None


def _name(example: str) -> StringField:
    kept_short = {"maxlength": 120, "autocomplete": "off"}
    return StringField("Name", [InputRequired("Give it a name.")], description=example, render_kw=kept_short)


def _password() -> PasswordField:
    return PasswordField(
        "Your password", [InputRequired("Give your own password.")],
        description="Asked again: a secret outlives this browser.", render_kw={"autocomplete": "current-password"},
    )  # fmt: skip


class SlackForm(Form):
    """A Slack channel of a team; `version` is the one that was shown, nothing for a new one."""

    version = HiddenField()
    name = _name("As people call the channel: #customers-north.")
    url = StringField(
        "Address of the incoming webhook", render_kw={**_URL, "placeholder": "https://hooks.slack.com/services/…"}
    )
    team_id = SelectField("Team", coerce=_id, validate_choice=False)


class WebhookForm(Form):
    """Where a program hears of what; `version` is the one that was shown, nothing for a new one."""

    version = HiddenField()
    name = _name("What listens there: CRM, Zapier, our data lake.")
    url = StringField("Address", render_kw={**_URL, "placeholder": "https://example.com/hooks/changetrack"})
    team_id = SelectField("Of the accounts of", coerce=_id, validate_choice=False)
    events = SelectMultipleField(
        "It hears of", validate_choice=False,
        choices=[SelectChoice(key, f"{words} ({key})") for key, words in EVENTS.items()],
        widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(),
    )  # fmt: skip


class NewWebhookForm(WebhookForm):
    """A new webhook, and the password of who makes it."""

    password = _password()


class RotateForm(Form):
    """A new secret: how long the former one still holds, and the password of who asks."""

    overlap = SelectField(
        "Both hold for",
        coerce=_id,
        default=24,
        validate_choice=False,
        choices=[SelectChoice(*pair) for pair in OVERLAPS],
    )
    password = _password()

    def both_hold_for(self) -> timedelta:
        """The time in which the former secret is good, too."""
        hours = self.overlap.data
        return timedelta(hours=-1 if hours is None else min(hours, 24 * 365))


def offer_teams(form: Form, teams: Sequence[tuple[int, str]], without: str = "") -> Any:
    """Let choose among the teams, or `without` one."""
    first = SelectChoice("", without or "Choose…")
    form["team_id"].choices = [first, *(SelectChoice(str(key), name) for key, name in teams)]
    return form
