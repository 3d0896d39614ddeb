"""Names folded inside the database, as domain.names folds them: `folded(Contact.name).contains(key)`."""

from typing import Any

from sqlalchemy import Engine, String, event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from changetrack.domain.names import ACCENTS, LETTERS, name_key


class folded(FunctionElement[str]):
    """The key of the name in a column, as name_key() makes it; NULL for NULL."""

    type = String()
    inherit_cache = True


@compiles(folded)
def _on_sqlite(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    return f"name_key({compiler.process(element.clauses, **options)})"


@compiles(folded, "postgresql")
def _on_postgresql(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    """Most names are ASCII, and cost hardly more than lower(), which knows only those letters in some locales."""
    name = compiler.process(element.clauses, **options)
    key = f"lower(normalize(regexp_replace(normalize(lower({name}), NFD), '[{'-'.join(ACCENTS)}]', '', 'g'), NFC))"
    for letter, meant in (LETTERS | {letter.upper(): LETTERS[letter] for letter in "øłđæœ"} | {"ß": "ss"}).items():
        key = f"replace({key}, '{letter}', '{meant}')"
    return f"CASE WHEN octet_length({name}) = char_length({name}) THEN lower({name}) ELSE {key} END"


@event.listens_for(Engine, "connect")
def _teach_sqlite(dbapi_connection: Any, _record: object) -> None:
    if type(dbapi_connection).__module__.split(".")[0] == "sqlite3":
        dbapi_connection.create_function("name_key", 1, _key_or_none, deterministic=True)


def _key_or_none(name: str | None) -> str | None:
    return None if name is None else name_key(name)
