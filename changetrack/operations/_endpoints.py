"""What all changes of endpoints share: finding and locking them, what is wrong with an address, their history."""

import secrets as random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.history import field_diff
from changetrack.domain.outgoing import Allowed, destination_of, url_reasons
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import NotFound, OperationRefused, Reason
from changetrack.domain.webhook_events import EVENTS, SECRET_BYTES, secret_from
from changetrack.models import Endpoint, Team
from changetrack.operations._audit import record_audit
from changetrack.operations._claims import URL
from changetrack.operations._history import actor_label
from changetrack.operations._seal import seal
from changetrack.operations._transaction import unique_or

SLACK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
TAKEN = Reason("name", "There is another one of that name.")


@dataclass(frozen=True, slots=True)
class Outbound:
    """What the house says about requests of our own: the keys that seal (the present one first), what is allowed."""

    secrets: Sequence[str] = field(repr=False)
    allowed: Allowed = field(default_factory=Allowed)


def locked_endpoint(session: scoped_session[Session], endpoint_id: int, actor: Actor) -> Endpoint:
    """The endpoint, if the actor may change it: administrators any, a person their own, which nobody else sees."""
    row = session.get(Endpoint, endpoint_id, with_for_update=True, populate_existing=True)
    is_own = row is not None and row.user_id is not None and row.user_id == actor.user_id
    if row is None or not (is_own or may(actor, Action.ADMINISTER)):
        raise NotFound("endpoint")
    return row


def new_endpoint(kind: str, name: str, url: str, outbound: Outbound, actor: Actor, now: datetime) -> Endpoint:
    """Return a row that is not yet in the database."""
    row = Endpoint(kind=kind, name=name, created_at=now, created_by=actor_label(actor), events=[])
    move_endpoint(row, url, outbound)
    return row


def add_endpoint(session: scoped_session[Session], row: Endpoint, actor: Actor, now: datetime) -> None:
    """Add the row; its name must be free."""
    session.add(row)
    with unique_or(TAKEN):
        session.flush()
    told = field_diff({}, {**shown_fields(row), "address": row.url_shown})
    record_change(session, row, "endpoint_added", actor, now, told)


def move_endpoint(row: Endpoint, url: str, outbound: Outbound) -> dict[str, list[object]]:
    """Put it at another address; returns what may be told of that."""
    before = row.url_shown
    to = destination_of(url)
    row.url_sealed = seal(url, secret=outbound.secrets[0], purpose=URL)
    row.url_shown = f"{to.shown}/…"[:200]
    return {"address": [before, row.url_shown]}


def start_anew(row: Endpoint) -> None:
    """Forget that it was off, failed, or was to be left alone."""
    row.disabled_at, row.disabled_because, row.failing_since, row.not_before = None, None, None, None


def shown_fields(row: Endpoint) -> dict[str, object]:
    """What of an endpoint may be told."""
    return {"kind": row.kind, "name": row.name, "team_id": row.team_id, "events": list(row.events)}


def record_change(
    session: scoped_session[Session],
    row: Endpoint,
    kind: str,
    actor: Actor,
    now: datetime,
    changes: dict[str, list[object]],
) -> None:
    """Append to the history of an endpoint; `changes` never holds a secret."""
    record_audit(session, subject=f"endpoint:{row.id}", kind=kind, actor=actor, now=now, changes=changes)


def new_secret() -> str:
    """Return a new secret for signing. Source: OWASP ASVS 5.0, 11.5.1."""
    return secret_from(random.token_bytes(SECRET_BYTES))


def in_order(events: Sequence[str]) -> list[str]:
    """Return the events in the order in which we list them."""
    return [event for event in EVENTS if event in events]


def name_reasons(name: str) -> list[Reason]:
    """What is wrong with a name."""
    return [] if name else [Reason("name", "Give it a name.")]


def event_reasons(events: Sequence[str]) -> list[Reason]:
    """What is wrong with the events that a webhook is to hear of."""
    if unknown := [event for event in events if event not in EVENTS]:
        return [Reason("events", f"There is no event “{unknown[0]}”.")]
    return [] if events else [Reason("events", "Choose what it is to hear of.")]


def slack_reasons(url: str, allowed: Allowed, *, is_own: bool = False) -> list[Reason]:
    """What is wrong with the address of a Slack channel; with one of a person's own also what a network allows.

    A network is opened for administrators: nobody else aims requests of ours at what else may stand in it.
    """
    if reasons := url_reasons(url, allowed):
        return reasons
    to = destination_of(url)
    if to.host in SLACK_HOSTS or (allowed.singles_out(to) if is_own else allowed.names(to)):
        return []
    return [Reason("url", "An incoming webhook of Slack begins with https://hooks.slack.com/.")]


def edit_reasons(row: Endpoint, url: str, events: Sequence[str], team_id: int | None, allowed: Allowed) -> list[Reason]:
    """What is wrong with what an endpoint is to become."""
    if row.kind == "webhook":
        return [*event_reasons(events), *(url_reasons(url, allowed) if url else [])]
    is_own = row.user_id is not None
    reasons = [] if is_own or team_id is not None else [Reason("team_id", "Choose the team whose channel it is.")]
    if is_own and team_id is not None:
        reasons.append(Reason("team_id", "It is one person's own, and no team's."))
    return [*reasons, *(slack_reasons(url, allowed, is_own=is_own) if url else [])]


def refuse_unknown_team(session: scoped_session[Session], team_id: int | None) -> None:
    """Refuse a team that there is not."""
    if team_id is not None and session.get(Team, team_id) is None:
        raise OperationRefused([Reason("team_id", "There is no such team.")])
