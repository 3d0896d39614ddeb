"""Many accounts at once, with the summaries that go with them: lists are planned by those."""

import random
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from changetrack.domain.names import name_key
from changetrack.models import Account
from changetrack.operations._cells import FunnelTally
from changetrack.operations._dossier import cell_state
from tests.clock import NOW, TODAY
from tests.factories._saving import Saver, number

STATUS_BY_PLACE = {0: "not_opened", 9: "anchored", 10: "held", 11: "closed"}


def make_accounts(session: Saver, records: Iterable[dict[str, Any]]) -> list[Account]:
    """Accounts with these fields, counted in the funnel's cells; `place` places one, at step 3 when off its way."""
    tally, rows = FunnelTally(), []
    for record in records:
        row = _whole(record)
        tally.count(None, cell_state(Account(**{"value": {}, **row})))
        rows.append(row)
    if rows:
        session.execute(insert(Account), rows)
        tally.flush(session)
        session.commit()
    ids = {row["external_id"] for row in rows}
    return [a for a in session.query(Account).order_by(Account.id) if a.external_id in ids]


def random_records(
    seed: int, count: int, teams: Sequence[int | None], owners: Sequence[int | None]
) -> list[dict[str, Any]]:
    """Fields in every combination, with many equal sort keys: few names, few dates, empty values too."""
    draw = random.Random(seed)
    records = []
    for _ in range(count):
        place = draw.randrange(12)
        step = place if place < 10 else draw.randrange(1, 9)
        records.append({
            "name": draw.choice(["Acme", "acme", "Bolt", "Crane 10%", "Ärger_", "Zeta"]),
            "place": place, "claimed_step": step, "supported_step": draw.randint(0, step),
            "stale": 0 < place < 10 and draw.random() < 0.4,
            "step_entered_on": TODAY - timedelta(days=draw.randrange(4)),
            "team_id": draw.choice(teams), "owner_id": draw.choice(owners),
            "organization": draw.choice([None, "Acme Group", "Bolt"]), "product": draw.choice(["Core", "Plus"]),
            "segment": draw.choice([None, "", "Small", "Large"]), "region": draw.choice([None, "North"]),
            "industry": draw.choice(["Steel", "Milk"]), "tier": draw.choice([None, "A", "B"]),
            "attributes": draw.choice([{}, {"size": "12"}, {"size": "40"}]),
        })  # fmt: skip
    return records


def _whole(record: dict[str, Any]) -> dict[str, Any]:
    n = number()
    place = record.get("place", record.get("claimed_step", 0))
    row: dict[str, Any] = {"external_id": f"P-{n:06}", "name": f"Account {n}", "place": place}
    row |= dict.fromkeys(("step_entered_on", "progress_on", "standing_on"), TODAY)
    row |= {"claimed_step": place if place < 10 else 3, "supported_step": 0, "team_id": None, "owner_id": None}
    row |= {"organization": None, "product": None, "segment": None, "region": None, "industry": None, "tier": None}
    row |= {"annual_value": None, "currency": None, "stale": False, "severity": None, "review_on": None}
    row |= {"attributes": {}, "event_hash": "0" * 64, "created_at": NOW, "updated_at": NOW, **record}
    row["status"] = STATUS_BY_PLACE.get(row["place"], "active")
    row.setdefault("name_key", name_key(row["name"]))
    return row
