"""Use and value: metrics, events, daily numbers; outcomes, the customer's words, readings, the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_usage_and_value"
down_revision = "2026_11_21_initial"
branch_labels = None
depends_on = None

TABLES = (
    "api_tokens",
    "customer_links",
    "ledger",
    "metrics",
    "outcome_statements",
    "readings",
    "unmatched_usage",
    "usage_daily",
    "usage_events",
    "usage_members",
    "usage_sources",
    "value_cells",
    "value_flows",
    "value_snapshots",
    "event_rules",
    "outcomes",
    "write_keys",
)


def upgrade() -> None:
    _create_api_tokens()
    _create_customer_links()
    _create_ledger()
    _create_metrics()
    _create_outcome_statements()
    _create_readings()
    _create_unmatched_usage()
    _create_usage_daily()
    _create_usage_events()
    _create_usage_members()
    _create_usage_sources()
    _create_value_cells()
    _create_value_flows()
    _create_value_snapshots()
    _create_event_rules()
    _create_outcomes()
    _create_write_keys()
    _add_columns()
    _refuse_changes_of_the_ledger()


def downgrade() -> None:
    with op.batch_alter_table("accounts") as accounts:
        accounts.drop_column("falling_why")
        accounts.drop_column("falling_since")
        accounts.drop_column("planned_users")
        accounts.drop_column("value")
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_api_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=254), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )


def _create_customer_links() -> None:
    op.create_table(
        "customer_links",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contact_seq", sa.Integer(), nullable=False),
        sa.Column("asks", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=254), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_customer_links_token_hash")),
    )
    op.create_index(
        "ix_customer_links_contact", "customer_links", ["account_id", "contact_seq", "created_at"], unique=False
    )


def _create_ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outcome_seq", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(length=12), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("reading_recorded_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "measure = 'realized' or measure = 'probationary' or measure = 'live'", name=op.f("ck_ledger_measure")
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_ledger_amount")),
        sa.CheckConstraint("known_on >= posted_on", name=op.f("ck_ledger_order")),
        sa.PrimaryKeyConstraint("account_id", "outcome_seq", "seq", name=op.f("pk_ledger")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_ledger_cause", "ledger", ["measure", "currency", "cause", "posted_on", "account_id"], unique=False
    )


def _create_metrics() -> None:
    op.create_table(
        "metrics",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("unit", sa.String(length=60), nullable=False),
        sa.Column("aggregation", sa.String(length=10), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("aggregation in ('sum', 'max', 'last', 'distinct')", name=op.f("ck_metrics_aggregation")),
        sa.CheckConstraint(
            "purpose is null or aggregation = 'distinct'", name=op.f("ck_metrics_purpose_counts_people")
        ),
        sa.CheckConstraint(
            "purpose is null or purpose in ('active_users', 'first_task')", name=op.f("ck_metrics_purpose")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metrics")),
        sa.UniqueConstraint("key", name=op.f("uq_metrics_key")),
    )
    op.create_index("uq_metrics_purpose", "metrics", ["purpose"], unique=True)


def _create_outcome_statements() -> None:
    op.create_table(
        "outcome_statements",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("outcome_seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("contact_seq", sa.Integer(), nullable=False),
        sa.Column("person_name", sa.String(length=120), nullable=False),
        sa.Column("person_role", sa.String(length=120), nullable=True),
        sa.Column("hand", sa.String(length=10), nullable=False),
        sa.Column("said_how", sa.String(length=10), nullable=True),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("valid_days", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=254), nullable=False),
        sa.Column("retracted_on", sa.Date(), nullable=True),
        sa.Column("retracted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retracted_because", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "(kind = 'attested') = (valid_days is not null)", name=op.f("ck_outcome_statements_validity")
        ),
        sa.CheckConstraint("hand in ('own', 'reported')", name=op.f("ck_outcome_statements_hand")),
        sa.CheckConstraint(
            "kind in ('agreed', 'attested', 'not_yet', 'disputed', 'withdrawn')",
            name=op.f("ck_outcome_statements_kind"),
        ),
        sa.PrimaryKeyConstraint("account_id", "seq", name=op.f("pk_outcome_statements")),
    )


def _create_readings() -> None:
    op.create_table(
        "readings",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outcome_seq", sa.Integer(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "outcome_seq", "period_start", "recorded_on", name=op.f("pk_readings")),
        sqlite_with_rowid=False,
    )


def _create_unmatched_usage() -> None:
    op.create_table(
        "unmatched_usage",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("metric_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "metric_id", "day", name=op.f("pk_unmatched_usage")),
    )


def _create_usage_daily() -> None:
    op.create_table(
        "usage_daily",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("metric_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=True),
        sa.Column("stated", sa.BigInteger(), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("counted is not null or stated is not null", name=op.f("ck_usage_daily_number")),
        sa.PrimaryKeyConstraint("account_id", "metric_id", "day", "recorded_on", name=op.f("pk_usage_daily")),
        sqlite_with_rowid=False,
    )


def _create_usage_events() -> None:
    op.create_table(
        "usage_events",
        sa.Column(
            "source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("message_id", sa.String(length=300), nullable=False),
        sa.Column("event", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("feeds", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint(
            "state in ('counted', 'unmatched', 'no_rule', 'no_account', 'too_old', 'ahead')",
            name=op.f("ck_usage_events_state"),
        ),
        sa.PrimaryKeyConstraint("source_id", "message_id", name=op.f("pk_usage_events")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_usage_events_day", "usage_events", ["day"], unique=False)
    op.create_index("ix_usage_events_received_at", "usage_events", ["received_at"], unique=False)
    op.create_index(
        "ix_usage_events_unmatched",
        "usage_events",
        ["name", "day"],
        unique=False,
        sqlite_where=sa.text("state = 'unmatched'"),
        postgresql_where=sa.text("state = 'unmatched'"),
    )


def _create_usage_members() -> None:
    op.create_table(
        "usage_members",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("metric_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("member", sa.String(length=32), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "metric_id", "day", "member", name=op.f("pk_usage_members")),
        sqlite_with_rowid=False,
    )


def _create_usage_sources() -> None:
    op.create_table(
        "usage_sources",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_sources")),
        sa.UniqueConstraint("name", name=op.f("uq_usage_sources_name")),
    )


def _create_value_cells() -> None:
    op.create_table(
        "value_cells",
        sa.Column("field", sa.String(length=12), nullable=False),
        sa.Column("value", sa.String(length=120), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("promised", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("probationary", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("realized", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("live", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("field", "value", "shard", "place", "currency", name=op.f("pk_value_cells")),
    )


def _create_value_snapshots() -> None:
    amount = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "value_snapshots",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("field", sa.String(length=12), nullable=False),
        sa.Column("value", sa.String(length=120), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("promised", amount, nullable=False),
        sa.Column("probationary", amount, nullable=False),
        sa.Column("realized", amount, nullable=False),
        sa.Column("live", amount, nullable=False),
        sa.PrimaryKeyConstraint("day", "field", "value", "place", "currency", name=op.f("pk_value_snapshots")),
    )


def _create_value_flows() -> None:
    op.create_table(
        "value_flows",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("line", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("month", "team_id", "currency", "line", name=op.f("pk_value_flows")),
    )


def _create_event_rules() -> None:
    op.create_table(
        "event_rules",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("metric_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event", sa.String(length=200), nullable=False),
        sa.Column("property", sa.String(length=200), nullable=True),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["metric_id"], ["metrics.id"], name=op.f("fk_event_rules_metric_id")),
        sa.ForeignKeyConstraint(["source_id"], ["usage_sources.id"], name=op.f("fk_event_rules_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_rules")),
    )
    op.create_index("ix_event_rules_metric_id", "event_rules", ["metric_id"], unique=False)


def _create_outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("beneficiary_seq", sa.Integer(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("metric_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("baseline", sa.BigInteger(), nullable=True),
        sa.Column("period", sa.String(length=5), nullable=False),
        sa.Column("threshold", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=True),
        sa.Column("rate", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("accrual", sa.String(length=12), nullable=False),
        sa.Column("confirm_after", sa.Integer(), nullable=False),
        sa.Column("lapse_after", sa.Integer(), nullable=False),
        sa.Column("restore_after", sa.Integer(), nullable=False),
        sa.Column("min_hold", sa.Integer(), nullable=False),
        sa.Column("attestation_valid_days", sa.Integer(), nullable=False),
        sa.Column("settle_lag_days", sa.Integer(), nullable=False),
        sa.Column("requires_attestation", sa.Boolean(), nullable=False),
        sa.Column("plan_start", sa.Date(), nullable=True),
        sa.Column("plan_periods", sa.Integer(), nullable=True),
        sa.Column("overlap_group", sa.String(length=60), nullable=True),
        sa.Column("group_cap", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("replaces", sa.Integer(), nullable=True),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.String(length=254), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=True),
        sa.Column("replaced_on", sa.Date(), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("detail", sa.String(length=12), nullable=True),
        sa.Column("state_since", sa.Date(), nullable=False),
        sa.Column("confirmed_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("promised", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("probationary", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("realized", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("live", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("touched_from", sa.Date(), nullable=True),
        sa.Column("recognised_on", sa.Date(), nullable=True),
        sa.Column("ledger_seq", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("accrual in ('flat', 'proportional')", name=op.f("ck_outcomes_accrual")),
        sa.CheckConstraint("period in ('week', 'month')", name=op.f("ck_outcomes_period")),
        sa.CheckConstraint(
            "state in ('proposed', 'agreed', 'in_use', 'confirmed', 'lapsed', 'withdrawn', 'disputed')",
            name=op.f("ck_outcomes_state"),
        ),
        sa.CheckConstraint("(overlap_group is null) = (group_cap is null)", name=op.f("ck_outcomes_group")),
        sa.CheckConstraint(
            "agreed_on is not null or realized = 0", name=op.f("ck_outcomes_no_value_without_agreement")
        ),
        sa.ForeignKeyConstraint(["metric_id"], ["metrics.id"], name=op.f("fk_outcomes_metric_id")),
        sa.PrimaryKeyConstraint("account_id", "seq", name=op.f("pk_outcomes")),
    )
    op.create_index(
        "ix_outcomes_due_on",
        "outcomes",
        ["due_on", "account_id"],
        unique=False,
        sqlite_where=sa.text("due_on is not null"),
        postgresql_where=sa.text("due_on is not null"),
    )
    op.create_index("ix_outcomes_metric_id", "outcomes", ["account_id", "metric_id"], unique=False)
    op.create_index(
        "ix_outcomes_state",
        "outcomes",
        ["currency", "state", "detail", "state_since", "account_id", "seq"],
        unique=False,
    )


def _create_write_keys() -> None:
    op.create_table(
        "write_keys",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=254), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["usage_sources.id"], name=op.f("fk_write_keys_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_write_keys_key_hash")),
    )
    op.create_index("ix_write_keys_source_id", "write_keys", ["source_id"], unique=False)


def _add_columns() -> None:
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.add_column(sa.Column("value", sa.JSON(), server_default=sa.text("'{}'"), nullable=False))
        batch_op.add_column(sa.Column("planned_users", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("falling_since", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("falling_why", sa.String(length=300), nullable=True))


def _refuse_changes_of_the_ledger() -> None:
    """What was posted stays; a correction is another entry."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER ledger_no_{change.lower()} BEFORE {change} ON ledger "
            "BEGIN SELECT RAISE(ABORT, 'ledger is append-only'); END"
        )
