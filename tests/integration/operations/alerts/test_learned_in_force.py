"""What the night makes of a learned limit, and where what it tells leads to."""

from datetime import timedelta

from sqlalchemy import select

from changetrack.models import OutboxMessage
from tests.factories import make_learned_limit
from tests.integration.operations.alerts.conftest import Night


def test_a_learned_limit_decides_and_says_so_with_the_fixed_one_beside_it(night: Night) -> None:
    walk = night.walk
    walk.open()
    make_learned_limit(walk.session, step=1, limit_days=30, month=walk.today.replace(day=1))
    entered = walk.account().step_entered_on

    night.pass_until(entered + timedelta(days=31))

    said = night.alert.reasons["over_age"]
    assert said["since"] == (entered + timedelta(days=31)).isoformat()
    assert said["why"] == "31 days in step 1; the limit is 30, learned for Mar 2026 (fixed: 45)."
    assert said["rule"] == "playbook 1, limit learned for Mar 2026"


def test_what_is_told_of_an_alert_leads_to_its_own_page(night: Night) -> None:
    night.walk.open()

    night.look_again()

    of_alert = select(OutboxMessage).where(OutboxMessage.alert_id.is_not(None))
    told = night.walk.session.scalars(of_alert).all()
    assert {message.kind for message in told} == {"alert"}
    assert {message.payload["path"] for message in told} == {f"/alerts/{night.alert.id}"}
