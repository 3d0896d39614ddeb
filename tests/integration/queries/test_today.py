"""Today: one list of what needs somebody, weightiest first, and only what is theirs to do."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.models import Account, Alert
from changetrack.queries.today import Work, get_work, owns_accounts
from tests.factories import (
    Cast,
    make_account,
    make_alert,
    make_cast,
    make_commitment,
    make_proposal,
    make_sign_off,
)
from tests.factories._saving import Saver

RANKS = {"critical": 0, "warning": 1, "notice": 2}
MILLION = 100_000_000  # minor units


@pytest.fixture
def cast(session: Saver) -> Cast:
    """Two teams, six people."""
    return make_cast(session)


def stale(session: Saver, cast: Cast, severity: str = "notice", value: int | None = None, **changed: Any) -> Account:
    """An account of Olu's team with an alert."""
    reasons = changed.pop("reasons", ["no_progress"])
    alert = {name: changed.pop(name) for name in ("state", "next_step", "next_step_on") if name in changed}
    money = {"annual_value": value, "currency": "EUR"} if value is not None else {}
    account = make_account(session, **{"team_id": cast.team.id, "claimed_step": 3, **money, **changed})
    said = {reason: {"since": "2026-03-01", "why": f"Why {reason}.", "rule": "playbook 1"} for reason in reasons}
    make_alert(session, account, severity=severity, severity_rank=RANKS[severity], reasons=said, **alert)
    return account


def work(cast: Cast, today: date, who: str = "olu", *, only_mine: bool = False) -> Work:
    """What needs somebody."""
    return get_work(actor=cast.actor(who), today=today, only_mine=only_mine)


def test_needs_come_by_severity_times_value_at_stake(session: Saver, cast: Cast, today: date) -> None:
    small = stale(session, cast, "critical", MILLION)
    big = stale(session, cast, "notice", 10 * MILLION)
    middle = stale(session, cast, "warning", 2 * MILLION)

    found = work(cast, today)

    assert [need.account_id for need in found.needs] == [big.id, middle.id, small.id]


def test_a_value_that_nobody_wrote_down_counts_as_the_middle_one(session: Saver, cast: Cast, today: date) -> None:
    cheap, dear = stale(session, cast, "notice", MILLION), stale(session, cast, "notice", 9 * MILLION)
    unknown = stale(session, cast, "notice")

    found = work(cast, today)

    assert [need.account_id for need in found.needs] == [dear.id, unknown.id, cheap.id]


def test_values_of_different_currencies_are_ranked_by_their_plain_numbers(
    session: Saver, cast: Cast, today: date
) -> None:
    euros = stale(session, cast, value=1_000_000_00)
    yen = stale(session, cast, annual_value=2_000_000, currency="JPY")

    found = work(cast, today)

    assert [need.account_id for need in found.needs] == [yen.id, euros.id]


def test_a_need_says_why_in_words(session: Saver, cast: Cast, today: date) -> None:
    stale(session, cast, reasons=["over_age", "no_progress"], name="Acme", organization="Acme AG", product="Core")

    (need,) = work(cast, today).needs

    assert need.reasons == (("no_progress", "Why no_progress."), ("over_age", "Why over_age."))
    assert (need.account, need.note, need.kind, need.step) == ("Acme", "Acme AG · Core", "stale", 3)


def test_evidence_that_only_ends_soon_stands_apart(session: Saver, cast: Cast, today: date) -> None:
    ending = stale(session, cast, reasons=["evidence_expiring"])
    both = stale(session, cast, reasons=["evidence_expiring", "no_progress"])

    found = work(cast, today)

    assert [need.account_id for need in found.expiring] == [ending.id]
    assert [need.account_id for need in found.needs] == [both.id]


def test_what_is_acknowledged_needs_nobody_until_its_next_step_is_due(session: Saver, cast: Cast, today: date) -> None:
    promise: dict[str, Any] = {"state": "acknowledged", "next_step": "Send the numbers"}
    due = stale(session, cast, **promise, next_step_on=today)
    stale(session, cast, **promise, next_step_on=today + timedelta(days=1))
    stale(session, cast, state="resolved")

    found = work(cast, today)

    assert [(n.account_id, n.kind, n.promise, n.promised_on) for n in found.needs] == [
        (due.id, "promised", "Send the numbers", today)
    ]


def test_nothing_of_another_team_is_among_it(session: Saver, cast: Cast, today: date) -> None:
    theirs = stale(session, cast, team_id=cast.other_team.id)
    make_proposal(session, theirs, cast.otto)
    stale(session, cast, team_id=cast.other_team.id, status="held", place=10, review_on=today)

    assert work(cast, today).is_nothing


def test_mine_are_those_that_i_own(session: Saver, cast: Cast, today: date) -> None:
    mine = stale(session, cast, owner_id=cast.olu.id)
    stale(session, cast, owner_id=cast.tess.id)

    found = work(cast, today, only_mine=True)

    assert [(need.account_id, need.owner) for need in found.needs] == [(mine.id, "Olu")]
    assert owns_accounts(actor=cast.actor("olu"))
    assert not owns_accounts(actor=cast.actor("vik"))


