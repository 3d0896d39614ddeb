"""E-mail as a real mail server receives it: two twins, headers that cannot be forged, and what each refusal means."""

import socket
import time
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest

from changetrack.adapters.email import MailServer, NotSent, compose
from changetrack.config import Settings
from changetrack.domain.letters import Item, Letter, Section
from tests.ports import free_port
from tests.receivers import drop_connection, mail_sink

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRET = "zB4vQ8nXk2LrTf6yWm9Hc3Js7Dp5Ga1E"
SETTINGS = Settings(
    instance=Path("/nowhere"),
    database_url="sqlite:///nowhere.db",
    secret_key=SECRET,
    base_url="https://track.example.com",
    smtp_url="smtp://127.0.0.1",
)
LETTER = Letter(
    kind="alert",
    title="Acme <GmbH>: stale in step 3 since 2 Mar, Olu: take it up",
    lead="An account went stale: Acme <GmbH> & sons.",
    why=("No progress for 31 business days.",),
    facts=(("Owner", "Olu <olu@example.com>"),),
    sections=(Section("What helps", (Item("Take it up.", "/alerts/7"), Item("Record what happened."))),),
    action_label="Take it up",
    path="/alerts/7",
    rule="playbook 3",
    account="Acme <GmbH>",
)
STOP = "https://track.example.com/unsubscribe/token"


def mail(letter: Letter = LETTER, *, settings: Settings = SETTINGS, **changed: Any) -> EmailMessage:
    given: dict[str, Any] = {"key": "alert:7:raised:email:1", "name": "Olu", "email": "olu@example.com", "now": NOW}
    return compose(letter, **{**given, "unsubscribe": STOP, **changed}, settings=settings)


def server(port: int, scheme: str = "smtp", seconds: float = 20) -> MailServer:
    return MailServer(scheme, "127.0.0.1", port, seconds=seconds)


def twins(message: EmailMessage) -> tuple[str, str]:
    plain, rich = cast(list[EmailMessage], list(message.iter_parts()))
    return str(plain.get_content()), str(rich.get_content())


def test_a_letter_arrives_as_two_twins() -> None:
    with mail_sink() as sink:
        server(sink.port).send(mail())

    (message,) = sink.received
    plain, rich = twins(message)
    assert message.get_content_type() == "multipart/alternative"
    assert message["Subject"] == LETTER.title
    assert (str(message["To"]), str(message["From"])) == (
        "Olu <olu@example.com>",
        "ChangeTrack <changetrack@track.example.com>",
    )
    assert "Take it up: https://track.example.com/alerts/7" in plain
    assert "Acme &lt;GmbH&gt; &amp; sons" in rich
    assert 'href="https://track.example.com/alerts/7"' in rich
    for words in ("No progress for 31 business days.", "Record what happened.", "playbook 3", "What helps"):
        assert words in plain
        assert words in rich


def test_nothing_in_it_comes_from_elsewhere() -> None:
    _, rich = twins(mail())

    for loaded in ("<img", "<link", "<script", "src=", "style=", "@import", "url("):
        assert loaded not in rich


def test_it_says_how_to_hear_no_more_of_it() -> None:
    message = mail()

    assert message["List-Unsubscribe"] == f"<{STOP}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    assert all(STOP in twin for twin in twins(message))
    assert mail(unsubscribe=None)["List-Unsubscribe"] is None


def test_the_same_key_has_the_same_number() -> None:
    first, again, other = mail(), mail(now=NOW.replace(day=3)), mail(key="alert:8:raised:email:1")

    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert first["Message-ID"].endswith("@track.example.com>")
    assert mail(settings=replace(SETTINGS, base_url="http://127.0.0.1:5000"))["Message-ID"].endswith("@localhost>")


def test_no_header_can_be_slipped_in() -> None:
    evil = "Acme\r\nBcc: victim@example.com\r\n\r\nPay here"
    with mail_sink() as sink:
        server(sink.port).send(mail(replace(LETTER, title=evil, account=evil), name=evil))

    (message,), (envelope,) = sink.received, sink.envelopes
    assert message["Bcc"] is None
    assert message["Subject"] == "Acme Bcc: victim@example.com Pay here"
    assert envelope.rcpt_tos == ["olu@example.com"]


@pytest.mark.parametrize(
    "evil",
    [
        "=?utf-8?q?a=0D=0ABcc:_victim=40example.com=0D=0A=0D=0APay?=",
        "Acme =?utf-8?b?DQpCY2M6IHZpY3RpbUBleGFtcGxlLmNvbQ0KDQpQYXk=?= is stale",
        "==??utf-8?q?=0ABcc:_victim=40example.com?=",
        "=?utf-8?q?=E2=80=A8Bcc:_victim?=",
    ],
)
def test_no_header_can_be_slipped_in_as_an_encoded_word(evil: str) -> None:
    with mail_sink() as sink:
        server(sink.port).send(mail(replace(LETTER, title=evil, account=evil), name=evil))

    (message,) = sink.received
    assert message.keys() == mail().keys()
    assert message["Subject"].strip() == evil.replace("=?", "= ?")
    assert message["To"].addresses[0].display_name.startswith(evil.replace("=?", "= ?")[:30])


