"""Accounts, their calendars and aliases, views of their list, and imports."""

from typing import Any

from changetrack.domain.names import name_key
from changetrack.models import Account, Alias, Calendar, Import, SavedView, User
from tests.clock import NOW, TODAY
from tests.factories._saving import Saver, number, save


def make_account(session: Saver, **fields: Any) -> Account:
    """An account that is not opened, of no team; `claimed_step` alone places it at that step."""
    n = number()
    given: dict[str, Any] = {"external_id": f"A-{n:04}", "name": f"Account {n}"}
    given |= dict.fromkeys(("step_entered_on", "progress_on", "standing_on"), TODAY)
    given |= {"event_hash": "0" * 64, "created_at": NOW, "updated_at": NOW, **fields}
    step = given.setdefault("claimed_step", 0)
    given.setdefault("place", step)
    given.setdefault("status", {0: "not_opened", 9: "anchored"}.get(step, "active"))
    given.setdefault("name_key", name_key(given["name"]))
    return save(session, Account(**given))


def make_alias(session: Saver, account: Account, **fields: Any) -> Alias:
    """Another system's name of `account`."""
    return save(session, Alias(**{"alias": f"crm-{number()}", "account_id": account.id, "created_at": NOW, **fields}))


def make_calendar(session: Saver, **fields: Any) -> Calendar:
    """A calendar of Monday to Friday without holidays, which no account keeps."""
    return save(session, Calendar(**{"name": f"Calendar {number()}", "blackout_days": [], **fields}))


def make_saved_view(session: Saver, user: User, **fields: Any) -> SavedView:
    """The stale accounts, under a name of the user's own."""
    given = {"user_id": user.id, "name": f"View {number()}", "query": "stale=1", "created_at": NOW}
    return save(session, SavedView(**{**given, **fields}))


def make_import(session: Saver, **fields: Any) -> Import:
    """A file of accounts that was read in."""
    given: dict[str, Any] = {"batch_id": f"batch-{number()}", "kind": "accounts", "digest": "0" * 64}
    given |= {"file_name": "accounts.csv", "counts": {}, "imported_by": "ada@example.com", "imported_at": NOW}
    return save(session, Import(**{**given, **fields}))
