"""`changetrack secrets reseal`: after it the former key is needed no more."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from changetrack.domain.outgoing import Allowed
from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden
from changetrack.models import AuditEvent, Base, Endpoint
from changetrack.operations import endpoints
from changetrack.operations._claims import hook_of
from changetrack.operations._seal import CannotUnseal
from changetrack.operations.delivery import claim_for_endpoints
from changetrack.operations.secrets import SEALED, reseal_secrets
from tests.clock import NOW
from tests.conftest import SECRET
from tests.factories import Cast, make_endpoint, make_message
from tests.factories._saving import Saver

Command = Callable[..., Result]
FORMER, ANCIENT = "former-key-Yq7Zp2Lw9Tn4Vb6Xc8Md1Rf3Hj", "ancient-key-Pk5Ws8Gd2Qx7Bn4Tz1Lv6Cm9Jh"
ADA = Actor.operator("cli")
SLACK = "https://hooks.slack.com/services/T0/B0/secret-path"


def hook(key: str, name: str, **given: Any) -> endpoints.Signed:
    """A webhook that was added while `key` was the key."""
    return endpoints.create_webhook(
        name=name, url=f"https://hooks.example.com/{name}", events=["alert.raised"], team_id=None,
        outbound=endpoints.Outbound([key], Allowed()), actor=ADA, now=NOW, **given,
    )  # fmt: skip


def rotated(key: str, endpoint_id: int, overlap: timedelta) -> endpoints.Signed:
    """Its new secret, made while `key` was the key."""
    outbound = endpoints.Outbound([key], Allowed())
    return endpoints.rotate_secret(endpoint_id=endpoint_id, outbound=outbound, overlap=overlap, actor=ADA, now=NOW)


def opened(session: Saver, *keys: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Where each endpoint is and with what it is signed, as these keys open it."""
    session.rollback()
    rows = session.scalars(select(Endpoint).order_by(Endpoint.id).execution_options(populate_existing=True))
    hooks = {row.name: hook_of(row, secrets=keys, now=NOW) for row in rows}
    return {name: (found.url, found.secrets) for name, found in hooks.items()}


def reseal(*keys: str, after: int = 0, limit: int = 100, actor: Actor = ADA) -> tuple[int, int, int]:
    done = reseal_secrets(secrets=keys, after=after, limit=limit, actor=actor, now=NOW)
    return done.resealed, done.already, len(done.unreadable)


@pytest.fixture
def with_former(app: Flask) -> None:
    """The former key is still listed."""
    known = app.extensions["changetrack.settings"]
    app.extensions["changetrack.settings"] = replace(known, secret_key_fallbacks=(FORMER,))


@pytest.fixture(autouse=True)
def _settings_as_before(app: Flask) -> Any:
    before = app.extensions["changetrack.settings"]
    yield
    app.extensions["changetrack.settings"] = before


def test_after_it_the_former_key_is_needed_no_more(session: Saver, cast: Cast, run: Command, with_former: None) -> None:
    crm = hook(FORMER, "crm")
    both = rotated(FORMER, crm.endpoint_id, timedelta(days=1))
    slack: dict[str, Any] = {"name": "Ours", "url": SLACK, "team_id": cast.team.id, "actor": ADA, "now": NOW}
    endpoints.create_slack(outbound=endpoints.Outbound([FORMER], Allowed()), **slack)
    hook(SECRET, "new")
    before = opened(session, SECRET, FORMER)
    session.rollback()

    result = run("secrets", "reseal")

    assert (result.exit_code, result.stdout) == (
        0, "4 secrets sealed anew, 2 were sealed with this key already.\n",
    )  # fmt: skip
    assert opened(session, SECRET) == before
    assert before["crm"] == ("https://hooks.example.com/crm", (both.secret, crm.secret))
    with pytest.raises(CannotUnseal):
        opened(session, FORMER)


