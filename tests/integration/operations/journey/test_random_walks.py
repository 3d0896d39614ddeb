"""Whatever people do in whatever order: what is kept beside the facts is what the facts say."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from changetrack.domain.funnel import PLACES, StandingFacts, movement, snapshot
from changetrack.domain.journey.default_playbook import DEFAULT_PLAYBOOK
from changetrack.domain.journey.gate import judge, supported_step
from changetrack.domain.journey.playbook import parse_playbook
from changetrack.domain.journey.timeline import HoldFacts, VisitFacts, spans
from changetrack.domain.people import Actor
from changetrack.domain.refusal import NotFound, OperationRefused
from changetrack.models import Account, Contact, Evidence, FunnelCell, Hold, Journey, MovementCell, Standing, Visit
from changetrack.operations.accounts import edit_account
from changetrack.operations.coalition import edit_contact
from changetrack.operations.journey.evidence import retract_evidence
from changetrack.operations.journey.moves import (
    advance_by_exception,
    close_account,
    hold_account,
    move_back,
    reopen_account,
    resume_account,
)
from changetrack.operations.journey.opening import state_gap
from changetrack.operations.night import sweep_account
from changetrack.queries.journey_rows import evidence_fact
from changetrack.queries.verify import verify
from tests.factories.walk import GAP, Walk

RULES = parse_playbook(1, DEFAULT_PLAYBOOK).steps
NIGHT = Actor.system("stale-sweep")
Act = Callable[[Walk, Random], object]

ACTS: tuple[Act, ...] = (
    lambda w, r: w.open(r.randint(0, 20)),
    lambda w, r: w.prove_step_1(r.randint(0, 20)),
    lambda w, _: w.prove_step_2(),
    lambda w, r: w.record("1c", days_ago=r.randint(0, 40), numbers={"asked": 4, "yes": r.randint(1, 4)}),
    lambda w, r: w.record(
        "2c", days_ago=r.randint(0, 40), numbers={"meetings": 2, "present": r.randint(1, 6), "invited": 6}
    ),
    lambda w, _: w.advance(),
    lambda w, _: w.advance(),
    lambda w, r: advance_by_exception(
        reason="Go", ends_on=w.ago(-9), effective_on=w.ago(r.randint(0, 9)), **w.by("vik")
    ),
    lambda w, r: move_back(
        to_step=r.randint(1, 4), reason="evidence_lost", effective_on=w.ago(r.randint(0, 9)), **w.by("olu")
    ),
    lambda w, r: hold_account(
        reason="Budget", review_on=w.ago(-30), effective_on=w.ago(r.randint(0, 9)), **w.by("olu")
    ),
    lambda w, r: resume_account(effective_on=w.ago(r.randint(0, 5)), **w.by("olu")),
    lambda w, r: close_account(outcome="churned", effective_on=w.ago(r.randint(0, 5)), **w.by("olu")),
    lambda w, _: reopen_account(effective_on=w.today, **w.by("olu")),
    lambda w, r: retract_evidence(seq=r.randint(1, 9), because="Mistaken", **w.by("tess")),
    lambda w, r: state_gap(gap=GAP, effective_on=w.ago(r.randint(0, 30)), **w.by("olu")),
    lambda w, r: leave(w, r.randint(1, 5), r.randint(0, 9)),
    lambda w, r: edit_account(record={"segment": str(r.random())}, version=w.account().version, **w.by("olu")),
    lambda w, _: sweep_account(account_id=w.account_id, actor=NIGHT, now=w.now, today=w.today),
)


def leave(walk: Walk, seq: int, days_ago: int) -> None:
    """One of the customer's people has left."""
    version = walk.session.get_one(Contact, (walk.account_id, seq)).version
    edit_contact(seq=seq, contact={"left_on": walk.ago(days_ago)}, version=version, **walk.by("olu"))


def go_for_a_walk(walk: Walk, seed: int) -> Counter[str]:
    """Thirty acts by chance, with days between; counts what was done and what was refused."""
    random, tally = Random(seed), Counter[str]()
    for _ in range(30):
        walk.move_on(random.choice((0, 0, 1, 3, 25)))
        try:
            random.choice(ACTS)(walk, random)
            tally["done"] += 1
        except (OperationRefused, NotFound, NoResultFound):
            tally["refused"] += 1
    return tally


