"""The forms about the customer's people and their decision path."""

from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, DateField, EmailField, HiddenField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from changetrack.domain.coalition import ALWAYS_APPLICABLE, PATH_ROLES
from changetrack.operations.coalition import CONTACT_FIELDS
from changetrack.web.forms import Form

ROLE_WORDS = {
    "initiator": "Initiator: asked for it first",
    "user": "User: lives with it every day",
    "influencer": "Influencer: is listened to",
    "decider": "Decider: says yes",
    "approver": "Approver: must agree",
    "buyer": "Buyer: signs and pays",
    "gatekeeper": "Gatekeeper: opens or closes doors",
}
POWER_WORDS = {
    "position": "Position: enough authority that nobody can block it",
    "expertise": "Expertise: knows the work",
    "credibility": "Credibility: is believed by colleagues",
    "leadership": "Leadership: can drive the change",
}


def _checkboxes(label: str, words: Mapping[str, str]) -> SelectMultipleField:
    """Several of a few choices, each a checkbox."""
    choices = [SelectChoice(key, word) for key, word in words.items()]
    return SelectMultipleField(
        label, choices=choices, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )


class ContactForm(Form):
    """One of the customer's people; `version` is the one that was shown."""

    version = HiddenField()
    name = StringField("Name", [Length(max=120)])
    title = StringField("Title", [Length(max=120)])
    function = StringField("Function", [Length(max=120)], description="Operations, finance, IT …")
    email = EmailField("E-mail", [Length(max=254)])
    path_roles = _checkboxes("Part in the decision path", ROLE_WORDS)
    in_coalition = BooleanField("Member of the guiding coalition")
    is_sponsor = BooleanField("The sponsor")
    powers = _checkboxes("What they bring", POWER_WORDS)
    left_on = DateField("Left on", [Optional()], description="The day they left the customer or their part in this.")

    def record(self) -> dict[str, Any]:
        """What was typed, as the fields of a contact."""
        return {name: self[name].data for name in CONTACT_FIELDS}


class DecisionPathForm(Form):
    """The roles that this customer's decision path does not have."""

    not_applicable = _checkboxes(
        "Roles that this customer does not have",
        {role: role.capitalize() for role in PATH_ROLES if role not in ALWAYS_APPLICABLE},
    )
