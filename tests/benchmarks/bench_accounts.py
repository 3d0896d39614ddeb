"""The account page in few queries whatever its history, and the list in the same time on any page at any length."""

from collections.abc import Iterator
from functools import partial

from sqlalchemy import event, func, select

from changetrack.models import Account, Event, db
from changetrack.queries.keyset import Cursor
from tests.benchmarks.floors import Finding, compared, in_turns
from tests.benchmarks.stage import FLOOR, Stage

PAGE = 50
MOST_QUERIES = 12


def measure(stages: tuple[Stage, ...]) -> Iterator[Finding]:
    """The queries of the account with most history; each page of the list, the largest against the smallest."""
    small, large = stages[0], stages[-1]
    longest = f"/accounts/{_longest(large)}"
    queries, none = _statements(large, longest), _statements(large, FLOOR)
    told = f"{queries} queries", f"{none} queries"
    yield Finding(f"account page with most history ({large.name})", *told, queries, MOST_QUERIES)
    taken = in_turns({"page": partial(large.get, longest), FLOOR: partial(large.get, FLOOR)})
    yield compared(f"account page with most history ({large.name}) to floor", taken["page"], taken[FLOOR])
    if small is large:
        return
    pages = {s.size: _pages(s) for s in (small, large)}
    for name in pages[small.size]:
        taken = in_turns({str(s.size): partial(s.get, pages[s.size][name]) for s in (small, large)})
        what = f"accounts list, {name} page ({large.name}) to {small.size:,}"
        yield compared(what, taken[str(large.size)], taken[str(small.size)], 2)


def _longest(stage: Stage) -> int:
    """The account with the longest history among the originals, of which all others are copies."""
    with stage.app.app_context():
        history = select(Event.account_id).where(Event.account_id <= PAGE).group_by(Event.account_id)
        return db.session.scalars(history.order_by(func.count().desc()).limit(1)).one()


def _statements(stage: Stage, address: str) -> int:
    stage.get(address)
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(stage.engine, "before_cursor_execute", note)
    try:
        stage.get(address)
    finally:
        event.remove(stage.engine, "before_cursor_execute", note)
    return sum(not statement.startswith(("BEGIN", "PRAGMA")) for statement in seen)


def _pages(stage: Stage) -> dict[str, str]:
    """The addresses of the first, a middle and the last page."""
    at = {"middle": stage.size // 2, "last": stage.size - PAGE - 1}
    return {"first": "/accounts"} | {name: f"/accounts?after={_cursor(stage, n)}" for name, n in at.items()}


def _cursor(stage: Stage, number: int) -> str:
    with stage.app.app_context():
        order = select(Account.name_key, Account.id).order_by(Account.name_key, Account.id)
        name, account_id = db.session.execute(order.offset(number).limit(1)).one()
    return Cursor("name", (name, account_id)).text
