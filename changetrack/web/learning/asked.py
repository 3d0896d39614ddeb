"""What an address asks of the list of commitments, said back as tabs, chips and a menu."""

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from changetrack.domain.filters import field_label, filter_reasons, is_filter_field, unknown_field
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Reason, refuse_if
from changetrack.queries.account_choices import Choices
from changetrack.queries.commitments import CommitmentFilters
from changetrack.web.filter_menu import words_of
from changetrack.web.formatting import with_args

Args = MultiDict[str, str]
Query = Mapping[str, list[str]]

WORDS: Mapping[str, Mapping[str, str]] = {
    "whose": {"mine": "Mine", "team": "My teams’"},
    "state": {"open": "Open", "met": "Met", "withdrawn": "Withdrawn"},
    "when": {"overdue": "Overdue", "week": "Within seven days", "later": "Later"},
    "side": {"ours": "Ours", "customer": "The customer’s"},
    "serves": {"outcome": "An outcome", "nothing": "No outcome"},
}
LABELS = {"when": "Due", "side": "Whose word", "serves": "Asked for by", "state": "State"}


def read_filters(args: Args) -> CommitmentFilters:
    """Read what the list is narrowed to. Raises OperationRefused for what cannot be meant."""
    chosen, reasons = {}, []
    for name, known in WORDS.items():
        chosen[name] = args.get(name, "").strip()
        if chosen[name] and chosen[name] not in known:
            reasons.append(Reason(name, f"There is no “{chosen[name][:40]}”. Use one of: {', '.join(known)}."))
    account = args.get("account", "").strip()
    if account and not (account.isascii() and account.isdecimal() and len(account) <= 18):
        reasons.append(Reason("account", f"There is no account “{account[:40]}”."))
    fields = {name: args[name].strip() for name in args if is_filter_field(name) and args[name].strip()}
    own = {*WORDS, "account", "after"}
    reasons += [Reason(name, unknown_field(name)) for name in args if name not in own and not is_filter_field(name)]
    refuse_if([*reasons, *(Reason(*reason) for reason in filter_reasons(fields))])
    return CommitmentFilters(
        whose=chosen["whose"] or ("team" if account else "mine"),
        state=chosen["state"] or "open",
        when=chosen["when"],
        side=chosen["side"],
        serves=chosen["serves"],
        account_id=int(account) if account else None,
        fields=fields,
    )


def tabs_of(filters: CommitmentFilters, query: Query, actor: Actor) -> list[dict[str, Any]]:
    """Mine, and all that the actor may see."""
    theirs = "Everybody’s" if may(actor, Action.SEE_ALL) else "My team’s" if len(actor.teams) == 1 else "My teams’"
    return [
        {"label": label, "href": with_args(query, whose=key, after=None), "current": key == filters.whose}
        for key, label in (("mine", "Mine"), ("team", theirs))
    ]


def chips_of(filters: CommitmentFilters, query: Query, choices: Choices, account: str) -> list[dict[str, str]]:
    """The filters in use, each with the address without it."""
    used = {name: getattr(filters, name) for name in LABELS}
    found = [_chip(LABELS[n], WORDS[n][v], query, n) for n, v in used.items() if v and (n, v) != ("state", "open")]
    if filters.account_id is not None:
        found.append(_chip("Account", account, query, "account"))
    return found + [_chip(field_label(n), words_of(n, v, choices), query, n) for n, v in filters.fields.items()]


def menu_of(filters: CommitmentFilters) -> list[dict[str, Any]]:
    """The filters of commitments as fields of the menu."""
    return [
        {
            "name": name,
            "label": label,
            "options": [pair for pair in WORDS[name].items() if pair != ("open", "Open")],
            "value": "" if getattr(filters, name) == "open" else getattr(filters, name),
        }
        for name, label in LABELS.items()
    ]


def _chip(label: str, words: str, query: Query, name: str) -> dict[str, str]:
    return {"label": label, "value": words, "remove": with_args(query, **{name: None, "after": None})}
