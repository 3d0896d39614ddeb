"""Reading whole accounts in chunks: the facts and what is kept beside them, in eleven statements a chunk."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from changetrack.domain.journey.playbook import Playbook, parse_playbook
from changetrack.models import (
    OPEN_ALERT,
    Account,
    Alert,
    Event,
    Evidence,
    Hold,
    Journey,
    Model,
    PlaybookVersion,
    Standing,
    Visit,
    db,
)
from changetrack.queries._verify_account import AccountRecord
from changetrack.queries.customer_acts import WATCHED, WatchRecord

_TOLD = (Visit, Hold, Standing, *WATCHED)


def read_records(chunk: int) -> Iterator[list[AccountRecord]]:
    """All accounts, `chunk` at a time in order of id, each with everything that belongs to it."""
    playbooks = _playbooks()
    last = 0
    while ids := list(
        db.session.scalars(select(Account.id).where(Account.id > last).order_by(Account.id).limit(chunk))
    ):
        last = ids[-1]
        yield _read(ids, playbooks)
        db.session.rollback()


def _playbooks() -> dict[int, Playbook]:
    return {row.version: parse_playbook(row.version, row.body) for row in db.session.scalars(select(PlaybookVersion))}


def _read(ids: list[int], playbooks: dict[int, Playbook]) -> list[AccountRecord]:
    first, last = ids[0], ids[-1]
    by = {model: _by_account(model, first, last) for model in _TOLD}
    with_alert = set(
        db.session.scalars(select(Alert.account_id).where(Alert.account_id.between(first, last), OPEN_ALERT))
    )
    journeys = {
        j.account_id: j for j in _rows(select(Journey.__table__).where(Journey.account_id.between(first, last)))
    }
    accounts = _rows(select(Account.__table__).where(Account.id.between(first, last)).order_by(Account.id))
    return [
        AccountRecord(
            account=account,
            journey=journeys.get(account.id),
            visits=by[Visit][account.id],
            holds=by[Hold][account.id],
            evidence=by[Evidence][account.id],
            believed=sorted(
                (s for s in by[Standing][account.id] if s.superseded_at is None), key=lambda s: (s.effective_on, s.seq)
            ),
            events=by[Event][account.id],
            has_open_alert=account.id in with_alert,
            playbooks=playbooks,
            watch=WatchRecord(account, *(by[model][account.id] for model in WATCHED)),
        )
        for account in accounts
    ]


def _by_account(model: type[Model], first: int, last: int) -> defaultdict[int, list[Any]]:
    table = model.__table__
    grouped: defaultdict[int, list[Any]] = defaultdict(list)
    query = select(table).where(table.c.account_id.between(first, last)).order_by(table.c.account_id, table.c.seq)
    for row in _rows(query):
        grouped[row.account_id].append(row)
    return grouped


def _rows(query: Any) -> list[Any]:
    """Rows without the weight of mapped objects."""
    return list(db.session.execute(query))
