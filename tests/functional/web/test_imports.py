"""Administrators bring files in: columns are guessed, a dry run says what would happen, then all of it or nothing."""

import gzip
import os
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from changetrack.models import Account, Alias, AuditEvent, Contact, Event, Import, User
from changetrack.web.admin.import_process import LAUNCH
from tests.clock import NOW, FixedClock
from tests.conftest import Stage
from tests.factories import Cast, make_account, make_user
from tests.factories._saving import Saver
from tests.functional.web.importing import Desk, emptied, figures, launcher_of, words

BrowserOf = Callable[[str], FlaskClient]
ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)

CRM = """account_id,account_name,industry,country,signup_date,plan_tier,seats
C-1,Alder Works,Retail,DE,16-10-2024,Pro,12
C-2,Birch & Sons,Logistics,FR,03-04-2025,Basic,7
C-3,Cedar AG,Retail,AT,28-02-2025,Pro,40
"""


@pytest.fixture
def uploads(stage: Stage, app: Flask) -> Iterator[Path]:
    """The folder of the uploads; their commands run within the request that starts them."""
    app.extensions[LAUNCH] = launcher_of(app)
    folder = stage.settings.instance / "uploads"
    yield folder
    del app.extensions[LAUNCH]
    emptied(folder)


@pytest.fixture
def desk(uploads: Path, browser_of: BrowserOf) -> Desk:
    return Desk(browser_of("ada"))


def accounts(session: Saver) -> list[Account]:
    session.expire_all()
    return list(session.scalars(select(Account).order_by(Account.external_id)))


def files_in(uploads: Path) -> set[str]:
    return {path.name for path in uploads.rglob("*") if path.is_file() and not path.name.endswith(".lock")}


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


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "The file is empty"),
        ("id,name,id\nC-1,Alder,C-1\n", "The column “id” stands in line 1 more than once"),
        ("id,,name\nC-1,,Alder\n", "Column 2 has no name"),
        (b"PK\x03\x04 and so on", "a workbook or zip archive"),
        (b"\x1f\x8b\x08\x00 no gzip at all", "damaged or cut short"),
        ("näme\n".encode("latin-1"), "not UTF-8 text"),
        (b"id\0\0\0\0\0\0\0\0,\0name\n", "NUL"),
    ],
)
@ON_ONE_DATABASE
def test_what_is_no_table_is_refused_at_the_door_and_not_kept(
    desk: Desk, uploads: Path, content: str | bytes, told: str
) -> None:
    refused = desk.upload(content)

    assert refused.status_code == 422
    assert told in words(refused)
    assert files_in(uploads) == set()


@ON_ONE_DATABASE
def test_a_file_has_to_be_chosen(desk: Desk) -> None:
    refused = desk.browser.post("/admin/imports", data={"kind": "accounts", "encoding": ""})

    assert refused.status_code == 422
    assert "Choose a file" in words(refused)


@ON_ONE_DATABASE
def test_more_than_the_limit_is_not_even_read(make_app: Callable[..., Flask], uploads: Path, desk: Desk) -> None:
    small = make_app(max_upload_mb=1)
    small.config.update(WTF_CSRF_ENABLED=False)
    browser = small.test_client()
    with desk.browser.session_transaction() as signed_in, browser.session_transaction() as cookie:
        cookie.update(signed_in)

    field = b'--x\r\nContent-Disposition: form-data; name="file"; filename="big.csv"\r\n\r\n'
    body = field + b"x" * 1_100_000 + b"\r\n--x--\r\n"

    answer = browser.post("/admin/imports", data=body, content_type="multipart/form-data; boundary=x")

    assert answer.status_code == 413
    assert files_in(uploads) == set()


def test_rows_in_another_encoding_are_told_by_line(desk: Desk, session: Saver) -> None:
    address = desk.accepted(b"id,name\nC-1,M\xfcller\nC-2,Birch\n")

    tried = desk.try_out(address)
    rejected = desk.rejected(address)

    assert "2 It holds bytes that are not UTF-8 text" in words(tried)
    assert figures(tried)["New accounts"] == 1
    assert "M?ller" in rejected.text
    assert accounts(session) == []


def test_an_older_encoding_can_be_named(desk: Desk, session: Saver) -> None:
    desk.bring_in("id,nämé\nC-1,Müller\n".encode("cp1252"), encoding="cp1252", columns={"nämé": "name"})

    assert accounts(session)[0].name == "Müller"


def test_the_same_bytes_read_in_another_encoding_are_another_file(desk: Desk, session: Saver) -> None:
    desk.bring_in("id,name\nC-1,Müller\n", encoding="cp1252")

    desk.bring_in("id,name\nC-1,Müller\n")

    assert accounts(session)[0].name == "Müller"


