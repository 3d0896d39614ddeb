"""The forms about people and teams."""

from wtforms import EmailField, HiddenField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from changetrack.domain.people import ROLES, TEAM_ROLES
from changetrack.web.forms import Form

ROLE_WORDS = {
    "member": "Member: works on the accounts of their teams",
    "executive": "Executive: sees everything, changes nothing",
    "admin": "Administrator: people, teams, playbook, imports",
}
TEAM_ROLE_WORDS = {
    "vsm": "Value stream manager",
    "coordinator": "Team coordinator",
    "member": "Member",
}


def _role_field() -> SelectField:
    return SelectField("Role", choices=[SelectChoice(role, ROLE_WORDS[role]) for role in reversed(ROLES)])


class UserForm(Form):
    """A new user; without a password a one-time password is made."""

    email = EmailField("E-mail", [InputRequired("Give an e-mail address.")], render_kw={"maxlength": 254})
    name = StringField("Name", [InputRequired("Give a name.")], render_kw={"maxlength": 120})
    role = _role_field()
    password = PasswordField(
        "Password",
        description="Leave it empty and a one-time password is made, to be replaced at the first sign-in.",
        render_kw={"autocomplete": "new-password"},
    )


class EditUserForm(Form):
    """A user's name and role; `version` is the one that was shown."""

    version = HiddenField()
    name = StringField("Name", [InputRequired("Give a name.")], render_kw={"maxlength": 120})
    role = _role_field()


class TeamForm(Form):
    """A team's name; `version` is the one that was shown, nothing for a new team."""

    version = HiddenField()
    name = StringField("Name", [InputRequired("Give the team a name.")], render_kw={"maxlength": 120})


class MemberForm(Form):
    """Somebody and their role in a team."""

    user_id = SelectField("Person", [InputRequired("Choose somebody.")], coerce=int, validate_choice=False)
    role = SelectField(
        "Role", choices=[SelectChoice(role, TEAM_ROLE_WORDS[role]) for role in TEAM_ROLES], default="member"
    )
