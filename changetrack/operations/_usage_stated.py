"""Writing what a file states of days: tens of thousands of numbers by a few statements."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import Date, TextClause, bindparam, text

from changetrack.models import UtcDateTime
from changetrack.operations._import_terms import Scene, Tried
from changetrack.operations.usage._rows import moment_text, run_rows
from changetrack.operations.usage._touch import touch_outcomes

Number = tuple[int, int, str, int]
"""An account, a metric, a day (ISO), a number in ten-thousandths."""

_AT_ONCE = 5_000  # numbers that wait for their account, written by one statement
_KEY = "account_id = given.account_id AND kept.metric_id = given.metric_id AND kept.day = given.day"
_STAGED = (
    "CREATE TEMP TABLE given_numbers (account_id bigint, metric_id bigint, day date, number bigint)",
    """
    CREATE TEMP TABLE changed_numbers (
        account_id bigint, metric_id bigint, day date, number bigint, counted bigint, last_at {moment},
        recorded_on date)
    """,
)
_CHANGED = "WHERE newest.stated IS NULL OR newest.stated <> given.number"
_COMPARE = {
    "sqlite": f"""
    INSERT INTO changed_numbers
    SELECT given.*, newest.counted, newest.last_at, newest.recorded_on
    FROM given_numbers AS given LEFT JOIN usage_daily AS newest
      ON newest.account_id = given.account_id AND newest.metric_id = given.metric_id AND newest.day = given.day
     AND newest.recorded_on = (SELECT max(kept.recorded_on) FROM usage_daily AS kept WHERE kept.{_KEY})
    {_CHANGED}
    """,  # noqa: S608  our own names
    "postgresql": f"""
    INSERT INTO changed_numbers
    SELECT given.*, newest.counted, newest.last_at, newest.recorded_on
    FROM given_numbers AS given LEFT JOIN LATERAL (
        SELECT * FROM usage_daily AS kept WHERE kept.{_KEY} ORDER BY kept.recorded_on DESC LIMIT 1) AS newest ON true
    {_CHANGED}
    """,  # noqa: S608  our own names
}
"""PostgreSQL is led to the index: what it knows of the table is old when a file fills it."""

_IS_ANY = """
    SELECT 1 FROM usage_daily WHERE account_id BETWEEN :first AND :last AND metric_id IN :metrics
     AND day BETWEEN :since AND :until LIMIT 1
"""
_COLUMNS = "(account_id, metric_id, day, recorded_on, stated, recorded_at)"
_CHANGES = """
    SELECT account_id, metric_id, min(day) AS day, count(*) AS numbers, count(recorded_on) AS known
    FROM changed_numbers GROUP BY account_id, metric_id
"""
_WRITE = """
    INSERT INTO usage_daily (account_id, metric_id, day, recorded_on, counted, stated, last_at, recorded_at)
    SELECT account_id, metric_id, day, CASE WHEN recorded_on > :today THEN recorded_on ELSE :today END,
           counted, number, last_at, :now
    FROM changed_numbers WHERE true
    ON CONFLICT (account_id, metric_id, day, recorded_on) DO UPDATE SET
        stated = excluded.stated, recorded_at = excluded.recorded_at
"""
_WAIT = """
    INSERT INTO unmatched_usage (name, metric_id, day, value, recorded_at)
    SELECT name, metric_id, day, value, recorded_at FROM {rows} AS given WHERE true
    ON CONFLICT (name, metric_id, day) DO UPDATE SET value = excluded.value, recorded_at = excluded.recorded_at
