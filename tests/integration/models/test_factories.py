"""Every model has its factory, and what a factory makes satisfies every constraint."""

from typing import Any

from sqlalchemy.orm import Session, scoped_session

from changetrack.models import Account, Base
from tests import factories
from tests.factories import Cast, make_account, make_cast, make_proposal

OF_AN_ACCOUNT = (
    "make_alias", "make_alert", "make_commitment", "make_contact", "make_event", "make_hold", "make_journey",
    "make_standing", "make_visit", "make_link",
)  # fmt: skip
OF_NOTHING = (
    "make_audit_event", "make_calendar", "make_cell", "make_endpoint", "make_heartbeat", "make_import", "make_job_run",
    "make_learned_limit", "make_movement", "make_metric", "make_playbook", "make_sign_in_attempt", "make_source",
    "make_token", "make_value_cell", "make_value_flow", "make_value_snapshot", "make_snapshot", "make_team",
    "make_user",
)  # fmt: skip
OF_A_USER = ("make_digest", "make_message", "make_message_settings", "make_notification", "make_saved_view")


def made_of_all(session: scoped_session[Session], cast: Cast) -> set[type[Any]]:
    account = make_account(session, team_id=cast.team.id, owner_id=cast.olu.id, claimed_step=3)
    proposal = make_proposal(session, account, cast.olu)
    rows = [account, proposal, cast.team.members[0]]
    rows += [getattr(factories, name)(session, account) for name in OF_AN_ACCOUNT]
    rows += [getattr(factories, name)(session) for name in OF_NOTHING]
    rows += [getattr(factories, name)(session, cast.olu) for name in OF_A_USER]
    rows.append(factories.make_evidence(session, account, "1c"))
    rows.append(factories.make_sign_off(session, proposal, cast.tess))
    rows.append(factories.make_session(session, cast.olu, "a token"))
    rows.append(factories.make_attempt(session, factories.make_message(session, cast.olu)))
    rows += made_of_use(session, account)
    return {type(row) for row in rows}


def made_of_use(session: scoped_session[Session], account: Account) -> list[Any]:
    metric, source = factories.make_metric(session, "orders"), factories.make_source(session, "Mobile app")
    outcome = factories.make_outcome(session, account, metric)
    rows = [getattr(factories, name)(session, outcome) for name in ("make_statement", "make_reading", "make_entry")]
    rows += [getattr(factories, name)(session, account, metric) for name in ("make_daily", "make_member")]
    rows += [getattr(factories, name)(session, source) for name in ("make_write_key", "make_usage_event")]
    return [outcome, *rows, factories.make_rule(session, metric), factories.make_unmatched(session, metric)]


def test_every_model_has_a_factory(session: scoped_session[Session]) -> None:
    cast = make_cast(session)

    made = made_of_all(session, cast)

    assert made == {mapper.class_ for mapper in Base.registry.mappers}


def test_the_cast_acts_in_its_roles(session: scoped_session[Session]) -> None:
    cast = make_cast(session)

    roles = {name: cast.actor(name).team_role(cast.team.id) for name in ("olu", "tess", "vik", "ed", "otto")}

    assert roles == {"olu": "member", "tess": "coordinator", "vik": "vsm", "ed": None, "otto": None}