@pytest.mark.parametrize(("who", "is_asked"), [("tess", True), ("olu", False), ("vik", False), ("otto", False)])
def test_a_sign_off_is_asked_of_the_others_of_the_team_but_not_of_its_manager(
    session: Saver, cast: Cast, today: date, who: str, is_asked: bool
) -> None:
    account = make_account(session, team_id=cast.team.id, claimed_step=3, owner_id=cast.vik.id)
    make_proposal(session, account, cast.olu, note="They are ready.")

    found = work(cast, today, who, only_mine=True)

    assert bool(found.to_sign) is is_asked
    assert [w.note for w in found.to_sign] == ["They are ready."] * is_asked


def test_who_has_signed_is_not_asked_again_and_the_proposer_sees_it(session: Saver, cast: Cast, today: date) -> None:
    account = make_account(session, team_id=cast.team.id, claimed_step=3)
    proposal = make_proposal(session, account, cast.olu)
    make_sign_off(session, proposal, cast.tess)

    assert not work(cast, today, "tess").to_sign
    (waiting,) = work(cast, today).proposed
    assert (waiting.signed, waiting.from_step, waiting.proposed_by) == (1, 3, "Olu")


def test_a_proposal_is_shown_to_its_proposer_only_while_the_account_is_their_team_s(
    session: Saver, cast: Cast, today: date
) -> None:
    handed_over = make_account(session, team_id=cast.other_team.id, claimed_step=3)
    make_proposal(session, handed_over, cast.olu)

    assert work(cast, today).proposed == ()


@pytest.mark.parametrize("changed", [{"state": "void"}, {"state": "accepted"}, {"lapses_on": date(2026, 3, 2)}])
def test_a_proposal_that_no_longer_stands_waits_for_nobody(
    session: Saver, cast: Cast, today: date, changed: dict[str, Any]
) -> None:
    account = make_account(session, team_id=cast.team.id, claimed_step=3)
    make_proposal(session, account, cast.olu, **changed)

    assert work(cast, today, "tess").is_nothing
    assert work(cast, today).is_nothing


def test_holds_are_looked_at_a_week_before_their_review(session: Saver, cast: Cast, today: date) -> None:
    for days in (-3, 7, 8):
        make_account(session, team_id=cast.team.id, claimed_step=3, place=10, status="held",
                     review_on=today + timedelta(days=days))  # fmt: skip

    found = work(cast, today)

    assert [review.review_on for review in found.reviews] == [today - timedelta(days=3), today + timedelta(days=7)]


def test_a_hundred_needs_cost_as_many_statements_as_one(
    session: Saver, cast: Cast, today: date, counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    actor = cast.actor("olu")
    stale(session, cast)
    with counted() as few:
        get_work(actor=actor, today=today, only_mine=False)
    for _ in range(15):
        stale(session, cast)
    session.rollback()

    with counted() as many:
        get_work(actor=actor, today=today, only_mine=False)

    assert len(many) == len(few) == 5


@pytest.mark.parametrize(
    ("whose", "days", "is_listed"), [("olu", 0, False), ("olu", -3, False), ("tess", 0, False), ("tess", -3, True)]
)
def test_an_announced_step_is_no_need_while_it_is_my_commitment_or_not_overdue(
    session: Saver, cast: Cast, today: date, whose: str, days: int, is_listed: bool
) -> None:
    due_on = today + timedelta(days)
    account = stale(session, cast, state="acknowledged", next_step="Call Mara", next_step_on=due_on)
    alert_id = session.scalars(select(Alert.id).where(Alert.account_id == account.id)).one()
    owner_id = getattr(cast, whose).id
    make_commitment(session, account, owner_user_id=owner_id, due_on=due_on, alert_id=alert_id)

    found = work(cast, today)

    assert bool(found.needs) == is_listed


def test_an_announced_step_that_was_met_is_asked_about_while_the_alert_is_open(
    session: Saver, cast: Cast, today: date
) -> None:
    account = stale(session, cast, state="acknowledged", next_step="Call Mara", next_step_on=today)
    alert_id = session.scalars(select(Alert.id).where(Alert.account_id == account.id)).one()
    make_commitment(session, account, state="met", ended_on=today, alert_id=alert_id)

    found = work(cast, today)

    assert [(need.kind, need.promise) for need in found.needs] == [("done", "Call Mara")]


def test_what_was_met_is_asked_about_until_the_next_commitment_is_made(session: Saver, cast: Cast, today: date) -> None:
    account = stale(session, cast, state="acknowledged", next_step="Call Mara", next_step_on=today)
    alert_id = session.scalars(select(Alert.id).where(Alert.account_id == account.id)).one()
    make_commitment(session, account, state="met", ended_on=today, alert_id=alert_id)
    make_commitment(session, account, action="Show it to the others")

    found = work(cast, today)

    assert found.needs == ()
