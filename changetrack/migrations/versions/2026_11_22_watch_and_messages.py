"""Nobody is forgotten: calendars, commitments, the ladder, learned limits, and messages to where people are."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "2026_11_22_watch_and_messages"
down_revision = "2026_11_22_usage_and_value"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("calendars", "learned_limits", "commitments", "digests", "endpoints", "message_settings", "delivery_attempts")


def upgrade() -> None:
    _create_calendars()
    _create_learned_limits()
    _create_commitments()
    _create_digests()
    _create_endpoints()
    _create_message_settings()
    _create_delivery_attempts()
    _extend_accounts()
    _extend_alerts()
    _extend_outbox()
    with op.batch_alter_table("notifications") as notifications:
        notifications.add_column(sa.Column("path", sa.String(length=200), nullable=True))
    op.create_index(
        "ix_events_progress",
        "events",
        ["account_id", "effective_on"],
        unique=False,
        sqlite_where=sa.text("is_progress"),
        postgresql_where=sa.text("is_progress"),
    )


def downgrade() -> None:
    op.drop_index("ix_events_progress", "events")
    with op.batch_alter_table("notifications") as notifications:
        notifications.drop_column("path")
    _reduce_outbox()
    _reduce_alerts()
    _reduce_accounts()
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_calendars() -> None:
    op.create_table(
        "calendars",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("is_house", sa.Boolean(), nullable=False),
        sa.Column("weekmask", sa.String(length=7), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("subdivision", sa.String(length=20), nullable=True),
        sa.Column("timezone", sa.String(length=60), nullable=True),
        sa.Column("blackout_days", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars")),
        sa.UniqueConstraint("name", name=op.f("uq_calendars_name")),
    )
    op.create_index(
        "uq_calendars_house",
        "calendars",
        ["is_house"],
        unique=True,
        sqlite_where=sa.text("is_house"),
        postgresql_where=sa.text("is_house"),
    )


def _create_learned_limits() -> None:
    op.create_table(
        "learned_limits",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fixed_days", sa.Integer(), nullable=True),
        sa.Column("quantile_days", sa.Integer(), nullable=True),
        sa.Column("limit_days", sa.Integer(), nullable=True),
        sa.Column("advances", sa.Integer(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("falls", sa.JSON(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("month", "step", name=op.f("pk_learned_limits")),
    )


def _create_commitments() -> None:
    op.create_table(
        "commitments",
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=500), nullable=False),
        sa.Column("owner_user_id", _ID, nullable=True),
        sa.Column("owner_contact_seq", sa.Integer(), nullable=True),
        sa.Column("owner_name", sa.String(length=120), nullable=False),
        sa.Column("outcome_seq", sa.Integer(), nullable=True),
        sa.Column("alert_id", _ID, nullable=True),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=254), nullable=False),
        sa.Column("first_due_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("renegotiated", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=254), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'open') = (ended_on is null)", name=op.f("ck_commitments_ended")),
        sa.CheckConstraint("state in ('open', 'met', 'withdrawn')", name=op.f("ck_commitments_state")),
        sa.CheckConstraint(
            "(owner_user_id is null) <> (owner_contact_seq is null)", name=op.f("ck_commitments_one_owner")
        ),
        sa.ForeignKeyConstraint(["owner_user_id"], ["users.id"], name=op.f("fk_commitments_owner_user_id")),
        sa.PrimaryKeyConstraint("account_id", "seq", name=op.f("pk_commitments")),
    )
    op.create_index(
        "ix_commitments_open",
        "commitments",
        ["account_id", "due_on", "seq"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_commitments_owner",
        "commitments",
        ["owner_user_id", "due_on", "account_id", "seq"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_commitments_due_on",
        "commitments",
        ["due_on", "account_id", "seq"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_commitments_ended",
        "commitments",
        ["state", "ended_on", "account_id", "seq"],
        unique=False,
        sqlite_where=sa.text("state <> 'open'"),
        postgresql_where=sa.text("state <> 'open'"),
    )


def _create_digests() -> None:
    op.create_table(
        "digests",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_digests_user_id")),
        sa.PrimaryKeyConstraint("user_id", "kind", "local_date", name=op.f("pk_digests")),
    )


def _create_endpoints() -> None:
    op.create_table(
        "endpoints",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("url_sealed", sa.Text(), nullable=False),
        sa.Column("url_shown", sa.String(length=200), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=True),
        sa.Column("former_secret_sealed", sa.Text(), nullable=True),
        sa.Column("former_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("team_id", _ID, nullable=True),
        sa.Column("user_id", _ID, nullable=True),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=254), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_because", sa.String(length=300), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind = 'slack' or secret_sealed is not null", name=op.f("ck_endpoints_secret")),
        sa.CheckConstraint("kind in ('webhook', 'slack')", name=op.f("ck_endpoints_kind")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_endpoints_team_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_endpoints_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoints")),
        sa.UniqueConstraint("name", name=op.f("uq_endpoints_name")),
    )
    op.create_index("ix_endpoints_team_id", "endpoints", ["team_id"], unique=False)
    op.create_index("ix_endpoints_user_id", "endpoints", ["user_id"], unique=False)


def _create_message_settings() -> None:
    op.create_table(
        "message_settings",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=True),
        sa.Column("digest_hour", sa.Integer(), nullable=False),
        sa.Column("digest_weekday", sa.Integer(), nullable=False),
        sa.Column("quiet_days", sa.String(length=7), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("email_failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("email_error", sa.String(length=500), nullable=True),
        sa.Column("calendar_token_hash", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("digest_hour between 0 and 23", name=op.f("ck_message_settings_digest_hour")),
        sa.CheckConstraint("digest_weekday between 0 and 6", name=op.f("ck_message_settings_digest_weekday")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_message_settings_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_message_settings")),
        sa.UniqueConstraint("calendar_token_hash", name=op.f("uq_message_settings_calendar_token_hash")),
    )


def _create_delivery_attempts() -> None:
    op.create_table(
        "delivery_attempts",
        sa.Column("message_id", _ID, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["outbox.id"], name=op.f("fk_delivery_attempts_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "seq", name=op.f("pk_delivery_attempts")),
    )


def _extend_accounts() -> None:
    with op.batch_alter_table("accounts") as accounts:
        accounts.add_column(sa.Column("customer_on", sa.Date(), nullable=True))
        accounts.add_column(
            sa.Column("customer_held_workdays", sa.Integer(), server_default=sa.text("0"), nullable=False)
        )
        accounts.add_column(sa.Column("commitment_due_on", sa.Date(), nullable=True))
        accounts.add_column(sa.Column("commitment_words", sa.String(length=300), nullable=True))
        accounts.add_column(sa.Column("calendar_id", _ID, nullable=True))
        accounts.add_column(sa.Column("blackout_days", sa.JSON(), server_default=sa.text("'[]'"), nullable=False))
        accounts.create_index("ix_accounts_calendar_id", ["calendar_id"], unique=False)
        accounts.create_foreign_key(op.f("fk_accounts_calendar_id"), "calendars", ["calendar_id"], ["id"])
    op.execute(
        "UPDATE accounts SET customer_on = (SELECT max(said.day) FROM ("
        "SELECT account_id, effective_on AS day FROM evidence WHERE side = 'customer' AND retracted_on IS NULL "
        "UNION ALL SELECT account_id, given_on FROM outcome_statements WHERE retracted_on IS NULL"
        ") said WHERE said.account_id = accounts.id)"
    )


def _reduce_accounts() -> None:
    with op.batch_alter_table("accounts") as accounts:
        accounts.drop_constraint(op.f("fk_accounts_calendar_id"), type_="foreignkey")
        accounts.drop_index("ix_accounts_calendar_id")
        for column in (
            "blackout_days",
            "calendar_id",
            "commitment_words",
            "commitment_due_on",
            "customer_held_workdays",
            "customer_on",
        ):
            accounts.drop_column(column)


def _extend_alerts() -> None:
    """An alert that fires already climbs from the day on which it was raised."""
    with op.batch_alter_table("alerts") as alerts:
        alerts.add_column(sa.Column("fired_on", sa.Date(), nullable=True))
        alerts.add_column(sa.Column("rung", sa.Integer(), nullable=True))
        alerts.add_column(sa.Column("rung_due_on", sa.Date(), nullable=True))
        alerts.add_column(sa.Column("useful_until", sa.Date(), nullable=True))
        alerts.add_column(sa.Column("useful", sa.Boolean(), nullable=True))
        alerts.add_column(sa.Column("decision", sa.String(length=10), nullable=True))
        alerts.add_column(sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
        alerts.add_column(sa.Column("decided_by", _ID, nullable=True))
        alerts.create_foreign_key(op.f("fk_alerts_decided_by"), "users", ["decided_by"], ["id"])
    op.execute("UPDATE alerts SET fired_on = raised_on, rung = 0")
    op.execute("UPDATE alerts SET rung_due_on = raised_on WHERE state = 'firing' AND NOT quiet")
    with op.batch_alter_table("alerts") as alerts:
        alerts.alter_column("fired_on", existing_type=sa.Date(), nullable=False)
        alerts.alter_column("rung", existing_type=sa.Integer(), nullable=False)
        alerts.drop_index("ix_alerts_account_id")
        alerts.create_index("ix_alerts_account_id", ["account_id", "visit_seq"], unique=False)
        _index(alerts, "ix_alerts_rung_due_on", ["rung_due_on", "id"], "rung_due_on is not null")
        _index(alerts, "ix_alerts_unmeasured", ["useful_until", "id"], "useful is null and useful_until is not null")
        alerts.create_index("ix_alerts_usefulness", ["raised_on", "step", "useful", "team_id"], unique=False)
        undecided = "state = 'firing' and rung = 4 and decision is null"
        _index(alerts, "ix_alerts_undecided", ["severity_rank", "stake_rank", "id"], undecided)


def _reduce_alerts() -> None:
    with op.batch_alter_table("alerts") as alerts:
        for index in ("undecided", "usefulness", "unmeasured", "rung_due_on", "account_id"):
            alerts.drop_index(f"ix_alerts_{index}")
        alerts.create_index("ix_alerts_account_id", ["account_id"], unique=False)
        alerts.drop_constraint(op.f("fk_alerts_decided_by"), type_="foreignkey")
        for column in (
            "decided_by",
            "decided_at",
            "decision",
            "useful",
            "useful_until",
            "rung_due_on",
            "rung",
            "fired_on",
        ):
            alerts.drop_column(column)


def _extend_outbox() -> None:
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(sa.Column("kind", sa.String(length=20), nullable=True))
        outbox.add_column(sa.Column("endpoint_id", _ID, nullable=True))
        outbox.add_column(sa.Column("weight", _ID, nullable=True))
        outbox.add_column(sa.Column("held_for", sa.Date(), nullable=True))
        outbox.add_column(sa.Column("run_on", sa.Date(), nullable=True))
        outbox.add_column(sa.Column("dropped_because", sa.String(length=300), nullable=True))
        outbox.alter_column("user_id", existing_type=_ID, nullable=True)
        outbox.create_foreign_key(op.f("fk_outbox_endpoint_id"), "endpoints", ["endpoint_id"], ["id"])
    op.execute("UPDATE outbox SET kind = 'alert', weight = 0")
    with op.batch_alter_table("outbox") as outbox:
        outbox.alter_column("kind", existing_type=sa.String(length=20), nullable=False)
        outbox.alter_column("weight", existing_type=_ID, nullable=False)
        outbox.create_check_constraint(op.f("ck_outbox_receiver"), "user_id is not null or endpoint_id is not null")
        outbox.drop_index("ix_outbox_waiting")
        _index(
            outbox,
            "ix_outbox_waiting",
            ["channel", "due_at", "id"],
            "delivered_at is null and dead_at is null and held_for is null",
        )
        _index(outbox, "ix_outbox_held", ["held_for", "user_id"], "held_for is not null")
        _index(outbox, "ix_outbox_endpoint", ["endpoint_id", "id"], "endpoint_id is not null")
        _index(
            outbox,
            "ix_outbox_endpoint_waiting",
            ["endpoint_id", "due_at", "id"],
            "endpoint_id is not null and delivered_at is null and dead_at is null and held_for is null",
        )
        _index(outbox, "ix_outbox_run_on", ["user_id", "run_on", "id"], "run_on is not null")
        _index(outbox, "ix_outbox_alert_id", ["alert_id", "id"], "alert_id is not null")


def _reduce_outbox() -> None:
    """Messages to programs have no place there any more."""
    op.execute("DELETE FROM delivery_attempts")
    op.execute("DELETE FROM outbox WHERE user_id IS NULL")
    with op.batch_alter_table("outbox") as outbox:
        for index in ("alert_id", "run_on", "endpoint_waiting", "endpoint", "held", "waiting"):
            outbox.drop_index(f"ix_outbox_{index}")
        outbox.drop_constraint(op.f("ck_outbox_receiver"), type_="check")
        outbox.drop_constraint(op.f("fk_outbox_endpoint_id"), type_="foreignkey")
        outbox.alter_column("user_id", existing_type=_ID, nullable=False)
        for column in ("dropped_because", "run_on", "held_for", "weight", "endpoint_id", "kind"):
            outbox.drop_column(column)
        _index(outbox, "ix_outbox_waiting", ["due_at", "id"], "delivered_at is null and dead_at is null")


def _index(table: BatchOperations, name: str, columns: list[str], where: str) -> None:
    table.create_index(name, columns, unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
