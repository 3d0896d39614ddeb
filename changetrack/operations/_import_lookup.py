"""Finding what the rows of a file name: accounts by their own id or an alias, teams, people."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session, scoped_session

from changetrack.models import Account, Alias, Calendar, Team, User

_AT_ONCE = 10_000  # values in one IN list: SQLite takes 32,766


def account_ids(session: scoped_session[Session], names: Iterable[str]) -> dict[str, int]:
    """The id of each account that one of `names` names, as its external id or else as an alias."""
    wanted = set(names)
    found = dict(_pairs(session, select(Account.external_id, Account.id), Account.external_id, wanted))
    rest = wanted.difference(found)
    found.update(_pairs(session, select(Alias.alias, Alias.account_id), Alias.alias, rest))
    return found


def accounts_by_id(
    session: scoped_session[Session], ids: Collection[int], columns: Iterable[Any], *, lock: bool
) -> dict[int, Row[Any]]:
    """These columns (the first is the id) of the accounts, whose rows are locked in order of id if asked."""
    query = select(*columns).order_by(Account.id)
    if lock:
        query = query.with_for_update()
    return {row[0]: row for row in _pairs(session, query, Account.id, ids)}


class Directory:
    """Teams and calendars by name and people by e-mail address, looked up once for all files' rows."""

    def __init__(self, session: scoped_session[Session]) -> None:
        self._session = session
        self._teams: dict[str, int] = {name: id_ for id_, name in session.execute(select(Team.id, Team.name))}
        self._teams_folded = {name.casefold(): id_ for name, id_ in self._teams.items()}
        named = session.execute(select(Calendar.id, Calendar.name))
        self._calendars: dict[str, int] = {name.casefold(): id_ for id_, name in named}
        self._people: dict[str, int | None] = {}

    def learn_people(self, emails: Iterable[str]) -> None:
        """Look up the addresses that are not known yet; those of nobody, or of disabled users, stay unknown."""
        wanted = set(emails).difference(self._people)
        if wanted:
            self._people.update(dict.fromkeys(wanted))
            query = select(User.email, User.id).where(User.disabled_at.is_(None))
            self._people.update(dict(_pairs(self._session, query, User.email, wanted)))

    def team(self, name: str) -> int | None:
        """The id of the team of that name, whatever its case; None if there is none."""
        return self._teams.get(name) or self._teams_folded.get(name.casefold())

    def calendar(self, name: str) -> int | None:
        """The id of the work calendar of that name, whatever its case; None if there is none."""
        return self._calendars.get(name.casefold())

    def person(self, email: str) -> int | None:
        """The id of the user with that address, None if there is none."""
        return self._people.get(email)


def _pairs(session: scoped_session[Session], query: Any, column: Any, values: Collection[Any]) -> Iterable[Any]:
    wanted = sorted(values)
    for start in range(0, len(wanted), _AT_ONCE):
        yield from session.execute(query.where(column.in_(wanted[start : start + _AT_ONCE])))
