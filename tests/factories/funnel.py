"""Standings and the summaries of them."""

from typing import Any

from changetrack.models import Account, FunnelCell, FunnelSnapshot, MovementCell, Standing
from tests.clock import NOW, TODAY
from tests.factories._saving import Saver, next_seq, save


def make_standing(session: Saver, account: Account, **fields: Any) -> Standing:
    """Where the account stands from today, by what its row says."""
    given = {"account_id": account.id, "seq": next_seq(session, Standing, account.id), "effective_on": TODAY}
    given |= {"recorded_at": NOW, "visit_seq": account.visit_seq, "place": account.place}
    given |= {"step": account.claimed_step, "supported_step": account.supported_step, "stale": account.stale}
    return save(session, Standing(**{**given, "team_id": account.team_id, **fields}))


def make_cell(session: Saver, **fields: Any) -> FunnelCell:
    """One account at step 1, of all."""
    return save(session, FunnelCell(**{"field": "", "value": "", "shard": 0, "place": 1, "accounts": 1, **fields}))


def make_movement(session: Saver, **fields: Any) -> MovementCell:
    """One account that entered step 1 today."""
    return save(session, MovementCell(**{"day": TODAY, "shard": 0, "place": 1, "entered": 1, **fields}))


def make_snapshot(session: Saver, **fields: Any) -> FunnelSnapshot:
    """One account at step 1 at the end of today, of all."""
    given: dict[str, Any] = {"day": TODAY, "field": "", "value": "", "place": 1}
    return save(session, FunnelSnapshot(**{**given, "accounts": 1, "unsupported": 0, "stale": 0, **fields}))
