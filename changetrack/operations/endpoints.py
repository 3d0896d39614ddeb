"""What is done about endpoints, where messages go that are not for a mailbox: webhooks of programs, Slack channels."""

import secrets as random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from changetrack.domain.history import field_diff
from changetrack.domain.letters import one_line, to_json
from changetrack.domain.other_letters import trial_letter
from changetrack.domain.outgoing import url_reasons
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, OperationRefused, Reason, StaleVersion, refuse_if
from changetrack.models import Endpoint, OutboxMessage, User
from changetrack.operations._claims import SECRET
from changetrack.operations._endpoints import (
    TAKEN,
    add_endpoint,
    edit_reasons,
    event_reasons,
    in_order,
    locked_endpoint,
    move_endpoint,
    name_reasons,
    new_endpoint,
    new_secret,
    record_change,
    refuse_unknown_team,
    shown_fields,
    slack_reasons,
    start_anew,
)
from changetrack.operations._endpoints import Outbound as Outbound
from changetrack.operations._history import actor_label
from changetrack.operations._own_password import own_password_reasons
from changetrack.operations._seal import seal
from changetrack.operations._transaction import transaction, unique_or

NAME_MAX = 120
OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Signed:
    """A webhook with its new secret, which is shown once, to whoever asked for it."""

    endpoint_id: int
    secret: str = field(repr=False)


def create_webhook(
    *,
    name: str,
    url: str,
    events: Sequence[str],
    team_id: int | None,
    outbound: Outbound,
    actor: Actor,
    now: datetime,
    password: str = "",
    address: str = "",
) -> Signed:
    """Let a program hear of `events`, of one team's accounts or, without a team, of all; returns its secret.

    A person gives their own `password` again, tries from `address` are counted. Raises Forbidden, TooManyTries, and
    OperationRefused with all reasons: for the name, the URL, the events, the team, the password.
    """
    _require_administrator(actor)
    name, url = one_line(name, NAME_MAX), url.strip()
    reasons = [*name_reasons(name), *url_reasons(url, outbound.allowed), *event_reasons(events)]
    refuse_if([*reasons, *own_password_reasons(actor, password, address, now)])
    secret = new_secret()
    with transaction() as session:
        refuse_unknown_team(session, team_id)
        row = new_endpoint("webhook", name, url, outbound, actor, now)
        row.team_id, row.events = team_id, in_order(events)
        row.secret_sealed = seal(secret, secret=outbound.secrets[0], purpose=SECRET)
        add_endpoint(session, row, actor, now)
        return Signed(row.id, secret)


def create_slack(*, name: str, url: str, team_id: int | None, outbound: Outbound, actor: Actor, now: datetime) -> int:
    """Let a team hear in a Slack channel, by its incoming webhook; returns the endpoint's id.

    Raises Forbidden, and OperationRefused with all reasons.
    """
    _require_administrator(actor)
    name, url = one_line(name, NAME_MAX), url.strip()
    without = [] if team_id is not None else [Reason("team_id", "Choose the team whose channel it is.")]
    refuse_if([*name_reasons(name), *slack_reasons(url, outbound.allowed), *without])
    with transaction() as session:
        refuse_unknown_team(session, team_id)
        row = new_endpoint("slack", name, url, outbound, actor, now)
        row.team_id = team_id
        add_endpoint(session, row, actor, now)
        return row.id


def use_own_slack(*, url: str, outbound: Outbound, actor: Actor, now: datetime) -> int:
    """Let the actor hear in a Slack channel of their own; another address takes the place of the one before.

    Returns the endpoint's id. Raises Forbidden for who is no user, and OperationRefused.
    """
    if actor.user_id is None:
        raise Forbidden("Only persons hear of things.")
    url = url.strip()
    refuse_if(slack_reasons(url, outbound.allowed, is_own=True))
    with transaction() as session:
        user = session.get_one(User, actor.user_id, with_for_update=True)
        own = select(Endpoint).where(Endpoint.kind == "slack", Endpoint.user_id == user.id)
        row = session.scalars(own.with_for_update()).first()
        if row is None:
            row = new_endpoint("slack", one_line(f"Slack of {user.email}", NAME_MAX), url, outbound, actor, now)
            row.user_id = user.id
            add_endpoint(session, row, actor, now)
            return row.id
        changes = move_endpoint(row, url, outbound)
        start_anew(row)
        row.version += 1
        record_change(session, row, "endpoint_edited", actor, now, changes)
        return row.id


