"""An account on its way by the pages, and short words for what people do with it there."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session, scoped_session
from werkzeug.test import TestResponse

from changetrack.models import Account, UserSession
from tests.clock import TODAY, FixedClock
from tests.factories import Cast

BrowserOf = Callable[[str], FlaskClient]
Saver = scoped_session[Session]

OPENING = {"beneficiary": "Plant managers", "value_statement": "Close in a day, not in a week.", "version": "1"}
GAP = {
    "gap_metric": "Hours to close", "gap_unit": "h", "gap_from": "40", "gap_to": "8",
    "gap_by": "2026-12-31", "gap_evidence": "The report of February",
}  # fmt: skip
MANAGERS = {"contact_seq": "new", "contact_name": "Mara Voss", "contact_title": "Plant manager",
            "said_how": "call", "asked": "4", "yes": "3"}  # fmt: skip


class Walk:
    """One account and the browsers of those who work on it: `walk.post("olu", "gap", GAP)`."""

    def __init__(self, browser_of: BrowserOf, cast: Cast, session: Saver) -> None:
        self._browser_of = browser_of
        self._browsers: dict[str, FlaskClient] = {}
        self.session = session
        record = {"name": "Acme", "external_id": "a-1", "team_id": str(cast.team.id), "owner_id": str(cast.olu.id),
                  "started_on": (TODAY - timedelta(days=60)).isoformat()}  # fmt: skip
        added = self.browser("olu").post("/accounts/new", data=record)
        self.address = added.location
        self.id = int(self.address.rpartition("/")[2])

    def browser(self, name: str) -> FlaskClient:
        """The browser of one of the cast."""
        if name not in self._browsers:
            self._browsers[name] = self._browser_of(name)
        return self._browsers[name]

    def post(self, who: str, what: str, typed: Mapping[str, str] | None = None) -> TestResponse:
        """Send one of the page's forms."""
        return self.browser(who).post(f"{self.address}/{what}", data=dict(typed or {}))

    def page(self, who: str = "olu", query: str = "") -> str:
        """The account page as somebody sees it."""
        return self.browser(who).get(self.address + query).text

    def account(self) -> Account:
        """The account's row as it is now."""
        self.session.rollback()
        return self.session.get_one(Account, self.id)

    def to_proposal(self, by: str = "olu") -> None:
        """Open the account, prove step 1, and propose."""
        version = {"version": "2"}
        for what, typed in (("opening", OPENING), ("gap", GAP | version), ("evidence/1c", MANAGERS), ("proposal", {})):
            assert self.post(by, what, typed).status_code == 303

    def sign(self, who: str, proposal: str = "1") -> TestResponse:
        """Sign the proposal that was shown."""
        return self.post(who, "sign-off", {"proposal_seq": proposal})

    def wait(self, clock: FixedClock, **amount: float) -> None:
        """Let time pass in which nobody's session ends."""
        self.browser("tess")
        clock.move(**amount)
        seen = {"last_seen_at": clock.now(), "expires_at": clock.now() + timedelta(days=1)}
        self.session.execute(update(UserSession).values(**seen))
        self.session.commit()

    def rows(self, model: Any) -> list[Any]:
        """The account's rows of a table."""
        self.session.rollback()
        query = select(model).where(model.account_id == self.id)
        return list(self.session.scalars(query.order_by(*model.__table__.primary_key)))