"""
_WAITING = {"name": "text", "metric_id": "bigint", "day": "date", "value": "bigint", "recorded_at": "timestamptz"}


class StatedNumbers:
    """Compares numbers with those on record and, where it is for writing, writes what is new."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._session = scene, scene.session
        self._is_ready = False

    def take(self, numbers: Sequence[Number]) -> Tried:
        """Take some numbers in order, each of another account, metric or day; says how many are new or changed."""
        if self._has_none_of(numbers):
            if self._scene.writing:
                self._insert(numbers)
                first_days = {(account, metric): date.fromisoformat(day) for account, metric, day, _ in numbers[::-1]}
                touch_outcomes(self._session, first_days, today=self._scene.today)
            return Tried(created=len(numbers))
        return self._compare(numbers)

    def _compare(self, numbers: Sequence[Number]) -> Tried:
        self._make_ready()
        self._put(numbers, "given_numbers", "")
        self._run(_COMPARE[self._session.get_bind().dialect.name])
        changed = self._session.execute(text(_CHANGES).columns(day=Date())).all()
        if changed and self._scene.writing:
            self._run(_WRITE)
            news = {(row.account_id, row.metric_id): row.day for row in changed}
            touch_outcomes(self._session, news, today=self._scene.today)
        updated = sum(row.known for row in changed)
        of_all = sum(row.numbers for row in changed)
        return Tried(created=of_all - updated, updated=updated, unchanged=len(numbers) - of_all)

    def _has_none_of(self, numbers: Sequence[Number]) -> bool:
        """Whether nothing at all is known of these accounts, metrics and days."""
        days = [day for _, _, day, _ in numbers]
        asked = text(_IS_ANY).bindparams(
            bindparam("metrics", expanding=True), bindparam("since", type_=Date()), bindparam("until", type_=Date())
        )
        given = {"first": numbers[0][0], "last": numbers[-1][0], "metrics": list({number[1] for number in numbers})}
        given |= {"since": date.fromisoformat(min(days)), "until": date.fromisoformat(max(days))}
        return self._session.connection().execute(asked, given).first() is None

    def _insert(self, numbers: Sequence[Number]) -> None:
        """Straight into the table: what was not there, and nobody else can have written since."""
        today, moment = self._scene.today.isoformat(), moment_text(self._scene.now)
        zoned = moment if self._is_sqlite else f"{moment}+00"
        self._put([(a, m, day, today, number, zoned) for a, m, day, number in numbers], "usage_daily", _COLUMNS)

    def close(self) -> None:
        """Leave nothing behind."""
        if self._is_ready:
            for table in ("given_numbers", "changed_numbers"):
                self._run(f"DROP TABLE {table}")

    def _make_ready(self) -> None:
        if not self._is_ready:
            moment = "datetime" if self._is_sqlite else "timestamptz"
            for statement in _STAGED:
                self._run(statement.format(moment=moment))
            self._is_ready = True
            return
        for table in ("given_numbers", "changed_numbers"):
            self._run(f"DELETE FROM {table}" if self._is_sqlite else f"TRUNCATE {table}")  # noqa: S608  our own names

    @property
    def _is_sqlite(self) -> bool:
        return self._session.get_bind().dialect.name == "sqlite"

    def _put(self, rows: Sequence[tuple[object, ...]], table: str, columns: str) -> None:
        connection = self._session.connection()
        if self._is_sqlite:
            marks = ", ".join("?" * len(rows[0]))
            connection.exec_driver_sql(f"INSERT INTO {table} {columns} VALUES ({marks})", list(rows))  # noqa: S608
            return
        driver: Any = connection.connection.dbapi_connection
        form = "\t".join(["{}"] * len(rows[0])) + "\n"
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} {columns} FROM STDIN") as copy:
            copy.write("".join([form.format(*row) for row in rows]))

    def _run(self, statement: str) -> None:
        """Run a statement, which may speak of `:today` and `:now`."""
        given = {"today": self._scene.today, "now": self._scene.now}
        used = {name: value for name, value in given.items() if f":{name}" in statement}
        self._session.connection().execute(_typed(statement, used), used)


def keep_waiting(scene: Scene, numbers: Iterable[tuple[str, int, str, int]]) -> None:
    """Keep (name, metric, day, number) for when it is known whose they are; a later file supersedes them."""
    rows, recorded_at = iter(numbers), moment_text(scene.now)
    while some := list(islice(rows, _AT_ONCE)):
        run_rows(scene.session, _WAIT, _WAITING, [(*number, recorded_at) for number in some])


def _typed(statement: str, used: Iterable[str]) -> TextClause:
    kinds: dict[str, Any] = {"today": Date(), "now": UtcDateTime()}
    return text(statement).bindparams(*(bindparam(name, type_=kinds[name]) for name in used))
