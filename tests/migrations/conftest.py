"""Empty databases to migrate, one for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine


@pytest.fixture(params=["sqlite", "postgresql"])
def make_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Another empty database of the same kind each time it is called."""
    made: list[Engine] = []

    def make() -> Engine:
        if request.param == "sqlite":
            made.append(create_engine(f"sqlite:///{tmp_path / str(len(made))}.db"))
        else:
            made.append(create_engine(request.getfixturevalue("postgres").create_database()))
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()


@pytest.fixture
def engine(make_engine: Callable[[], Engine]) -> Engine:
    """An empty database."""
    return make_engine()
