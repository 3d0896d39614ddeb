"""The example portfolio as `make run` loads it: whole, consistent, in every state, with its sign-ins and no other."""

import stat
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.cli import ScriptInfo
from flask.ctx import AppContext
from flask.testing import FlaskClient
from sqlalchemy import func, select

from changetrack.cli import changetrack, register
from changetrack.domain.coalition import coalition_gaps, is_single_thread
from changetrack.domain.people import Actor
from changetrack.domain.staleness import REASONS
from changetrack.models import (
    Account,
    Alert,
    Commitment,
    Contact,
    CustomerLink,
    Event,
    Evidence,
    FunnelSnapshot,
    LearnedLimit,
    LedgerEntry,
    Metric,
    Notification,
    Outcome,
    OutcomeStatement,
    Proposal,
    SignOff,
    Standing,
    UsageDaily,
    UsageEvent,
    Visit,
    WriteKey,
    db,
)
from changetrack.operations._dossier import contact_facts
from changetrack.queries.funnel import get_funnel
from tests.clock import TODAY
from tests.conftest import Stage, staged
from tests.databases import SqliteDatabase

COUNTED_ANEW = set(range(15, 31))  # days after the day that a corrected number is of
SHOWN = [f"{key}@example.com" for key in ("olu", "tess", "vik", "ed", "ada")]

pytestmark = pytest.mark.xdist_group("demo")


