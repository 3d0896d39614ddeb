"""Bringing in usage: days that files state, corrections, bad rows; what is nobody's yet waits."""

import gzip
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from changetrack.adapters.files import Table
from changetrack.models import Metric, Outcome, UnmatchedUsage, UsageDaily
from changetrack.operations.imports import ImportOptions, import_file
from tests.factories import make_metric, make_outcome
from tests.integration.operations.imports.conftest import Clerk

HEAD = "external_id,metric,day,value\n"
Numbers = dict[tuple[str, str], str]


@pytest.fixture
def known(clerk: Clerk) -> Clerk:
    """Two accounts, one of which has another name, and a metric of each kind."""
    clerk.load("accounts", "external_id,name\nA-1,Ahorn\nA-2,Birke\n")
    clerk.load("aliases", "external_id,alias\nA-1,S-1\nA-1,S-2\n")
    for key, aggregation in (("calls", "sum"), ("peak", "max"), ("seats", "last"), ("users", "distinct")):
        make_metric(clerk.session, key, aggregation=aggregation)
    clerk.session.commit()
    return clerk


def numbers(clerk: Clerk, external_id: str = "A-1") -> Numbers:
    """The newest number of each metric and day."""
    query = (
        select(Metric.key, UsageDaily.day, UsageDaily.stated, UsageDaily.counted)
        .join(Metric, Metric.id == UsageDaily.metric_id)
        .where(UsageDaily.account_id == clerk.account(external_id).id)
        .order_by(UsageDaily.recorded_on, UsageDaily.day)
    )
    return {
        (row.key, str(row.day)): f"{row.counted if row.stated is None else row.stated}"
        for row in clerk.session.execute(query)
    }


def test_a_file_states_days(known: Clerk) -> None:
    result = known.load("usage", HEAD + "A-1,calls,2026-02-01,12\nA-2,calls,2026-02-01,0\nA-1,calls,2026-02-02,1.25\n")

    assert (result.rows, result.created, result.updated, result.unchanged) == (3, 3, 0, 0)
    assert numbers(known) == {("calls", "2026-02-01"): "12", ("calls", "2026-02-02"): "1.25"}
    assert numbers(known, "A-2") == {("calls", "2026-02-01"): "0"}
    assert known.is_sound()


@pytest.mark.parametrize(("metric", "together"), [("calls", "9"), ("peak", "5"), ("seats", "1"), ("users", "5")])
def test_rows_of_a_day_combine_as_the_metric_adds_up(known: Clerk, metric: str, together: str) -> None:
    rows = "".join(f"{name},{metric},2026-02-01,{value}\n" for name, value in (("A-1", 3), ("S-1", 5), ("S-2", 1)))

    result = known.load("usage", HEAD + rows)

    assert (result.rows, result.created) == (3, 1)
    assert numbers(known) == {(metric, "2026-02-01"): together}


def test_a_later_file_supersedes_and_what_was_known_before_stays_known(known: Clerk) -> None:
    known.load("usage", HEAD + "A-1,calls,2026-02-01,12\nA-1,calls,2026-02-02,7\n")
    known.next_day()

    result = known.load("usage", HEAD + "A-1,calls,2026-02-01,10\nA-1,calls,2026-02-02,7\nA-1,calls,2026-02-03,1\n")

    assert (result.created, result.updated, result.unchanged) == (1, 1, 1)
    query = select(UsageDaily.day, UsageDaily.stated).order_by(UsageDaily.day, UsageDaily.recorded_on)
    assert [(str(day), stated) for day, stated in known.session.execute(query)] == [
        ("2026-02-01", Decimal(12)), ("2026-02-01", Decimal(10)), ("2026-02-02", Decimal(7)),
        ("2026-02-03", Decimal(1)),
    ]  # fmt: skip


def test_a_correction_on_the_same_day_takes_the_place_of_what_it_corrects(known: Clerk) -> None:
    known.load("usage", HEAD + "A-1,calls,2026-02-01,12\n")

    known.load("usage", HEAD + "A-1,calls,2026-02-01,10\n")

    assert known.session.scalars(select(UsageDaily.stated)).all() == [Decimal(10)]


def test_the_same_rows_again_change_nothing(known: Clerk) -> None:
    rows = HEAD + "A-1,calls,2026-02-01,12\nS-1,users,2026-02-01,4\n"
    known.load("usage", rows)
    known.next_day()

    once_more, another = known.load("usage", rows), known.again("usage", rows)

    assert once_more.repeated
    assert (another.created, another.updated, another.unchanged) == (0, 0, 2)
    assert known.session.scalar(select(func.count()).select_from(UsageDaily)) == 2


def test_every_bad_row_is_told_by_line_and_field(known: Clerk) -> None:
    rows = (
        "A-1,calls,2026-02-01,12\n"
        ",calls,2026-02-01,1\n"
        "A-1,nonsense,2026-02-01,1\n"
        "A-1,calls,01.02.2026,1\n"
        "A-1,calls,2027-02-01,1\n"
        "A-1,calls,2026-02-01,-1\n"
        "A-1,calls,2026-02-01,\n"
        "A-1,calls,2026-02-01,1.00001\n"
        "A-1,calls,2026-02-01,1000000000000.0001\n"
        "A-1,calls,2026-02-01,1e3\n"
        "A-1,calls,2026-02-01\n"
        ",,,\n"
        "\n"
        ",nonsense,never,many\n"
    )

    found = known.refused("usage", HEAD + rows)

    assert found == [
        (3, "external_id"), (4, "metric"), (5, "day"), (6, "day"), (7, "value"), (8, "value"), (9, "value"),
        (10, "value"), (11, "value"), (12, None), (15, "external_id"), (15, "metric"), (15, "day"), (15, "value"),
    ]  # fmt: skip
    assert numbers(known) == {}


