"""Loading aliases: other systems' names of accounts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Row

from changetrack.domain.first_seen import FirstSeen
from changetrack.domain.imports import Layout, ParsedRow, RowReason
from changetrack.models import Account, Alias, Event
from changetrack.operations._bulk import insert_rows, update_rows
from changetrack.operations._history import event_row
from changetrack.operations._import_lookup import account_ids, accounts_by_id
from changetrack.operations._import_terms import Scene, Tried, Watch
from changetrack.operations._story_standings import Chain
from changetrack.operations.usage._match import count_waiting


@contextmanager
def aliases_loader(scene: Scene, _layout: Layout) -> Iterator["AliasesLoader"]:
    """A loader for one reading of a file of other systems' names; one that names another account is turned away."""
    yield AliasesLoader(scene)


class AliasesLoader:
    """Adds the names that are not there yet, and turns away those that name another account."""

    work_at_end = 0.0

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._seen = FirstSeen()

    def try_rows(self, rows: Sequence[ParsedRow]) -> Tried:
        """See which aliases are new; the work is a list of (account id, alias)."""
        names = {str(row.values[n]) for row in rows for n in ("external_id", "alias")}
        ids = account_ids(self._scene.session, names)
        tried = Tried(work=[])
        for row in rows:
            external_id, alias = str(row.values["external_id"]), str(row.values["alias"])
            id_, named = ids.get(external_id), ids.get(alias)
            if id_ is None:
                tried.rejected.append([_reason(row, "external_id", f"There is no account “{external_id}”.")])
            elif named not in (None, id_):
                tried.rejected.append([_reason(row, "alias", f"“{alias}” names another account.")])
            elif named is not None or f"{id_} {alias}" in self._seen:
                tried.unchanged += 1
            elif (earlier := self._seen.line_of(alias, row.line)) is not None:
                tried.rejected.append([_reason(row, "alias", f"“{alias}” names another account in line {earlier}.")])
            else:
                self._seen.line_of(f"{id_} {alias}", row.line)
                tried.created += 1
                tried.work.append((id_, alias))
        return tried

    def write(self, work: list[tuple[int, str]]) -> None:
        """Insert the aliases, and say so in the history of each account."""
        scene = self._scene
        columns = (Account.id, Account.event_seq, Account.event_hash)
        accounts = accounts_by_id(scene.session, {id_ for id_, _ in work}, columns, lock=True)
        by_account: dict[int, list[str]] = {}
        for id_, alias in work:
            by_account.setdefault(id_, []).append(alias)
        events, heads = [], []
        for id_, aliases in by_account.items():
            chain = _chain(accounts[id_])
            for alias in aliases:
                events.append(event_row(
                    chain, "alias_added", actor=scene.actor, effective_on=scene.today, now=scene.now,
                    changes={"alias": [None, alias]},
                ))  # fmt: skip
            heads.append({"id": id_, "event_seq": chain.event_seq, "event_hash": chain.event_hash})
        insert_rows(scene.session, Alias, [
            {"alias": alias, "account_id": id_, "created_at": scene.now} for id_, alias in work
        ])  # fmt: skip
        insert_rows(scene.session, Event, events)
        update_rows(scene.session, Account, ["id"], heads)

    def finish(self, *, write: bool, count: bool, watch: Watch) -> Tried:
        """Count the use that waited for these names."""
        del count, watch
        if write:
            count_waiting(self._scene.session, now=self._scene.now, today=self._scene.today)
        return Tried()


def _reason(row: ParsedRow, name: str, message: str) -> RowReason:
    return RowReason(row.line, name, message)


def _chain(account: Row[Any]) -> Chain:
    return Chain(account.id, account.event_seq, account.event_hash)