def believed(walk: Walk) -> list[StandingFacts]:
    """The standings on record."""
    return [
        StandingFacts(s.account_id, s.seq, s.effective_on, s.recorded_at, s.superseded_at, s.place, s.step,
                      s.supported_step, s.stale)
        for s in walk.session.scalars(select(Standing).order_by(Standing.seq))
    ]  # fmt: skip


def what_the_facts_say(walk: Walk) -> Callable[[date], tuple[int, int] | None]:
    """(place, supported step) on any day, by visits, holds and evidence as known now."""
    visits = [
        VisitFacts(v.seq, v.step, v.entered_on, v.left_on, v.left_kind == "closed")
        for v in walk.session.scalars(select(Visit).order_by(Visit.seq))
    ]
    holds = [HoldFacts(h.held_on, h.resumed_on) for h in walk.session.scalars(select(Hold).order_by(Hold.seq))]
    places = spans(visits, holds)
    opened = walk.session.get_one(Journey, walk.account_id).opened_on
    facts = [evidence_fact(e) for e in walk.session.scalars(select(Evidence))]

    def on(day: date) -> tuple[int, int] | None:
        span = next((s for s in reversed(places) if s.first <= day), None)
        is_opened = opened is not None and opened <= day
        if span is None:
            return None
        return span.place, supported_step(span.step, is_opened=is_opened, judged=judge(RULES, facts, day))

    return on


@pytest.mark.parametrize("seed", range(8))
def test_standings_and_summaries_are_what_the_facts_say(walk: Walk, seed: int) -> None:
    walk.open()
    walk.prove_step_1()

    tally = go_for_a_walk(walk, seed)

    rows, said = believed(walk), what_the_facts_say(walk)
    later = walk.now + timedelta(seconds=1)
    last = max(r.effective_on for r in rows)
    for days_ago in range(150):
        day = last - timedelta(days_ago)
        in_force = max((r for r in rows if r.effective_on <= day and r.superseded_at is None),
                       key=lambda r: (r.effective_on, r.seq), default=None)  # fmt: skip
        assert (in_force and (in_force.place, in_force.supported_step)) == said(day), day
    counts = snapshot(rows, as_of=last, known_until=later)
    cells = walk.session.scalars(select(FunnelCell).where(FunnelCell.field == ""))
    assert {c.place: (c.accounts, c.unsupported, c.stale) for c in cells if c.accounts} == {
        p: (counts[p].accounts, counts[p].unsupported, counts[p].stale) for p in PLACES if counts[p].accounts
    }
    flows = movement(rows, first=date(2025, 1, 1), last=last, known_until=later)
    assert all(row.balances for row in flows)
    written = list(walk.session.scalars(select(MovementCell)))
    for row in flows:
        mine = [m for m in written if m.place == row.place]
        for flow in ("entered", "advanced_in", "regressed_in", "advanced_out", "regressed_out", "left"):
            assert sum(getattr(m, flow) for m in mine) == getattr(row, flow), (row.place, flow)
    assert verify(today=walk.today).differences == ()
    assert tally["done"] >= 3


@pytest.mark.parametrize("seed", range(6))
def test_nothing_turns_before_the_day_on_which_the_night_looks_again(walk: Walk, seed: int) -> None:
    walk.open()
    walk.prove_step_1()
    go_for_a_walk(walk, 100 + seed)
    for _ in range(60):
        due_on = walk.account().due_on
        walk.move_on(1)
        before = as_kept(walk.account())
        if due_on is None or due_on > walk.today:
            look_anyway(walk)

        sweep_account(account_id=walk.account_id, actor=NIGHT, now=walk.now, today=walk.today)

        if due_on is None or due_on > walk.today:
            assert as_kept(walk.account()) == before, (walk.today, due_on)


def as_kept(account: Account) -> tuple[object, ...]:
    """What the night could change about an account."""
    return account.place, account.supported_step, account.stale, account.severity, account.due_on


def look_anyway(walk: Walk) -> None:
    """Have the night look although it is not time."""
    walk.account().due_on = walk.today
    walk.session.commit()
