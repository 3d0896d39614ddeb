"""Administrators keep the calendars: whose week, whose holidays, whose days off; accounts choose among them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.models import Account, AuditEvent, Calendar
from tests.clock import TODAY
from tests.conftest import ON_ONE_DATABASE
from tests.factories import Cast, make_account, make_calendar
from tests.functional.web.importing import words

Saver = scoped_session[Session]
BrowserOf = Callable[[str], FlaskClient]
BAVARIA: dict[str, object] = {
    "name": "Bavaria", "week": list("01234"), "country": "DE", "subdivision": "BY", "timezone": "Europe/Berlin",
    "blackout_days": "2026-12-24\n2026-12-28 to 2026-12-30\n", "save": "Save",
}  # fmt: skip


@pytest.fixture
def ada(browser_of: BrowserOf) -> FlaskClient:
    return browser_of("ada")


def calendar(session: Saver) -> Calendar:
    return session.scalars(select(Calendar)).one()


def test_a_calendar_is_added_and_listed(ada: FlaskClient, session: Saver) -> None:
    added = ada.post("/admin/calendars/new", data=BAVARIA)

    row = calendar(session)
    assert (added.status_code, added.location) == (303, f"/admin/calendars/{row.id}")
    assert (row.weekmask, row.country, row.subdivision, row.timezone) == ("1111100", "DE", "BY", "Europe/Berlin")
    assert row.blackout_days == ["2026-12-24", "2026-12-28", "2026-12-29", "2026-12-30"]
    assert "Bavaria Monday to Friday Germany, Bayern and 4 days of its own Europe/Berlin 0" in words(
        ada.get("/admin/calendars")
    )


def test_its_days_off_are_shown_for_a_year(ada: FlaskClient, session: Saver) -> None:
    ada.post("/admin/calendars/new", data=BAVARIA)

    shown = words(ada.get(f"/admin/calendars/{calendar(session).id}"))

    assert "Thu 24 Dec 2026 Day off of its own Fri 25 Dec 2026 Christmas Day Mon 28 Dec 2026" in shown
    assert "Wed 6 Jan 2027 Epiphany" in shown
    assert "26 Dec 2026" not in shown  # a Saturday, which nobody works


def test_what_is_typed_is_shown_before_it_is_saved(ada: FlaskClient, session: Saver) -> None:
    shown = ada.post("/admin/calendars/new", data={"week": list("01234"), "country": "DE", "preview": "Show"})

    assert shown.status_code == 200
    assert "What this would mean" in words(shown)
    assert '<option value="BY">Bayern</option>' in shown.text
    assert session.scalars(select(Calendar)).all() == []


def test_choosing_a_country_asks_for_its_parts(ada: FlaskClient) -> None:
    page, parts = ada.get("/admin/calendars/new").text, ada.get("/admin/calendars/parts?country=DE").text

    assert 'hx-get="/admin/calendars/parts"' in page
    assert '<option value="BY">Bayern</option>' in parts
    assert "<html" not in parts


@pytest.mark.parametrize("country", ["", "ZZ", "no country at all"])
def test_what_is_no_country_has_no_parts(ada: FlaskClient, country: str) -> None:
    parts = ada.get("/admin/calendars/parts", query_string={"country": country})

    assert parts.status_code == 200
    assert parts.text.count("<option") == 1


def test_all_lines_that_are_no_days_are_told_at_once(ada: FlaskClient, session: Saver) -> None:
    text = "2026-12-24\n24.12.2026\n2026-02-30\n2026-12-30 to 2026-12-01\n1492-10-12"

    answer = ada.post("/admin/calendars/new", data={**BAVARIA, "blackout_days": text})

    told = words(answer)
    assert answer.status_code == 422
    assert "Line 2, “24.12.2026”: write a day as 2026-12-24." in told
    assert "Line 3, “2026-02-30”: there is no such day." in told
    assert "Line 4, “2026-12-30 to 2026-12-01”: the last day is before the first." in told
    assert "Line 5, “1492-10-12”: only days from 2000 to 2099 are kept." in told
    assert "24.12.2026\n2026-02-30" in answer.text.replace("\r\n", "\n")
    assert session.scalars(select(Calendar)).all() == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": " "}, "Give it a name."),
        ({"week": []}, "Choose at least one day of the week that is worked."),
        ({"country": "XX", "subdivision": ""}, "The holidays of that country are not known."),
        ({"country": "FR"}, "Choose a part of that country, or the whole of it."),
        ({"country": ""}, "Choose a part of that country, or the whole of it."),
        ({"timezone": "Europe/Nowhere"}, "There is no such time zone."),
        ({"is_house": "1"}, "This form has no field is_house."),
    ],
)
@ON_ONE_DATABASE
def test_a_calendar_that_cannot_be_is_refused(
    ada: FlaskClient, session: Saver, changed: dict[str, object], said: str
) -> None:
    answer = ada.post("/admin/calendars/new", data={**BAVARIA, **changed})

    assert answer.status_code == 422
    assert said in words(answer)
    assert session.scalars(select(Calendar)).all() == []


@pytest.mark.parametrize("country", ["__class__", "HolidayBase", "country_holidays", "NYSE", "de"])
def test_the_days_off_of_what_is_no_country_are_not_shown(ada: FlaskClient, session: Saver, country: str) -> None:
    answer = ada.post("/admin/calendars/new", data={"week": ["0"], "country": country, "preview": "Show"})

    assert answer.status_code == 200
    assert "Choose a country of the list" in answer.text


def test_two_calendars_have_two_names(ada: FlaskClient, session: Saver) -> None:
    answers = [ada.post("/admin/calendars/new", data=BAVARIA) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 422]
    assert "There is already a calendar Bavaria" in words(answers[1])


def test_editing_makes_the_accounts_that_keep_it_due(ada: FlaskClient, session: Saver) -> None:
    kept, later = make_calendar(session, name="Bavaria"), TODAY + timedelta(days=9)
    mine = make_account(session, claimed_step=3, calendar_id=kept.id, due_on=later)
    another = make_account(session, claimed_step=3, due_on=later)

    ada.post(f"/admin/calendars/{kept.id}", data={**BAVARIA, "version": "1"})

    assert session.get_one(Account, mine.id).due_on == TODAY
    assert session.get_one(Account, another.id).due_on == later
    assert session.scalars(select(AuditEvent.kind)).all() == ["calendar_edited"]


def test_who_saved_first_is_shown(ada: FlaskClient, session: Saver) -> None:
    kept = make_calendar(session, name="Bavaria")
    ada.post(f"/admin/calendars/{kept.id}", data={**BAVARIA, "version": "1"})

    late = ada.post(f"/admin/calendars/{kept.id}", data={**BAVARIA, "name": "Franconia", "version": "1"})

    assert late.status_code == 409
    assert "Somebody saved this before you" in words(late)
    assert calendar(session).name == "Bavaria"


def test_one_calendar_is_the_houses(ada: FlaskClient, session: Saver) -> None:
    first, second = make_calendar(session), make_calendar(session)
    account = make_account(session, claimed_step=3, due_on=TODAY + timedelta(days=9))

    for kept in (first, second, second):
        ada.post(f"/admin/calendars/{kept.id}/make-house")

    assert session.scalars(select(Calendar.id).where(Calendar.is_house)).all() == [second.id]
    assert session.get_one(Account, account.id).due_on == TODAY
    assert len(session.scalars(select(AuditEvent).where(AuditEvent.kind == "calendar_made_house")).all()) == 2


def test_only_a_calendar_that_nobody_keeps_is_deleted(ada: FlaskClient, session: Saver) -> None:
    spare, used, house = (
        make_calendar(session, name="Spare"),
        make_calendar(session),
        make_calendar(session, is_house=True),
    )
    make_account(session, calendar_id=used.id)

    answers = [ada.post(f"/admin/calendars/{kept.id}/delete").status_code for kept in (spare, used, house)]

    assert answers == [303, 422, 422]
    assert set(session.scalars(select(Calendar.id))) == {used.id, house.id}
    assert "Calendar deleted" in words(ada.get("/admin/audit?group=calendar"))


def test_an_account_chooses_a_calendar_and_days_off(browser_of: BrowserOf, session: Saver, cast: Cast) -> None:
    kept = make_calendar(session, name="Bavaria")
    olu = browser_of("olu")
    account = make_account(session, name="Acme", team_id=cast.team.id, claimed_step=3)
    typed = {"version": "1", "name": "Acme", "external_id": account.external_id, "team_id": str(cast.team.id)}

    saved = olu.post(
        f"/accounts/{account.id}/edit",
        data={**typed, "calendar_id": str(kept.id), "blackout_days": "2026-08-03 to 2026-08-05"},
    )

    row = session.get_one(Account, account.id)
    shown = olu.get(f"/accounts/{account.id}/edit").text
    assert saved.status_code == 303
    assert (row.calendar_id, row.blackout_days) == (kept.id, ["2026-08-03", "2026-08-04", "2026-08-05"])
    assert f'<option selected value="{kept.id}">Bavaria</option>' in shown
    assert "2026-08-03 to 2026-08-05</textarea>" in shown


def test_an_accounts_days_off_that_are_none_are_told_at_once(browser_of: BrowserOf, session: Saver, cast: Cast) -> None:
    answer = browser_of("olu").post(
        "/accounts/new", data={"name": "Acme", "team_id": str(cast.team.id), "blackout_days": "Christmas\nEaster"}
    )

    assert answer.status_code == 422
    assert "Line 1, “Christmas”" in words(answer)
    assert "Line 2, “Easter”" in words(answer)


def test_an_account_cannot_keep_a_calendar_that_is_not_there(browser_of: BrowserOf, session: Saver, cast: Cast) -> None:
    answer = browser_of("olu").post(
        "/accounts/new", data={"name": "Acme", "team_id": str(cast.team.id), "calendar_id": "4711"}
    )

    assert answer.status_code == 422
    assert "There is no such calendar." in words(answer)
