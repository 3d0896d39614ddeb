"""The night's operations: sweeping what is due, climbing the ladder, letting go of what was held back for its end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from changetrack.domain.people import Action, Actor
from changetrack.models import Account, Alert, OutboxMessage
from changetrack.operations._audience import Audience
from changetrack.operations._audience import Reach as Reach
from changetrack.operations._cap import HELD_COLUMNS, let_go, release
from changetrack.operations._dossier import open_dossier
from changetrack.operations._night import Swept as Swept
from changetrack.operations._night import sweep
from changetrack.operations._night_ladder import climb, told_before
from changetrack.operations._night_page import open_page
from changetrack.operations._origins import came_by_file
from changetrack.operations._people_use import look_at_use
from changetrack.operations._rulebook import load_rulebook
from changetrack.operations._transaction import transaction
from changetrack.queries.keyset import beyond

PERSONS = 20  # whose messages are let go at a time

Place = tuple[date, int]
"""Where a page of what is due ended: the day since when it is due, and its number."""


@dataclass(frozen=True, slots=True)
class SweptPage:
    """What the night did to a page of accounts, by account.

    `last` is where the page ended, None if nothing was due any more.
    """

    swept: Mapping[int, Swept] = field(default_factory=dict)
    last: Place | None = None


def sweep_account(
    *,
    account_id: int,
    actor: Actor,
    now: datetime,
    today: date,
    secret: str | None = None,
    reach: Reach | None = None,
) -> Swept:
    """Settle one account as it is on `today`: evidence that ended, staleness, its alert, and its next due day.

    With the `secret` that hashes who uses the product, the points that counted use proves are looked at, too.
    Messages go by the channels of `reach`. Sweeping again the same day changes nothing. What was so already when a
    file brought the account in is listed, but nobody is told. Raises NotFound. Source: DOMAIN section 6.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today, reach=reach)
        account = dossier.account
        if account.due_on is None or account.due_on > today:
            return Swept()  # another run was here first
        if today < account.standing_on:
            return Swept(is_ahead=True)
        look_at_use([dossier], secret)
        zone = dossier.audience.reach.zone
        return sweep(dossier, lambda of: came_by_file(session, [of.account.id], zone).get(of.account.id))


def sweep_page(
    *,
    after: Place | None,
    limit: int,
    actor: Actor,
    now: datetime,
    today: date,
    secret: str | None = None,
    reach: Reach | None = None,
) -> SweptPage:
    """Settle up to `limit` accounts that are due, as `sweep_account` does each of them, in one transaction.

    The longest due come first, those after the place `after`; what somebody else is at is passed over. Alerts and the
    messages about them are written together or not at all.
    """
    order: list[Any] = [Account.due_on, Account.id]
    due = [Account.due_on <= today, *([beyond(order, after, descending=False)] if after else [])]
    with transaction() as session, session.no_autoflush:
        page = open_page(session, due, order=order, limit=limit, actor=actor, now=now, today=today, reach=reach)
        if not page.dossiers:
            return SweptPage()
        last = page.dossiers[-1].account
        place = (last.due_on or today, last.id)
        touched = [dossier for dossier in page.dossiers if today >= dossier.account.standing_on]
        look_at_use(touched, secret)
        swept = dict.fromkeys((dossier.account.id for dossier in page.dossiers), Swept(is_ahead=True))
        swept.update({dossier.account.id: sweep(dossier, page.came_by_file) for dossier in touched})
        page.write(touched)
        return SweptPage(swept, place)


def climb_ladder(
    *, after: Place | None, limit: int, actor: Actor, now: datetime, today: date, reach: Reach | None = None
) -> tuple[int, Place | None]:
    """Let up to `limit` alerts that nobody took up climb to the highest rung that is due, and tell who is on it.

    Rungs that were missed are not told. Returns how many climbed, and the place where the page ended, None when
    nothing was due any more. Doing it again the same day changes nothing. Source: DOMAIN section 6 (ladder).
    """
    order: list[Any] = [Alert.rung_due_on, Alert.id]
    due = [Alert.rung_due_on <= today, *([beyond(order, after, descending=False)] if after else [])]
    with transaction() as session, session.no_autoflush:
        rows = session.execute(select(*order, Alert.account_id).where(*due).order_by(*order).limit(limit)).all()
        if not rows:
            return 0, None
        page = open_page(
            session,
            [Account.id.in_([row.account_id for row in rows])],
            order=(Account.id,),
            limit=limit,
            actor=actor,
            now=now,
            today=today,
            reach=reach,
        )
        told = told_before(session, [row.id for row in rows])
        climbed = [dossier for dossier in page.dossiers if climb(dossier, told)]
        page.write(climbed)
        return len(climbed), (rows[-1].rung_due_on, rows[-1].id)


def release_held(
    *, written_by: datetime | None = None, actor: Actor, now: datetime, reach: Reach | None = None
) -> dict[str, int]:
    """Let go of the messages that runs held back, or only of those written by then, for up to twenty persons.

    For each person and day the five weightiest alerts are told singly, and all others in one letter; what is no longer
    so is not told. Returns how many rows were `singly` let go, `gathered` or dropped, and of how many `persons`; none
    when there are none left. Source: DOMAIN section 6 (against fatigue).
    """
    del actor  # a job of the system
    held = [OutboxMessage.held_for.is_not(None), *([OutboxMessage.created_at <= written_by] if written_by else [])]
    with transaction() as session:
        persons = session.scalars(select(OutboxMessage.user_id).where(*held).distinct().limit(PERSONS)).all()
        if not persons:
            return {"persons": 0, "singly": 0, "gathered": 0}
        theirs = (OutboxMessage.held_for.is_not(None), OutboxMessage.user_id.in_(persons))
        rows = session.execute(select(*HELD_COLUMNS).where(*theirs).order_by(OutboxMessage.id).with_for_update()).all()
        endpoints = load_rulebook(session, (), now.date()).endpoints
        found = release(session, rows, Audience(session, reach), endpoints, now)
        let_go(session, found, now)
        return {"persons": len(persons), "singly": len(found.singly), "gathered": len(found.done)}
