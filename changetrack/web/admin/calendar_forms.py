"""The form of a work calendar: its week, its country's holidays, its time zone, its own days off."""

from collections.abc import Mapping, Sequence
from typing import Any

from babel import Locale
from wtforms import HiddenField, SelectField, SelectMultipleField, StringField, SubmitField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from changetrack.domain.days_off import days_off_text, read_days_off
from changetrack.domain.refusal import refuse_if
from changetrack.queries.calendars import CalendarRow, part_names
from changetrack.queries.work_calendars import list_countries
from changetrack.web.formatting import LOCALE
from changetrack.web.forms import Form
from changetrack.web.time_zones import ZONE_HELP, meant_zone

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FEW = 2  # days that are named one by one
DAYS_OFF_HELP = "One a line, such as 2026-12-24, or a first and a last day: 2026-12-24 to 2027-01-03."


class CalendarForm(Form):
    """A work calendar; `version` is the one that was shown, nothing for a new one."""

    version = HiddenField()
    name = StringField(
        "Name", [InputRequired("Give it a name.")], description="Whose days these are: Germany, Bayern.",
        render_kw={"maxlength": 120},
    )  # fmt: skip
    week = SelectMultipleField(
        "Worked on", choices=[SelectChoice(str(n), name) for n, name in enumerate(WEEKDAYS)], validate_choice=False,
        widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(),
    )  # fmt: skip
    country = SelectField("Public holidays of", validate_choice=False)
    subdivision = SelectField("In its part", validate_choice=False)
    timezone = StringField(
        "Time zone", description=f"{ZONE_HELP} Left empty, it is the house's.",
        render_kw={"maxlength": 60, "autocomplete": "off", "spellcheck": "false"},
    )  # fmt: skip
    blackout_days = TextAreaField(
        "Further days off", description=DAYS_OFF_HELP, render_kw={"rows": 4, "spellcheck": "false"}
    )
    save = SubmitField("Save")
    preview = SubmitField("Show its days off")


def calendar_form(found: CalendarRow | None = None) -> CalendarForm:
    """The form with what is kept, or for a new calendar with the usual week; and what there is to choose from."""
    return _offer(CalendarForm(data=_shown(found) if found else {"week": list("01234")}))


def parts_form(country: str) -> CalendarForm:
    """The form with the parts of a country to choose from."""
    return _offer(CalendarForm(formdata=None, data={"country": country}))


def _offer(form: CalendarForm) -> CalendarForm:
    countries = list_countries()
    names = {code: country_name(code) for code in countries}
    ordered = sorted(names.items(), key=lambda pair: pair[1].casefold())
    form.country.choices = [SelectChoice("", "No country"), *(SelectChoice(*pair) for pair in ordered)]
    parts = _parts(countries, form)
    form.subdivision.choices = [SelectChoice("", "The whole country"), *(SelectChoice(*pair) for pair in parts)]
    return form


def country_name(code: str) -> str:
    """A country as people call it, by its two letters."""
    return str(Locale.parse(LOCALE).territories.get(code, code))


def place_words(country: str, part: str | None) -> str:
    """A country, and the part of it, as people call them."""
    name = country_name(country)
    return f"{name}, {part_names(country).get(part, part)}" if part else name


def week_words(weekmask: str) -> str:
    """The worked days of a week mask in words: `Monday to Friday`, `Sunday to Thursday`, or the days one by one."""
    worked = [n for n, mark in enumerate(weekmask) if mark == "1"]
    starts = [n for n in worked if weekmask[n - 1] == "0"]
    if len(worked) == len(WEEKDAYS):
        return "Every day"
    if len(starts) == 1 and len(worked) > _FEW:
        return f"{WEEKDAYS[starts[0]]} to {WEEKDAYS[(starts[0] + len(worked) - 1) % len(WEEKDAYS)]}"
    return ", ".join(WEEKDAYS[n] for n in worked)


def calendar_typed(form: CalendarForm) -> dict[str, Any]:
    """What was typed, for the operation. Raises OperationRefused with every line that is no day."""
    days, troubles = read_days_off(form.blackout_days.data or "")
    refuse_if([("blackout_days", trouble) for trouble in troubles])
    return {
        "name": form.name.data,
        "weekmask": "".join("1" if str(n) in (form.week.data or ()) else "0" for n in range(len(WEEKDAYS))),
        "country": form.country.data or None,
        "subdivision": form.subdivision.data or None,
        "timezone": meant_zone(form.timezone.data),
        "blackout_days": days,
    }


def _parts(countries: Mapping[str, Sequence[str]], form: CalendarForm) -> list[tuple[str, str]]:
    """The parts of the chosen country by name; one of another that is still chosen stays to be seen, and is refused."""
    country, chosen = form.country.data or "", form.subdivision.data
    names = part_names(country) if country in countries else {}
    parts = [(part, names.get(part, part)) for part in countries.get(country, ())]
    parts.sort(key=lambda pair: pair[1].casefold())
    return [*parts, (chosen, chosen)] if chosen and chosen not in dict(parts) else parts


def _shown(found: CalendarRow) -> dict[str, Any]:
    names = ("version", "name", "country", "subdivision", "timezone")
    week = [str(n) for n, mark in enumerate(found.weekmask) if mark == "1"]
    return {name: getattr(found, name) for name in names} | {
        "week": week,
        "blackout_days": days_off_text(found.blackout_days),
    }