@ON_ONE_DATABASE
def test_a_compressed_file_is_read_as_it_is(desk: Desk, session: Saver) -> None:
    done = desk.bring_in(gzip.compress(CRM.encode()), name="crm.csv.gz")

    assert figures(done)["New accounts"] == 3


@ON_ONE_DATABASE
def test_a_file_without_the_needed_columns_says_so(desk: Desk) -> None:
    address = desk.accepted("colour,size\nred,4\n")

    refused = desk.try_out(address)

    assert refused.status_code == 422
    assert "There is no column for external_id. The file has: colour, size." in words(refused)
    assert "There is no column for name." in words(refused)


@ON_ONE_DATABASE
def test_a_file_without_rows_changes_nothing(desk: Desk) -> None:
    tried = desk.try_out(desk.accepted("id,name\n"))

    assert figures(tried)["Rows read"] == 0
    assert "Import it" not in words(tried)


@ON_ONE_DATABASE
def test_formulas_come_in_as_text_and_go_out_defused(desk: Desk, session: Saver) -> None:
    address = desk.accepted('id,name,note\nC-1,=1+1,"\'=HYPERLINK(""x"")"\nC-2,,@SUM(A1)\n')
    tried = desk.try_out(address)
    desk.commit(address, skip="1")

    rejected = desk.rejected(address).text

    assert "=1+1" not in words(tried)
    [account] = accounts(session)
    assert (account.name, account.attributes) == ("=1+1", {"note": '=HYPERLINK("x")'})
    assert "C-2,,'@SUM(A1),3," in rejected


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
def test_nothing_of_the_file_stays_once_it_is_imported(desk: Desk, uploads: Path) -> None:
    desk.bring_in(CRM)

    assert "file" not in files_in(uploads)


@ON_ONE_DATABASE
def test_a_file_is_kept_out_of_the_sight_of_others(desk: Desk, uploads: Path) -> None:
    address = desk.accepted(CRM, name="../../etc/pass\x07wd.csv")
    desk.try_out(address)

    modes = {os.stat(path).st_mode & 0o777 for path in uploads.rglob("*") if path.is_file()}
    folders = {os.stat(path).st_mode & 0o777 for path in [uploads, *uploads.rglob("*")] if path.is_dir()}

    assert (modes, folders) == ({0o600}, {0o700})
    assert "passwd.csv" in words(desk.browser.get(address))
    assert not [path for path in uploads.rglob("*") if "pass" in path.name]


@ON_ONE_DATABASE
def test_what_is_discarded_is_deleted(desk: Desk, uploads: Path) -> None:
    address = desk.accepted(CRM)
    desk.try_out(address)

    desk.browser.post(f"{address}/discard")

    assert files_in(uploads) == set()
    assert desk.browser.get(address).status_code == 404


@ON_ONE_DATABASE
def test_what_was_forgotten_is_deleted_after_a_day(desk: Desk, uploads: Path, clock: FixedClock) -> None:
    desk.accepted(CRM)

    clock.move(hours=23)
    desk.browser.get("/healthz")
    kept = files_in(uploads)
    clock.move(hours=2)
    desk.browser.get("/healthz")

    assert "file" in kept
    assert files_in(uploads) == set()


@ON_ONE_DATABASE
def test_another_administrator_does_not_see_it(desk: Desk, session: Saver, browser_of: BrowserOf, cast: Cast) -> None:
    address = desk.accepted(CRM, name="crm.csv")
    object.__setattr__(cast, "eva", make_user(session, email="eva@example.com", name="Eva", role="admin"))
    eva = browser_of("eva")

    answers = [eva.get(address), eva.get(f"{address}/columns"), eva.post(f"{address}/import"),
               eva.post(f"{address}/discard"), eva.get(f"{address}/progress")]  # fmt: skip

    assert {answer.status_code for answer in answers} == {404}
    assert "crm.csv" not in eva.get("/admin/imports").text
    assert desk.browser.get(f"{address}/columns").status_code == 200


@pytest.mark.parametrize("key", ["..", "0" * 31, "0" * 33, "A" * 32, "..%2f..%2fetc"])
@ON_ONE_DATABASE
def test_no_path_is_made_of_an_address(desk: Desk, key: str) -> None:
    assert desk.browser.get(f"/admin/imports/{key}/columns").status_code == 404


@ON_ONE_DATABASE
def test_a_person_has_so_many_files_under_way_and_no_more(desk: Desk) -> None:
    for _ in range(5):
        desk.accepted(CRM)

    refused = desk.upload(CRM)

    assert refused.status_code == 422
    assert "You have 5 files under way" in words(refused)


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
