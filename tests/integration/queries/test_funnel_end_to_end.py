"""The worked example of the funnel, lived through by operations on the days on which each was recorded."""

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from changetrack.adapters.files import Table
from changetrack.domain.filters import CARRIED_FIELDS
from changetrack.domain.funnel import CLOSED, PLACES
from changetrack.operations.imports import ImportOptions, import_file
from changetrack.operations.playbook import install_playbook
from changetrack.queries._funnel_question import ask
from changetrack.queries._funnel_sources import count_accounts, count_standings
from changetrack.queries.funnel import Funnel, get_funnel
from changetrack.queries.movement import get_movement
from tests.factories._saving import Saver
from tests.integration.queries.histories import LAST_DAY, OPERATOR, day_of_2026

on = day_of_2026
# account, step, since when, recorded when: A to F of DOMAIN section 7
RECORDED = (
    ("A", "1", on(1, 5), on(1, 5)), ("B", "1", on(1, 5), on(1, 5)), ("C", "1", on(1, 12), on(1, 12)),
    ("D", "1", on(1, 12), on(1, 12)), ("A", "2", on(1, 26), on(1, 26)), ("B", "2", on(2, 2), on(2, 2)),
    ("E", "1", on(2, 2), on(2, 2)), ("C", "2", on(1, 30), on(2, 5)), ("F", "1", on(2, 9), on(2, 9)),
    ("D", "closed", on(2, 16), on(2, 16)), ("A", "3", on(2, 20), on(2, 20)), ("E", "2", on(2, 23), on(2, 23)),
    ("B", "1", on(3, 2), on(3, 2)), ("B", "2", on(3, 16), on(3, 16)),
)  # fmt: skip
ASKED: dict[str, Any] = {"actor": OPERATOR, "zone": UTC}


def table(path: Path, *rows: tuple[object, ...]) -> Table:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return Table(path)


@pytest.fixture
def tell(tmp_path: Path) -> Callable[[str, str, date, date], None]:
    """Record on a day that an account is at a step since a day."""
    known: set[str] = set()

    def recorded(account: str, step: str, since: date, day: date) -> None:
        moment: dict[str, Any] = {"actor": OPERATOR, "now": datetime.combine(day, time(12), UTC), "today": day}
        moment |= {"options": ImportOptions(), "secret": "s"}
        path = tmp_path / f"{account}-{day}.csv"
        if account in known:
            rows = table(path, ("external_id", "step", "entered_on", "reason"), (account, step, since, "other"))
            import_file(kind="history", source=rows, **moment)
        else:
            head = ("external_id", "name", "started_on", "step", "step_entered_on", "segment")
            rows = table(path, head, (account, account, since, step, since, "Retail" if account < "D" else "Public"))
            import_file(kind="accounts", source=rows, **moment)
        known.add(account)

    return recorded


@pytest.fixture
def lived(session: Saver, tell: Callable[[str, str, date, date], None]) -> None:
    """All that happened, in the order in which it was recorded."""
    install_playbook(actor=OPERATOR, now=datetime(2026, 1, 1, tzinfo=UTC))
    for told in RECORDED:
        tell(*told)


def accounts(funnel: Funnel) -> dict[int, int]:
    return {place: count.accounts for place, count in funnel.picture.counts.items() if count.accounts}


@pytest.mark.usefixtures("lived")
@pytest.mark.parametrize(
    ("as_of", "known_at", "expected"),
    [
        pytest.param(on(1, 31), on(1, 31), {1: 3, 2: 1}, id="january as known then"),
        pytest.param(on(1, 31), on(2, 5), {1: 2, 2: 2}, id="january as known on 5 February"),
        pytest.param(on(2, 28), on(2, 28), {1: 1, 2: 3, 3: 1, CLOSED: 1}, id="february as known then"),
        pytest.param(on(2, 28), LAST_DAY, {1: 1, 2: 3, 3: 1, CLOSED: 1}, id="february as known today"),
        pytest.param(on(3, 10), LAST_DAY, {1: 2, 2: 2, 3: 1, CLOSED: 1}, id="10 March"),
        pytest.param(LAST_DAY, LAST_DAY, {1: 1, 2: 3, 3: 1, CLOSED: 1}, id="today"),
    ],
)
def test_the_worked_example_comes_out_of_what_was_recorded(
    as_of: date, known_at: date, expected: dict[int, int]
) -> None:
    funnel = get_funnel(**ASKED, today=LAST_DAY, as_of=as_of, known_at=known_at)

    assert accounts(funnel) == expected


@pytest.mark.usefixtures("session")
def test_a_picture_once_seen_comes_out_the_same_for_ever(tell: Callable[[str, str, date, date], None]) -> None:
    install_playbook(actor=OPERATOR, now=datetime(2026, 1, 1, tzinfo=UTC))
    seen = {}
    for told in RECORDED:
        tell(*told)
        seen[told[3]] = get_funnel(**ASKED, today=told[3]).picture

    again = {day: get_funnel(**ASKED, today=LAST_DAY, as_of=day, known_at=day).picture for day in seen}

    assert again == seen


@pytest.mark.usefixtures("lived")
def test_the_movement_of_february_balances_by_its_numbers() -> None:
    moved = get_movement(**ASKED, today=LAST_DAY, first=on(2, 1), last=on(2, 28))

    _, first, second, third, *_ = moved.rows
    assert (first.start, first.entered, first.advanced_out, first.left, first.end) == (2, 2, 2, 1, 1)
    assert (second.start, second.advanced_in, second.advanced_out, second.end) == (2, 2, 1, 3)
    assert (third.start, third.advanced_in, third.end) == (0, 1, 1)
    assert moved.balances


@pytest.mark.usefixtures("lived")
@pytest.mark.parametrize("by", [None, *CARRIED_FIELDS])
def test_every_source_tells_the_same_of_today(by: str | None) -> None:
    question = ask(actor=OPERATOR, today=LAST_DAY, zone=UTC, as_of=None, known_at=None, filters={}, by=by)

    summed = get_funnel(**ASKED, today=LAST_DAY, by=by)
    of_accounts, of_standings = (count(question) for count in (count_accounts, count_standings))

    pictures = [("" if by is None else g.value, g.picture) for g in summed.groups] or [("", summed.picture)]
    told = {v.replace("(none)", ""): {p: p_.counts[p] for p in PLACES if p_.counts[p].accounts} for v, p_ in pictures}
    assert told == of_accounts == of_standings
