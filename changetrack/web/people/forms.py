"""The forms of a person: signing in and choosing another password."""

from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired

from changetrack.domain.people import PASSWORD_MAX, PASSWORD_MIN
from changetrack.web.forms import Form


class SignInForm(Form):
    """Who, and the proof. Its refusals never say which of the two was wrong."""

    email = EmailField(
        "E-mail",
        [InputRequired("Give your e-mail.")],
        render_kw={"autocomplete": "username", "maxlength": 254},
    )
    password = PasswordField(
        "Password", [InputRequired("Give your password.")], render_kw={"autocomplete": "current-password"}
    )


class PasswordForm(Form):
    """The present password, and the one that replaces it."""

    current = PasswordField(
        "Present password",
        [InputRequired("Give the password you have now.")],
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        "New password",
        [InputRequired("Choose a new password.")],
        description=f"{PASSWORD_MIN} to {PASSWORD_MAX} characters of any kind; four or five words do well.",
        render_kw={"autocomplete": "new-password"},
    )
