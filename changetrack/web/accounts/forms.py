"""The forms about account records, and how what was typed becomes a record."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from wtforms import BooleanField, DateField, HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from changetrack.domain.accounts import FIELD, MAX_ATTRIBUTE_VALUE, MAX_ATTRIBUTES, account_reasons, attribute_key
from changetrack.domain.cells import parse_count, parse_text
from changetrack.domain.days_off import days_off_text, read_days_off
from changetrack.domain.money import in_plain_figures, parse_amount, parse_currency
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import refuse_if
from changetrack.queries.account_choices import Choices
from changetrack.queries.account_record import AccountRecord
from changetrack.queries.calendars import list_calendar_choices
from changetrack.queries.people import find_user_id
from changetrack.web.forms import Form

TEXTS = ("name", "external_id", "organization", "product", "segment", "region", "industry", "tier")
SHOWN = (*TEXTS, "team_id", "owner_id", "started_on", "currency", "planned_users", "calendar_id")
EMAIL_HELP = "For somebody who is not in the menu: it holds only so many."
NOBODY = SelectChoice("", "Nobody yet")
HOUSE = SelectChoice("", "The house’s")


def _text(name: str, help: str = "") -> StringField:
    field = FIELD[name]
    return StringField(field.label, description=help or field.hint, render_kw={"maxlength": field.max_length})


def _id(text: object) -> int | None:
    return int(str(text)) if str(text or "").isdecimal() and len(str(text)) <= 18 else None


class AccountForm(Form):
    """The record of an account; `version` and `shown` are what the page was opened with, nothing for a new one."""

    version = HiddenField()
    shown = HiddenField()
    name = _text("name")
    external_id = _text("external_id")
    organization = _text("organization")
    product = _text("product")
    segment = _text("segment")
    region = _text("region")
    industry = _text("industry")
    tier = _text("tier")
    team_id = SelectField("Team", coerce=_id, validate_choice=False)
    owner_id = SelectField("Owner", coerce=_id, validate_choice=False)
    owner_email = StringField("Owner’s e-mail", description=EMAIL_HELP, render_kw={"maxlength": 254})
    started_on = DateField("Started on", [Optional()])
    annual_value = StringField("Annual value", description=FIELD["annual_value"].hint, render_kw={"maxlength": 30})
    currency = StringField("Currency", description="Three letters, such as EUR.", render_kw={"maxlength": 3})
    planned_users = StringField(
        "Planned users", description=FIELD["planned_users"].hint, render_kw={"maxlength": 10, "inputmode": "numeric"}
    )
    calendar_id = SelectField("Calendar", coerce=_id, validate_choice=False)
    blackout_days = TextAreaField(
        "Days off of its own", render_kw={"rows": 3, "spellcheck": "false"},
        description="On which no clock runs: one a line, such as 2026-12-24, or 2026-12-24 to 2027-01-03.",
    )  # fmt: skip
    attributes = TextAreaField(
        "Attributes", description="One a line, such as “contract: C-1024”. Lists can be filtered by them."
    )


class AliasForm(Form):
    """Another system's name of an account."""

    alias = StringField("Name in another system", [InputRequired("Write the name that the other system uses.")],
                        render_kw={"maxlength": 200})  # fmt: skip


class ViewForm(Form):
    """A name for the list as its address shows it."""

    name = StringField("Save this view as", render_kw={"maxlength": 80})
    query = HiddenField()
    shared = BooleanField("Share with my team")


class ReassignForm(Form):
    """Accounts to be handed over, and to whom; what is left empty stays."""

    id = SelectMultipleField("Accounts", coerce=_id, validate_choice=False, id="bulk")
    owner_id = SelectField("Owner", coerce=_id, validate_choice=False, id="bulk-owner")
    owner_email = StringField("Owner’s e-mail", description=EMAIL_HELP, id="bulk-email")
    team_id = SelectField("Team", coerce=_id, validate_choice=False, id="bulk-team")


def offer(form: Form, choices: Choices, actor: Actor, record: AccountRecord | None = None) -> None:
    """Fill in the teams and people that the actor can give an account to."""
    teams = [(key, name) for key, name in choices.teams if may(actor, Action.EDIT_RECORD, key)]
    team, owner = (record.team_id, record.owner_id) if record else (None, None)
    without = [SelectChoice("", "No team")] if may(actor, Action.EDIT_RECORD) or (record and team is None) else []
    form["team_id"].choices = without + _offered(teams, team, choices, "team")
    if isinstance(form, AccountForm) and not without:
        form.team_id.validators = (InputRequired("Choose one of your teams."),)
    if not choices.has_more_people:
        del form["owner_email"]
    form["owner_id"].choices = [NOBODY, *_offered(choices.people, owner, choices, "owner")]
    if isinstance(form, AccountForm):
        _offer_calendars(form, record)


