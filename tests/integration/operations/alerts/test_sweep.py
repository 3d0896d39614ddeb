"""The night and one account: alerts are raised, changed and resolved by their reasons, and by nothing else.

The account enters step 1 on Sat 31 Jan 2026; its limits are 10 business days without progress or a word from the
customer, and 45 days in step.
"""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.domain.refusal import NotFound
from changetrack.models import FunnelCell, OutboxMessage, Standing, TeamMember
from changetrack.operations.journey.evidence import retract_evidence
from changetrack.operations.journey.moves import hold_account
from changetrack.operations.night import sweep_account
from tests.integration.operations.alerts.conftest import NIGHT, Night

STUCK = date(2026, 2, 16)
OLD = date(2026, 3, 18)


@pytest.fixture
def stuck(night: Night) -> Night:
    """An account in step 1 without progress for longer than the limit; nobody has looked yet."""
    night.walk.open(days_ago=30)
    return night


def test_an_account_without_progress_raises_one_alert_and_tells_its_owner(stuck: Night) -> None:
    swept = stuck.sweep()

    alert, account = stuck.alert, stuck.walk.account()
    assert swept.alert_events == ("alert_raised",)
    assert (alert.state, alert.severity, alert.step, alert.quiet) == ("firing", "warning", 1, False)
    assert alert.reasons["no_progress"]["since"] == STUCK.isoformat()
    assert alert.reasons["no_progress"]["why"] == "21 business days without progress in step 1; the limit is 10."
    assert alert.reasons["no_progress"]["rule"] == "playbook 1"
    assert alert.reasons["silent_customer"]["since"] == STUCK.isoformat()
    assert (account.stale, account.severity) == (True, "warning")
    (message,) = stuck.walk.session.scalars(select(OutboxMessage))
    assert message.user_id == stuck.walk.cast.olu.id
    assert message.key == f"alert:{alert.id}:raised:in_app:{message.user_id}"


def test_a_stale_account_counts_as_such_in_the_funnel(stuck: Night) -> None:
    stuck.sweep()

    cells = select(FunnelCell.place, FunnelCell.stale).where(FunnelCell.field == "", FunnelCell.accounts > 0)
    assert stuck.walk.session.execute(cells).all() == [(1, 1)]


def test_sweeping_twice_is_sweeping_once(stuck: Night) -> None:
    stuck.sweep()
    before = (stuck.history(), stuck.told(), stuck.alert.version, stuck.walk.account().event_seq)

    again, forced = stuck.sweep(), stuck.look_again()

    assert again.alert_events == forced.alert_events == ()
    assert (stuck.history(), stuck.told(), stuck.alert.version, stuck.walk.account().event_seq) == before


def test_a_reason_that_becomes_true_joins_the_alert_and_raises_its_severity(stuck: Night) -> None:
    stuck.sweep()

    stuck.pass_until(OLD - timedelta(1))
    before = stuck.history()
    stuck.pass_until(OLD)

    assert before == ["alert_raised"]
    assert stuck.history() == ["alert_raised", "alert_changed"]
    assert set(stuck.alert.reasons) == {"no_progress", "silent_customer", "over_age"}
    assert (stuck.alert.severity, stuck.walk.account().severity) == ("critical", "critical")
    assert len(stuck.told()) == 2


def test_progress_narrows_the_alert_at_once_and_tells_nobody(stuck: Night) -> None:
    stuck.walk.move_on(20)
    stuck.sweep()

    stuck.walk.record("1c", numbers={"asked": 4, "yes": 3})

    assert set(stuck.alert.reasons) == {"over_age"}
    assert (stuck.alert.state, stuck.alert.severity) == ("firing", "notice")
    assert stuck.told() == ["raised"]


