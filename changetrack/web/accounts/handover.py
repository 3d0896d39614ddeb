"""Handing many accounts over at once: each by itself, so that one refusal does not stop the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, StaleVersion
from changetrack.operations.accounts import edit_account
from changetrack.queries.accounts import AccountRow
from changetrack.web.platform import acting


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one account; `trouble` is empty where it was handed over."""

    account_id: int
    name: str
    trouble: str = ""


def hand_over(rows: Sequence[AccountRow], changes: Mapping[str, Any]) -> list[Outcome]:
    """Give each account its new team and owner."""
    return [Outcome(row.id, row.name, _try(row, changes)) for row in rows]


def _try(row: AccountRow, changes: Mapping[str, Any]) -> str:
    try:
        edit_account(account_id=row.id, record=changes, version=row.version, **acting())
    except NotFound:
        return "It is no longer among your accounts."
    except StaleVersion:
        return "Somebody edited it at the same moment. Hand it over again."
    except (OperationRefused, Forbidden) as refusal:
        return str(refusal)
    return ""
