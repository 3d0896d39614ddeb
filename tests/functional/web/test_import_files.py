"""Files that are odd, spoilt or too large are told so; what is uploaded is seen by nobody else, and soon gone."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.clock import FixedClock
from tests.factories import Cast, make_user
from tests.factories._saving import Saver
from tests.functional.web.importing import CRM, Desk, accounts, figures, words

BrowserOf = Callable[[str], FlaskClient]
ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)


def files_in(uploads: Path) -> set[str]:
    return {path.name for path in uploads.rglob("*") if path.is_file() and not path.name.endswith(".lock")}


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