def test_what_waits_is_sent_with_the_new_key_alone(session: Saver, cast: Cast) -> None:
    crm = hook(FORMER, "crm")
    make_message(session, cast.olu, channel="webhook", user_id=None, endpoint_id=crm.endpoint_id, kind="event")
    reseal(SECRET, FORMER)

    claim = claim_for_endpoints(
        channel="webhook", limit=1, lease=timedelta(minutes=1), secrets=[SECRET], actor=ADA, now=NOW
    )

    assert len(claim.parcels) == 1
    assert session.get_one(Endpoint, crm.endpoint_id).disabled_at is None


def test_done_twice_it_changes_nothing(session: Saver, run: Command, with_former: None) -> None:
    hook(FORMER, "crm")
    session.rollback()
    run("secrets", "reseal")
    kept = session.scalars(select(Endpoint.url_sealed)).all()
    session.rollback()

    again = json.loads(run("secrets", "reseal", "--json").stdout)

    assert again == {"resealed": 0, "already": 2, "unreadable": []}
    assert session.scalars(select(Endpoint.url_sealed)).all() == kept


def test_it_goes_on_where_it_was_stopped(session: Saver) -> None:
    for number in range(3):
        hook(FORMER, f"crm-{number}")

    first = reseal_secrets(secrets=[SECRET, FORMER], after=0, limit=2, actor=ADA, now=NOW)
    rest = reseal_secrets(secrets=[SECRET, FORMER], after=0, limit=100, actor=ADA, now=NOW)

    assert first.after is not None
    assert (first.resealed, rest.resealed, rest.already, rest.after) == (4, 2, 4, None)


def test_what_no_key_opens_is_named_and_left_and_holds_up_nothing_else(
    session: Saver, run: Command, with_former: None
) -> None:
    lost = hook(ANCIENT, "lost")
    hook(FORMER, "crm")
    before = session.get_one(Endpoint, lost.endpoint_id).url_sealed
    session.rollback()

    result = run("secrets", "reseal")

    assert (result.exit_code, result.stdout.partition(" sealed")[0]) == (1, "2 secrets")
    assert result.stderr == "lost opens with none of the keys: enter it again.\n"
    assert session.get_one(Endpoint, lost.endpoint_id).url_sealed == before


def test_a_former_secret_whose_time_is_over_is_deleted(session: Saver) -> None:
    crm = hook(ANCIENT, "crm")
    rotated(FORMER, crm.endpoint_id, timedelta())
    endpoints.edit_endpoint(
        endpoint_id=crm.endpoint_id, version=2, name="crm", url="https://hooks.example.com/b", events=["alert.raised"],
        outbound=endpoints.Outbound([FORMER], Allowed()), actor=ADA, now=NOW,
    )  # fmt: skip

    done = reseal(SECRET, FORMER)

    session.rollback()
    assert done == (2, 0, 0)
    assert session.get_one(Endpoint, crm.endpoint_id).former_secret_sealed is None


def test_only_administrators_do_it(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        reseal(SECRET, actor=cast.actor("olu"))


def test_it_is_in_the_audit_once(session: Saver) -> None:
    hook(FORMER, "crm")
    for _ in range(2):
        reseal(SECRET, FORMER)

    session.rollback()
    kinds = session.scalars(select(AuditEvent.kind).order_by(AuditEvent.seq)).all()
    assert kinds == ["endpoint_added", "endpoint_resealed"]


def test_an_edit_that_was_begun_before_is_still_good(session: Saver) -> None:
    crm = hook(FORMER, "crm")
    reseal(SECRET, FORMER)

    session.rollback()
    assert session.get_one(Endpoint, crm.endpoint_id).version == 1


def test_everything_that_is_sealed_is_sealed_anew() -> None:
    sealed = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name.endswith("_sealed")
    ]

    assert sorted(sealed) == sorted(f"endpoints.{name}" for name in SEALED)


def test_one_that_was_made_for_tests_is_unreadable(session: Saver) -> None:
    make_endpoint(session)

    assert reseal(SECRET) == (0, 0, 1)
