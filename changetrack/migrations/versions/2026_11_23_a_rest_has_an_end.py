"""An alert that was taken up keeps the day first promised: its rest is counted from it, whatever is agreed on later."""

from datetime import date, timedelta

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_a_rest_has_an_end"
down_revision = "2026_11_22_watch_and_messages"
branch_labels = None
depends_on = None

_FOUR_WEEKS = timedelta(days=28)  # about the twenty business days within which a step has to be announced from now on
_RESTING = """
    SELECT alerts.id, alerts.account_id, alerts.acknowledged_at, alerts.next_step_on, MIN(commitments.first_due_on)
      FROM alerts LEFT JOIN commitments ON commitments.alert_id = alerts.id
           AND commitments.account_id = alerts.account_id AND commitments.state = 'open'
     WHERE alerts.state IN ('acknowledged', 'snoozed') AND alerts.next_step_on IS NOT NULL
     GROUP BY alerts.id, alerts.account_id, alerts.acknowledged_at, alerts.next_step_on
"""


def upgrade() -> None:
    with op.batch_alter_table("alerts") as alerts:
        alerts.add_column(sa.Column("promised_on", sa.Date(), nullable=True))
    connection = op.get_bind()
    for alert_id, account_id, acknowledged_at, next_step_on, first_due_on in connection.execute(
        sa.text(_RESTING)
    ).all():
        days = [_day(first_due_on or next_step_on)]
        if acknowledged_at is not None:
            days.append(_day(acknowledged_at) + _FOUR_WEEKS)
        told = {"day": min(days).isoformat(), "alert": alert_id, "account": account_id}
        connection.execute(_dated("UPDATE alerts SET promised_on = :day WHERE id = :alert"), told)
        connection.execute(_dated("UPDATE accounts SET due_on = :day WHERE id = :account AND due_on > :day"), told)


def downgrade() -> None:
    with op.batch_alter_table("alerts") as alerts:
        alerts.drop_column("promised_on")


def _day(value: object) -> date:
    """SQLite answers with text where the statement is text."""
    return date.fromisoformat(str(value)[:10])


def _dated(statement: str) -> sa.TextClause:
    return sa.text(statement.replace(":day", "CAST(:day AS date)") if _is_postgresql() else statement)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
