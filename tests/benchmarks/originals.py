"""Fifty accounts with eighteen months of history, written by the operations: what a population is copied from."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select

from changetrack.adapters.files import Table
from changetrack.domain.people import Actor
from changetrack.models import Account, db
from changetrack.operations.imports import ImportOptions, import_file
from changetrack.operations.journey.evidence import Statement, record_evidence
from changetrack.operations.journey.opening import open_account, state_gap
from changetrack.operations.night import sweep_account
from changetrack.operations.people import add_user
from changetrack.operations.playbook import install_playbook
from changetrack.operations.teams import add_team, put_in_team

ORIGINALS = 50
TEAMS = 10
QUARTERS = 6
QUARTER = 91  # days
ACTOR = Actor.operator("benchmarks")
ROLES = ("vsm", "coordinator", "member")
FIELDS = {
    "product": ("Core", "Plus", "Analytics"),
    "segment": ("Enterprise", "Mid-market", "SMB", "Public"),
    "region": ("North", "South", "East", "West"),
    "industry": ("Retail", "Health", "Finance", "Energy", "Transport"),
    "tier": ("Gold", "Silver", "Bronze"),
}
GAP = {"gap_metric": "hours to close", "gap_unit": "h", "gap_from": "40", "gap_to": "8", "gap_evidence": "ERP report"}


def write_originals(folder: Path, today: date) -> None:
    """Add teams, people and the fifty accounts; each quarter's moves are recorded at its end, with a sweep."""
    begin = today - timedelta(days=QUARTERS * QUARTER)
    _add_people(_noon(begin))
    install_playbook(actor=ACTOR, now=_noon(begin))
    moves = sorted(_moves(begin), key=lambda move: (move[2], move[0]))
    _load("accounts", folder / "accounts.csv", _accounts(begin), _noon(begin), begin)
    _open_some(begin)
    for quarter in range(1, QUARTERS + 1):
        day = min(begin + timedelta(days=quarter * QUARTER), today)
        since = day - timedelta(days=QUARTER)
        recent = [move for move in moves if since < move[2] <= day]
        if recent:
            rows = [("external_id", "step", "entered_on", "reason"), *recent]
            _load("history", folder / f"history-{quarter}.csv", rows, _noon(day), day)
        _sweep(day)


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def _add_people(now: datetime) -> None:
    for team in range(TEAMS):
        team_id = add_team(actor=ACTOR, now=now, name=f"Team {team:02}")
        for role in ROLES:
            email = f"{role}{team:02}@example.com"
            added = add_user(actor=ACTOR, now=now, email=email, name=f"{role} {team}", role="member", password=None)
            put_in_team(actor=ACTOR, now=now, team_id=team_id, user_id=added.user_id, role=role)


def _accounts(begin: date) -> Iterator[tuple[object, ...]]:
    yield ("external_id", "name", "organization", "team", "owner_email", "started_on", "plan", *FIELDS)
    random = Random(7)
    for n in range(ORIGINALS):
        team = n % TEAMS
        values = (random.choice(values) for values in FIELDS.values())
        owner = f"member{team:02}@example.com"
        yield (f"B{n:02}", f"Account {n:02}", f"Customer {n // 2:02}", f"Team {team:02}", owner, begin, "gold", *values)


def _moves(begin: date) -> Iterator[tuple[str, str, date, str]]:
    """(external id, step, day, reason): forward, sometimes back, on hold, closed, anchored."""
    random = Random(11)
    for n in range(ORIGINALS):
        day, step = begin + timedelta(days=random.randint(1, 400)), 0
        for _ in range(random.randint(0, 9)):
            goes_back = step > 1 and random.random() < 0.15
            step = step - 1 if goes_back else step + 1
            name = "anchored" if step == 9 else str(step)
            yield f"B{n:02}", name, day, "other" if goes_back else ""
            day += timedelta(days=random.randint(10, 60))
            if step == 9 or day > begin + timedelta(days=QUARTERS * QUARTER):
                break
        else:
            if step and n % 7 == 0:
                yield f"B{n:02}", "held", day, "Budget"
            elif step and n % 7 == 1:
                yield f"B{n:02}", "closed", day, "churned"


def _load(kind: str, path: Path, rows: Iterable[Sequence[object]], now: datetime, today: date) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    moment: dict[str, Any] = {"actor": ACTOR, "now": now, "today": today}
    import_file(kind=kind, source=Table(path), options=ImportOptions(), secret="s", **moment)


def _open_some(day: date) -> None:
    """Every other account is opened, and the first step of some is proven."""
    when: dict[str, Any] = {"actor": ACTOR, "now": _noon(day), "today": day}
    for n, account_id in enumerate(db.session.scalars(select(Account.id).order_by(Account.id)).all()):
        if n % 2:
            continue
        open_account(
            account_id=account_id,
            beneficiary="Plant managers",
            value_statement="Close in a day",
            effective_on=day,
            **when,
        )
        if n % 4 == 0:
            state_gap(account_id=account_id, gap={**GAP, "gap_by": day + timedelta(900)}, effective_on=day, **when)
            said = Statement(contact_name="Mara", said_how="call", numbers={"asked": 4, "yes": 3})
            record_evidence(account_id=account_id, point="1c", statement=said, effective_on=day, **when)


def _sweep(day: date) -> None:
    due = db.session.scalars(select(Account.id).where(Account.due_on <= day).order_by(Account.id)).all()
    for account_id in due:
        sweep_account(account_id=account_id, actor=ACTOR, now=_noon(day), today=day)