def test_a_reason_may_leave_and_join_again(stuck: Night) -> None:
    stuck.walk.move_on(20)
    stuck.sweep()
    stuck.walk.record("1c", numbers={"asked": 4, "yes": 3})

    stuck.pass_until(stuck.walk.today + timedelta(20))
    stuck.walk.record("1c", numbers={"asked": 5, "yes": 5})
    stuck.pass_until(stuck.walk.today + timedelta(20))

    assert set(stuck.alert.reasons) == {"no_progress", "silent_customer", "over_age"}
    assert len(stuck.told()) == len(set(stuck.told())) == 3


def test_an_alert_resolves_when_its_last_reason_goes_and_says_by_what(stuck: Night) -> None:
    stuck.sweep()

    stuck.walk.record("1c", numbers={"asked": 4, "yes": 3})

    assert (stuck.alert.state, stuck.alert.resolved_because) == ("resolved", "Evidence for 1c was recorded.")
    assert stuck.walk.account().stale is False
    assert stuck.history() == ["alert_raised", "alert_resolved"]


def test_a_hold_resolves_the_alert(stuck: Night) -> None:
    stuck.sweep()

    review = stuck.walk.today + timedelta(30)
    moment = {"effective_on": stuck.walk.today, **stuck.walk.by("olu")}
    hold_account(reason="Budget freeze", review_on=review, **moment)

    assert stuck.alert.resolved_because == "The account was put on hold."


def test_by_day_a_new_reason_waits_for_the_night(stuck: Night) -> None:
    stuck.walk.prove_step_1(days_ago=29)

    assert stuck.alerts() == []
    assert stuck.walk.account().due_on == stuck.walk.today


def test_only_what_is_due_is_visited(stuck: Night) -> None:
    stuck.sweep()
    due_on = stuck.walk.account().due_on

    stuck.walk.move_on(1)
    swept = stuck.sweep()

    assert due_on == OLD
    assert swept.alert_events == ()


def test_an_account_on_record_beyond_the_day_is_left_alone(stuck: Night) -> None:
    moment: dict[str, Any] = {"actor": NIGHT, "now": stuck.walk.now}

    swept = sweep_account(account_id=stuck.walk.account_id, today=stuck.walk.today, **moment)
    stuck.walk.account().due_on = stuck.walk.ago(10)
    stuck.walk.session.commit()
    earlier = sweep_account(account_id=stuck.walk.account_id, today=stuck.walk.ago(7), **moment)

    assert (swept.is_ahead, earlier.is_ahead) == (False, True)
    assert stuck.history() == ["alert_raised"]


def test_evidence_that_ended_lowers_the_supported_step_from_its_day_on(night: Night) -> None:
    night.walk.open(days_ago=30)
    night.walk.prove_step_1()
    night.walk.advance()
    ends_on = night.walk.ago(10) + timedelta(180)

    night.walk.move_on((ends_on - night.walk.today).days + 2)  # the day itself is a Saturday, two days ago
    swept = night.sweep()

    fell = select(Standing.effective_on, Standing.supported_step).order_by(Standing.effective_on.desc(), Standing.seq)
    assert swept.support_fell
    assert (night.walk.account().claimed_step, night.walk.account().supported_step) == (2, 1)
    assert (ends_on, 1) in night.walk.session.execute(fell).all()


def test_evidence_warns_before_its_end_and_urges_when_the_grace_is_over(night: Night) -> None:
    night.walk.open(days_ago=30)
    night.walk.prove_step_1()
    night.walk.advance()
    ends_on = night.walk.ago(10) + timedelta(180)

    night.pass_until(ends_on - timedelta(14))
    warned = night.alert.reasons["evidence_expiring"]
    night.pass_until(ends_on)
    ended, told = night.alert.reasons["evidence_expiring"], len(night.told())
    night.pass_until(ends_on + timedelta(14))
    urged = night.alert.reasons["evidence_expiring"]

    assert f"1c ends on {ends_on:%-d %b %Y}" in warned["why"]
    assert "1c ended on" in ended["why"]
    assert (warned["urges"], ended["urges"], urged["urges"]) == (False, False, True)
    assert "The grace is over" in urged["why"]
    assert len(night.told()) == told + 1


