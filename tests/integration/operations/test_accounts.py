"""Adding accounts by hand and editing their record: nothing typed is lost, nobody overwrites anybody."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from changetrack.domain.history import GENESIS, ChainRow, broken_links
from changetrack.domain.journey.default_playbook import DEFAULT_PLAYBOOK
from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, StaleVersion
from changetrack.models import Account, Alias, Event, FunnelCell, Standing
from changetrack.operations._history import event_payload
from changetrack.operations.accounts import add_alias, create_account, edit_account, remove_alias
from changetrack.operations.playbook import change_playbook, install_playbook
from tests.factories import Cast, make_cast
from tests.factories._saving import Saver

Create = Callable[..., int]


@pytest.fixture
def cast(session: Saver, now: datetime) -> Cast:
    """The people, and the playbook that ships."""
    install_playbook(actor=Actor.system("test"), now=now)
    return make_cast(session)


@pytest.fixture
def create(cast: Cast, now: datetime, today: date) -> Create:
    """Olu adds an account of her team: `create(name="Acme")`."""

    def add(**record: object) -> int:
        whole = {"name": "Acme", "team_id": cast.team.id, **record}
        return create_account(record=whole, actor=cast.actor("olu"), now=now, today=today)

    return add


def cells(session: Saver, field: str) -> dict[tuple[str, int], int]:
    """Accounts by (value, place) of one field's cells."""
    found = session.scalars(select(FunnelCell).where(FunnelCell.field == field, FunnelCell.accounts != 0))
    return {(c.value, c.place): c.accounts for c in found}


def test_a_new_account_is_not_opened_and_counted(create: Create, session: Saver) -> None:
    account_id = create(segment="Mid-market")

    account = session.get_one(Account, account_id)
    assert (account.status, account.external_id) == ("not_opened", f"ct-{account_id}")
    assert cells(session, "segment") == {("Mid-market", 0): 1}


def test_everything_wrong_with_a_record_is_said_at_once(create: Create, today: date) -> None:
    create(external_id="A-1")

    with pytest.raises(OperationRefused) as refused:
        create(name=" ", external_id="A-1", owner_id=999, annual_value=5, started_on=today + timedelta(1))

    fields = {r.field for r in refused.value.reasons}
    assert fields == {"name", "external_id", "owner_id", "currency", "started_on"}


def test_an_unknown_field_is_refused(create: Create) -> None:
    with pytest.raises(OperationRefused, match="no field"):
        create(claimed_step=8)


