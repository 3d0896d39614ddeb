"""The schema goes up and down, ends as the models say, and is never left in between."""

from collections.abc import Callable

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from changetrack import migrations
from changetrack.migrations import WrongRevision
from changetrack.models import db


def shape(engine: Engine) -> dict[str, object]:
    """Tables with their columns, indexes, keys and triggers, to be compared."""
    seen = inspect(engine)
    return {
        table: (
            sorted((column["name"], str(column["type"]), column["nullable"]) for column in seen.get_columns(table)),
            sorted(str(index["name"]) for index in seen.get_indexes(table)),
            sorted(str(check["name"]) for check in seen.get_check_constraints(table)),
            sorted(str(key["name"]) for key in seen.get_foreign_keys(table)),
        )
        for table in sorted(seen.get_table_names())
    }


def test_there_is_one_head() -> None:
    script = ScriptDirectory.from_config(migrations._config())

    assert len(script.get_heads()) == 1


def test_every_revision_is_dated_and_named_like_its_file() -> None:
    script = ScriptDirectory.from_config(migrations._config())

    for revision in script.walk_revisions():
        assert revision.path.endswith(f"/{revision.revision}.py")
        assert revision.revision[:10].replace("_", "").isdigit()


def test_an_upgraded_database_is_what_the_models_say(engine: Engine) -> None:
    migrations.upgrade(engine)

    assert migrations.differences(engine) == []
    migrations.refuse_wrong_revision(engine)


def test_the_migrated_schema_equals_the_one_made_from_the_models(
    make_engine: Callable[[], Engine],
) -> None:
    migrated, made = make_engine(), make_engine()

    migrations.upgrade(migrated)
    db.metadata.create_all(made)

    expected = shape(migrated)
    expected.pop("alembic_version")
    assert shape(made) == expected


def test_up_down_up_ends_where_up_ends(engine: Engine) -> None:
    migrations.upgrade(engine)
    first = shape(engine)

    migrations.downgrade(engine, "base")
    emptied = shape(engine)
    migrations.upgrade(engine)

    assert list(emptied) == ["alembic_version"]
    assert shape(engine) == first


def test_upgrading_again_changes_nothing(engine: Engine) -> None:
    migrations.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO heartbeats (name, seen_at) VALUES ('scheduler', '2026-03-02')"))

    migrations.upgrade(engine)

    with engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM heartbeats")).scalars().all() == ["scheduler"]


def test_an_upgrade_that_fails_half_way_leaves_no_trace(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE journeys (account_id INTEGER)"))  # in the way of a late statement

    with pytest.raises(Exception, match="already exists"):
        migrations.upgrade(engine)

    assert inspect(engine).get_table_names() == ["journeys"]
    assert migrations.current_revision(engine) is None


def test_another_revision_is_refused_and_says_what_to_do(engine: Engine) -> None:
    with pytest.raises(WrongRevision, match="changetrack db upgrade"):
        migrations.refuse_wrong_revision(engine)
