"""What an address asks of the lists of outcomes and of ledger entries, and their filters said back."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict

from changetrack.domain.cells import EARLIEST
from changetrack.domain.filters import field_label, filter_reasons, is_filter_field, unknown_field
from changetrack.domain.refusal import Reason, refuse_if
from changetrack.domain.value_flows import CAUSES
from changetrack.queries.account_choices import Choices
from changetrack.queries.ledger_list import LedgerFilters
from changetrack.queries.outcome_list import STANDINGS, OutcomeFilters
from changetrack.queries.outcome_words import NAMES
from changetrack.web.filter_menu import words_of
from changetrack.web.formatting import exact_date, with_args
from changetrack.web.value.asked import currency_reasons, month_of
from changetrack.web.value.overview import STATES
from changetrack.web.value.words import MEASURE_WORDS

Args = MultiDict[str, str]
Query = Mapping[str, list[str]]

CAUSE_WORDS = {
    "accrued": "Accrued",
    "corrected": "Corrected",
    "reversed": "Reversed",
    "capped": "Cut by the cap of a group",
    "unconfirmed": "Not confirmed yet",
    "confirmed": "Confirmed",
    "restored": "Confirmed again",
    "recovered": "Recovered",
    "measured": "Measured anew",
    "at_risk": "At risk",
    "unverifiable": "No data",
    "lapsed_use": "Use lapsed",
    "lapsed_attestation": "Attestation ran out",
    "withdrawn": "Withdrawn",
    "disputed": "Disputed",
    "replaced": "Replaced by other terms",
}
CAUSE_SIGNS = {
    "accrued": ("ok", "circle-check"),
    "corrected": ("info", "edit"),
    "reversed": ("bad", "refresh"),
    "confirmed": ("ok", "circle-check"),
    "restored": ("ok", "circle-check"),
    "recovered": ("ok", "trending-up"),
    "at_risk": ("warn", "alert-triangle"),
    "unverifiable": ("warn", "help"),
    "lapsed_use": ("bad", "trending-down"),
    "lapsed_attestation": ("warn", "clock"),
    "disputed": ("bad", "message-2"),
}
_DAYS = ("as_of", "known_at")


def read_outcome_filters(args: Args) -> OutcomeFilters:
    """Read what a list of outcomes is narrowed to. Raises OperationRefused for what cannot be meant."""
    state, detail, currency = (args.get(name, "").strip() for name in ("state", "detail", "currency"))
    fields, reasons = _fields(args, ("state", "detail", "currency", "after"))
    if state and state not in STANDINGS:
        reasons.append(Reason("state", f"There is no state “{state[:40]}”. Use one of: {', '.join(STANDINGS)}."))
    details = {d or "none" for s, known in STANDINGS.items() for d in known if state in ("", s)}
    if detail and detail not in details:
        reasons.append(
            Reason("detail", f"There is no detail “{detail[:40]}”. Use one of: {', '.join(sorted(details))}.")
        )
    refuse_if([*reasons, *currency_reasons(currency)])
    return OutcomeFilters(state=state, detail=detail, currency=currency, fields=fields)


def read_ledger_filters(args: Args) -> LedgerFilters:
    """Read what the ledger is narrowed to. Raises OperationRefused for what cannot be meant."""
    own = ("measure", "cause", "currency", "month", "account", *_DAYS, "after")
    fields, reasons = _fields(args, own)
    measure, currency = args.get("measure", "").strip() or "realized", args.get("currency", "").strip()
    causes = tuple(dict.fromkeys(cause for cause in args.getlist("cause") if cause))
    if measure not in CAUSES:
        reasons.append(Reason("measure", f"There is no figure “{measure[:40]}”. Use one of: {', '.join(CAUSES)}."))
    elif unknown := [cause for cause in causes if cause not in CAUSES[measure]]:
        known = ", ".join(CAUSES[measure])
        reasons.append(Reason("cause", f"Nothing of it has the cause “{unknown[0][:40]}”. Use one of: {known}."))
    month, account = args.get("month", "").strip(), args.get("account", "").strip()
    if month and month_of(month) is None:
        reasons.append(Reason("month", f"“{month[:40]}” is not a month in the form yyyy-mm."))
    if account and not (account.isascii() and account.isdecimal() and len(account) <= 18):
        reasons.append(Reason("account", f"There is no account “{account[:40]}”."))
    days = {name: _day(name, args, reasons) for name in _DAYS}
    refuse_if([*reasons, *currency_reasons(currency)])
    return LedgerFilters(
        measure=measure,
        causes=causes,
        currency=currency,
        month=month_of(month),
        account_id=int(account) if account else None,
        fields=fields,
        **days,
    )


def outcome_chips(filters: OutcomeFilters, query: Query, choices: Choices) -> list[dict[str, str]]:
    """The filters of a list of outcomes, each with the address without it."""
    found = []
    if filters.state or filters.detail:
        name = STATES.get((filters.state, None if filters.detail in ("", "none") else filters.detail))
        said = name or NAMES.get(filters.state) or filters.detail.replace("_", " ").capitalize()
        if filters.state in ("confirmed", "lapsed", "withdrawn") and not filters.detail:
            said += ", however it stands" if filters.state == "confirmed" else ", for whatever reason"
        found.append(_chip("State", said, query, "state", "detail"))
    found += [_chip("Currency", filters.currency, query, "currency")] if filters.currency else []
    return [*found, *_field_chips(filters.fields, query, choices)]


def ledger_chips(filters: LedgerFilters, query: Query, choices: Choices, account: str) -> list[dict[str, str]]:
    """The filters of the ledger, each with the address without it; the measure is chosen, not filtered."""
    found = [("Cause", ", ".join(CAUSE_WORDS[c] for c in filters.causes), "cause")] if filters.causes else []
    found += [("Month", f"{filters.month:%b %Y}", "month")] if filters.month else []
    found += [("Account", account, "account")] if account else []
    found += [("Currency", filters.currency, "currency")] if filters.currency else []
    found += [("As of", exact_date(filters.as_of), "as_of")] if filters.as_of else []
    found += [("As known on", exact_date(filters.known_at), "known_at")] if filters.known_at else []
    chips = [_chip(label, words, query, name) for label, words, name in found]
    return [*chips, *_field_chips(filters.fields, query, choices)]


def state_field(filters: OutcomeFilters) -> dict[str, Any]:
    """The state as a field of the filter menu."""
    options = [(state, name) for (state, detail), name in STATES.items() if detail is None]
    options.insert(4, ("lapsed", "Lapsed"))
    return {"name": "state", "label": "State", "options": options, "value": filters.state}


def cause_field(filters: LedgerFilters) -> dict[str, Any]:
    """The cause as a field of the filter menu."""
    options = [(cause, CAUSE_WORDS[cause]) for cause in CAUSES[filters.measure]]
    return {"name": "cause", "label": "Cause", "options": options, "value": "".join(filters.causes[:1])}


def currency_field(currencies: tuple[str, ...], value: str) -> dict[str, Any]:
    """The currency as a field of the filter menu."""
    return {"name": "currency", "label": "Currency", "options": [(c, c) for c in currencies], "value": value}


def measure_tabs(filters: LedgerFilters, query: Query) -> list[dict[str, Any]]:
    """The measures of the ledger as tabs; a cause belongs to one of them."""
    return [
        {
            "label": words,
            "href": with_args(query, measure=None if key == "realized" else key, cause=None, after=None),
            "current": key == filters.measure,
        }
        for key, words in MEASURE_WORDS.items()
    ]


def _fields(args: Args, own: tuple[str, ...]) -> tuple[dict[str, str], list[Reason]]:
    fields = {name: args[name].strip() for name in args if is_filter_field(name) and args[name].strip()}
    unknown = [name for name in args if name not in own and not is_filter_field(name)]
    reasons = [Reason(name, unknown_field(name)) for name in unknown]
    return fields, [*reasons, *(Reason(*reason) for reason in filter_reasons(fields))]


def _day(name: str, args: Args, reasons: list[Reason]) -> date | None:
    text = args.get(name, "").strip()
    try:
        return max(date.fromisoformat(text), EARLIEST) if text else None
    except ValueError:
        reasons.append(Reason(name, f"“{text[:40]}” is not a date in the form yyyy-mm-dd."))
        return None


def _field_chips(fields: Mapping[str, str], query: Query, choices: Choices) -> list[dict[str, str]]:
    return [_chip(field_label(name), words_of(name, value, choices), query, name) for name, value in fields.items()]


def _chip(label: str, words: str, query: Query, *names: str) -> dict[str, str]:
    return {"label": label, "value": words, "remove": with_args(query, **dict.fromkeys((*names, "after")))}
