"""Looking again at what tells of many accounts before it is told: lines that are no longer so are left out."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.ladder import COORDINATOR, REMINDER
from changetrack.domain.letters import LISTS, Letter, from_json, to_json, without
from changetrack.domain.parcels import Message
from changetrack.models import Account, Alert, Event, OutboxMessage, User
from changetrack.operations._audience import SEE_ALL, Audience
from changetrack.operations._recheck import reasons_to_drop, was_taken_up

NOTHING_LEFT = "Not told: nothing that it told was still theirs to see to."
_ALERTS, _ACCOUNTS = "/alerts/", "/accounts/"


def look_again(
    session: scoped_session[Session], messages: Sequence[Message]
) -> tuple[Sequence[Message], dict[int, str]]:
    """Return claimed messages as they are told now, and of those that are not told any more why.

    Single ones as `reasons_to_drop` has it, by two statements; of lists, for which there are four more where any is
    among them, what a line tells of has to be so still, and the person's still. Source: DOMAIN section 6.
    """
    reasons = reasons_to_drop(session, {m.id for m in messages})
    lists = {m.id: letter for m in messages if m.id not in reasons and (letter := _list_of(m)) is not None}
    if not lists:
        return messages, reasons
    judge = _Judge(session, [m for m in messages if m.id in lists], lists.values())
    told = []
    for message in messages:
        letter = lists.get(message.id)
        left = without(letter, partial(judge.is_told, message)) if letter is not None else None
        if letter is not None and left is None:
            reasons[message.id] = NOTHING_LEFT
        elif left is not None and left is not letter:
            message = replace(message, payload=to_json(left))
            mine = update(OutboxMessage).where(OutboxMessage.id == message.id)
            session.execute(mine.values(payload=message.payload))
        told.append(message)
    return told, reasons


def _list_of(message: Message) -> Letter | None:
    """What a message lists; None where it is no list, or cannot be read, which is for its sender to find."""
    try:
        return from_json(message.payload) if message.kind in LISTS else None
    except (AttributeError, TypeError, ValueError):
        return None


class _Judge:
    """Says of the lines of lists whether they are so still, and their person's."""

    def __init__(
        self, session: scoped_session[Session], messages: Sequence[Message], letters: Collection[Letter]
    ) -> None:
        paths = {item.path for letter in letters for section in letter.sections for item in section.items if item.path}
        people = {message.user_id for message in messages}
        self._roles = {
            row.id: row.role for row in session.execute(select(User.id, User.role).where(User.id.in_(people)))
        }
        self._alerts = _rows(session, _OF_ALERT.where(Alert.id.in_(_numbers(paths, _ALERTS))))
        self._accounts = _rows(session, _OF_ACCOUNT.where(Account.id.in_(_numbers(paths, _ACCOUNTS))))
        written_at = min(message.created_at for message in messages)
        edited = select(Event.account_id, Event.recorded_at, Event.changes).where(
            Event.account_id.in_(self._accounts), Event.kind == "account_edited", Event.recorded_at >= written_at
        )
        self._edits = defaultdict[int, list[Any]](list)
        for edit in session.execute(edited) if self._accounts else ():
            self._edits[edit.account_id].append(edit)
        self._audience = Audience(session)
        rows = (*self._alerts.values(), *self._accounts.values())
        self._audience.learn_teams({row.team_id for row in rows if row.team_id is not None})

    def is_told(self, message: Message, path: str) -> bool:
        """Whether the line with that page is told; one that leads to no single account or alert is."""
        alert_id, account_id = _number(path, _ALERTS), _number(path, _ACCOUNTS)
        if alert_id is not None:
            return self._still_asks(self._alerts.get(alert_id), message)
        return account_id is None or self._is_theirs(self._accounts.get(account_id), message)

    def _still_asks(self, alert: Any, message: Message) -> bool:
        if alert is None or alert.state == "resolved" or was_taken_up(alert, message.created_at):
            return False
        rungs = (REMINDER, *range(COORDINATOR, alert.rung + 1))
        listeners = (self._audience.on_rung(alert.team_id, alert.owner_id, rung) for rung in rungs)
        return any(one.id == message.user_id for on_rung in listeners for one in on_rung)

    def _is_theirs(self, account: Any, message: Message) -> bool:
        if account is None:
            return False
        sees_all = self._roles.get(message.user_id or 0) in SEE_ALL
        is_seen = sees_all or message.user_id in self._audience.of_team(account.team_id)
        return is_seen and (account.owner_id == message.user_id or not self._was_given_away(account.id, message))

    def _was_given_away(self, account_id: int, message: Message) -> bool:
        """Whether the person owned it until somebody else got it, since the message was written."""
        return any(
            edit.recorded_at >= message.created_at and edit.changes.get("owner_id", [None])[0] == message.user_id
            for edit in self._edits.get(account_id, ())
        )


_OF_ALERT = select(Alert.id, Alert.state, Alert.acknowledged_at, Alert.rung, Account.team_id, Account.owner_id).join(
    Account, Account.id == Alert.account_id
)
_OF_ACCOUNT = select(Account.id, Account.team_id, Account.owner_id)


def _rows(session: scoped_session[Session], query: Any) -> Mapping[int, Any]:
    return {row.id: row for row in session.execute(query)}


def _numbers(paths: Iterable[str], page: str) -> list[int]:
    return sorted({number for path in paths if (number := _number(path, page)) is not None})


def _number(path: str, page: str) -> int | None:
    """Of which alert or account a page is, None if of neither."""
    text = path.removeprefix(page).partition("#")[0].partition("?")[0]
    return int(text) if path.startswith(page) and text.isascii() and text.isdecimal() else None
