"""Telling outcomes that there is news of the use they are measured by."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy.orm import Session, scoped_session

from changetrack.operations.usage._rows import run_rows

_MEANT = """
    outcomes.account_id = news.account_id AND outcomes.metric_id = news.metric_id
    AND (outcomes.due_on IS NULL OR outcomes.due_on > :today
         OR outcomes.touched_from IS NULL OR outcomes.touched_from > news.day)
"""
_LOCK = f"""
    SELECT 1 FROM outcomes JOIN {{rows}} AS news ON {_MEANT}
    ORDER BY outcomes.account_id, outcomes.seq FOR UPDATE OF outcomes
"""  # noqa: S608  no value in it
_TOUCH = f"""
    UPDATE outcomes SET
        due_on = CASE WHEN outcomes.due_on < :today THEN outcomes.due_on ELSE :today END,
        touched_from = CASE WHEN outcomes.touched_from < news.day THEN outcomes.touched_from ELSE news.day END
    FROM {{rows}} AS news WHERE {_MEANT}
"""  # noqa: S608  no value in it
_COLUMNS = {"account_id": "bigint", "metric_id": "bigint", "day": "date"}


def touch_outcomes(session: scoped_session[Session], pairs: Mapping[tuple[int, int], date], *, today: date) -> None:
    """Make the outcomes of these (account, metric) due, with the first day of which there is news.

    What is due already, and reaches back as far, is left alone: the hundredth batch of a day writes nothing here.
    """
    rows = [(account_id, metric_id, day.isoformat()) for (account_id, metric_id), day in sorted(pairs.items())]
    if not rows:
        return
    given = today.isoformat()
    is_postgres = session.get_bind().dialect.name == "postgresql"  # locked in order: two at once do not meet crosswise
    if is_postgres and not run_rows(session, _LOCK, _COLUMNS, rows, today=given).all():
        return
    run_rows(session, _TOUCH, _COLUMNS, rows, today=given)
