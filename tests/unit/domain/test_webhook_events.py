"""Claims about what programs are told: bodies, secrets, and signatures that the standard's own library accepts."""

import json
import re
from base64 import b64encode
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from changetrack.domain.webhook_events import (
    EVENTS,
    account_data,
    alert_data,
    commitment_data,
    event_body,
    key_of,
    move_data,
    secret_from,
    sign,
)
from tests.architecture.source import ROOT

NOW = datetime(2026, 11, 30, 7, 0, 12, tzinfo=UTC)


def test_a_body_has_a_type_a_timestamp_and_data() -> None:
    in_berlin = NOW.astimezone(timezone(timedelta(hours=1)))

    body = event_body("alert.raised", timestamp=in_berlin, data={"alert": {"id": 7}})

    assert body == {"type": "alert.raised", "timestamp": "2026-11-30T07:00:12Z", "data": {"alert": {"id": 7}}}


def test_an_event_that_is_not_promised_is_never_sent() -> None:
    with pytest.raises(ValueError, match="no event"):
        event_body("alert.exploded", timestamp=NOW, data={})


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_names_a_thing_and_what_became_of_it(event: str) -> None:
    thing, what = event.split(".")

    assert thing in ("alert", "account", "commitment")
    assert what.isalpha()
    assert EVENTS[event]


def example() -> dict[str, Any]:
    """Of each thing what programs are told."""
    return {
        "account": account_data(
            id=12, external_id="crm-12", name="Acme", organization=None, product=None, claimed_step=3,
            supported_step=2, status="active", owner="Olu", team="North", path="/accounts/12",
        ),
        "alert": alert_data(
            id=7, state="firing", severity="notice", step=3, fired_on=date(2026, 11, 30), rung="owner",
            reasons=[("no_progress", date(2026, 11, 27), "12 business days.", "playbook 3")],
        ),
        "commitment": commitment_data(seq=1, action="Call", owner="Olu", due_on=date(2026, 12, 1), state="open"),
        "move": move_data(kind="regress", from_step=3, to_step=2, effective_on=date(2026, 12, 1), reason="Left"),
    }  # fmt: skip


def test_the_operator_guide_names_every_event_and_field() -> None:
    guide = (ROOT / "docs" / "operator-guide.md").read_text(encoding="utf-8")
    told = guide.partition("## Webhooks and Slack")[2].partition("\n## ")[0]
    (shown,) = re.findall(r"```json\n(.*?)```", told, re.DOTALL)
    data = {thing: fields for thing, fields in example().items() if thing in ("account", "alert")}

    assert json.loads(shown) == event_body("alert.raised", timestamp=NOW, data=data)
    assert [event for event in EVENTS if f"| `{event}` |" not in told] == []
    for thing, fields in example().items():
        (line,) = (line for line in told.splitlines() if line.startswith(f"| `{thing}` |"))
        assert [name for name in fields if f"`{name}`" not in line] == []


def test_the_data_of_every_thing_are_json_with_days_as_iso_dates() -> None:
    data = example()

    read = json.loads(json.dumps(data))

    assert read == data
    assert read["alert"]["reasons"][0]["since"] == "2026-11-27"
    assert read["alert"]["snoozed_until"] is None
    assert read["move"]["effective_on"] == "2026-12-01"


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    signature = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_is_replaced_both_sign() -> None:
    old, new = b"o" * 32, b"n" * 32

    both = sign([new, old], "msg_1", 1614265330, b"{}")

    assert both == f"{sign(new, 'msg_1', 1614265330, b'{}')} {sign(old, 'msg_1', 1614265330, b'{}')}"


@given(st.binary(min_size=24, max_size=64), st.text(), st.integers(1, 2**33))
def test_a_signature_is_that_of_the_standards_library(key: bytes, text: str, seconds: int) -> None:
    body = json.dumps(text)

    ours = sign(key, "msg_1", seconds, body.encode())

    assert ours == Webhook(secret_from(key)).sign("msg_1", datetime.fromtimestamp(seconds, UTC), body)


@given(st.binary(min_size=24, max_size=64))
def test_a_secret_can_be_copied_and_read_back(key: bytes) -> None:
    assert key_of(secret_from(key)) == key


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_short", "whsec_!!!", f"other_{b64encode(b'k' * 32).decode()}", "whsec_ä"]
)
def test_anything_else_is_no_secret(secret: str) -> None:
    with pytest.raises(ValueError, match="no webhook secret"):
        key_of(secret)


@pytest.mark.parametrize("length", [0, 23, 65])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="24 to 64"):
        secret_from(b"k" * length)