class Loaded:
    """A database with the portfolio in it, for all tests of this file that only look."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.first = self.run("demo")

    def run(self, *arguments: str) -> Result:
        """Call the command line."""
        info = ScriptInfo(create_app=lambda: self.stage.app, set_debug_flag=False)
        with self.stage.app.app_context():
            return CliRunner().invoke(register(changetrack), list(arguments), obj=info, catch_exceptions=False)

    @property
    def password(self) -> str:
        """The password that was told."""
        return self.first.stdout.splitlines()[0].split()[-1]


@pytest.fixture(scope="module")
def loaded(stage: Stage) -> Iterator[Loaded]:
    """The portfolio, loaded once on each database."""
    yield Loaded(stage)
    stage.reset()
    (stage.settings.instance / "demo-password").unlink()


@pytest.fixture
def look(loaded: Loaded) -> Iterator[AppContext]:
    """A context in which to look at what was loaded."""
    with loaded.stage.app.app_context() as context:
        yield context


def counted(column: Any, *conditions: Any) -> Counter[Any]:
    return Counter(db.session.scalars(select(column).where(*conditions)))


CONTENT = (
    select(Account.external_id, Account.name, Account.tier, Account.annual_value, Account.status, Account.due_on),
    select(Account.external_id, Account.supported_step, Account.step_entered_on, Account.progress_on, Account.stale),
    select(Visit.account_id, Visit.seq, Visit.step, Visit.kind, Visit.entered_on, Visit.recorded_at, Visit.note),
    select(Standing.account_id, Standing.seq, Standing.effective_on, Standing.recorded_at, Standing.place),
    select(Evidence.account_id, Evidence.seq, Evidence.point, Evidence.person_name, Evidence.effective_on),
    select(Contact.account_id, Contact.seq, Contact.name, Contact.title, Contact.email),
    select(Outcome.account_id, Outcome.seq, Outcome.state, Outcome.detail, Outcome.state_since, Outcome.realized),
    select(OutcomeStatement.account_id, OutcomeStatement.seq, OutcomeStatement.kind, OutcomeStatement.person_name),
    select(UsageDaily.account_id, UsageDaily.metric_id, UsageDaily.day, UsageDaily.recorded_on, UsageDaily.stated),
    select(LedgerEntry.account_id, LedgerEntry.seq, LedgerEntry.posted_on, LedgerEntry.amount, LedgerEntry.cause),
)
"""Names, dates and steps, but neither secrets nor hashes; accounts are numbered in the order in which they come."""


def content() -> list[list[tuple[object, ...]]]:
    lowest = db.session.scalar(select(func.min(Account.id))) or 0
    found = [[tuple(row) for row in db.session.execute(query)] for query in CONTENT]
    for rows, query in zip(found, CONTENT, strict=True):
        if query.selected_columns[0].key == "account_id":
            rows[:] = [(int(str(row[0])) - lowest, *row[1:]) for row in rows]
        rows.sort(key=repr)
    return found


# What is told


def test_it_tells_one_sign_in_for_each_role(loaded: Loaded) -> None:
    lines = loaded.first.stdout.splitlines()

    assert loaded.first.exit_code == 0
    assert [line.split()[0] for line in lines] == SHOWN
    assert len({line.split("password: ")[1] for line in lines}) == 1


def test_the_password_is_kept_for_its_owner_only(loaded: Loaded) -> None:
    kept = loaded.stage.settings.instance / "demo-password"

    assert kept.read_text().strip() == loaded.password
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


@pytest.mark.parametrize("email", SHOWN)
def test_each_signs_in_and_may_keep_the_password(loaded: Loaded, email: str) -> None:
    client: FlaskClient = loaded.stage.app.test_client()

    answer = client.post("/login", data={"email": email, "password": loaded.password})

    assert answer.status_code == 303
    assert client.get("/").status_code == 200


def test_if_new_tells_the_same_again_and_changes_nothing(loaded: Loaded, look: AppContext) -> None:
    before = db.session.scalar(select(func.count()).select_from(Event))

    again = loaded.run("demo", "--if-new")

    assert (again.exit_code, again.stdout) == (0, loaded.first.stdout)
    assert db.session.scalar(select(func.count()).select_from(Event)) == before


def test_the_same_seed_and_day_give_the_same_portfolio(look: AppContext, tmp_path: Path) -> None:
    first = content()

    with staged(SqliteDatabase(tmp_path), tmp_path) as other:
        Loaded(other)
        with other.app.app_context():
            again = content()

    assert again == first
    assert all(first)


def test_it_is_not_loaded_over_what_is_there(loaded: Loaded) -> None:
    refused = loaded.run("demo")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "--append" in refused.stderr


def test_everything_agrees_with_the_record(loaded: Loaded) -> None:
    verified = loaded.run("verify")

    assert verified.exit_code == 0, verified.stdout + verified.stderr


# Every state is there


def test_accounts_stand_at_every_place(look: AppContext) -> None:
    places = counted(Account.place)

    assert sum(places.values()) == 60
    assert set(places) == set(range(12))


def test_some_are_carried_by_evidence_and_some_are_only_claimed(look: AppContext) -> None:
    is_open = Account.status == "active"

    assert counted(Account.id, is_open, Account.supported_step == Account.claimed_step)
    assert counted(Account.id, is_open, Account.supported_step < Account.claimed_step)


def test_accounts_go_stale_for_every_reason_and_are_answered_in_every_way(look: AppContext) -> None:
    alerts = list(db.session.scalars(select(Alert).where(Alert.state != "resolved")))

    assert {reason for alert in alerts for reason in alert.reasons} == set(REASONS)
    assert {alert.severity for alert in alerts} == {"notice", "warning", "critical"}
    assert {alert.state for alert in alerts} == {"firing", "acknowledged", "snoozed"}
    assert {alert.rung for alert in alerts} == set(range(5))
    assert "revive" in {alert.decision for alert in alerts}


def test_commitments_are_open_met_withdrawn_and_missed_on_either_side(look: AppContext) -> None:
    assert set(counted(Commitment.state)) == {"open", "met", "withdrawn"}
    assert counted(Commitment.due_on, Commitment.state == "open", Commitment.due_on < TODAY)
    assert counted(Commitment.owner_name, Commitment.owner_contact_seq.is_not(None))
    assert counted(Commitment.due_on, Commitment.renegotiated > 0)


def test_limits_were_learned_and_alerts_measured(look: AppContext) -> None:
    assert counted(LearnedLimit.month, LearnedLimit.limit_days.is_not(None))
    assert set(counted(Alert.useful)) == {None, True, False}


def test_alerts_are_as_old_as_their_causes(look: AppContext) -> None:
    ages = [(TODAY - day).days for day in counted(Alert.raised_on)]

    assert max(ages) > 300
    assert min(ages) <= 7


def test_every_way_to_move_was_gone(look: AppContext) -> None:
    kinds = counted(Visit.kind)

    assert set(kinds) >= {"created", "imported", "opened", "advanced", "excepted", "regressed", "reopened"}
    assert len(counted(Visit.reason, Visit.kind == "regressed")) >= 5
    assert set(counted(Visit.reason, Visit.left_kind == "closed")) >= {"churned", "merged", "never_started"}


def test_a_team_of_one_has_attested_itself(look: AppContext) -> None:
    assert counted(Visit.account_id, Visit.self_attested)


def test_an_exception_has_outlived_its_end(look: AppContext) -> None:
    assert counted(Visit.account_id, Visit.exception_ends_on < TODAY, Visit.left_on.is_(None))
    assert counted(Visit.account_id, Visit.exception_ends_on >= TODAY, Visit.left_on.is_(None))


def test_holds_are_to_be_looked_at_and_one_is_overdue(look: AppContext) -> None:
    reviews = counted(Account.review_on, Account.status == "held")

    assert min(reviews) < TODAY < max(reviews)


def test_proposals_wait_for_the_coordinator(look: AppContext) -> None:
    signed = select(SignOff.account_id).where(
        SignOff.account_id == Proposal.account_id, SignOff.proposal_seq == Proposal.seq
    )
    standing = (Proposal.state == "open", Proposal.lapses_on > TODAY)

    assert counted(Proposal.account_id, *standing, signed.exists())
    assert counted(Proposal.account_id, *standing, ~signed.exists())


def test_evidence_is_of_every_kind_and_from_many_people(look: AppContext) -> None:
    assert set(counted(Evidence.kind)) == {"attested", "numbers", "link", "record"}
    assert set(counted(Evidence.said_how)) == {None, "call", "mail", "meeting"}
    assert set(counted(Evidence.passes)) == {True, False}
    assert counted(Evidence.seq, Evidence.retracted_because.is_not(None), Evidence.kind != "record")
    assert len(counted(Evidence.person_name)) > 60


def test_coalitions_are_whole_or_have_gaps_or_hang_by_a_thread(look: AppContext) -> None:
    people: dict[int, list[Any]] = {}
    for contact in db.session.scalars(select(Contact)):
        people.setdefault(contact.account_id, []).append(contact_facts(contact, TODAY))

    assert {bool(coalition_gaps(group)) for group in people.values()} == {True, False}
    assert {is_single_thread(group) for group in people.values()} == {True, False}


def test_what_was_learned_late_was_not_known_before(look: AppContext) -> None:
    day = TODAY - timedelta(175)
    question: dict[str, Any] = {"actor": Actor.operator("test"), "today": TODAY, "zone": UTC, "as_of": day}

    then, now = (get_funnel(**question, known_at=known).picture for known in (day, TODAY))

    assert now.accounts > then.accounts


def test_past_weeks_can_be_compared(look: AppContext) -> None:
    days = counted(FunnelSnapshot.day)

    assert len(days) > 80
    assert max(days) == TODAY - timedelta(1)


def test_messages_of_long_ago_have_been_read(look: AppContext) -> None:
    unread = counted(Notification.user_id, Notification.read_at.is_(None))

    assert sum(unread.values()) < 20
    assert counted(Notification.user_id, Notification.read_at.is_not(None))


# Use and value are there, in every state


def test_outcomes_are_in_every_state(look: AppContext) -> None:
    found = db.session.execute(select(Outcome.state, Outcome.detail).distinct())

    assert set(map(tuple, found)) >= {
        ("proposed", None), ("agreed", None), ("in_use", None), ("confirmed", None), ("confirmed", "at_risk"),
        ("confirmed", "unverifiable"), ("lapsed", "use"), ("lapsed", "attestation"), ("disputed", None),
        ("withdrawn", None), ("withdrawn", "replaced"),
    }  # fmt: skip
    assert {"week", "month"} == set(counted(Outcome.period))
    assert {"flat", "proportional"} == set(counted(Outcome.accrual))
    assert len(counted(Outcome.currency)) >= 2


def test_the_ledger_tells_of_everything_that_can_happen_to_value(look: AppContext) -> None:
    assert {"accrued", "reversed", "corrected", "capped", "restored", "disputed", "replaced"} <= set(
        counted(LedgerEntry.cause)
    )
    assert not counted(Outcome.account_id, Outcome.due_on <= TODAY)


def test_customers_spoke_by_their_own_hand_and_through_the_team(look: AppContext) -> None:
    assert set(counted(OutcomeStatement.kind)) == {"agreed", "attested", "not_yet", "disputed", "withdrawn"}
    assert set(counted(OutcomeStatement.hand)) == {"own", "reported"}
    assert counted(CustomerLink.account_id, CustomerLink.answered_at.is_(None))


def test_use_carries_what_it_proves(look: AppContext) -> None:
    holds = (Evidence.passes, Evidence.retracted_on.is_(None), Evidence.kind == "record")

    assert {"3c", "6a", "6b", "7a", "8c"} <= set(counted(Evidence.point, *holds))
    assert set(counted(Account.supported_step, Account.claimed_step > 3)) >= {1, 2, 3, 4, 5}
    lasting = counted(Evidence.account_id, Evidence.point == "8c", *holds)
    anchored = counted(Account.id, Account.status == "anchored")
    assert set(anchored) <= set(lasting)


def test_numbers_are_learned_within_a_week(look: AppContext) -> None:
    waits = {(row.recorded_on - row.day).days for row in db.session.scalars(select(UsageDaily))}

    assert waits <= set(range(8)) | COUNTED_ANEW


def test_a_product_sends_events_and_a_name_waits_for_its_account(look: AppContext) -> None:
    assert set(counted(UsageEvent.state)) == {"counted", "unmatched", "no_rule", "no_account"}
    assert counted(WriteKey.id, WriteKey.revoked_at.is_(None))
    assert counted(Metric.purpose) >= Counter(["active_users", "first_task"])
