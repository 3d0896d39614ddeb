"""What an address asks of the pages of value, and the addresses that go on from there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from flask import url_for
from werkzeug.datastructures import MultiDict

from changetrack.domain.filters import NO_VALUE, field_label
from changetrack.domain.money import CURRENCIES
from changetrack.domain.refusal import Reason, refuse_if
from changetrack.queries.account_choices import Choices
from changetrack.web.filter_menu import words_of
from changetrack.web.funnel.asked import Asked as Picture
from changetrack.web.funnel.asked import read_asked as read_picture

SPANS = {12: "12 months", 24: "24 months", 36: "36 months"}
USUAL_SPAN = 12
OWN_WORDS = ("currency", "months")
_NOT_OURS = ("period", "by")  # of the funnel, whose dates and filters are the same

Args = MultiDict[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for: `picture` holds dates and filters, `currency` is '' for the first there is."""

    picture: Picture
    currency: str
    months: int

    @property
    def query(self) -> dict[str, str]:
        """The arguments of the address in one form."""
        own = {"currency": self.currency, "months": "" if self.months == USUAL_SPAN else str(self.months)}
        return {**self.picture.query, **{name: value for name, value in own.items() if value}}

    @property
    def team_id(self) -> int | None:
        """The team that is asked for, 0 for none of them; None where no team is."""
        value = self.picture.filters.get("team")
        return None if value is None else 0 if value == NO_VALUE else int(value)

    def page(self, endpoint: str, **changes: str | None) -> str:
        """The address of a page of value that asks the same, but for `changes`; None takes one away."""
        return _address(endpoint, {**self.query, **changes})

    def ledger(self, currency: str, **more: str) -> str:
        """The address of the entries that a figure of this currency is made of."""
        return _address("value.ledger", {**self._dates, **self.picture.filters, "currency": currency, **more})

    def outcomes(self, currency: str = "", **more: str) -> str:
        """The address of the list of the outcomes of these accounts."""
        return _address("value.outcomes", {**self.picture.filters, "currency": currency, **more})

    @property
    def _dates(self) -> dict[str, str]:
        return {name: day for name, day in self.picture.query.items() if name in ("as_of", "known_at")}


def read_asked(args: Args) -> Asked:
    """Read an address. Raises OperationRefused with all that it cannot mean."""
    picture = read_picture(args, also=(*OWN_WORDS, *_NOT_OURS))
    currency, months = args.get("currency", "").strip().upper(), args.get("months", "").strip() or str(USUAL_SPAN)
    refuse_if(currency_reasons(currency))
    known = {str(span): span for span in SPANS}
    refuse_if([] if months in known else [Reason("months", f"Use one of: {', '.join(known)} months.")])
    return Asked(picture, currency, known[months])


def currency_reasons(currency: str) -> list[Reason]:
    """What is wrong with a currency in an address; nothing with none."""
    if not currency or currency in CURRENCIES:
        return []
    return [Reason("currency", f"“{currency[:40]}” is not a currency; write its three-letter code, such as EUR.")]


def month_of(text: str) -> date | None:
    """The first day of a month written as 2026-03; None for anything else."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None


def end_of_month(start: date) -> date:
    """The last day of the month that begins on `start`."""
    return (start + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def filter_chips(asked: Asked, choices: Choices) -> list[dict[str, str]]:
    """The filters in use, each with the address of the page without it; of the past they mean accounts of today."""
    today = " today" if asked.picture.is_past else ""
    return [
        {
            "label": field_label(name) + today,
            "value": words_of(name, value, choices),
            "remove": asked.page("value.index", **{name: None}),
        }
        for name, value in asked.picture.filters.items()
    ]


def _address(endpoint: str, query: Mapping[str, str | None]) -> str:
    said = urlencode({name: value for name, value in query.items() if value})
    return url_for(endpoint) + (f"?{said}" if said else "")
