"""Whose a name is, for what is about to be written under it."""

from sqlalchemy.orm import Session, scoped_session

from changetrack.operations.usage._locks import share_names
from changetrack.operations.usage._rows import read_rows

_FIND = """
    SELECT asked.name, coalesce(accounts.id, aliases.account_id) FROM {rows} AS asked
    LEFT JOIN accounts ON accounts.external_id = asked.name
    LEFT JOIN aliases ON aliases.alias = asked.name
"""


def find_accounts(session: scoped_session[Session], names: set[str]) -> dict[str, int]:
    """The accounts of these names; those that are nobody's stay so until this transaction has ended.

    So nothing is put under a name at the moment when what waits under it is counted. An account's own id goes
    before another's alias, as in `account_ids`.
    """
    found = accounts_named(session, names)
    unknown = names.difference(found)
    if unknown:
        share_names(session)
        found.update(accounts_named(session, unknown))
    return found


def accounts_named(session: scoped_session[Session], names: set[str]) -> dict[str, int]:
    """The accounts of these names as things stand; by one statement whose text is always the same."""
    if not names:
        return {}
    rows = read_rows(session, _FIND, {"name": "text"}, [(name,) for name in sorted(names)])
    return {name: account_id for name, account_id in rows if account_id is not None}
