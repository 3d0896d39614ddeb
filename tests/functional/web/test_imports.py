"""Administrators bring files in: columns are guessed, a dry run says what would happen, then all of it or nothing."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from changetrack.models import Alias, AuditEvent, Contact, Event, Import, User
from changetrack.web.admin.import_process import LAUNCH
from tests.clock import NOW
from tests.factories import Cast, make_account
from tests.factories._saving import Saver
from tests.functional.web.importing import CRM, Desk, accounts, figures, words

BrowserOf = Callable[[str], FlaskClient]
ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)


def test_a_foreign_export_comes_in_as_its_columns_are_guessed(desk: Desk, session: Saver) -> None:
    address = desk.accepted(CRM, name="crm.csv")

    tried = desk.try_out(address)
    before = accounts(session)
    done = desk.commit(address)

    assert (figures(tried), before) == ({"Rows read": 3, "New accounts": 3, "Changed": 0, "As they were": 0,
                                         "Rows turned away": 0}, [])  # fmt: skip
    assert figures(done) == figures(tried)
    first = accounts(session)[0]
    assert (first.external_id, first.name, first.region, first.tier) == ("C-1", "Alder Works", "DE", "Pro")
    assert (first.started_on, first.attributes) == (date(2024, 10, 16), {"seats": "12"})


def test_the_import_is_on_record_as_done_by_the_person(desk: Desk, session: Saver) -> None:
    desk.bring_in(CRM, name="crm.csv")

    row = session.scalars(select(Import)).one()
    audit = session.scalars(select(AuditEvent).where(AuditEvent.subject.startswith("import:"))).one()
    events = session.scalars(select(Event.actor)).all()
    assert (row.file_name, row.imported_by) == ("crm.csv", "ada@example.com")
    assert (audit.actor, audit.note) == ("ada@example.com", "crm.csv")
    assert set(events) == {"ada@example.com"}
    assert "crm.csv" in words(desk.browser.get("/admin/imports"))


def test_a_dry_run_writes_nothing(desk: Desk, session: Saver) -> None:
    desk.try_out(desk.accepted(CRM))

    assert accounts(session) == []
    assert session.scalar(select(func.count()).select_from(Event)) == 0
    assert session.scalar(select(func.count()).select_from(Import)) == 0


def test_importing_a_file_twice_changes_nothing(desk: Desk, session: Saver) -> None:
    desk.bring_in(CRM)
    address = desk.accepted(CRM)

    again = desk.try_out(address)
    pushed = desk.commit(address)

    assert "This file is imported already" in words(again)
    assert pushed.status_code == 422
    assert session.scalars(select(func.count()).select_from(Import)).one() == 1
    assert [account.version for account in accounts(session)] == [1, 1, 1]


def test_a_changed_file_brings_known_accounts_up_to_date(desk: Desk, session: Saver) -> None:
    desk.bring_in(CRM)

    done = desk.bring_in(CRM.replace("C-2,Birch & Sons", "C-2,Birch Group"))

    assert (figures(done)["Changed"], figures(done)["As they were"]) == (1, 2)
    assert accounts(session)[1].name == "Birch Group"


def test_each_bad_row_is_told_by_line_and_reason_and_nothing_is_half_written(desk: Desk, session: Saver) -> None:
    bad = CRM + "C-4,,Retail,DE,01-02-2025,Pro,1\nC-1,Again,Retail,DE,01-02-2025,Pro,1\nC-5,Elm,x,DE,32-01-2025,Pro,1\n"
    address = desk.accepted(bad)

    tried = desk.try_out(address)
    refused = desk.commit(address)

    for told in (
        "5 Name It is blank",
        "6 Id “C-1” stands in line 2 already",
        "7 Started on “32-01-2025” is not a date",
    ):
        assert told in words(tried)
    assert figures(tried)["Rows turned away"] == 3
    assert "Nothing was imported" in words(refused)
    assert accounts(session) == []


def test_bad_rows_can_be_left_out_and_taken_home(desk: Desk, session: Saver) -> None:
    address = desk.accepted(CRM + 'C-4,,"Re,tail",DE,01-02-2025,Pro,1\n', name="crm.csv")
    desk.try_out(address)

    done = desk.commit(address, skip="1")
    rejected = desk.rejected(address)

    assert len(accounts(session)) == 3
    assert figures(done)["Rows turned away"] == 1
    assert rejected.headers["Content-Disposition"] == "attachment; filename=rejected-rows-of-crm.csv"
    assert rejected.headers["Content-Type"].startswith("text/csv")
    assert rejected.text.splitlines() == [
        "account_id,account_name,industry,country,signup_date,plan_tier,seats,rejected_line,rejected_because",
        'C-4,,"Re,tail",DE,01-02-2025,Pro,1,5,name: It is blank.',
    ]


def test_rejected_rows_are_mended_and_come_in_as_they_are(desk: Desk, session: Saver) -> None:
    address = desk.accepted(CRM + "C-4,,Retail,DE,01-02-2025,Pro,1\n")
    desk.try_out(address)
    desk.commit(address, skip="1")
    mended = desk.rejected(address).text.replace("C-4,,", "C-4,Dogwood,")

    again = desk.accepted(mended)
    desk.try_out(again, date_format="dd-mm-yyyy")
    desk.commit(again)

    last = accounts(session)[-1]
    assert (last.name, last.started_on, last.attributes) == ("Dogwood", date(2025, 2, 1), {"seats": "1"})


def test_only_the_first_reasons_are_shown_and_all_are_in_the_file(desk: Desk) -> None:
    address = desk.accepted("id,name\n" + "".join(f"C-{n},\n" for n in range(250)))

    tried = desk.try_out(address)

    assert tried.text.count("It is blank.") == 200
    assert "the first 200 reasons" in words(tried)
    assert len(desk.rejected(address).text.splitlines()) == 251


def test_dates_that_can_be_read_in_two_ways_are_asked_about(desk: Desk, session: Saver) -> None:
    address = desk.accepted("id,name,start_date\nC-1,Alder,03-04-2025\nC-2,Birch,05-06-2025\n")

    shown = words(desk.browser.get(f"{address}/columns"))
    refused = desk.try_out(address)
    desk.try_out(address, date_format="mm-dd-yyyy")
    desk.commit(address)

    assert "03-04-2025 would be 3 Apr 2025 as dd-mm-yyyy" in shown
    assert "would be 4 Mar 2025 as mm-dd-yyyy" in shown
    assert refused.status_code == 422
    assert "Choose how the dates in the file are written" in words(refused)
    assert accounts(session)[0].started_on == date(2025, 3, 4)


def test_a_team_and_a_currency_may_hold_for_every_row(desk: Desk, session: Saver, cast: Cast) -> None:
    address = desk.accepted("id,name,arr\nC-1,Alder,1200.50\n")

    desk.try_out(address, every_team="North", every_currency="EUR", every_owner_email="olu@example.com")
    desk.commit(address)

    [account] = accounts(session)
    assert (account.team_id, account.owner_id) == (cast.team.id, cast.olu.id)
    assert (account.annual_value, account.currency) == (120050, "EUR")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"every_currency": "Taler"}, "Currency"),
        ({"every_region": "DE"}, "The column “country” fills it already"),
        ({"column_1": "external_id"}, "More than one column would fill the field external_id"),
        ({"column_0": "-"}, "There is no column for external_id"),
        ({"column_0": "no_such_field"}, "Not a valid choice"),
        ({"column_99": "name"}, "This form has no field column_99"),
    ],
)
@ON_ONE_DATABASE
def test_columns_that_cannot_be_meant_so_are_told_at_once(desk: Desk, fields: dict[str, str], told: str) -> None:
    address = desk.accepted(CRM)

    refused = desk.try_out(address, None, **fields)

    assert refused.status_code == 422
    assert told in words(refused)


@ON_ONE_DATABASE
def test_what_was_chosen_is_still_chosen_when_one_comes_back(desk: Desk) -> None:
    address = desk.accepted(CRM)
    desk.try_out(address, {"country": "segment", "seats": "-"}, every_product="Radar")

    page = desk.browser.get(f"{address}/columns").text

    shown = desk.shown_columns(address)
    assert (shown["column_3"], shown["column_6"], shown["date_format"]) == ("segment", "-", "dd-mm-yyyy")
    assert 'value="Radar"' in page


def test_aliases_contacts_and_history_name_accounts_by_any_of_their_names(
    desk: Desk, session: Saver, cast: Cast
) -> None:
    desk.bring_in(CRM)

    aliases = desk.bring_in("subscription_id,account_id\nS-1,C-1\nS-2,C-1\n", kind="aliases")
    contacts = desk.bring_in("account_id,full_name,email\nS-1,Berta Bauer,berta@alder.example\n", kind="contacts")
    history = desk.bring_in("account_id,stage,date\nS-2,1,2025-01-10\nS-2,2,2025-03-01\n", kind="history")

    assert figures(aliases) == {"Rows read": 2, "New aliases": 2, "Known already": 0, "Rows turned away": 0}
    assert figures(contacts)["New people"] == 1
    assert figures(history)["Accounts with new history"] == 1
    assert session.scalars(select(Alias.alias).order_by(Alias.alias)).all() == ["S-1", "S-2"]
    assert session.scalars(select(Contact.name)).all() == ["Berta Bauer"]
    assert [a.claimed_step for a in accounts(session)] == [2, 0, 0]


@ON_ONE_DATABASE
def test_importing_without_a_dry_run_is_refused(desk: Desk, session: Saver) -> None:
    address = desk.accepted(CRM)

    answer = desk.browser.post(f"{address}/import")

    assert answer.status_code == 303
    assert str(answer.location) == f"{address}/columns"
    assert accounts(session) == []


@ON_ONE_DATABASE
def test_what_changed_between_dry_run_and_import_is_seen(desk: Desk, session: Saver) -> None:
    address = desk.accepted("id,name,team\nC-1,Alder,North\n")
    desk.try_out(address)
    desk.browser.post("/admin/teams/1", data={"name": "Elsewhere", "version": "1"})

    refused = desk.commit(address)

    assert "There is no team “North”" in words(refused)
    assert accounts(session) == []


@ON_ONE_DATABASE
def test_somebody_disabled_meanwhile_imports_nothing(desk: Desk, session: Saver, cast: Cast, app: Flask) -> None:
    launch, ada = app.extensions[LAUNCH], cast.ada.id
    address = desk.accepted(CRM)

    def disable(since: datetime | None) -> None:
        session.execute(update(User).where(User.id == ada).values(disabled_at=since))
        session.commit()

    def disabled_first(arguments: list[str], lock: int) -> None:
        disable(NOW)
        launch(arguments, lock)
        disable(None)

    app.extensions[LAUNCH] = disabled_first
    desk.try_out(address)

    assert "has been disabled since" in words(desk.browser.get(address))


@ON_ONE_DATABASE
def test_a_long_list_of_imports_is_paged(desk: Desk, session: Saver) -> None:
    make_account(session, external_id="C-1")
    for n in range(21):
        desk.bring_in(f"account_id,alias\nC-1,S-{n}\n", kind="aliases", name=f"part-{n}.csv")

    first = desk.browser.get("/admin/imports").text
    second = desk.browser.get("/admin/imports?before=2").text

    assert first.count("part-") >= 20
    assert "?before=2" in first
    assert "part-0.csv" in second
    assert "part-1.csv" not in second
