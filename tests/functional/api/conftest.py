"""What the tests of the API share: a product with its key, an account, and what is counted of it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.models import ApiToken, Metric, UsageDaily, UsageEvent
from tests.clock import NOW
from tests.factories import make_account, make_metric, make_rule, make_source, make_write_key
from tests.factories._saving import Saver, save

KEY = "wk_the-key-of-the-web-app"
EVENT = "Report Exported"


@dataclass(frozen=True)
class Product:
    """A product whose key is KEY; its EVENT feeds `exports`, `people` and (by `rows`) `exported_rows` of Acme."""

    session: Saver
    source_id: int
    key_id: int

    def states(self) -> dict[str, str]:
        """The state of every event that arrived, by message id."""
        self.session.rollback()
        rows = self.session.execute(select(UsageEvent.message_id, UsageEvent.state))
        return {row.message_id: row.state for row in rows}

    def totals(self) -> dict[str, Decimal]:
        """The sum of all days of each metric."""
        self.session.rollback()
        totals: dict[str, Decimal] = {}
        for row in self.session.execute(
            select(Metric.key, UsageDaily).join(UsageDaily, UsageDaily.metric_id == Metric.id)
        ):
            totals[row.key] = totals.get(row.key, Decimal(0)) + (row.UsageDaily.stated or row.UsageDaily.counted or 0)
        return totals

    def days(self) -> list[str]:
        """The days of which there are numbers."""
        self.session.rollback()
        return sorted({day.isoformat() for day in self.session.scalars(select(UsageDaily.day))})


@pytest.fixture
def product(session: Saver) -> Product:
    """Acme is known as acme."""
    make_account(session, external_id="acme")
    for key, aggregation, property_name in (
        ("exports", "sum", None), ("people", "distinct", None), ("exported_rows", "sum", "rows"),
    ):  # fmt: skip
        make_rule(session, make_metric(session, key, aggregation=aggregation), EVENT, property=property_name)
    source = make_source(session)
    its_key = make_write_key(session, source, hashlib.sha256(KEY.encode()).hexdigest())
    return Product(session, source.id, its_key.id)


@pytest.fixture
def make_token(session: Saver) -> Callable[..., str]:
    """A token for some scopes: `make_token("ingest")`."""

    def make(*scopes: str, **fields: Any) -> str:
        text = f"ct_{'-'.join(scopes)}"
        given: dict[str, Any] = {"name": text, "prefix": text[:12], "scopes": list(scopes), "created_at": NOW}
        given |= {"token_hash": hashlib.sha256(text.encode()).hexdigest(), "created_by": "ada@example.com", **fields}
        save(session, ApiToken(**given))
        return text

    return make
