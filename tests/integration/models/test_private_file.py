"""The file of the embedded database is its owner's alone."""

import os
from pathlib import Path

from sqlalchemy import create_engine

import changetrack.models  # noqa: F401  its listeners


def test_a_new_database_and_what_lies_beside_it_are_read_by_their_owner_alone(tmp_path: Path) -> None:
    former = os.umask(0o022)
    engine = create_engine(f"sqlite:///{tmp_path / 'changetrack.db'}")
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE people (password_hash TEXT)")
            modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    finally:
        os.umask(former)
        engine.dispose()

    assert modes == dict.fromkeys(("changetrack.db", "changetrack.db-shm", "changetrack.db-wal"), 0o600)


def test_what_somebody_has_decided_about_their_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "changetrack.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE people (password_hash TEXT)")
    engine.dispose()
    path.chmod(0o640)

    with engine.connect():
        mode = path.stat().st_mode & 0o777
    engine.dispose()

    assert mode == 0o640