def _offer_calendars(form: AccountForm, record: AccountRecord | None) -> None:
    others = list_calendar_choices(record.calendar_id if record else None)
    form.calendar_id.choices = [HOUSE, *(SelectChoice(str(key), name) for key, name in others)]


def _offered(pairs: Sequence[tuple[int, str]], present: int | None, choices: Choices, field: str) -> list[SelectChoice]:
    listed = list(pairs)
    if present is not None and all(key != present for key, _ in pairs):
        listed.append((present, choices.name_of(field, str(present))))
    return [SelectChoice(str(key), name) for key, name in listed]


def shown_values(record: AccountRecord) -> dict[str, Any]:
    """A record as the fields of its form show it."""
    values = {name: getattr(record, name) for name in SHOWN}
    if record.annual_value is not None and record.currency:
        values["annual_value"] = in_plain_figures(record.annual_value, record.currency)
    lines = [f"{key}: {value}" for key, value in sorted(record.attributes.items())]
    return values | {"blackout_days": days_off_text(record.blackout_days), "attributes": "\n".join(lines)}


def typed_record(form: AccountForm, before: AccountRecord | None = None) -> dict[str, Any]:
    """What was typed as a record. Raises OperationRefused with everything that cannot be read."""
    reasons: list[tuple[str, str]] = []
    values: dict[str, Any] = {name: form[name].data for name in ("team_id", "started_on", "calendar_id")}
    values["owner_id"] = typed_owner(form, reasons)
    for name in TEXTS:
        values[name] = _read(form, name, partial(parse_text, max_length=FIELD[name].max_length), reasons)
    values["annual_value"] = _read(form, "annual_value", parse_amount, reasons)
    values["currency"] = _read(form, "currency", parse_currency, reasons)
    values["planned_users"] = _read(form, "planned_users", parse_count, reasons)
    values["blackout_days"], troubles = read_days_off(form.blackout_days.data or "")
    reasons += [("blackout_days", trouble) for trouble in troubles]
    if not reasons:
        reasons += account_reasons(values)
    values["attributes"] = _attributes(form.attributes.data or "", before.attributes if before else {}, reasons)
    refuse_if(reasons)
    return values


def typed_owner(form: Form, reasons: list[tuple[str, str]]) -> int | None:
    """The owner whose e-mail was typed, else the chosen one; adds a reason when nobody has that e-mail."""
    chosen: int | None = form["owner_id"].data
    email = (form["owner_email"].data or "").strip() if "owner_email" in form else ""
    if not email:
        return chosen
    found = find_user_id(email)
    if found is None:
        reasons.append(("owner_email", "Nobody has this e-mail."))
    return found


def _read(form: Form, name: str, reader: Callable[[str], Any], reasons: list[tuple[str, str]]) -> Any:
    text = str(form[name].data or "").strip()
    try:
        return reader(text) if text else None
    except ValueError as problem:
        reasons.append((name, str(problem)))
        return None


def _attributes(text: str, before: Mapping[str, Any], reasons: list[tuple[str, str]]) -> dict[str, Any]:
    """The attributes of the lines; one that was not touched keeps its kind, a number stays a number."""
    found: dict[str, Any] = {}
    for line in filter(str.strip, text.splitlines()):
        header, colon, value = line.partition(":")
        key, value = attribute_key(header), value.strip()
        if not colon or not key:
            reasons.append(("attributes", f"“{line.strip()[:60]}” is not a name, a colon and a value."))
        elif key in found:
            reasons.append(("attributes", f"“{key}” stands there twice."))
        elif len(value) > MAX_ATTRIBUTE_VALUE:
            reasons.append(("attributes", f"“{key}” is longer than {MAX_ATTRIBUTE_VALUE} characters."))
        else:
            found[key] = before[key] if str(before.get(key)) == value else value
    if len(found) > MAX_ATTRIBUTES:
        reasons.append(("attributes", f"At most {MAX_ATTRIBUTES} attributes are kept."))
    return found
