"""Accounts by the thousand: each follows from its number alone, and every row can be imported."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

from changetrack.domain.accounts import account_reasons
from changetrack.domain.demo.deeds import FileDeed
from changetrack.domain.demo.many import More
from changetrack.domain.imports import ParsedRow, RawRow, lay_out, row_parser

TODAY = date(2026, 3, 2)
MORE = More(1, TODAY, 900)


def rows(kind: str, more: More = MORE) -> list[tuple[str, ...]]:
    return [row for file in more.files() if file.kind == kind for row in file.rows]


def is_importable(file: FileDeed) -> Iterable[bool]:
    check = account_reasons if file.kind == "accounts" else None
    parse = row_parser(lay_out(file.kind, file.headers), date_format=None, today=file.day, check=check)
    for line, row in enumerate(file.rows, 2):
        yield isinstance(parse(RawRow(line, dict(zip(file.headers, row, strict=True)))), ParsedRow)


def test_nothing_more_is_no_file() -> None:
    assert list(More(1, TODAY, 0).files()) == []
    assert More(1, TODAY, 0).people() == ()


def test_the_files_hold_each_account_once() -> None:
    ids = Counter(row[0] for row in rows("accounts"))

    assert set(ids.values()) == {1}
    assert len(ids) == MORE.count


def test_rows_can_be_read_again_and_are_the_same() -> None:
    for file in MORE.files():
        assert list(file.rows) == list(file.rows)


def test_an_account_is_the_same_however_many_there_are() -> None:
    fewer, more = dict.fromkeys(rows("history", More(1, TODAY, 50))), dict.fromkeys(rows("history"))

    assert set(fewer) <= set(more)


def test_every_row_can_be_imported_on_the_day_of_its_file() -> None:
    assert all(ok for file in MORE.files() for ok in is_importable(file))


def test_what_happened_stands_in_the_next_file_and_only_there() -> None:
    told = rows("history")

    assert len(told) == len(set(told))
    assert max(row[2] for row in told) <= TODAY.isoformat()


def test_history_reaches_back_eighteen_months_and_knows_every_place() -> None:
    told = rows("history")

    assert min(row[2] for row in told) < (TODAY - timedelta(480)).isoformat()
    assert {row[1] for row in told} >= {*"12345678", "anchored", "held", "closed"}


def test_each_team_has_its_three_people() -> None:
    more = More(1, TODAY, 2_500)

    assert Counter(person.team for person in more.people()) == dict.fromkeys(more.teams(), 3)
    assert len({person.email for person in more.people()}) == 9
