"""Tables of the customer's people: contacts with their part in the decision path and the coalition."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from changetrack.models._base import Id, Model


class Contact(Model):
    """A named person at the customer. Contacts live and are reached by their account."""

    __tablename__ = "contacts"
    __table_args__ = (Index("uq_contacts_account_id_email", "account_id", "email", unique=True),)

    account_id: Mapped[int] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(254))
    title: Mapped[str | None] = mapped_column(String(120))
    function: Mapped[str | None] = mapped_column(String(120))
    path_roles: Mapped[list[Any]] = mapped_column(default=list)
    powers: Mapped[list[Any]] = mapped_column(default=list)
    in_coalition: Mapped[bool] = mapped_column(default=False)
    is_sponsor: Mapped[bool] = mapped_column(default=False)
    left_on: Mapped[date | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