def test_nobody_adds_accounts_to_another_team(create: Create, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        create(team_id=cast.other_team.id)


def test_an_edit_keeps_what_was_and_moves_the_account_between_groups(
    create: Create, session: Saver, cast: Cast, now: datetime, today: date
) -> None:
    account_id = create(segment="Small")
    later, tomorrow = now + timedelta(1), today + timedelta(1)

    edit_account(
        account_id=account_id,
        record={"segment": "Large"},
        version=1,
        actor=cast.actor("olu"),
        now=later,
        today=tomorrow,
    )

    segments = session.scalars(select(Standing.segment).order_by(Standing.seq)).all()
    assert segments == ["Small", "Large"]
    assert cells(session, "segment") == {("Large", 0): 1}
    assert session.scalars(select(Event).order_by(Event.seq.desc())).first().changes == {"segment": ["Small", "Large"]}  # type: ignore[union-attr]


def test_a_stale_edit_shows_both_versions_and_changes_nothing(
    create: Create, session: Saver, cast: Cast, now: datetime, today: date
) -> None:
    account_id = create()
    when = {"actor": cast.actor("olu"), "now": now, "today": today}
    edit_account(account_id=account_id, record={"name": "First"}, version=1, **when)  # type: ignore[arg-type]

    with pytest.raises(StaleVersion) as stale:
        edit_account(account_id=account_id, record={"name": "Second"}, version=1, **when)  # type: ignore[arg-type]

    assert (stale.value.current["name"], stale.value.typed["name"]) == ("First", "Second")
    assert session.get_one(Account, account_id).name == "First"


def test_of_eight_who_save_at_once_one_wins_and_seven_are_shown_both(
    create: Create, app: Flask, session: Saver, cast: Cast, now: datetime, today: date
) -> None:
    account_id, olu = create(), cast.actor("olu")
    session.rollback()

    def save(name: str) -> str:
        with app.app_context():
            try:
                edit_account(account_id=account_id, record={"name": name}, version=1, actor=olu, now=now, today=today)
            except StaleVersion:
                return "stale"
            return name

    with ThreadPoolExecutor(8) as people:
        results = list(people.map(save, [f"Name {n}" for n in range(8)]))

    winner = [r for r in results if r != "stale"]
    assert len(winner) == 1
    assert session.get_one(Account, account_id).name == winner[0]


def test_the_history_is_a_chain_that_shows_tampering(
    create: Create, session: Saver, cast: Cast, now: datetime, today: date
) -> None:
    account_id = create()
    edit_account(
        account_id=account_id, record={"tier": "Pro"}, version=1, actor=cast.actor("tess"), now=now, today=today
    )
    events = session.scalars(select(Event).order_by(Event.seq)).all()
    rows = [{c.name: getattr(e, c.name) for c in Event.__table__.columns} for e in events]

    intact = [ChainRow(r["seq"], r["previous_hash"], r["hash"], event_payload(r)) for r in rows]
    forged = [
        *intact[:1],
        ChainRow(2, rows[1]["previous_hash"], rows[1]["hash"], event_payload(rows[1] | {"actor": "olu"})),
    ]

    assert rows[0]["previous_hash"] == GENESIS
    assert broken_links(intact) == []
    assert broken_links(forged) == [2]


def test_an_alias_names_one_account_only(
    create: Create, session: Saver, cast: Cast, now: datetime, today: date
) -> None:
    first, second = create(), create(name="Other")
    when = {"actor": cast.actor("olu"), "now": now, "today": today}
    add_alias(account_id=first, alias="S-1", **when)  # type: ignore[arg-type]

    with pytest.raises(OperationRefused) as refused:
        add_alias(account_id=second, alias="S-1", **when)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        remove_alias(account_id=second, alias="S-1", **when)  # type: ignore[arg-type]
    remove_alias(account_id=first, alias="S-1", **when)  # type: ignore[arg-type]

    assert [r.field for r in refused.value.reasons] == ["alias"]
    assert session.scalars(select(Alias)).all() == []


def at_once(app: Flask, act: Callable[[int], object], people: int = 6) -> list[object]:
    """What comes of it when so many do it at the same time: the refused ones give the fields of their reasons."""

    def one(n: int) -> object:
        with app.app_context():
            try:
                return act(n)
            except OperationRefused as refused:
                return [r.field for r in refused.reasons]

    with ThreadPoolExecutor(people) as pool:
        return list(pool.map(one, range(people)))


def test_of_many_who_choose_one_id_at_once_one_gets_it(
    app: Flask, cast: Cast, session: Saver, now: datetime, today: date
) -> None:
    actor, team_id = cast.actor("olu"), cast.team.id
    session.rollback()
    record = {"name": "Acme", "team_id": team_id, "external_id": "A-1"}

    results = at_once(app, lambda _: create_account(record=record, actor=actor, now=now, today=today))

    assert sorted(map(str, results))[1:] == ["['external_id']"] * 5


def test_of_many_who_change_the_playbook_at_once_one_does(
    app: Flask, cast: Cast, session: Saver, now: datetime
) -> None:
    actor = cast.actor("ada")
    session.rollback()

    def change(n: int) -> int:
        body = deepcopy(DEFAULT_PLAYBOOK)
        body["steps"][0]["age_days"] = 50 + n
        return change_playbook(body=body, note="Longer", based_on=1, actor=actor, now=now)

    results = at_once(app, change)

    assert sorted(map(str, results)) == ["2", *["[None]"] * 5]