def edit_endpoint(
    *,
    endpoint_id: int,
    version: int,
    name: str,
    url: str,
    events: Sequence[str] = (),
    team_id: int | None = None,
    outbound: Outbound,
    actor: Actor,
    now: datetime,
) -> None:
    """Change what an endpoint is called, where it is (an empty `url` keeps the address), and of what it hears.

    Raises NotFound, Forbidden, StaleVersion, and OperationRefused with all reasons.
    """
    name, url = one_line(name, NAME_MAX), url.strip()
    with transaction() as session:
        row = locked_endpoint(session, endpoint_id, actor)
        before = shown_fields(row)
        after = {"name": name, "events": in_order(events), "team_id": team_id}
        if row.version != version:
            raise StaleVersion(current={**before, "version": row.version}, typed={**before, **after})
        refuse_if([*name_reasons(name), *edit_reasons(row, url, events, team_id, outbound.allowed)])
        refuse_unknown_team(session, team_id)
        row.name, row.events, row.team_id = name, in_order(events), team_id
        changes = field_diff(before, shown_fields(row)) | (move_endpoint(row, url, outbound) if url else {})
        if changes:
            row.version += 1
            with unique_or(TAKEN):
                session.flush()
            record_change(session, row, "endpoint_edited", actor, now, changes)


def disable_endpoint(*, endpoint_id: int, actor: Actor, now: datetime) -> None:
    """Send nothing there any more: what waits for it is given up, and can be sent again. Twice is the same as once.

    Raises NotFound, Forbidden.
    """
    with transaction() as session:
        row = locked_endpoint(session, endpoint_id, actor)
        if row.disabled_at is None:
            row.disabled_at, row.disabled_because = now, f"Switched off by {actor_label(actor)}."
            row.version += 1
            record_change(session, row, "endpoint_disabled", actor, now, {})


def enable_endpoint(*, endpoint_id: int, actor: Actor, now: datetime) -> None:
    """Send there again, from the next message on; twice is the same as once. Raises NotFound, Forbidden."""
    with transaction() as session:
        row = locked_endpoint(session, endpoint_id, actor)
        if row.disabled_at is not None:
            start_anew(row)
            row.version += 1
            record_change(session, row, "endpoint_enabled", actor, now, {})


def rotate_secret(
    *,
    endpoint_id: int,
    outbound: Outbound,
    actor: Actor,
    now: datetime,
    overlap: timedelta = OVERLAP,
    password: str = "",
    address: str = "",
) -> Signed:
    """Give a webhook a new secret; for the time of `overlap` what is sent is signed with the former one, too.

    A person gives their own `password` again, tries from `address` are counted. Raises NotFound, TooManyTries, and
    OperationRefused for Slack, which has no secret, for an overlap beyond thirty days, and for a wrong password.
    """
    is_long = not timedelta() <= overlap <= LONGEST_OVERLAP
    reasons = [Reason("overlap", "Both secrets hold for thirty days at most.")] if is_long else []
    refuse_if([*reasons, *own_password_reasons(actor, password, address, now)])
    secret = new_secret()
    with transaction() as session:
        row = locked_endpoint(session, endpoint_id, actor)
        if row.kind != "webhook":
            raise OperationRefused([Reason(None, "Slack's address is its own secret: make another one there.")])
        row.former_secret_sealed, row.former_until = row.secret_sealed, now + overlap
        row.secret_sealed = seal(secret, secret=outbound.secrets[0], purpose=SECRET)
        row.version += 1
        record_change(
            session, row, "secret_rotated", actor, now, {"former_until": [None, row.former_until.isoformat()]}
        )
        return Signed(row.id, secret)


def test_endpoint(*, endpoint_id: int, path: str, actor: Actor, now: datetime) -> int:
    """Send a test message to an endpoint; returns its id in the outbox, where its tries are seen.

    `path` is the page of its settings. Raises NotFound, Forbidden, and OperationRefused while it is switched off.
    """
    with transaction() as session:
        row = locked_endpoint(session, endpoint_id, actor)
        if row.disabled_at is not None:
            raise OperationRefused([Reason(None, f"{row.name} is switched off. Switch it on first.")])
        message = OutboxMessage(channel=row.kind, kind="test", endpoint_id=row.id, created_at=now, due_at=now)
        message.key = f"test:{row.id}:{now:%Y%m%dT%H%M%S.%f}:{random.token_hex(4)}"
        message.payload = to_json(trial_letter(who=row.name, asked_by=actor.name, path=path))
        if row.kind == "webhook":
            said = {"endpoint": row.name, "asked_by": actor.name}
            message.payload = {"type": "test", "timestamp": f"{now:%Y-%m-%dT%H:%M:%SZ}", "data": said}
        session.add(message)
        session.flush()
        record_change(session, row, "endpoint_tested", actor, now, {})
        return message.id


def _require_administrator(actor: Actor) -> None:
    if not may(actor, Action.ADMINISTER):
        raise Forbidden("Only an administrator adds endpoints of teams and of the house.")