def test_lost_evidence_does_not_raise_the_severity(stuck: Night) -> None:
    stuck.walk.record("1c", days_ago=29, numbers={"asked": 4, "yes": 3})
    stuck.sweep()
    retract_evidence(seq=2, because="It was another plant.", **stuck.walk.by("olu"))

    stuck.sweep()

    assert set(stuck.alert.reasons) == {"no_progress", "silent_customer", "evidence_expiring"}
    assert stuck.alert.severity == "warning"


def test_an_owner_who_left_the_team_is_not_told_but_the_coordinator_is(stuck: Night) -> None:
    walk = stuck.walk
    walk.session.delete(walk.session.get_one(TeamMember, (walk.cast.team.id, walk.cast.olu.id)))
    walk.session.commit()

    stuck.sweep()

    assert walk.session.scalars(select(OutboxMessage.user_id)).all() == [walk.cast.tess.id]


def test_an_unknown_account_is_not_found(stuck: Night) -> None:
    with pytest.raises(NotFound):
        sweep_account(account_id=987_654, actor=NIGHT, now=stuck.walk.now, today=stuck.walk.today)


def test_what_was_stale_when_it_was_imported_is_listed_but_tells_nobody(night: Night) -> None:
    night.import_file("accounts", "external_id,name,step,step_entered_on", "imported,Old Friend,3,2025-06-01")

    night.sweep()

    assert (night.alert.state, night.alert.quiet) == ("firing", True)
    assert night.told() == []


def test_a_history_that_was_imported_tells_nobody_either(night: Night) -> None:
    night.import_file("accounts", "external_id,name", "imported,Old Friend")
    night.walk.move_on(1)
    lines = ("external_id,step,entered_on", "imported,1,2025-06-01", "imported,2,2025-09-01")
    night.import_file("history", *lines)

    night.sweep()

    assert (night.alert.step, night.alert.quiet) == (2, True)
    assert night.told() == []


def test_what_goes_stale_after_the_import_is_told(night: Night) -> None:
    today = night.walk.today
    night.import_file("accounts", "external_id,name,team,step,step_entered_on", f"imported,New,North,3,{today}")

    night.pass_until(today + timedelta(20))

    assert night.alert.quiet is False
    assert night.told() == ["raised"]


def test_an_alert_that_stems_from_an_import_speaks_up_when_a_reason_joins_later(night: Night) -> None:
    walk = night.walk
    entered = walk.today - timedelta(40)
    night.import_file("accounts", "external_id,name,team,step,step_entered_on", f"imported,Old,North,3,{entered}")

    night.sweep()
    quiet = night.alert.quiet
    night.pass_until(walk.today + timedelta(10))

    assert quiet
    assert set(night.alert.reasons) == {"no_progress", "silent_customer", "over_age"}
    assert night.alert.quiet is False
    assert len(night.told()) == 1


def test_work_on_an_imported_account_ends_the_quiet(night: Night) -> None:
    night.import_file("accounts", "external_id,name,team,step,step_entered_on", "imported,Old,North,3,2025-06-01")
    night.walk.move_on(1)
    night.walk.open(days_ago=1)

    night.sweep()

    assert night.alert.quiet is False
    assert len(night.told()) == 1


@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)  # the same rules on both, and many days
def test_through_a_year_an_alert_changes_on_due_days_only(stuck: Night) -> None:
    """Day by day, what the night would say of an account is what it said when it last was due."""
    walk = stuck.walk
    due_days: set[date | None] = set()
    changed: list[date] = []
    walk.prove_step_1(days_ago=20)
    ends_on = walk.ago(20) + timedelta(180)
    state: object = None
    for _ in range(365):
        due_days.add(walk.account().due_on)
        stuck.look_again()
        found = [(a.state, a.severity, {name: r["urges"] for name, r in a.reasons.items()}) for a in stuck.alerts()]
        if found != state and state is not None:
            changed.append(walk.today)
        state = found
        walk.move_on(1)

    assert changed == [OLD, ends_on - timedelta(14), ends_on + timedelta(14)]
    assert set(changed) <= due_days
