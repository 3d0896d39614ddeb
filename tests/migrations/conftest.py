"""Empty databases to migrate, one for each test."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

_NUMBER = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def make_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Another empty database of the same kind each time it is called."""
    made: list[Engine] = []

    def make() -> Engine:
        name = f"migrated_{next(_NUMBER)}"
        if request.param == "sqlite":
            made.append(create_engine(f"sqlite:///{tmp_path / name}.db"))
        else:
            made.append(create_engine(request.getfixturevalue("postgres").create_database(name)))
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()


@pytest.fixture
def engine(make_engine: Callable[[], Engine]) -> Engine:
    """An empty database."""
    return make_engine()
