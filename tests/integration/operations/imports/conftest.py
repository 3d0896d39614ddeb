"""A file clerk: brings CSV text in, as Ada the administrator."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.adapters.files import Table
from changetrack.domain.imports import RawRow, RowReason
from changetrack.domain.people import Actor
from changetrack.models import Account, Event, Hold, Standing, Visit
from changetrack.operations.imports import FileRefused, ImportOptions, ImportResult, import_file
from changetrack.operations.playbook import install_playbook
from changetrack.queries.verify import verify
from tests.factories import Cast, make_cast
from tests.factories._saving import Saver

SECRET = "the key under which these tests count people"


@dataclass
class Clerk:
    """Writes a file and imports it: `clerk.load("accounts", "external_id,name\\nA-1,Ahorn\\n")`."""

    session: Saver
    folder: Path
    cast: Cast
    actor: Actor
    now: datetime
    today: date
    files: int = 0

    def load(self, kind: str, text: str, *, actor: Actor | None = None, **options: Any) -> ImportResult:
        """Import the text; a file of the same text is another file."""
        on_reject = options.pop("on_reject", None)
        self.files += 1
        path = self.folder / f"{kind}-{self.files}.csv"
        path.write_text(text, encoding="utf-8")
        result = import_file(
            kind=kind, source=Table(path), options=ImportOptions(**options), secret=SECRET,
            actor=actor or self.actor, now=self.now, today=self.today, on_reject=on_reject,
        )  # fmt: skip
        self.session.rollback()
        return result

    def again(self, kind: str, text: str, **options: Any) -> ImportResult:
        """Import as a batch of its own, whatever was imported before."""
        return self.load(kind, text, batch_id=f"batch {self.files}", **options)

    def refused(self, kind: str, text: str, **options: Any) -> list[tuple[int, str | None]]:
        """The (line, field) of every reason for which the file is refused."""
        with pytest.raises(FileRefused) as refusal:
            self.load(kind, text, **options)
        self.session.rollback()
        return [(reason.line, reason.field) for reason in refusal.value.result.rejected]

    def rejects(self, kind: str, text: str, **options: Any) -> list[tuple[RawRow, list[RowReason]]]:
        """The rows that are turned away when bad rows are skipped."""
        found: list[tuple[RawRow, list[RowReason]]] = []
        self.load(kind, text, skip_bad=True, on_reject=lambda row, reasons: found.append((row, reasons)), **options)
        return found

    def olu(self) -> dict[str, Any]:
        """Olu, today: what every operation takes."""
        return {"actor": self.cast.actor("olu"), "now": self.now, "today": self.today}

    def next_day(self, days: int = 1) -> None:
        """Let time pass."""
        self.now += timedelta(days=days)
        self.today += timedelta(days=days)

    def account(self, external_id: str = "A-1") -> Account:
        """An account as it is on record."""
        self.session.expire_all()
        return self.session.scalars(select(Account).where(Account.external_id == external_id)).one()

    def visits(self, external_id: str = "A-1") -> list[tuple[int, int, str, str]]:
        """(number, step, kind, day entered) of each visit."""
        query = select(Visit).where(Visit.account_id == self.account(external_id).id).order_by(Visit.seq)
        return [(v.seq, v.step, v.kind, str(v.entered_on)) for v in self.session.scalars(query)]

    def holds(self, external_id: str = "A-1") -> list[tuple[str, str | None, str]]:
        """(day held, day resumed, reason) of each hold."""
        query = select(Hold).where(Hold.account_id == self.account(external_id).id).order_by(Hold.seq)
        return [
            (str(h.held_on), str(h.resumed_on) if h.resumed_on else None, h.reason) for h in self.session.scalars(query)
        ]

    def believed(self, external_id: str = "A-1") -> list[tuple[str, int]]:
        """(day, place) of the standings in force."""
        mine = (Standing.account_id == self.account(external_id).id, Standing.superseded_at.is_(None))
        query = select(Standing).where(*mine).order_by(Standing.effective_on, Standing.seq)
        return [(str(s.effective_on), s.place) for s in self.session.scalars(query)]

    def events(self, external_id: str = "A-1") -> list[str]:
        """The kinds of the account's events."""
        query = select(Event.kind).where(Event.account_id == self.account(external_id).id).order_by(Event.seq)
        return list(self.session.scalars(query))

    def is_sound(self) -> bool:
        """Whether everything derived follows from the facts, and every chain holds."""
        found = verify(today=self.today)
        assert found.differences == ()
        return found.found == 0


@pytest.fixture
def clerk(session: Saver, tmp_path: Path, now: datetime, today: date) -> Clerk:
    """Ada's desk, with the cast and the playbook that ships."""
    install_playbook(actor=Actor.system("test"), now=now)
    cast = make_cast(session)
    return Clerk(session, tmp_path, cast, cast.actor("ada"), now, today)
