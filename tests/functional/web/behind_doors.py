"""What there is behind the doors of the application: one of everything that stands in an address."""

from collections.abc import Mapping
from typing import Any

from flask import Flask

from changetrack.adapters.unsubscribe_tokens import unsubscribe_token
from changetrack.domain.customer_links import token_hash
from tests.clock import NOW
from tests.factories import (
    Cast,
    make_account,
    make_alert,
    make_calendar,
    make_commitment,
    make_contact,
    make_endpoint,
    make_evidence,
    make_link,
    make_message,
    make_message_settings,
    make_metric,
    make_outcome,
    make_rule,
    make_saved_view,
    make_source,
    make_statement,
    make_team_member,
    make_token,
    make_user,
    make_visit,
    make_write_key,
)
from tests.factories._saving import Saver


def furnished(app: Flask, session: Saver, cast: Cast) -> Mapping[str, Any]:
    """What the names in an address stand for; nobody of the cast is harmed."""
    spare = make_user(session, name="Spare")
    make_team_member(session, cast.team, spare)
    account = make_account(session, team_id=cast.team.id, owner_id=cast.olu.id, visit_seq=1)
    make_visit(session, account)
    make_contact(session, account)
    make_evidence(session, account, "1c")
    metric, source = make_metric(session), make_source(session)
    make_statement(session, make_outcome(session, account, metric))
    make_commitment(session, account, owner_user_id=cast.olu.id)
    token = "of-a-page-that-was-opened-before"
    make_message_settings(session, spare, calendar_token_hash=token_hash(token))
    return {
        "account_id": account.id,
        "alert_id": make_alert(session, account).id,
        "message_id": make_message(session, spare, dead_at=NOW).id,
        "user_id": spare.id,
        "metric_id": metric.id,
        "rule_id": make_rule(session, metric).id,
        "source_id": source.id,
        "key_id": make_write_key(session, source).id,
        "token_id": make_token(session).id,
        "team_id": cast.team.id,
        "calendar_id": make_calendar(session).id,
        "endpoint_id": make_endpoint(session).id,
        "view_id": make_saved_view(session, spare).id,
        "token": token,
        "link_id": make_link(session, account, token_hash(token), opened_at=NOW).id,
        "key": "0123456789abcdef",
        "number": 3,
        "point": "1c",
        "kind": "agreed",
        "statement": 1,
        "signed": unsubscribe_token(spare.id, "digest", settings=app.extensions["changetrack.settings"]),
        "seq": 1,  # of the account's first contact, its first evidence, its first outcome
    }
