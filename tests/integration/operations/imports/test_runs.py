"""What holds for every import: all or nothing, twice is once, every bad row by line and reason."""

import pytest
from sqlalchemy import func, select

from changetrack.domain.refusal import Forbidden, OperationRefused
from changetrack.models import Account, AuditEvent, Event, Import, Standing
from tests.integration.operations.imports.conftest import Clerk

GOOD = "external_id,name\nA-1,Ahorn\nA-2,Birke\n"
BAD = "external_id,name\nA-1,Ahorn\nA-2,\n"


def counted(clerk: Clerk, model: type) -> int:
    return clerk.session.scalar(select(func.count()).select_from(model)) or 0


def test_one_bad_row_keeps_the_whole_file_out(clerk: Clerk) -> None:
    assert clerk.refused("accounts", BAD) == [(3, "name")]

    assert (counted(clerk, Account), counted(clerk, Standing), counted(clerk, Import)) == (0, 0, 0)


def test_good_rows_are_taken_when_bad_ones_are_to_be_skipped(clerk: Clerk) -> None:
    result = clerk.load("accounts", BAD, skip_bad=True)

    assert (result.created, result.rejected_rows) == (1, 1)
    assert counted(clerk, Account) == 1


def test_a_rejected_row_is_handed_over_whole_with_all_its_reasons(clerk: Clerk) -> None:
    [(row, reasons)] = clerk.rejects("accounts", "external_id,name,started_on,note\nA-1,,2027-01-01,keep me\n")

    assert row.line == 2
    assert row.cells["note"] == "keep me"
    assert [reason.field for reason in reasons] == ["name", "started_on"]


def test_a_dry_run_says_what_would_happen_and_writes_nothing(clerk: Clerk) -> None:
    result = clerk.load("accounts", GOOD, dry_run=True)

    assert (result.rows, result.created, result.dry_run) == (2, 2, True)
    assert (counted(clerk, Account), counted(clerk, Import)) == (0, 0)


def test_a_dry_run_of_a_bad_file_counts_rather_than_refuses(clerk: Clerk) -> None:
    result = clerk.load("accounts", BAD, dry_run=True)

    assert (result.created, result.rejected_rows) == (1, 1)
    assert [(reason.line, reason.field) for reason in result.rejected] == [(3, "name")]


def test_the_same_file_is_read_in_once(clerk: Clerk) -> None:
    clerk.load("accounts", GOOD)

    result = clerk.load("accounts", GOOD)

    assert (result.repeated, result.unchanged) == (True, 2)
    assert counted(clerk, Event) == 2


def test_the_same_rows_in_another_batch_change_nothing(clerk: Clerk) -> None:
    clerk.load("accounts", GOOD)

    result = clerk.again("accounts", GOOD)

    assert (result.repeated, result.created, result.updated, result.unchanged) == (False, 0, 0, 2)
    assert counted(clerk, Event) == 2


def test_a_file_of_which_rows_were_turned_away_may_come_again(clerk: Clerk) -> None:
    text = "external_id,name,team\nA-1,Ahorn,North\nA-2,Birke,Nowhere\n"
    clerk.load("accounts", text, skip_bad=True)

    assert clerk.load("accounts", text, skip_bad=True).repeated is False


def test_a_batch_id_names_one_file_for_ever(clerk: Clerk) -> None:
    clerk.load("accounts", GOOD, batch_id="march")

    with pytest.raises(OperationRefused, match="“march” was used for another file"):
        clerk.load("accounts", "external_id,name\nA-3,Buche\n", batch_id="march")


def test_the_same_file_read_in_another_way_is_another_import(clerk: Clerk) -> None:
    text = "external_id,name,started_on\nA-1,Ahorn,02-01-2026\n"
    clerk.load("accounts", text, date_format="dd-mm-yyyy")

    assert clerk.load("accounts", text, date_format="mm-dd-yyyy").repeated is False


def test_an_import_is_on_record_with_its_counts_and_in_the_audit(clerk: Clerk) -> None:
    result = clerk.load("accounts", GOOD)

    row = clerk.session.scalars(select(Import)).one()
    audit = clerk.session.scalars(select(AuditEvent).where(AuditEvent.kind == "accounts_imported")).one()
    assert (row.batch_id, row.kind, row.imported_by) == (result.batch_id, "accounts", "ada@example.com")
    assert row.counts == {"rows": 2, "created": 2, "updated": 0, "unchanged": 0, "rejected_rows": 0}
    assert audit.changes["created"] == [None, 2]


@pytest.mark.parametrize("who", ["olu", "vik", "ed"])
def test_only_an_administrator_imports(clerk: Clerk, who: str) -> None:
    with pytest.raises(Forbidden):
        clerk.load("accounts", GOOD, actor=clerk.cast.actor(who))


@pytest.mark.parametrize("kind", ["aliases", "history", "contacts"])
def test_an_unknown_account_is_named_by_line(clerk: Clerk, kind: str) -> None:
    rows = {
        "aliases": "external_id,alias\nA-9,crm-9\n",
        "history": "external_id,step,entered_on\nA-9,1,2026-01-05\n",
        "contacts": "external_id,name\nA-9,Mira\n",
    }

    assert clerk.refused(kind, rows[kind]) == [(2, "external_id")]


def test_more_rows_than_are_taken_at_a_time_are_all_taken(clerk: Clerk) -> None:
    rows = "".join(f"A-{n},Account {n},2\n" for n in range(4500))

    result = clerk.load("accounts", "external_id,name,seats\n" + rows)

    assert (result.rows, result.created, counted(clerk, Account)) == (4500, 4500, 4500)
    assert clerk.is_sound()


def test_only_the_first_reasons_are_kept_but_all_are_counted(clerk: Clerk) -> None:
    result = clerk.load("accounts", "external_id,name\n" + "x,\n" * 3000, dry_run=True)

    assert (len(result.rejected), result.rejected_rows) == (200, 3000)
