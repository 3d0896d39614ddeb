"""What waits under a name is counted once, when it becomes known whose it is, by whatever way that becomes known."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from changetrack.adapters.files import Table
from changetrack.domain.refusal import NotFound, OperationRefused
from changetrack.models import Account, Alias, UnmatchedUsage, UsageDaily
from changetrack.operations.accounts import add_alias, create_account, edit_account
from changetrack.operations.imports import ImportOptions, import_file
from changetrack.operations.playbook import install_playbook
from changetrack.operations.usage._match import Matched
from changetrack.operations.usage.matching import match_usage
from changetrack.operations.usage.state import StatedRow, state_usage
from tests.clock import NOW, TODAY
from tests.factories import Cast, make_account, make_alias, make_metric, make_rule, make_source
from tests.factories._saving import Saver
from tests.integration.operations.usage.usage_arrivals import SENDER, arrival, ingest, numbers, states

DAY, LATER = TODAY.isoformat(), NOW + timedelta(days=3)


@pytest.fixture
def waiting(session: Saver, cast: Cast) -> Cast:
    """Three events and a stated number wait under “Acme Inc”, one event under another name."""
    install_playbook(actor=SENDER, now=NOW)
    for key, aggregation, property_name in (
        ("logins", "sum", None),
        ("people", "distinct", None),
        ("plan", "last", "plan"),
    ):
        make_rule(session, make_metric(session, key, aggregation=aggregation), property=property_name)
    make_metric(session, "seats", aggregation="max")
    ingest(
        make_source(session).id,
        arrival("m-1", name="Acme Inc", properties={"plan": 3}, at=NOW + timedelta(minutes=2)),
        arrival("m-2", name="Acme Inc", properties={"plan": 5}),
        arrival("m-3", name="Acme Inc", user="u-2", at=NOW - timedelta(days=1)),
        arrival("m-4", name="Globex"),
    )
    state_usage(rows=[StatedRow("Acme Inc", "seats", DAY, 7)], actor=SENDER, now=NOW, today=TODAY)
    return cast


def whole(account_id: int) -> dict[tuple[int, str, str], int]:
    before = (TODAY - timedelta(days=1)).isoformat()
    return {
        (account_id, "logins", DAY): 2, (account_id, "logins", before): 1, (account_id, "people", DAY): 1,
        (account_id, "people", before): 1, (account_id, "plan", DAY): 3, (account_id, "seats", DAY): 7,
    }  # fmt: skip


def alias(session: Saver, cast: Cast, _folder: Path) -> int:
    account = make_account(session, team_id=cast.team.id)
    add_alias(account_id=account.id, alias="Acme Inc", actor=cast.actor("olu"), now=LATER, today=LATER.date())
    return account.id


def match(session: Saver, cast: Cast, _folder: Path) -> int:
    account = make_account(session)
    match_usage(name="Acme Inc", account_id=account.id, actor=cast.actor("ada"), now=LATER, today=LATER.date())
    return account.id


def create(session: Saver, cast: Cast, _folder: Path) -> int:
    record = {"name": "Acme", "external_id": "Acme Inc", "team_id": cast.team.id}
    return create_account(record=record, actor=cast.actor("olu"), now=LATER, today=LATER.date())


def import_alias(session: Saver, cast: Cast, folder: Path) -> int:
    account = make_account(session, external_id="acme")
    (folder / "aliases.csv").write_text("external_id,alias\nacme,Acme Inc\nacme,another\n")
    run("aliases", cast, folder / "aliases.csv")
    return account.id


def import_account(session: Saver, cast: Cast, folder: Path) -> int:
    (folder / "accounts.csv").write_text("external_id,name\nAcme Inc,Acme\nanother,Another\n")
    run("accounts", cast, folder / "accounts.csv")
    return session.scalars(select(Account.id).where(Account.external_id == "Acme Inc")).one()


def run(kind: str, cast: Cast, path: Path) -> None:
    moment: dict[str, Any] = {"now": LATER, "today": LATER.date()}
    import_file(kind=kind, source=Table(path), options=ImportOptions(), secret="s", actor=cast.actor("ada"), **moment)


def rename(session: Saver, cast: Cast, _folder: Path) -> int:
    account = make_account(session, team_id=cast.team.id)
    edit_account(
        account_id=account.id, record={"external_id": "Acme Inc"}, version=account.version, actor=cast.actor("olu"),
        now=LATER, today=LATER.date(),
    )  # fmt: skip
    return account.id


@pytest.mark.parametrize("become_known", [alias, match, create, rename, import_alias, import_account])
def test_all_that_waits_is_counted_on_the_day_of_the_match(
    session: Saver, waiting: Cast, become_known: Callable[[Saver, Cast, Path], int], tmp_path: Path
) -> None:
    account_id = become_known(session, waiting, tmp_path)

    assert numbers(session) == whole(account_id)
    assert states(session) == {"m-1": "counted", "m-2": "counted", "m-3": "counted", "m-4": "unmatched"}
    assert set(session.scalars(select(UsageDaily.recorded_on))) == {LATER.date()}
    assert session.scalar(select(func.count()).select_from(UnmatchedUsage)) == 0


def test_it_counts_once(session: Saver, waiting: Cast) -> None:
    account_id = match(session, waiting, Path())

    again = match_usage(name="Acme Inc", account_id=account_id, actor=waiting.actor("ada"), now=LATER, today=TODAY)
    ingest(1, arrival("m-2", name="Acme Inc", properties={"plan": 5}))

    assert again == Matched()
    assert numbers(session) == whole(account_id)


def test_what_comes_under_the_name_afterwards_counts_at_once(session: Saver, waiting: Cast) -> None:
    account_id = match(session, waiting, Path())

    ingest(1, arrival("m-9", name="Acme Inc"))

    assert numbers(session)[account_id, "logins", DAY] == 3


def test_a_match_says_what_it_counted(session: Saver, waiting: Cast) -> None:
    account = make_account(session)

    matched = match_usage(name="Acme Inc", account_id=account.id, actor=waiting.actor("ada"), now=LATER, today=TODAY)

    assert matched == Matched(events=3, numbers=1)
    assert session.get_one(Alias, "Acme Inc").account_id == account.id


def test_what_is_stated_under_two_names_of_an_account_comes_together(session: Saver, waiting: Cast) -> None:
    account = make_account(session, external_id="acme")
    rows = [StatedRow(name, "logins", DAY, 5) for name in ("acme", "sub-1", "sub-2")]
    state_usage(rows=rows, actor=SENDER, now=NOW, today=TODAY)

    for name in ("sub-1", "sub-2"):
        match_usage(name=name, account_id=account.id, actor=waiting.actor("ada"), now=LATER, today=LATER.date())

    assert numbers(session)[account.id, "logins", DAY] == 15


def test_a_name_of_another_account_is_refused(session: Saver, waiting: Cast) -> None:
    make_alias(session, make_account(session), alias="Initech")
    other = make_account(session)

    with pytest.raises(OperationRefused):
        match_usage(name="Initech", account_id=other.id, actor=waiting.actor("ada"), now=NOW, today=TODAY)


def test_nobody_matches_for_an_account_they_do_not_see(session: Saver, waiting: Cast) -> None:
    account = make_account(session, team_id=waiting.team.id)

    with pytest.raises(NotFound):
        match_usage(name="Acme Inc", account_id=account.id, actor=waiting.actor("otto"), now=NOW, today=TODAY)


def test_one_look_is_enough_when_nothing_waits(
    session: Saver, cast: Cast, counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    install_playbook(actor=SENDER, now=NOW)
    account = make_account(session, team_id=cast.team.id)
    make_alias(session, account, alias="the first")

    with counted() as statements:
        add_alias(account_id=account.id, alias="the second", actor=cast.actor("olu"), now=NOW, today=TODAY)

    assert len([one for one in statements if "usage" in one]) == 1
