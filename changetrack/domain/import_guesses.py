"""How a foreign file is probably meant: which field each column fills, and in which form its dates are written."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from changetrack.domain.accounts import attribute_key
from changetrack.domain.cells import date_reader
from changetrack.domain.imports import ATTRIBUTE, CATALOGUES, IGNORE, REJECT_COLUMNS

_OF_AN_ACCOUNT = (
    "account_id", "customer_id", "client_id", "company_id", "crm_id", "account_number", "customer_number",
)  # fmt: skip
_ALSO_CALLED: Mapping[str, Mapping[str, Sequence[str]]] = {
    "accounts": {
        "external_id": (*_OF_AN_ACCOUNT, "id", "uuid"),
        "name": ("account_name", "company_name", "customer_name", "client_name", "company", "customer", "account"),
        "organization": ("organisation", "parent_account", "parent", "group_name"),
        "product": ("product_name",),
        "segment": ("customer_segment", "market_segment"),
        "region": ("country", "territory", "area", "geo"),
        "industry": ("sector", "vertical"),
        "tier": ("plan_tier", "plan", "package", "subscription_tier", "edition"),
        "team": ("team_name", "engagement_team"),
        "owner_email": ("owner", "account_owner", "csm_email", "csm", "account_manager"),
        "started_on": ("signup_date", "sign_up_date", "start_date", "customer_since", "created_on", "created_at"),
        "step": ("claimed_step", "current_step", "stage"),
        "step_entered_on": ("step_since", "entered_on", "stage_entered_on"),
        "annual_value": ("arr", "arr_amount", "acv", "annual_contract_value", "contract_value", "annual_revenue"),
        "currency": ("currency_code",),
        "calendar": ("work_calendar", "working_calendar", "holiday_calendar"),
    },
    "aliases": {
        "external_id": _OF_AN_ACCOUNT,
        "alias": ("subscription_id", "group_id", "crm_id", "other_id", "alias_id"),
    },
    "history": {
        "external_id": _OF_AN_ACCOUNT,
        "step": ("stage", "to_step", "phase"),
        "entered_on": ("step_entered_on", "date", "since", "start_date"),
        "reason": ("note", "comment"),
    },
    "contacts": {
        "external_id": _OF_AN_ACCOUNT,
        "name": ("full_name", "contact_name", "contact"),
        "email": ("email_address", "mail", "contact_email"),
        "title": ("job_title", "position"),
        "function": ("department",),
        "roles": ("decision_path", "path_roles", "decision_roles"),
        "in_coalition": ("coalition",),
        "sponsor": ("is_sponsor", "executive_sponsor"),
        "left_on": ("left", "left_date"),
    },
    "usage": {
        "external_id": (*_OF_AN_ACCOUNT, "group_id", "subscription_id"),
        "metric": ("metric_key", "measure"),
        "day": ("date", "usage_date", "used_on"),
        "value": ("count", "usage_count", "quantity", "number"),
        "event_id": ("message_id",),
        "member": ("user_id",),
    },
    "outcomes": {
        "external_id": _OF_AN_ACCOUNT,
        "statement": ("outcome", "value_statement"),
        "beneficiary": ("beneficiary_name", "contact", "contact_name"),
        "metric": ("metric_key", "measure"),
        "rate": ("worth", "value_per_period"),
        "agreed_on": ("agreement_date",),
        "attested_on": ("attestation_date",),
    },
}

DATE_FORMATS = (
    "yyyy-mm-dd", "dd-mm-yyyy", "mm-dd-yyyy", "dd/mm/yyyy", "mm/dd/yyyy", "dd.mm.yyyy", "yyyy/mm/dd", "yyyymmdd",
    "dd mmm yyyy", "dd-mmm-yyyy", "dd/mm/yy", "mm/dd/yy", "dd.mm.yy",
)  # fmt: skip
"""The forms of a date that are tried and offered, in the words of `domain.cells.date_pattern`."""

_DISTINCT = 1_000
_LIKE_A_DATE = re.compile(r"\d{1,4}([-/. ])(?:\d{1,2}|[A-Za-z]{3})\1\d{2,4}", re.ASCII)
_ENOUGH_LIKE_DATES = 0.9


@dataclass(frozen=True, slots=True)
class DateReading:
    """One form in which dates can be read: how many `of` them `fits`, and what one of them then `means`."""

    form: str
    fits: int
    of: int
    example: str
    means: date


def guess_mapping(kind: str, headers: Sequence[str]) -> dict[str, str]:
    """What each column of a file of `kind` probably is: column → field, `attr:key`, or `-` to leave it out.

    A field is filled once: by the column of its own name, else by one that other systems commonly call so.
    What is left of a file of accounts is kept as attributes.
    """
    targets: dict[str, str] = {}
    for field in CATALOGUES[kind]:
        for word in (field.name, *_ALSO_CALLED[kind].get(field.name, ())):
            column = next((h for h in headers if h not in targets and _bare(h) == _bare(word)), None)
            if column is not None:
                targets[column] = field.name
                break
    taken = {field.name for field in CATALOGUES[kind]}
    for header in headers:
        if header not in targets:
            targets[header] = attribute_for(header, taken) if kind == "accounts" else IGNORE
            taken.add(targets[header].removeprefix(ATTRIBUTE))
    return {header: targets[header] for header in headers}


def attribute_for(header: str, taken: Iterable[str] = ()) -> str:
    """`attr:` and the key under which a column is kept, another than those `taken`; `-` if it can have none."""
    key, names = attribute_key(header), set(taken)
    if not key or key in REJECT_COLUMNS:
        return IGNORE
    free = (key if n == 1 else f"{key[:56]}_{n}" for n in range(1, len(names) + 2))
    return ATTRIBUTE + next(name for name in free if name not in names)


def are_like_dates(texts: Iterable[str]) -> bool:
    """Whether nearly all of these cells look like dates, in whatever form; blank cells say nothing."""
    found = [bool(_LIKE_A_DATE.fullmatch(text.strip())) for text in texts if text.strip()]
    return bool(found) and sum(found) >= _ENOUGH_LIKE_DATES * len(found)


def date_readings(texts: Iterable[str], *, today: date) -> list[DateReading]:
    """The forms in which at least one of these cells is a date that is not in the future; the best comes first.

    The example is the most telling date: one whose day cannot be a month.
    """
    counts = Counter(text.strip() for text in texts if text.strip())
    sample = dict(list(counts.items())[:_DISTINCT])
    readings = [reading for form in DATE_FORMATS if (reading := _reading(form, sample, today)) is not None]
    return sorted(readings, key=lambda reading: -reading.fits)


def guess_date_format(readings: Sequence[DateReading]) -> str | None:
    """The one form that fits best; None where there is none, or where two fit equally well."""
    if not readings or (len(readings) > 1 and readings[0].fits == readings[1].fits):
        return None
    return readings[0].form


def _reading(form: str, sample: Mapping[str, int], today: date) -> DateReading | None:
    read = date_reader(form, today=today)
    fits, best = 0, None
    for text, count in sample.items():
        try:
            day = read(text)
        except ValueError:
            continue
        fits += count
        if best is None or (day.day > 12 and best[1].day <= 12):
            best = (text, day)
    return DateReading(form, fits, sum(sample.values()), *best) if best else None


def _bare(header: str) -> str:
    return attribute_key(header).replace("_", "")
