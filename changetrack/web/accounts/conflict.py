"""When somebody saved an account first: both versions side by side, and a proposal that loses nothing of either."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from changetrack.queries.account_record import AccountRecord
from changetrack.web.accounts.forms import AccountForm, shown_values

_BESIDES = ("csrf_token", "version", "shown")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which what was typed and what stands now differ, in words; `ours`: the typed one is proposed."""

    field: str
    label: str
    opened: str
    now: str
    typed: str
    ours: bool


def remember(record: AccountRecord) -> str:
    """What a page was opened with, as it travels in the form."""
    return json.dumps({name: _plain(value) for name, value in shown_values(record).items()}, ensure_ascii=False)


def reconcile(form: AccountForm, record: AccountRecord) -> list[Difference]:
    """Prepare `form` for saving over `record`: what was typed anew stays, what was not touched follows the other.

    Returns the fields that differ, with both versions.
    """
    opened, now = _opened(form), {name: _plain(value) for name, value in shown_values(record).items()}
    differences = []
    for field in form:
        if field.name in _BESIDES or (typed := _plain(field.data)) == now.get(field.name, ""):
            continue
        ours = typed != opened.get(field.name, "")
        before, after, new = (_words(field, v) for v in (opened.get(field.name, ""), now.get(field.name, ""), typed))
        differences.append(Difference(field.name, field.label.text, before, after, new, ours))
        if not ours:
            field.raw_data = None
            field.data = shown_values(record).get(field.name)
    for name, value in (("version", str(record.version)), ("shown", remember(record))):
        form[name].raw_data = None
        form[name].data = value
    return differences


def _opened(form: AccountForm) -> Mapping[str, str]:
    try:
        found = json.loads(form.shown.data or "{}")
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _plain(value: Any) -> str:
    """A value as a form sends it, so that what is the same compares as the same."""
    return "" if value is None else str(value).replace("\\r\\n", "\\n").strip()


def _words(field: Any, text: str) -> str:
    """A value as people read it: of a choice its words."""
    chosen = {str(choice.value): choice.label for choice in getattr(field, "choices", None) or ()}
    return str(chosen.get(text, text))
