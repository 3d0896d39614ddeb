"""The forms in which a person says what they hear, by which channels and when."""

from collections.abc import Mapping
from typing import Any

from wtforms import HiddenField, SelectField, SelectMultipleField, StringField, URLField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from changetrack.domain.message_choices import CHANNELS, KINDS
from changetrack.domain.people import Actor
from changetrack.operations.message_settings import Chosen
from changetrack.queries.message_settings import SettingsView
from changetrack.web.forms import Form
from changetrack.web.time_zones import ZONE_HELP, meant_zone

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CHOICE = "choices_"  # before a kind's key: the name of its field


def _number(text: object) -> int | None:
    return int(str(text)) if str(text or "").isdecimal() and len(str(text)) <= 2 else None


def _boxes(label: str, choices: list[SelectChoice], help: str = "") -> SelectMultipleField:
    return SelectMultipleField(
        label, choices=choices, validate_choice=False, description=help,
        widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(),
    )  # fmt: skip


class WhenForm(Form):
    """When, and in which time zone; `settings_form` adds what and where."""

    version = HiddenField()
    timezone = StringField(
        "Your time zone", [Length(max=60)], description=ZONE_HELP,
        render_kw={"maxlength": 60, "autocomplete": "off", "spellcheck": "false"},
    )  # fmt: skip
    digest_weekday = SelectField(
        "Digest on", coerce=_number, validate_choice=False,
        choices=[SelectChoice(n, name) for n, name in enumerate(WEEKDAYS)],
    )  # fmt: skip
    digest_hour = SelectField(
        "From", coerce=_number, validate_choice=False, choices=[SelectChoice(n, f"{n:02}:00") for n in range(24)]
    )
    quiet_days = _boxes(
        "Quiet days", [SelectChoice(str(n), name) for n, name in enumerate(WEEKDAYS)],
        help="On these no e-mail and no Slack message leaves; they come at your digest’s hour on the next other day.",
    )  # fmt: skip


class SlackForm(Form):
    """A Slack address of one's own."""

    url = URLField(
        "Address of your Slack webhook", [InputRequired("Paste the address that Slack shows."), Length(max=1000)],
        description="In Slack: Apps, Incoming Webhooks, add to yourself or a channel of yours, copy its URL.",
        render_kw={"placeholder": "https://hooks.slack.com/services/…", "autocomplete": "off"},
    )  # fmt: skip


class ChannelForm(Form):
    """A button for one channel."""

    channel = HiddenField()


def is_for(kind: str, actor: Actor) -> bool:
    """Whether somebody in their role ever hears of a kind of message: only executives get a portfolio digest."""
    return kind != "portfolio" or actor.role == "executive"


def settings_form(view: SettingsView, **given: Any) -> Any:
    """The form with a field for each kind of message, filled with what holds now."""
    fields = {
        CHOICE + kind.key: _boxes(kind.label, [SelectChoice(*pair) for pair in CHANNELS.items()]) for kind in KINDS
    }
    made = type("SettingsForm", (WhenForm,), fields)
    return made(data=_shown(view), **given)


def chosen(form: Any, actor: Actor) -> Chosen:
    """What was chosen, for the operation; alerts always show in ChangeTrack, so their box is not among the fields."""
    picked = form.quiet_days.data or ()
    choices = {}
    for kind in (one for one in KINDS if is_for(one.key, actor)):
        always = ["in_app"] if kind.is_alert else []
        choices[kind.key] = [*always, *(form[CHOICE + kind.key].data or ())]
    return Chosen(
        timezone=meant_zone(form.timezone.data),
        digest_hour=form.digest_hour.data,
        digest_weekday=form.digest_weekday.data,
        quiet_days="".join("1" if str(n) in picked else "0" for n in range(len(WEEKDAYS))),
        choices=choices,
    )


def in_words(values: Mapping[str, Any]) -> dict[str, Any]:
    """What another tab saved meanwhile, by field, as people read it."""
    told = {CHOICE + kind: [CHANNELS[one] for one in channels] for kind, channels in values["choices"].items()}
    days = [name for name, mark in zip(WEEKDAYS, values["quiet_days"], strict=True) if mark == "1"]
    return told | {
        "version": values["version"],
        "timezone": values["timezone"] or "the house’s",
        "digest_weekday": WEEKDAYS[values["digest_weekday"]],
        "digest_hour": f"{values['digest_hour']:02}:00",
        "quiet_days": days or "none",
    }


def _shown(view: SettingsView) -> dict[str, Any]:
    names = ("version", "timezone", "digest_weekday", "digest_hour")
    shown = {name: getattr(view, name) for name in names}
    shown["quiet_days"] = [str(n) for n, mark in enumerate(view.quiet_days) if mark == "1"]
    return shown | {CHOICE + kind: list(channels) for kind, channels in view.choices.items()}
