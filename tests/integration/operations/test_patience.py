"""How long a transaction waits for somebody else's lock: its own patience, and no longer than it."""

from sqlalchemy.orm import Session, scoped_session

from changetrack.operations._transaction import transaction

ASK = {"sqlite": "PRAGMA busy_timeout", "postgresql": "SHOW lock_timeout"}
PATIENT = {"sqlite": 3_000, "postgresql": "3s"}
USUAL = {"sqlite": 10_000, "postgresql": "0"}


def waits(session: scoped_session[Session]) -> object:
    connection = session.connection()
    return connection.exec_driver_sql(ASK[connection.dialect.name]).scalar()


def test_a_transaction_waits_as_long_as_it_was_told(session: scoped_session[Session]) -> None:
    with transaction(patience=3):
        waited = waits(session)

    assert waited == PATIENT[session.get_bind().dialect.name]


def test_the_next_transaction_waits_as_long_as_usual(session: scoped_session[Session]) -> None:
    with transaction(patience=3):
        pass

    with transaction():
        waited = waits(session)

    assert waited == USUAL[session.get_bind().dialect.name]


def test_a_transaction_is_told_again_after_a_usual_one(session: scoped_session[Session]) -> None:
    for patience in (3, None):
        with transaction(patience=patience):
            pass

    with transaction(patience=3):
        waited = waits(session)

    assert waited == PATIENT[session.get_bind().dialect.name]


def test_who_reads_next_waits_as_long_as_usual(session: scoped_session[Session]) -> None:
    with transaction(patience=0):
        pass

    assert waits(session) == USUAL[session.get_bind().dialect.name]
