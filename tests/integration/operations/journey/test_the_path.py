"""An account goes its way: opened, proven, proposed, signed off, and back, through the one gate."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from changetrack.domain.refusal import OperationRefused
from changetrack.models import Account, Event, FunnelCell, MovementCell, Standing, Visit
from changetrack.operations.accounts import create_account
from changetrack.operations.coalition import add_contact
from changetrack.operations.journey.evidence import Statement, record_evidence
from changetrack.operations.journey.gate import propose_advance, sign_off
from changetrack.operations.journey.moves import move_back
from changetrack.operations.journey.opening import open_account, state_gap
from changetrack.operations.playbook import install_playbook
from changetrack.domain.people import Actor
from tests.factories import actor_of, make_cast

GAP = {"gap_metric": "hours to close", "gap_unit": "h", "gap_from": "40", "gap_to": "8",
       "gap_by": date(2027, 6, 30), "gap_evidence": "ERP report"}  # fmt: skip


def test_an_account_advances_when_its_points_hold_and_two_people_say_so(session, now, today):
    cast = make_cast(session)
    session.commit()
    olu, tess = actor_of(cast.olu), actor_of(cast.tess)
    install_playbook(actor=Actor.system("test"), now=now)
    when = {"now": now, "today": today}
    account_id = create_account(
        record={"name": "Acme", "team_id": cast.team.id, "owner_id": cast.olu.id, "started_on": today - timedelta(40)},
        actor=olu, **when,
    )  # fmt: skip

    open_account(account_id=account_id, beneficiary="Plant managers", value_statement="Close in a day",
                 effective_on=today - timedelta(20), actor=olu, **when)
    with pytest.raises(OperationRefused) as refused:
        propose_advance(account_id=account_id, effective_on=today, actor=olu, **when)
    state_gap(account_id=account_id, gap=GAP, effective_on=today - timedelta(5), actor=olu, **when)
    recorded = record_evidence(
        account_id=account_id, point="1c", effective_on=today - timedelta(3), actor=olu,
        statement=Statement(contact_name="Mara", said_how="call", numbers={"asked": 4, "yes": 3}), **when,
    )  # fmt: skip
    proposed = propose_advance(account_id=account_id, effective_on=today, actor=olu, **when)
    signed = sign_off(account_id=account_id, actor=tess, **when)

    assert {r.field for r in refused.value.reasons} == {"1b", "1c"}
    assert recorded.holds
    assert proposed.needed == ("the team coordinator",)
    assert signed.advanced
    account = session.get(Account, account_id)
    assert (account.claimed_step, account.supported_step, account.status) == (2, 2, "active")
    rows = session.execute(select(Standing.effective_on, Standing.place, Standing.supported_step).order_by(Standing.seq))
    print(list(rows))
    cells = session.scalars(select(FunnelCell).where(FunnelCell.field == "", FunnelCell.accounts != 0)).all()
    assert [(c.place, c.accounts, c.unsupported) for c in cells] == [(2, 1, 0)]
    print([(m.day, m.place, m.entered, m.advanced_in, m.advanced_out) for m in session.scalars(select(MovementCell))])
    print([(e.kind, e.changes) for e in session.scalars(select(Event).order_by(Event.seq))])
