"""What Slack and programs receive: within Slack's limits and nothing in it markup; signed as the specification says."""

import json
import re
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from changetrack.adapters.outgoing import Outgoing
from changetrack.adapters.slack import escaped, post_to_slack, slack_message
from changetrack.adapters.webhook import post_to_webhook, webhook_id
from changetrack.domain.letters import Item, Letter, Section
from changetrack.domain.outgoing import Allowed
from changetrack.domain.webhook_events import secret_from
from tests.receivers import program

BASE = "https://track.example.com"
HERE = Outgoing(Allowed(("127.0.0.1:*",)))
LETTER = Letter(
    kind="alert",
    title="Acme <GmbH>: stale",
    lead="Acme & sons went stale.",
    why=("No progress for 31 business days.",),
    facts=(("Owner", "Olu"),),
    sections=(Section("What helps", (Item("Take it | up", "/alerts/7"), Item("Record what happened."))),),
    action_label="Take it up",
    path="/alerts/7",
    rule="playbook 3",
)


def test_a_letter_is_blocks_with_a_button_to_its_page() -> None:
    message = slack_message(LETTER, key="k", base_url=BASE)

    header, why, facts, helps, rule, action = message["blocks"]
    assert message["text"] == "Acme &lt;GmbH&gt;: stale"
    assert header["text"] == {"type": "plain_text", "text": "Acme &lt;GmbH&gt;: stale", "emoji": False}
    assert why["text"]["text"] == "Acme &amp; sons went stale.\n• No progress for 31 business days."
    assert facts["fields"] == [{"type": "mrkdwn", "text": "*Owner*\nOlu", "verbatim": True}]
    assert helps["text"]["text"] == (
        "*What helps*\n• <https://track.example.com/alerts/7|Take it | up>\n• Record what happened."
    )
    judged = {"type": "mrkdwn", "text": "Judged by: playbook 3.", "verbatim": True}
    assert rule == {"type": "context", "elements": [judged]}
    assert action["elements"][0]["url"] == "https://track.example.com/alerts/7"


def test_the_same_key_is_known_again() -> None:
    ids = [slack_message(LETTER, key=key, base_url=BASE)["blocks"][0]["block_id"] for key in ("k", "k", "other")]

    assert ids[0] == ids[1] != ids[2]
    assert len(ids[0]) <= 255


def test_nobody_is_called_by_what_somebody_wrote() -> None:
    message = slack_message(replace(LETTER, lead="<!channel> <@U1> <https://evil|here>"), key="k", base_url=BASE)

    assert "<!" not in json.dumps(message)
    assert "<@" not in json.dumps(message)
    assert "<https://evil" not in json.dumps(message)


def test_what_reads_like_a_mention_or_an_address_stays_words() -> None:
    message = slack_message(replace(LETTER, lead="@channel https://evil.example.com/x.png"), key="k", base_url=BASE)

    marked = re.findall(r'\{"type": "mrkdwn"[^{}]*\}', json.dumps(message))
    assert len(marked) == 4
    assert all(json.loads(text)["verbatim"] for text in marked)
    assert (message["unfurl_links"], message["unfurl_media"]) == (False, False)


@given(st.text(alphabet="a<&>é", max_size=60), st.integers(min_value=8, max_value=40))
def test_what_is_too_long_is_cut_between_characters(text: str, most: int) -> None:
    shown = escaped(text, most)

    whole = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert len(shown) <= most
    assert shown == whole or (shown.endswith("…") and whole.startswith(shown[:-1]))
    assert shown.count("&") == shown.count(";")


def test_the_longest_letter_stays_within_the_limits() -> None:
    items = tuple(Item("<" * 900, f"/alerts/{number}") for number in range(300))
    letter = Letter(
        "gathered", "<" * 400, "&" * 9000, ("<" * 5000,) * 9, (("<" * 500, ">" * 5000),) * 30,
        (Section("<" * 500, items),) * 60, "<" * 200, "/alerts", "<" * 9000,
    )  # fmt: skip

    message = slack_message(letter, key="k", base_url=BASE)

    assert len(message["blocks"]) <= 50
    assert len(message["blocks"][0]["text"]["text"]) <= 150
    texts = [block["text"]["text"] for block in message["blocks"] if block["type"] == "section" and "text" in block]
    assert max(map(len, texts)) <= 3000
    fields = message["blocks"][2]["fields"]
    assert len(fields) <= 10
    assert max(len(field["text"]) for field in fields) <= 2000


def test_it_is_posted_as_it_is() -> None:
    with program() as slack:
        answer = post_to_slack(HERE, slack.url, LETTER, key="k", base_url=BASE)

    assert answer.status == 200
    assert slack.received[0].json == slack_message(LETTER, key="k", base_url=BASE)


@pytest.mark.parametrize("secrets", [(b"1" * 32,), (b"1" * 32, b"2" * 32)], ids=["one secret", "in the overlap"])
def test_a_program_verifies_what_it_gets_with_the_standards_own_library(secrets: tuple[bytes, ...]) -> None:
    kept = [secret_from(secret) for secret in secrets]
    now = datetime.fromtimestamp(time.time(), UTC)  # the library looks at the clock
    payload = {"type": "alert.raised", "timestamp": "2026-03-02T09:30:00Z", "data": {"account": {"name": "Zoë"}}}

    with program() as there:
        answer = post_to_webhook(HERE, there.url, payload, key="hook:1:7", secrets=kept, now=now)

    (request,) = there.received
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert answer.is_taken
    assert headers["webhook-id"] == webhook_id("hook:1:7")
    for secret in kept:
        assert Webhook(secret).verify(request.body, headers) == payload
    with pytest.raises(Exception, match="signature"):
        Webhook(secret_from(b"3" * 32)).verify(request.body, headers)
