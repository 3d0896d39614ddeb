"""A check or an import runs beside the pages: they show how far it is, it can be stopped, and it may be lost."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from changetrack.adapters.uploaded_file import Run, Upload
from changetrack.adapters.uploads import Uploads
from changetrack.cli import uploads as command
from changetrack.models import Account, Import
from changetrack.operations import imports
from changetrack.web.admin.import_process import LAUNCH
from tests.conftest import Stage
from tests.factories import Cast
from tests.factories._saving import Saver
from tests.functional.web.importing import Desk, emptied, figures, launcher_of, words

BrowserOf = Callable[[str], FlaskClient]
ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
ROWS = "id,name\n" + "".join(f"C-{n},Account {n}\n" for n in range(30))
SUBSCRIPTIONS = Path(__file__).parents[4] / "shared" / "data" / "ravenstack" / "ravenstack_subscriptions.csv"
ACCOUNTS = SUBSCRIPTIONS.with_name("ravenstack_accounts.csv")


class Held:
    """A launcher under which nothing happens until it is told to."""

    def __init__(self) -> None:
        self.arguments: Sequence[str] = ()
        self.lock = -1

    def __call__(self, arguments: Sequence[str], lock: int) -> None:
        self.arguments, self.lock = arguments, lock

    def lose(self) -> None:
        """The process is gone."""
        os.close(self.lock)


@pytest.fixture
def uploads(stage: Stage, app: Flask) -> Iterator[Uploads]:
    yield Uploads(stage.settings.instance)
    app.extensions.pop(LAUNCH, None)
    emptied(stage.settings.instance / "uploads")


@pytest.fixture
def desk(uploads: Uploads, browser_of: BrowserOf) -> Desk:
    return Desk(browser_of("ada"))


@pytest.fixture
def held(app: Flask, uploads: Uploads) -> Held:
    launcher = app.extensions[LAUNCH] = Held()
    return launcher


def found(uploads: Uploads, address: str) -> Upload:
    upload = uploads.find(address.rpartition("/")[2])
    assert upload is not None
    return upload


@ON_ONE_DATABASE
def test_the_page_shows_how_far_it_is_and_asks_again_by_itself(desk: Desk, uploads: Uploads, held: Held) -> None:
    address = desk.accepted(ROWS)
    page = desk.try_out(address)
    found(uploads, address).note_run(Run("check", share=0.42))

    piece = desk.browser.get(f"{address}/progress")

    assert f'hx-get="{address}/progress" hx-trigger="every 1s"' in page.text
    assert "42%" in piece.text
    assert "<html" not in piece.text
    held.lose()


@ON_ONE_DATABASE
def test_once_it_has_ended_the_whole_page_is_shown_again(desk: Desk, uploads: Uploads, held: Held) -> None:
    address = desk.accepted(ROWS)
    desk.try_out(address)

    found(uploads, address).note_run(Run("check", "refused", 1.0, None, ((None, "No."),)))
    piece = desk.browser.get(f"{address}/progress")

    assert (piece.status_code, piece.headers["HX-Refresh"]) == (204, "true")
    held.lose()


@ON_ONE_DATABASE
def test_while_one_runs_another_of_the_same_person_is_refused(desk: Desk, held: Held) -> None:
    first, second = desk.accepted(ROWS), desk.accepted(ROWS)
    desk.try_out(first)

    refused = desk.try_out(second)

    assert refused.status_code == 422
    assert "Another import of yours is running" in words(refused)
    assert desk.browser.get(f"{first}/columns").location == first
    held.lose()


@ON_ONE_DATABASE
def test_a_lost_process_is_said_to_be_lost(desk: Desk, held: Held) -> None:
    address = desk.accepted(ROWS)
    desk.try_out(address)

    held.lose()
    page = desk.browser.get(address)

    assert "It was interrupted" in words(page)
    assert "was interrupted" in words(desk.browser.get("/admin/imports"))
    assert desk.browser.get(f"{address}/columns").status_code == 200


def test_stopping_an_import_leaves_nothing_half_written(
    desk: Desk, uploads: Uploads, app: Flask, session: Saver, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.extensions[LAUNCH] = launcher_of(app)
    monkeypatch.setattr(command, "TOLD_EVERY", 0.0)
    address = desk.accepted(ROWS)
    desk.try_out(address)
    note = Upload.note_run

    def stopped_while_writing(upload: Upload, run: Run) -> None:
        if run.what == "import" and run.share > 0.3:
            upload.forget()
        note(upload, run)

    monkeypatch.setattr(Upload, "note_run", stopped_while_writing)
    answer = desk.commit(address)

    assert answer.status_code == 404
    assert session.scalars(select(Account.id)).all() == []
    assert session.scalars(select(Import.id)).all() == []


@ON_ONE_DATABASE
def test_what_goes_wrong_is_said_without_its_inside(desk: Desk, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_given: object) -> None:
        raise RuntimeError("password=hunter2")

    app.extensions[LAUNCH] = launcher_of(app)
    monkeypatch.setattr(imports, "import_file", broken)

    page = desk.try_out(desk.accepted(ROWS))

    assert "Something went wrong here (RuntimeError)." in words(page)
    assert "hunter2" not in page.text


@ON_ONE_DATABASE
def test_what_takes_too_long_is_ended(desk: Desk, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(**_given: object) -> None:
        raise TimeoutError

    app.extensions[LAUNCH] = launcher_of(app)
    monkeypatch.setattr(imports, "import_file", slow)

    assert "It took longer than 30 minutes." in words(desk.try_out(desk.accepted(ROWS)))


def test_a_process_of_its_own_does_the_same_with_our_settings(desk: Desk, session: Saver, cast: Cast) -> None:
    address = desk.accepted(ROWS)

    desk.try_out(address)
    wait_for_processes()
    tried = desk.browser.get(address)
    desk.commit(address)
    wait_for_processes()
    done = desk.browser.get(address)

    assert figures(tried)["New accounts"] == 30
    assert figures(done) == figures(tried)
    assert len(session.scalars(select(Account.id)).all()) == 30
    assert session.scalars(select(Import.imported_by)).all() == ["ada@example.com"]


@ON_ONE_DATABASE
@pytest.mark.skipif(not ACCOUNTS.exists(), reason="the data set is not here")
def test_a_real_export_comes_in_as_it_is(desk: Desk, app: Flask, session: Saver) -> None:
    app.extensions[LAUNCH] = launcher_of(app)

    accounts = desk.bring_in(ACCOUNTS.read_bytes(), name=ACCOUNTS.name)
    aliases = desk.bring_in(SUBSCRIPTIONS.read_bytes(), name=SUBSCRIPTIONS.name, kind="aliases")
    again = desk.try_out(desk.accepted(ACCOUNTS.read_bytes()))

    assert (figures(accounts)["New accounts"], figures(accounts)["Rows turned away"]) == (500, 0)
    assert (figures(aliases)["New aliases"], figures(aliases)["Rows turned away"]) == (5_000, 0)
    assert "This file is imported already" in words(again)
    account = session.scalars(select(Account).where(Account.external_id == "A-2e4581")).one()
    assert (account.tier, account.region, str(account.started_on)) == ("Basic", "US", "2024-10-16")
    assert account.attributes["referral_source"] == "partner"


def wait_for_processes() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("run-upload"):
            thread.join(timeout=60)
            assert not thread.is_alive()
