"""What an operation, or a page of the night, has to append: collected while it decides, written at its end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Insert, func, insert, select, text
from sqlalchemy.orm import Session, scoped_session

from changetrack.models import Alert, Event, Evidence, Model, OutboxMessage, Standing
from changetrack.operations._bulk import insert_rows, table_of, update_rows
from changetrack.operations._cells import FunnelTally

MANY = 50  # rows from which the way of bulk loads is worth its round trips


@dataclass(slots=True)
class Message:
    """A row of the outbox; of an alert that has no number yet, `alert` and a key with a place for its number.

    `body` makes what it says where that names the number, too.
    """

    row: dict[str, Any]
    alert: Alert | None = None
    body: Callable[[], Mapping[str, Any]] | None = None

    def finished(self) -> dict[str, Any]:
        """The row, once its alert has a number."""
        if self.alert is not None:
            self.row["alert_id"] = self.alert.id
            self.row["key"] = self.row["key"].replace(ALERT, str(self.alert.id), 1)
        if self.row["alert_id"] is not None:  # what is told of an alert leads to its own page
            self.row["payload"] = {**self.row["payload"], "path": f"/alerts/{self.row['alert_id']}"}
        if self.body is not None:
            self.row["payload"] = self.body()
        return self.row


ALERT = "{alert}"


@dataclass(slots=True)
class Writes:
    """Rows to append, by table, and what they change in the funnel's summaries."""

    events: list[dict[str, Any]] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)  # of accounts in a page, see `new_evidence`
    standings: list[dict[str, Any]] = field(default_factory=list)
    superseded: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)  # new ones, see `new_alert`
    messages: list[Message] = field(default_factory=list)
    tally: FunnelTally = field(default_factory=FunnelTally)

    def write(self, session: scoped_session[Session]) -> None:
        """Write everything, the summaries last, so that two writers never wait for each other; forgets it then."""
        for number, alert in zip(_alert_ids(session, len(self.alerts)), self.alerts, strict=True):
            alert.id = number
        _append(session, Alert, [vars(alert) for alert in self.alerts])
        update_rows(session, Standing, ("account_id", "seq"), self.superseded)
        _append(session, Standing, self.standings)
        _append(session, Evidence, [vars(evidence) for evidence in self.evidence])
        _append(session, Event, self.events)
        _append(session, OutboxMessage, [message.finished() for message in self.messages])
        self.tally.flush(session)
        for rows in (self.events, self.evidence, self.standings, self.superseded, self.alerts, self.messages):
            rows.clear()


def new_alert(**columns: Any) -> Alert:
    """An alert that is yet to be written: no more than its columns, since thousands are raised at a time."""
    return cast(Alert, SimpleNamespace(**(_BLANK[Alert] | columns)))


def new_evidence(**columns: Any) -> Evidence:
    """A piece of evidence that is yet to be written, likewise."""
    return cast(Evidence, SimpleNamespace(**(_BLANK[Evidence] | columns)))


def _alert_ids(session: scoped_session[Session], count: int) -> Sequence[int]:
    """Numbers for that many new alerts, which no other transaction will get."""
    if not count:
        return ()
    if session.get_bind().dialect.name == "postgresql":
        draw = "select nextval(pg_get_serial_sequence('alerts', 'id')) from generate_series(1, :n)"
        return session.scalars(text(draw), {"n": count}).all()
    last = session.scalar(select(func.max(Alert.id))) or 0  # SQLite has one writer, and this is it
    return range(last + 1, last + 1 + count)


def _append(session: scoped_session[Session], model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    if len(rows) >= MANY:
        insert_rows(session, model, rows)
    elif rows:
        session.connection().execute(_INSERTS[model], rows)


_BLANK: dict[type[Model], dict[str, Any]] = {
    model: dict.fromkeys(table_of(model).columns.keys()) for model in (Alert, Evidence)
}
_INSERTS: dict[type[Model], Insert] = {
    model: insert(table_of(model)) for model in (Alert, Event, Evidence, OutboxMessage, Standing)
}
