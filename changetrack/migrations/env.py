"""What Alembic runs: our models against the connection that `changetrack.migrations` opened."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from changetrack.migrations import COMPARED
from changetrack.models import UtcDateTime, db


def render_item(kind: str, item: Any, _autogen: AutogenContext) -> str | Literal[False]:
    """Write our own types as what they are in the database: a migration outlives the code beside it."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=db.metadata,
    render_item=render_item,
    transactional_ddl=True,
    **COMPARED,
)
context.run_migrations()
