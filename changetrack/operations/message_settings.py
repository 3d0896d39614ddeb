"""What is done about a person's own messages: choosing kinds, channels and hours, and trying an address again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.history import field_diff
from changetrack.domain.letters import to_json
from changetrack.domain.message_choices import CHANNELS, DEFAULT_QUIET_DAYS, settings_reasons
from changetrack.domain.other_letters import trial_letter
from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, Reason, StaleVersion, refuse_if
from changetrack.models import Endpoint, MessageSettings, OutboxMessage, User
from changetrack.operations._audit import record_audit
from changetrack.operations._time_zones import is_time_zone
from changetrack.operations._transaction import transaction, unique_or
from changetrack.operations._tries import count_answer, count_guess
from changetrack.queries.message_settings import choosable_kind, whole_choices

_NAMES = ("timezone", "digest_hour", "digest_weekday", "quiet_days", "choices")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person chose; `choices` has channels for each kind, `quiet_days` is seven of 0 and 1 from Monday."""

    timezone: str | None
    digest_hour: int | None
    digest_weekday: int | None
    quiet_days: str
    choices: Mapping[str, Sequence[str]]


def save_message_settings(*, chosen: Chosen, version: int, actor: Actor, now: datetime) -> None:
    """Save what the actor wants to hear; `version` is the one that was shown, 0 for who had chosen nothing yet.

    Raises OperationRefused with all that is wrong, StaleVersion with both versions if another tab saved first.
    """
    refuse_if(settings_reasons(**asdict(chosen), is_zone=is_time_zone))
    with transaction() as session:
        user, row = _own_row(session, actor)
        before, after = _values(row), {**asdict(chosen), "choices": _listed(chosen.choices)}
        if row.version != version:
            raise StaleVersion(current=before | {"version": row.version}, typed=after)
        if changes := field_diff(before, after):
            _change(session, row, after)
            _record(session, user, changes, actor, now)


def use_email_again(*, actor: Actor, now: datetime) -> None:
    """Send e-mails to the actor's address again, though a mail server had refused it for good."""
    with transaction() as session:
        user, row = _own_row(session, actor)
        if row.email_failed_at is not None:
            changes = field_diff({"email_failed_at": row.email_failed_at.date().isoformat()}, {"email_failed_at": None})
            _change(session, row, {"email_failed_at": None, "email_error": None})
            _record(session, user, changes, actor, now)


def set_email_of_kind(*, user_id: int, kind: str, is_on: bool, address: str, actor: Actor, now: datetime) -> None:
    """Send, or send no more, one kind of message to a person by e-mail, as the address in each such e-mail allows.

    Doing it twice is the same as once. Raises NotFound for a person or kind there is not, TooManyTries.
    Source: RFC 8058 (one-click).
    """
    chosen_as = choosable_kind(kind)
    if chosen_as is None:
        raise NotFound("kind of message")
    count_answer(f"unsubscribe-{user_id}", address, now)
    with transaction() as session:
        user, row = _row_of(session, user_id)
        before = whole_choices(row.choices or {})
        channels = [channel for channel in before[chosen_as.key] if channel != "email"]
        after = _listed(before | {chosen_as.key: [*channels, "email"] if is_on else channels})
        if changes := field_diff({"choices": _listed(before)}, {"choices": after}):
            _change(session, row, {"choices": after})
            _record(session, user, changes, actor, now)


def send_test_message(*, channel: str, path: str, actor: Actor, now: datetime) -> None:
    """Send the actor a message by that channel, to see that it arrives; `path` is the page of their settings.

    Raises OperationRefused for an unknown channel, for Slack without a channel of theirs, and for a second message
    by it within a minute.
    """
    refuse_if([] if channel in CHANNELS else [Reason("channel", "There is no such channel.")])
    with transaction() as session:
        user, _ = _own_row(session, actor)
        letter = trial_letter(who=user.name, asked_by="You", path=path)
        row = OutboxMessage(channel=channel, kind=letter.kind, user_id=user.id, payload=to_json(letter))
        row.key, row.created_at, row.due_at = f"test:{user.id}:{channel}:{now:%Y%m%d%H%M}", now, now
        row.endpoint_id = _slack_of(session, actor) if channel == "slack" else None
        session.add(row)
        with unique_or(Reason(None, "You asked for one a moment ago. Wait a minute, then ask for another.")):
            session.flush()


def _slack_of(session: scoped_session[Session], actor: Actor) -> int:
    """The actor's own channel, else their team's."""
    is_theirs = or_(Endpoint.user_id == actor.user_id, Endpoint.team_id.in_(actor.teams))
    theirs = select(Endpoint.id).where(Endpoint.kind == "slack", Endpoint.disabled_at.is_(None), is_theirs)
    found = session.scalars(theirs.order_by(Endpoint.user_id.is_(None), Endpoint.id).limit(1)).first()
    if found is None:
        raise OperationRefused([Reason("channel", "Add the address of a Slack channel first.")])
    return found


def count_wrong_address(*, address: str, actor: Actor, now: datetime) -> None:
    """Note that the address for ending e-mails was a wrong one. Raises TooManyTries for who tries many."""
    del actor  # nobody whom we know
    count_guess(address, now)


def _own_row(session: scoped_session[Session], actor: Actor) -> tuple[User, MessageSettings]:
    if actor.user_id is None:
        raise Forbidden("Only persons hear of things.")
    return _row_of(session, actor.user_id)


def _row_of(session: scoped_session[Session], user_id: int) -> tuple[User, MessageSettings]:
    """The person, locked, and their row: one with version 0, not yet kept, for who chose nothing."""
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound("person")
    row = session.get(MessageSettings, user_id, populate_existing=True)
    if row is None:
        row = MessageSettings(user_id=user_id, digest_hour=8, digest_weekday=0, choices={}, version=0)
        row.quiet_days = DEFAULT_QUIET_DAYS
    return user, row


def _change(session: scoped_session[Session], row: MessageSettings, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    session.add(row)


def _values(row: MessageSettings) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _NAMES} | {"choices": _listed(whole_choices(row.choices or {}))}


def _listed(choices: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    return {kind: list(channels) for kind, channels in whole_choices(choices).items()}


def _record(
    session: scoped_session[Session], user: User, changes: Mapping[str, object], actor: Actor, now: datetime
) -> None:
    """The history tells only that it changed: of each kind its channels."""
    record_audit(
        session, subject=f"user:{user.id}", kind="messages_chosen", actor=actor, now=now, changes=_told(changes)
    )


def _told(changes: Mapping[str, Any]) -> dict[str, list[object]]:
    told = {name: value for name, value in changes.items() if name != "choices"}
    if "choices" in changes:
        before, after = changes["choices"]
        told |= {kind: [before[kind], after[kind]] for kind in after if before[kind] != after[kind]}
    return told
