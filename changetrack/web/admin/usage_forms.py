"""The forms about use: metrics and their rules, sources, tokens, and use whose account nobody knows."""

from wtforms import (
    HiddenField,
    IntegerField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from changetrack.domain.metrics import AGGREGATIONS, EVENT_MAX, KEY_MAX, NAME_MAX, PURPOSES, UNIT_MAX
from changetrack.domain.tokens import SCOPES
from changetrack.operations.usage.unmatched import LONGEST_REASON
from changetrack.web.forms import Form

AGGREGATION_WORDS = {
    "sum": "Sum: the days add up",
    "max": "Max: the highest day counts",
    "last": "Last: the newest day counts",
    "distinct": "Distinct: how many different users (or things), each once",
}


def _choice(label: str, **kwargs: object) -> SelectField:
    return SelectField(label, validate_choice=False, **kwargs)


class MetricForm(Form):
    """A metric; `version` is the one that was shown, nothing for a new one."""

    version = HiddenField()
    name = StringField(
        "Name", [InputRequired("Give it a name.")], description="As people say it: Feature calls.",
        render_kw={"maxlength": NAME_MAX},
    )  # fmt: skip
    key = StringField(
        "Key", [InputRequired("Give it a key.")], description="As files and programs say it: feature_calls.",
        render_kw={"maxlength": KEY_MAX, "pattern": "[a-z][a-z0-9_]*", "spellcheck": "false", "autocapitalize": "none"},
    )  # fmt: skip
    unit = StringField(
        "Unit", [InputRequired("Give it a unit.")], description="What there are forty of: calls, users, reports.",
        render_kw={"maxlength": UNIT_MAX},
    )  # fmt: skip
    aggregation = _choice(
        "Over a week or month",
        choices=[SelectChoice(key, AGGREGATION_WORDS[key]) for key in AGGREGATIONS],
        description="How the numbers of several days become one.",
    )
    purpose = _choice(
        "In the journey",
        choices=[
            SelectChoice("", "Nothing more: it is there for outcomes"),
            *(SelectChoice(*it) for it in PURPOSES.items()),
        ],
        description="Only metrics that count different people; one of each.",
    )


class RuleForm(Form):
    """Which event feeds a metric, with which of its properties, of which source."""

    event = StringField(
        "Event", [InputRequired("Name the event.")], description="The name that the product gives it, to the letter.",
        render_kw={"maxlength": EVENT_MAX, "spellcheck": "false", "autocomplete": "off"},
    )  # fmt: skip
    property = StringField(
        "Property", description="Whose number or value is taken; inside another: cart.total. May be left empty.",
        render_kw={"maxlength": EVENT_MAX, "spellcheck": "false", "autocomplete": "off"},
    )  # fmt: skip
    source_id = _choice("From", choices=[])

    def chosen_source(self) -> int | None:
        """The id of the source, None for any; no source has the id 0."""
        text = str(self.source_id.data or "")
        return None if not text else int(text) if text.isdecimal() and len(text) <= 18 else 0

    def offer_sources(self, sources: list[tuple[int, str]]) -> None:
        """Let choose among these sources."""
        self.source_id.choices = [SelectChoice("", "Any source"), *(SelectChoice(str(i), name) for i, name in sources)]


class NewRuleForm(RuleForm):
    """A rule for an event that was seen: the metric is chosen too."""

    metric_id = SelectField("Feeds", [InputRequired("Choose a metric.")], coerce=int, choices=[])


class SourceForm(Form):
    """A source's name."""

    name = StringField(
        "Name", [InputRequired("Give the source a name.")], description="The product or an environment of it: Web app.",
        render_kw={"maxlength": 120},
    )  # fmt: skip


class TokenForm(Form):
    """A new token: what uses it, what it may do, how long it lasts; and the password of who makes it."""

    name = StringField(
        "Name", [InputRequired("Give it a name: what uses it?")], description="What uses it: Nightly warehouse export.",
        render_kw={"maxlength": 120},
    )  # fmt: skip
    scopes = SelectMultipleField(
        "It may", choices=[SelectChoice(key, words) for key, words in SCOPES.items()], validate_choice=False,
        widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(),
    )  # fmt: skip
    expires = IntegerField(
        "Ends after days", [Optional(), NumberRange(1, 3650, "From 1 to 3,650 days.")], default=365,
        description="Leave it empty for a token that lasts until it is revoked.",
    )  # fmt: skip
    password = PasswordField(
        "Your password", [InputRequired("Give your own password.")],
        description="Asked again: a token outlives this browser.", render_kw={"autocomplete": "current-password"},
    )  # fmt: skip


class MatchForm(Form):
    """Whose a name is."""

    name = HiddenField(validators=[InputRequired("Name it.")])
    account_id = IntegerField("Account", [InputRequired("Choose an account.")])


class ForgetForm(Form):
    """Why what waits under a name can be forgotten."""

    name = HiddenField(validators=[InputRequired("Name it.")])
    reason = TextAreaField(
        "Why?", [InputRequired("Say why it can be forgotten."), Length(max=LONGEST_REASON)], render_kw={"rows": 2}
    )
