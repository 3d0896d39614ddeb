"""The key of an account's name loses its accents: “Müller” stands beside “Muller” in lists, and is found by it."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_names_without_accents"
down_revision = "2026_11_23_a_rest_has_an_end"
branch_labels = None
depends_on = None

_AT_ONCE = 5_000
_ACCOUNTS = sa.table("accounts", sa.column("id"), sa.column("name"), sa.column("name_key"))
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "ς": "σ", "æ": "ae", "œ": "oe"})


def upgrade() -> None:
    _write_keys(folds=True)


def downgrade() -> None:
    _write_keys(folds=False)


def _write_keys(*, folds: bool) -> None:
    """Only the keys that come out differently are written: those of names outside ASCII."""
    connection, last = op.get_bind(), 0
    change = _ACCOUNTS.update().where(_ACCOUNTS.c.id == sa.bindparam("of")).values(name_key=sa.bindparam("key"))
    page = sa.select(_ACCOUNTS).order_by(_ACCOUNTS.c.id).limit(_AT_ONCE)
    while rows := connection.execute(page.where(_ACCOUNTS.c.id > last)).all():
        keys = [(row, _folded(row.name) if folds else row.name.casefold()) for row in rows]
        changed = [{"of": row.id, "key": key} for row, key in keys if key != row.name_key]
        if changed:
            connection.execute(change, changed)
        last = rows[-1].id


def _folded(name: str) -> str:
    decomposed = unicodedata.normalize("NFD", name.casefold())
    bare = "".join(sign for sign in decomposed if not "\u0300" <= sign <= "\u036f")
    return unicodedata.normalize("NFC", bare).translate(_LETTERS)
