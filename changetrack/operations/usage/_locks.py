"""What keeps two transactions from counting past each other on PostgreSQL; SQLite has one writer anyway."""

from collections.abc import Iterable

from sqlalchemy.orm import Session, scoped_session

_NAMES = 4_172_029  # any constant of our own, as are the two below
_ALL_ACCOUNTS = 4_172_031
_ACCOUNT = 4_172_033
_FEW = 200  # accounts, each with a lock of its own; the server's table of locks is bounded

PATIENCE = 3  # seconds that a sender waits for others, less than any SDK waits for us; it will send again


def share_names(session: scoped_session[Session]) -> None:
    """Until the end of the transaction nobody counts what waits for a name: what is unmatched now stays so."""
    if _is_postgres(session):
        session.connection().exec_driver_sql(f"SELECT pg_advisory_xact_lock_shared({_NAMES})")


def hold_names(session: scoped_session[Session]) -> None:
    """Wait for all that may put something under a name, and keep others from it to the end of the transaction."""
    if _is_postgres(session):
        session.connection().exec_driver_sql(f"SELECT pg_advisory_xact_lock({_NAMES})")


def hold_accounts(session: scoped_session[Session], account_ids: Iterable[int]) -> None:
    """Be the only one who changes the daily numbers of these accounts, to the end of the transaction."""
    if not _is_postgres(session):
        return
    ids, connection = sorted(set(account_ids)), session.connection()
    if len(ids) > _FEW:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ALL_ACCOUNTS})")
        return
    connection.exec_driver_sql(
        f"SELECT pg_advisory_xact_lock_shared({_ALL_ACCOUNTS})"  # noqa: S608  a constant of ours
        ", (SELECT count(pg_advisory_xact_lock(%(kind)s, (id %% 2147483647)::int))"
        " FROM unnest(%(ids)s::bigint[]) AS id)",
        {"kind": _ACCOUNT, "ids": ids},
    )


def _is_postgres(session: scoped_session[Session]) -> bool:
    return session.get_bind().dialect.name == "postgresql"