def test_good_rows_are_taken_when_bad_ones_are_skipped(known: Clerk) -> None:
    rows = HEAD + "A-1,calls,2026-02-01,12\nA-1,calls,2026-02-02,x\nA-1,calls,2026-02-03,3\n"

    [(row, reasons)] = known.rejects("usage", rows)

    assert (row.line, row.cells["value"], reasons[0].field) == (3, "x", "value")
    assert numbers(known) == {("calls", "2026-02-01"): "12", ("calls", "2026-02-03"): "3"}


def test_the_largest_numbers_are_exact(known: Clerk) -> None:
    known.load("usage", HEAD + "A-1,peak,2026-02-01,1000000000000\nA-1,peak,2026-02-02,999999999999.9999\n")

    assert list(numbers(known).values()) == ["1000000000000", "999999999999.9999"]


def test_sums_that_no_day_can_have_stay_at_the_most(known: Clerk) -> None:
    rows = "A-1,calls,2026-02-01,1000000000000\n" * 1_000

    known.load("usage", HEAD + rows)

    assert [Decimal(number) for number in numbers(known).values()] == [Decimal(10**12)]


def test_a_dry_run_counts_and_writes_nothing(known: Clerk) -> None:
    known.load("usage", HEAD + "A-1,calls,2026-02-01,12\n")
    rows = "A-1,calls,2026-02-01,13\nA-2,calls,2026-02-01,1\nX-9,calls,2026-02-01,1\n"

    result = known.load("usage", HEAD + rows, dry_run=True)

    assert (result.rows, result.created, result.updated, result.waiting) == (3, 1, 1, 1)
    assert numbers(known) == {("calls", "2026-02-01"): "12"}
    assert known.session.scalars(select(UnmatchedUsage)).all() == []


def test_what_is_of_an_unknown_account_waits_and_counts_once_it_is_known(known: Clerk) -> None:
    rows = HEAD + "S-9,calls,2026-02-01,12\nS-9,calls,2026-02-01,3\nA-1,calls,2026-02-01,1\n"
    result = known.load("usage", rows)
    known.next_day()

    known.load("aliases", "external_id,alias\nA-2,S-9\n")

    assert (result.waiting, result.created, result.rejected_rows) == (2, 1, 0)
    assert numbers(known, "A-2") == {("calls", "2026-02-01"): "15"}
    assert known.again("usage", rows).unchanged == 2
    assert known.is_sound()


def test_a_later_file_supersedes_what_waits_too(known: Clerk) -> None:
    known.load("usage", HEAD + "S-9,calls,2026-02-01,12\n")

    known.load("usage", HEAD + "S-9,calls,2026-02-01,5\n")

    assert known.session.scalars(select(UnmatchedUsage.value)).all() == [Decimal(5)]


def test_columns_of_others_are_mapped_and_left_out(known: Clerk) -> None:
    known.load(
        "usage", "sub;used;n;secs\nS-1;28-02-2026;3;99\n", constants={"metric": "calls"}, date_format="dd-mm-yyyy",
        mapping={"sub": "external_id", "used": "day", "n": "value", "secs": "-"},
    )  # fmt: skip

    assert numbers(known) == {("calls", "2026-02-28"): "3"}


def test_a_file_without_any_number_is_not_usage(known: Clerk) -> None:
    with pytest.raises(Exception, match="no column for value"):
        known.load("usage", "external_id,metric,day\nA-1,calls,2026-02-01\n")


def test_a_compressed_file_with_quoted_cells_is_read(known: Clerk) -> None:
    path = known.folder / "usage.csv.gz"
    path.write_bytes(gzip.compress(b'"external_id","metric","day","value"\r\n"A-1","calls","2026-02-01","12"\r\n'))

    moment: dict[str, Any] = {"now": known.now, "today": known.today}
    import_file(kind="usage", source=Table(path), options=ImportOptions(), secret="s", actor=known.actor, **moment)

    assert numbers(known) == {("calls", "2026-02-01"): "12"}


def test_outcomes_hear_of_news_alone(known: Clerk) -> None:
    metric = known.session.scalars(select(Metric).where(Metric.key == "calls")).one()
    make_outcome(known.session, known.account(), metric, due_on=None)
    known.session.commit()
    rows = HEAD + "A-1,calls,2026-02-03,12\nA-1,calls,2026-02-01,12\nA-1,peak,2026-01-01,1\n"

    known.load("usage", rows)

    outcome = known.session.scalars(select(Outcome)).one()
    assert (outcome.due_on, str(outcome.touched_from)) == (known.today, "2026-02-01")
    outcome.due_on = outcome.touched_from = None
    known.session.commit()
    known.again("usage", rows)
    assert known.session.scalars(select(Outcome.due_on)).all() == [None]
