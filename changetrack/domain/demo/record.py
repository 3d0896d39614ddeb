"""The account record of the example: who the customer is, what it is worth, and the row that a file has of it."""

from dataclasses import dataclass
from datetime import date
from math import ceil
from random import Random
from typing import Any, ClassVar

from changetrack.domain.demo.deeds import Person
from changetrack.domain.demo.gains import WORK
from changetrack.domain.demo.house import PEOPLE
from changetrack.domain.demo.organizations import Organization
from changetrack.domain.demo.products import Product
from changetrack.domain.demo.tales import Tale

_OURS = {person.key: person for person in PEOPLE}
_SIZES = (("Mid-market", "Standard", 12, 40), ("Enterprise", "Plus", 45, 140), ("Enterprise", "Premier", 150, 420))
"""Segment, tier, and worth a year in thousands from and to."""

_EVERYDAY = 0.6  # of those who are to use it: so many in a week are enough
_FULL = 0.75  # of what all of them can do in a week is enough
_RETURN = 1.6  # what it is to bring, for one that is paid
_ROUND = 5_000  # minor units


@dataclass(frozen=True, slots=True)
class Record:
    """One account as it is on record from the first day."""

    HEADERS: ClassVar = (
        "external_id", "name", "organization", "product", "segment", "region", "industry", "tier", "team",
        "owner_email", "started_on", "annual_value", "currency", "planned_users", "Sold by",
    )  # fmt: skip

    external_id: str
    tale: Tale
    name: str
    organization: Organization
    product: Product
    segment: str
    tier: str
    thousands: int
    sold_by: str
    users: int

    @property
    def owner(self) -> Person:
        """Whose it is."""
        return _OURS[self.tale.owner]

    @property
    def rate(self) -> int:
        """What a week in which it is used is worth to the customer, in minor units."""
        return max(1, round(self.thousands * 100_000 * _RETURN / 52 / _ROUND)) * _ROUND

    def enough(self, metric: str | None) -> int:
        """How much of that metric a week is enough; None for the product's own."""
        if metric is not None:
            return ceil(self.users * _EVERYDAY)
        return round(self.users * _FULL * WORK[self.product.name].a_week)

    def fields(self) -> dict[str, Any]:
        """The record in its own fields, but for team, owner and start; money in minor units."""
        return {
            "external_id": self.external_id,
            "name": self.name,
            "organization": self.organization.name,
            "product": self.product.name,
            "segment": self.segment,
            "region": self.organization.region,
            "industry": self.organization.industry,
            "tier": self.tier,
            "annual_value": self.thousands * 100_000,
            "currency": self.organization.currency,
            "planned_users": self.users,
            "attributes": {"sold_by": self.sold_by},
        }

    def row(self, started_on: date) -> tuple[str, ...]:
        """The record as a row of a file with these HEADERS."""
        return (
            self.external_id, self.name, self.organization.name, self.product.name, self.segment,
            self.organization.region, self.organization.industry, self.tier, self.owner.team or "", self.owner.email,
            started_on.isoformat(), f"{self.thousands * 1000}", self.organization.currency, f"{self.users}",
            self.sold_by,
        )  # fmt: skip


def make_record(
    external_id: str, tale: Tale, organization: Organization, product: Product, *, is_second: bool, chance: Random
) -> Record:
    """The record of an account; of a customer's second product the name says which it is."""
    segment, tier, least, most = chance.choice(_SIZES)
    if organization.industry in ("Utilities", "Health care") and chance.random() < 0.5:
        segment = "Public sector"
    return Record(
        external_id=external_id,
        tale=tale,
        name=f"{organization.name}, {product.name}" if is_second else organization.name,
        organization=organization,
        product=product,
        segment=segment,
        tier=tier,
        thousands=chance.randrange(least, most),
        sold_by=chance.choice(("Own sales", "Own sales", "Partner", "Renewal desk")),
        users=chance.randrange(8, 21),
    )
