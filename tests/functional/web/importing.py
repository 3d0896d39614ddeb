"""Bringing a file in by the pages, as the tests do it: upload, columns as guessed or as told, dry run, import."""

import html
import io
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from changetrack.cli import changetrack, register
from changetrack.models import Account
from tests.factories._saving import Saver

CRM = """account_id,account_name,industry,country,signup_date,plan_tier,seats
C-1,Alder Works,Retail,DE,16-10-2024,Pro,12
C-2,Birch & Sons,Logistics,FR,03-04-2025,Basic,7
C-3,Cedar AG,Retail,AT,28-02-2025,Pro,40
"""

_SELECT = re.compile(r'<select[^>]*\bname="(\w+)"[^>]*>(.*?)</select>', re.DOTALL)
_CHOSEN = re.compile(r'<option selected value="([^"]*)"')
_COLUMN = re.compile(r'<label for="(column_\d+)">(.*?)</label>')


def launcher_of(app: Flask) -> Callable[[Sequence[str], int], None]:
    """Runs the command of an upload to its end, before the page answers; in a thread, with a session of its own."""

    def launch(arguments: Sequence[str], lock: int) -> None:
        failures: list[BaseException] = []

        def run() -> None:
            info = ScriptInfo(create_app=lambda: app, set_debug_flag=False)
            with app.app_context():
                result = CliRunner().invoke(register(changetrack), list(arguments), obj=info)
            if result.exception is not None:
                failures.append(result.exception)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        os.close(lock)
        assert not failures, failures

    return launch


@dataclass
class Desk:
    """The import pages in the browser of somebody."""

    browser: FlaskClient

    def upload(
        self, text: str | bytes, *, kind: str = "accounts", name: str = "file.csv", encoding: str = ""
    ) -> TestResponse:
        """Send a file."""
        content = io.BytesIO(text.encode() if isinstance(text, str) else text)
        data = {"kind": kind, "encoding": encoding, "file": (content, name)}
        return self.browser.post("/admin/imports", data=data, content_type="multipart/form-data")

    def accepted(self, text: str | bytes, **how: Any) -> str:
        """Send a file that is taken; returns the address of its pages."""
        answer = self.upload(text, **how)
        assert answer.status_code == 303, words(answer)
        return str(answer.location).removesuffix("/columns")

    def shown_columns(self, address: str) -> dict[str, str]:
        """What the form of the columns proposes, by field."""
        return selected(self.browser.get(f"{address}/columns").text)

    def try_out(self, address: str, columns: Mapping[str, str] | None = None, **fields: str) -> TestResponse:
        """Send the form of the columns as proposed but for `columns` (by header) and `fields`; shows what follows."""
        page = self.browser.get(f"{address}/columns").text
        by_header = {html.unescape(header): name for name, header in _COLUMN.findall(page)}
        told = {by_header[header]: target for header, target in (columns or {}).items()}
        answer = self.browser.post(f"{address}/columns", data={**selected(page), **told, **fields})
        return self.browser.get(str(answer.location)) if answer.status_code == 303 else answer

    def commit(self, address: str, **fields: str) -> TestResponse:
        """Import it; shows what became of it."""
        answer = self.browser.post(f"{address}/import", data=fields)
        return self.browser.get(str(answer.location)) if answer.status_code == 303 else answer

    def rejected(self, address: str) -> TestResponse:
        """The file of the rows that were turned away, read to its end."""
        answer = self.browser.get(f"{address}/rejected-rows.csv")
        answer.get_data()
        answer.close()
        return answer

    def bring_in(self, text: str | bytes, *, columns: Mapping[str, str] | None = None, **how: Any) -> TestResponse:
        """The whole way with one file."""
        address = self.accepted(text, **how)
        self.try_out(address, columns)
        return self.commit(address)


def accounts(session: Saver) -> list[Account]:
    """All accounts as they are now."""
    session.expire_all()
    return list(session.scalars(select(Account).order_by(Account.external_id)))


def selected(page: str) -> dict[str, str]:
    """What each select of a page has chosen."""
    chosen = {name: _CHOSEN.search(options) for name, options in _SELECT.findall(page)}
    return {name: html.unescape(found.group(1)) if found else "" for name, found in chosen.items()}


def words(answer: TestResponse) -> str:
    """The words of a page, without its tags and superfluous blanks."""
    main = answer.text.partition("<main")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def figures(answer: TestResponse) -> dict[str, int]:
    """The figures of a page by their labels."""
    pairs = re.findall(r"<dt>(.*?)</dt>\s*<dd[^>]*>([\d,]+)</dd>", answer.text)
    return {label: int(number.replace(",", "")) for label, number in pairs}


def emptied(folder: Path) -> None:
    """Delete everything in a folder of uploads."""
    for path in sorted(folder.rglob("*"), reverse=True) if folder.exists() else ():
        path.rmdir() if path.is_dir() else path.unlink()