@pytest.mark.parametrize("name", ["Zoë Ångström", "“Olu”, the owner", 'O"Brien; <x@y.z>', "山田太郎", "", "a" * 60])
def test_any_name_can_be_written_to(name: str) -> None:
    with mail_sink() as sink:
        server(sink.port).send(mail(name=name))

    (address,) = sink.received[0]["To"].addresses
    assert address.addr_spec == "olu@example.com"
    assert address.display_name == name


def test_a_domain_in_any_language_is_reached() -> None:
    with mail_sink() as sink:
        server(sink.port).send(mail(email="zoe@bücher.example"))

    assert sink.envelopes[0].rcpt_tos == ["zoe@xn--bcher-kva.example"]


def test_long_lines_and_odd_characters_arrive_whole() -> None:
    odd = "Ünïcödé — 山田 " + "x" * 3000 + "\x00\x07 end\n.\n.. dots\nFrom here"
    with mail_sink() as sink:
        server(sink.port).send(mail(replace(LETTER, lead=odd)))

    plain, rich = twins(sink.received[0])
    assert odd.replace("\x00\x07", "") in plain.replace("\r\n", "\n")
    assert "x" * 3000 in rich
    lines = cast(bytes, sink.envelopes[0].original_content).split(b"\r\n")
    assert max(map(len, lines)) <= 998


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        ("Track <track@example.com>", "Track <track@example.com>"),
        ("track@example.com", "ChangeTrack <track@example.com>"),
    ],
)
def test_the_sender_is_the_one_that_was_set(sender: str, shown: str) -> None:
    assert str(mail(settings=replace(SETTINGS, mail_from=sender))["From"]) == shown


@pytest.mark.parametrize("email", ["olu@exa mple@com>", ",olu@example.com"])
def test_what_is_no_address_is_given_up_at_once(email: str) -> None:
    with pytest.raises(NotSent) as refused:
        mail(email=email)

    assert (refused.value.is_final, refused.value.is_address) == (True, True)


@pytest.mark.parametrize(
    ("answer", "status", "is_final"), [("550 5.1.1 No such user", 550, True), ("450 4.2.0 Greylisted", 450, False)]
)
def test_a_receiver_that_is_refused_for_good_is_told_from_one_to_try_later(
    answer: str, status: int, is_final: bool
) -> None:
    with mail_sink(refuse=answer) as sink, pytest.raises(NotSent) as refused:
        server(sink.port).send(mail())

    found = refused.value
    assert (found.status, found.is_final, found.is_address, found.is_away) == (status, is_final, is_final, False)
    assert str(found) == answer


@pytest.mark.parametrize(("answer", "is_final"), [("554 Spam", True), ("451 Try later", False)])
def test_a_message_that_is_refused_says_nothing_of_the_address(answer: str, is_final: bool) -> None:
    with mail_sink(refuse_data=answer) as sink, pytest.raises(NotSent) as refused:
        server(sink.port).send(mail())

    assert (refused.value.is_final, refused.value.is_address, refused.value.is_away) == (is_final, False, False)


def test_a_server_that_leaves_after_it_was_given_all_is_tried_again_under_the_same_number() -> None:
    with mail_sink() as sink:
        sink.after_data = drop_connection
        with pytest.raises(NotSent) as dropped:
            server(sink.port).send(mail())
        with pytest.raises(NotSent):
            server(sink.port).send(mail())

    assert (dropped.value.is_final, dropped.value.is_address, dropped.value.is_away) == (False, False, False)
    assert len({message["Message-ID"] for message in sink.received}) == 1 < len(sink.received)


def test_a_server_that_is_not_there_holds_up_all() -> None:
    with pytest.raises(NotSent) as refused:
        server(free_port()).send(mail())

    assert (refused.value.is_away, refused.value.is_final) == (True, False)


@pytest.mark.parametrize("scheme", ["smtp", "smtps", "smtp+starttls"])
def test_a_server_that_says_nothing_is_left_in_time(scheme: str) -> None:
    started = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotSent) as refused:
        server(silent.getsockname()[1], scheme, 0.4).send(mail())

    assert refused.value.is_away
    assert time.monotonic() - started < 10


def test_a_server_that_cannot_encrypt_gets_nothing_when_it_should() -> None:
    with mail_sink() as sink, pytest.raises(NotSent) as refused:
        server(sink.port, "smtp+starttls").send(mail())

    assert refused.value.is_away
    assert sink.received == []


def test_the_settings_say_where_it_is() -> None:
    url = "smtp+starttls://olu%40example.com:p%40ss@mail.example.com:2587?timeout=7"

    found = MailServer.of(replace(SETTINGS, smtp_url=url))

    assert found == MailServer(
        "smtp+starttls", "mail.example.com", 2587, "olu@example.com", "p@ss", 7, "track.example.com"
    )
    assert "p@ss" not in repr(found)
    assert [MailServer.of(replace(SETTINGS, smtp_url=f"{s}://m")).port for s in ("smtp", "smtps", "smtp+starttls")] == [
        25, 465, 587,
    ]  # fmt: skip
