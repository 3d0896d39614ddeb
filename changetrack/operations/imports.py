"""Importing files: accounts, aliases, history, contacts, outcomes, usage; all of a file, or nothing of it.

Each of these checks the whole file first and writes it in one transaction, in flat memory. What is on record
already changes nothing, so a file can be imported again; in every file an account may be named by an alias.
"""

from datetime import date, datetime

from changetrack.domain.accounts import account_reasons
from changetrack.domain.outcome_file import row_reasons
from changetrack.domain.people import Actor
from changetrack.operations._import_accounts import accounts_loader
from changetrack.operations._import_aliases import aliases_loader
from changetrack.operations._import_contacts import contacts_loader
from changetrack.operations._import_history import history_loader
from changetrack.operations._import_outcomes import outcomes_loader
from changetrack.operations._import_rows import by_rows
from changetrack.operations._import_run import run_import
from changetrack.operations._import_terms import FileRefused, ImportOptions, ImportResult, OnReject, Source, Watch
from changetrack.operations._import_usage import usage_rows

__all__ = [
    "FileRefused",
    "ImportOptions",
    "ImportResult",
    "import_accounts",
    "import_aliases",
    "import_contacts",
    "import_history",
    "import_outcomes",
    "import_usage",
]


def import_accounts(
    *,
    source: Source,
    options: ImportOptions,
    actor: Actor,
    now: datetime,
    today: date,
    watch: Watch | None = None,
    on_reject: OnReject | None = None,
) -> ImportResult:
    """Load accounts by their `external_id`: new ones are placed where the file says, present ones are edited.

    A column that the file does not have is left alone; a blank cell clears its field. A step tells where the
    account has been since `step_entered_on`; it is claimed, and supported only when evidence exists. `watch` is
    told how many rows were read, twice over; `on_reject` gets every row that is turned away, with its reasons.
    Raises OperationRefused for a file that cannot be understood, FileRefused (unless bad rows are to be skipped)
    when a row cannot be taken, Forbidden.
    """
    return run_import(
        "accounts", by_rows(accounts_loader, account_reasons), source=source, options=options, actor=actor, now=now,
        today=today, watch=watch, on_reject=on_reject,
    )  # fmt: skip


def import_aliases(
    *,
    source: Source,
    options: ImportOptions,
    actor: Actor,
    now: datetime,
    today: date,
    watch: Watch | None = None,
    on_reject: OnReject | None = None,
) -> ImportResult:
    """Load other systems' names of accounts; one that names another account is turned away.

    Parameters and refusals are those of `import_accounts`.
    """
    return run_import(
        "aliases", by_rows(aliases_loader), source=source, options=options, actor=actor, now=now, today=today,
        watch=watch, on_reject=on_reject,
    )  # fmt: skip


def import_history(
    *,
    source: Source,
    options: ImportOptions,
    actor: Actor,
    now: datetime,
    today: date,
    watch: Watch | None = None,
    on_reject: OnReject | None = None,
) -> ImportResult:
    """Load where accounts stood since when; the rows of an account may stand anywhere in the file.

    They are worked into what is on record: going to a lower step is going back, `held` parks, `closed` ends, and
    what is learned late takes its place in time without changing what was known before. `updated` and `unchanged`
    count accounts. Other parameters and refusals are those of `import_accounts`.
    """
    return run_import(
        "history", by_rows(history_loader), source=source, options=options, actor=actor, now=now, today=today,
        watch=watch, on_reject=on_reject,
    )  # fmt: skip


def import_contacts(
    *,
    source: Source,
    options: ImportOptions,
    actor: Actor,
    now: datetime,
    today: date,
    watch: Watch | None = None,
    on_reject: OnReject | None = None,
) -> ImportResult:
    """Load the customer's people; somebody is known again by their address, or else by their name.

    Parameters and refusals are those of `import_accounts`.
    """
    return run_import(
        "contacts", by_rows(contacts_loader), source=source, options=options, actor=actor, now=now, today=today,
        watch=watch, on_reject=on_reject,
    )  # fmt: skip


def import_usage(
    *,
    source: Source,
    options: ImportOptions,
    secret: str,
    actor: Actor,
    now: datetime,
    today: date,
    watch: Watch | None = None,
    on_reject: OnReject | None = None,
) -> ImportResult:
    """Load use: numbers of a metric by account and day.

    Rows of one account, metric and day come together as the metric adds up. With an `event_id` a row counts once,
    in whichever file; without, the file states the day, and a later file supersedes it as of its own day. Of a
    metric of different ones a row may name a `member`, kept as a digest made with `secret`. Rows of an account
    that nobody knows wait until somebody does. Other parameters and refusals are those of `import_accounts`.
    """
    return run_import(
        "usage", usage_rows(secret), source=source, options=options, actor=actor, now=now, today=today, watch=watch,
        on_reject=on_reject,
    )  # fmt: skip


def import_outcomes(
    *,
    source: Source,
    options: ImportOptions,
    actor: Actor,
    now: datetime,
    today: date,
    watch: Watch | None = None,
    on_reject: OnReject | None = None,
) -> ImportResult:
    """Load outcomes; the same account, statement and metric are the same outcome.

    A day of agreement is the beneficiary's word as reported, heard by mail unless `said_how` says otherwise; so are
    days of attestation, dispute and withdrawal. What was agreed is frozen: a row that differs from it is turned
    away. Somebody who is named and not known joins the customer's people. Parameters and refusals are those of
    `import_accounts`.
    """
    return run_import(
        "outcomes", by_rows(outcomes_loader, row_reasons), source=source, options=options, actor=actor, now=now,
        today=today, watch=watch, on_reject=on_reject,
    )  # fmt: skip
