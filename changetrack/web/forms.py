"""What every form shares: unknown fields are refused, an operation's reasons find their way to the fields."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import request
from flask_wtf import FlaskForm

from changetrack.domain.refusal import OperationRefused, Reason, StaleVersion
from changetrack.operations.sign_in import TooManyTries

KNOWN_ANYWHERE = frozenset({"csrf_token"})


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF is not typed
    """A form of ours: each name that may be sent is a field, a button's too. A bare button needs no subclass.

    `form_errors` holds what belongs to no field, `conflict` the refusal when somebody else saved first.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conflict: StaleVersion | None = None

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse what nobody asked for, then ask the fields."""
        unknown = sorted(name for name in {*request.form, *request.files} if not self._knows(name))
        if unknown:
            self.form_errors.append(f"This form has no field {', '.join(unknown)[:200]}.")
        return bool(super().validate(extra_validators)) and not unknown

    def _knows(self, name: str) -> bool:
        """Whether `name` is one of our fields, or one inside a list or group of fields."""
        return name in KNOWN_ANYWHERE or any(
            name == field.name or (hasattr(field, "entries") and name.startswith(f"{field.name}-")) for field in self
        )


def expect_no_fields() -> None:
    """Refuse whatever came along with a bare button. Raises OperationRefused."""
    form = Form()
    if not form.validate():
        raise OperationRefused((None, message) for messages in form.errors.values() for message in messages)


def apply_refusal(form: Form, refusal: OperationRefused) -> None:
    """Put each reason at the field it is about, and the others at the whole.

    After a stale version the hidden `version` is the current one, so that saving again is a decision.
    """
    if isinstance(refusal, StaleVersion):
        form.conflict = refusal
        if "version" in form and "version" in refusal.current:
            form["version"].raw_data = None
            form["version"].data = refusal.current["version"]
    for reason in refusal.reasons:
        _place(form, reason)


@contextmanager
def refusals_on(form: Form) -> Iterator[None]:
    """Let the refusal of an operation be shown on `form`: the code after the block renders the page again.

    Too many tries are not a matter of the form, and rise on.
    """
    try:
        yield
    except TooManyTries:
        raise
    except OperationRefused as refusal:
        apply_refusal(form, refusal)


def status_of(form: Form) -> int:
    """The status of a page with `form`: 409 after a stale version, 422 after any other refusal, else 200."""
    if form.conflict:
        return 409
    return 422 if form.errors else 200


def _place(form: Form, reason: Reason) -> None:
    if reason.field is None or reason.field not in form:
        form.form_errors.append(reason.message)
        return
    field = form[reason.field]
    field.errors = [*field.errors, reason.message]


def named(form: Form, slot: str) -> Form:
    """Give every field an id of its own, for a page with several forms."""
    for field in form:
        field.id = f"{slot}-{field.name}"
        if field.label.field_id:  # a group of radio buttons has a legend, and its label no field
            field.label.field_id = field.id
    return form


def shown_version(given: object) -> int:
    """The version in a form's hidden field; one that is no number is older than every version."""
    text = str(given)
    return int(text) if text.isdecimal() and len(text) <= 18 else 0
