"""Endpoints: who may set them, where they may lead, and what is kept of their secrets."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from changetrack.domain.outgoing import Allowed
from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, StaleVersion
from changetrack.models import AuditEvent, Endpoint, OutboxMessage
from changetrack.operations import endpoints
from changetrack.operations._claims import SECRET as SEALED_SECRET
from changetrack.operations._claims import URL, hook_of
from changetrack.operations._seal import CannotUnseal, seal, unseal
from changetrack.operations.delivery import send_again
from changetrack.queries.endpoints import get_endpoint, get_own_slack, list_deliveries, list_endpoints
from tests.conftest import SECRET
from tests.factories import Cast, make_attempt, make_endpoint, make_message
from tests.factories._saving import Saver

OUT = endpoints.Outbound([SECRET], Allowed(("mm.intra", "10.0.0.0/8:*")))
ADA = Actor.operator("cli")
ADDRESS = "https://hooks.example.com/in/very-secret-path"
SLACK = "https://hooks.slack.com/services/T0/B0/very-secret-path"


def add(now: datetime, **changed: Any) -> endpoints.Signed:
    given: dict[str, Any] = {"name": "CRM", "url": ADDRESS, "events": ["alert.resolved", "alert.raised"]}
    return endpoints.create_webhook(**{**given, "team_id": None, "outbound": OUT, "actor": ADA, "now": now, **changed})


def refused(now: datetime, **changed: Any) -> list[str | None]:
    with pytest.raises(OperationRefused) as found:
        add(now, **changed)
    return [reason.field for reason in found.value.reasons]


def test_a_webhook_is_kept_with_its_secrets_sealed(session: Saver, cast: Cast, now: datetime) -> None:
    made = add(now, team_id=cast.team.id)

    row = session.get_one(Endpoint, made.endpoint_id)
    hook = hook_of(row, secrets=[SECRET], now=now)
    assert (hook.url, hook.secrets) == (ADDRESS, (made.secret,))
    assert made.secret.startswith("whsec_")
    assert made.secret not in repr(made)
    assert (row.url_shown, row.events, row.team_id) == (
        "https://hooks.example.com/…",
        ["alert.raised", "alert.resolved"],
        cast.team.id,
    )
    kept = " ".join(str(value) for value in vars(row).values())
    assert "very-secret-path" not in kept
    assert made.secret not in kept


def test_what_cannot_be_is_refused_with_all_reasons(session: Saver, cast: Cast, now: datetime) -> None:
    assert refused(now, name=" ", url="ftp://x", events=[]) == ["name", "url", "events"]
    assert refused(now, url="https://10.1.2.3:22x/") == ["url"]
    assert refused(now, url="https://127.0.0.1/") == ["url"]
    assert refused(now, url="http://hooks.example.com/") == ["url"]
    assert refused(now, events=["alert.invented"]) == ["events"]
    assert refused(now, team_id=4711) == ["team_id"]
    add(now)
    assert refused(now, name="CRM") == ["name"]
    assert session.scalar(select(func.count()).select_from(Endpoint)) == 1


def test_an_address_of_the_intranet_is_taken_where_the_operator_allows_it(
    session: Saver, cast: Cast, now: datetime
) -> None:
    made = add(now, url="http://10.1.2.3:8065/hook")

    assert session.get_one(Endpoint, made.endpoint_id).url_shown == "http://10.1.2.3:8065/…"


def test_only_administrators_add_what_others_hear(session: Saver, cast: Cast, now: datetime) -> None:
    for who in ("olu", "tess", "vik", "ed"):
        with pytest.raises(Forbidden):
            add(now, actor=cast.actor(who))
        with pytest.raises(Forbidden):
            endpoints.create_slack(
                name="Ours", url=SLACK, team_id=cast.team.id, outbound=OUT, actor=cast.actor(who), now=now
            )


def test_slack_is_slack_or_what_the_operator_names(session: Saver, cast: Cast, now: datetime) -> None:
    given: dict[str, Any] = {"name": "Team", "team_id": cast.team.id, "outbound": OUT, "actor": ADA, "now": now}

    with pytest.raises(OperationRefused, match=r"hooks\.slack\.com"):
        endpoints.create_slack(url="https://evil.example.com/services/T0", **given)
    with pytest.raises(OperationRefused, match="Choose the team"):
        endpoints.create_slack(url=SLACK, **{**given, "team_id": None})
    endpoints.create_slack(url=SLACK, **given)
    endpoints.create_slack(url="https://mm.intra/hooks/1", **{**given, "name": "Other"})

    assert {row.address for row in list_endpoints(actor=cast.actor("ada"))} == {
        "https://hooks.slack.com/…",
        "https://mm.intra/…",
    }


def test_a_person_has_one_slack_channel_of_their_own_which_nobody_else_sees(
    session: Saver, cast: Cast, now: datetime
) -> None:
    olu, tess = cast.actor("olu"), cast.actor("tess")
    first = endpoints.use_own_slack(url=SLACK, outbound=OUT, actor=olu, now=now)
    again = endpoints.use_own_slack(url=SLACK + "-2", outbound=OUT, actor=olu, now=now)

    own = get_own_slack(actor=olu)
    assert own is not None
    assert (first, again) == (own.id, own.id)
    assert get_own_slack(actor=tess) is None
    assert [row.id for row in list_endpoints(actor=olu)] == [own.id]
    assert list_endpoints(actor=tess) == []
    for forbidden in (endpoints.disable_endpoint, endpoints.enable_endpoint):
        with pytest.raises(NotFound):
            forbidden(endpoint_id=own.id, actor=tess, now=now)
    with pytest.raises(NotFound):
        get_endpoint(own.id, actor=tess)
    with pytest.raises(NotFound):
        list_deliveries(own.id, actor=tess)
    endpoints.disable_endpoint(endpoint_id=own.id, actor=olu, now=now)
    assert get_endpoint(own.id, actor=olu).state == "off"


def test_a_person_aims_nothing_at_a_network_that_is_allowed(session: Saver, cast: Cast, now: datetime) -> None:
    given: dict[str, Any] = {"actor": cast.actor("olu"), "now": now}
    inside = "http://10.1.2.3:9200/_all"

    with pytest.raises(OperationRefused, match=r"hooks\.slack\.com"):
        endpoints.use_own_slack(url=inside, outbound=OUT, **given)
    named = endpoints.Outbound([SECRET], Allowed(("10.1.2.3:9200",)))
    own = endpoints.use_own_slack(url="https://mm.intra/hooks/1", outbound=OUT, **given)
    endpoints.use_own_slack(url=inside, outbound=named, **given)
    edit: dict[str, Any] = {"endpoint_id": own, "version": 2, "name": "Mine", "outbound": OUT, **given}
    for url, team_id in ((inside, None), ("", cast.team.id)):
        with pytest.raises(OperationRefused):
            endpoints.edit_endpoint(url=url, team_id=team_id, **edit)


def test_a_new_secret_and_the_former_one_sign_for_a_while(session: Saver, cast: Cast, now: datetime) -> None:
    made = add(now)

    new = endpoints.rotate_secret(endpoint_id=made.endpoint_id, outbound=OUT, actor=ADA, now=now)

    row = session.get_one(Endpoint, made.endpoint_id)
    assert hook_of(row, secrets=[SECRET], now=now + timedelta(hours=23)).secrets == (new.secret, made.secret)
    assert hook_of(row, secrets=[SECRET], now=now + timedelta(hours=24)).secrets == (new.secret,)
    with pytest.raises(OperationRefused):
        endpoints.rotate_secret(
            endpoint_id=made.endpoint_id, outbound=OUT, actor=ADA, now=now, overlap=timedelta(days=31)
        )


def test_an_edit_keeps_the_address_unless_another_is_given(session: Saver, cast: Cast, now: datetime) -> None:
    made = add(now)
    given: dict[str, Any] = {"endpoint_id": made.endpoint_id, "outbound": OUT, "actor": ADA, "now": now}

    endpoints.edit_endpoint(version=1, name="New", url="", events=["alert.raised"], **given)
    with pytest.raises(StaleVersion):
        endpoints.edit_endpoint(version=1, name="Late", url="", events=["alert.raised"], **given)
    kept = hook_of(session.get_one(Endpoint, made.endpoint_id), secrets=[SECRET], now=now).url
    endpoints.edit_endpoint(version=2, name="New", url=ADDRESS + "2", events=["alert.raised"], **given)

    row = session.get_one(Endpoint, made.endpoint_id)
    assert (row.name, row.version, kept) == ("New", 3, ADDRESS)
    assert hook_of(row, secrets=[SECRET], now=now).url == ADDRESS + "2"


def test_all_that_is_done_is_told_without_a_secret(session: Saver, cast: Cast, now: datetime) -> None:
    made = add(now)
    given: dict[str, Any] = {"endpoint_id": made.endpoint_id, "actor": ADA, "now": now}
    new = endpoints.rotate_secret(outbound=OUT, **given)
    endpoints.test_endpoint(path="/admin/endpoints", **given)
    for _ in range(2):
        endpoints.disable_endpoint(**given)
    for _ in range(2):
        endpoints.enable_endpoint(**given)

    rows = session.scalars(select(AuditEvent).where(AuditEvent.subject == f"endpoint:{made.endpoint_id}")).all()
    told = json.dumps([row.changes for row in rows])
    assert sorted(row.kind for row in rows) == [
        "endpoint_added", "endpoint_disabled", "endpoint_enabled", "endpoint_tested", "secret_rotated",
    ]  # fmt: skip
    assert not any(secret in told for secret in ("very-secret-path", made.secret, new.secret))


def test_a_test_is_a_message_like_any_other(session: Saver, cast: Cast, now: datetime) -> None:
    made = add(now)
    given: dict[str, Any] = {"endpoint_id": made.endpoint_id, "path": "/admin/endpoints", "actor": ADA, "now": now}

    message_id = endpoints.test_endpoint(**given)
    endpoints.disable_endpoint(endpoint_id=made.endpoint_id, actor=ADA, now=now)

    row = session.get_one(OutboxMessage, message_id)
    assert (row.channel, row.kind, row.payload["type"], row.endpoint_id) == (
        "webhook",
        "test",
        "test",
        made.endpoint_id,
    )
    with pytest.raises(OperationRefused, match="switched off"):
        endpoints.test_endpoint(**given)


def test_the_log_tells_what_was_sent_newest_first_page_by_page(session: Saver, cast: Cast, now: datetime) -> None:
    endpoint = make_endpoint(session)
    given: dict[str, Any] = {"channel": "webhook", "endpoint_id": endpoint.id, "payload": {"type": "alert.raised"}}
    taken = make_message(session, cast.olu, delivered_at=now, **given)
    make_attempt(session, taken, seq=1, status=500, error="It answered 500.")
    make_attempt(session, taken, seq=2, took_ms=12)
    dead = make_message(session, cast.olu, dead_at=now, last_error="It answered 500.", **given)
    waiting = make_message(session, cast.olu, due_at=now + timedelta(minutes=1), **given)

    first = list_deliveries(endpoint.id, actor=cast.actor("ada"), limit=2)
    second = list_deliveries(endpoint.id, actor=cast.actor("ada"), after=first.following, limit=2)

    assert [(d.id, d.state) for d in first.deliveries] == [(waiting.id, "waiting"), (dead.id, "given_up")]
    assert [(d.id, d.state, d.what) for d in second.deliveries] == [(taken.id, "delivered", "alert.raised")]
    assert [(t.status, t.took_ms) for t in second.deliveries[0].tries] == [(200, 12), (500, 87)]
    assert (first.deliveries[0].next_try_at, second.following) == (waiting.due_at, "")
    assert [d.can_be_sent_again for d in (*first.deliveries, *second.deliveries)] == [False, True, True]


def test_nothing_is_sent_again_to_what_is_switched_off(session: Saver, cast: Cast, now: datetime) -> None:
    endpoint = make_endpoint(session, disabled_at=now)
    dead = make_message(session, cast.olu, channel="webhook", endpoint_id=endpoint.id, dead_at=now)

    with pytest.raises(OperationRefused, match="switched off"):
        send_again(message_id=dead.id, actor=cast.actor("ada"), now=now)


def test_what_is_sealed_opens_with_its_key_for_its_purpose_only() -> None:
    sealed = seal(ADDRESS, secret=SECRET, purpose=URL)

    assert unseal(sealed, secrets=["another-key-that-is-long-enough-123", SECRET], purpose=URL) == ADDRESS
    assert sealed != seal(ADDRESS, secret=SECRET, purpose=URL)
    for secrets, purpose, text in (
        (["another-key-that-is-long-enough-123"], URL, sealed),
        ([SECRET], SEALED_SECRET, sealed),
        ([SECRET], URL, sealed[:-4] + "AAA="),
        ([SECRET], URL, "no sealed text"),
        ([], URL, sealed),
    ):
        with pytest.raises(CannotUnseal):
            unseal(text, secrets=secrets, purpose=purpose)
