"""Claims about messages to persons: one line for a title, whole addresses, kept and read back, old ones too."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.letters import (
    Item,
    Letter,
    Section,
    address,
    from_json,
    one_line,
    plain_text,
    short,
    to_json,
    without,
)

FULL = Letter(
    kind="alert",
    title="Acme: stale in step 3 since 12 Nov, Olu: take it up",
    lead="Acme went stale.",
    why=("12 business days without progress in step 3; the limit is 10.",),
    facts=(("Owner", "Olu"), ("Severity", "notice")),
    sections=(Section("What helps", (Item("Take it up."), Item("See the account", "/accounts/12"))),),
    action_label="Take it up",
    path="/alerts/7",
    rule="playbook 3",
    account="Acme",
)

texts = st.text(max_size=60)
letters = st.builds(
    Letter,
    kind=st.sampled_from(["alert", "gathered", "digest"]),
    title=st.text(max_size=400),
    lead=texts,
    why=st.lists(texts, max_size=3).map(tuple),
    facts=st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
    sections=st.lists(
        st.builds(Section, texts, st.lists(st.builds(Item, texts, st.none() | texts), max_size=3).map(tuple)),
        max_size=3,
    ).map(tuple),
    action_label=st.none() | texts,
    path=st.none() | texts,
    rule=texts,
    account=st.none() | texts,
)


def test_a_letter_in_plain_text_has_everything_and_whole_addresses() -> None:
    assert plain_text(FULL, "https://ct.example/") == (
        "Acme went stale.\n\n"
        "- 12 business days without progress in step 3; the limit is 10.\n\n"
        "Owner: Olu\nSeverity: notice\n\n"
        "What helps\n- Take it up.\n- See the account\n  https://ct.example/accounts/12\n\n"
        "Take it up: https://ct.example/alerts/7\n\n"
        "Judged by: playbook 3.\n"
    )


def test_a_letter_of_one_line_is_one_line() -> None:
    assert plain_text(Letter("test", "A test", "It works."), "https://ct.example") == "It works.\n"


def test_inside_the_application_a_letter_says_its_lead_and_why() -> None:
    assert short(FULL) == "Acme went stale. 12 business days without progress in step 3; the limit is 10."


def test_inside_the_application_a_list_has_its_lines() -> None:
    digest = Letter("digest", "Your week", "Two things.", sections=(Section("Due", (Item("Call"), Item("Write"))),))

    assert short(digest) == "Two things.\n• Call\n• Write"


def test_an_address_has_one_slash_between_house_and_page() -> None:
    assert address("https://ct.example/", "/alerts/7") == "https://ct.example/alerts/7"
    assert address("https://ct.example/sub", "alerts/7") == "https://ct.example/sub/alerts/7"


def test_a_title_with_a_line_of_its_own_stays_one_line() -> None:
    letter = Letter("alert", "Acme\r\nBcc: all@example.com", "It is so.")

    assert letter.title == "Acme Bcc: all@example.com"


def test_a_title_of_two_hundred_characters_is_whole_and_a_longer_one_is_cut_off() -> None:
    assert one_line("x" * 200) == "x" * 200
    assert one_line("x" * 201) == f"{'x' * 199}…"


def test_a_title_that_turns_the_writing_around_is_straightened() -> None:
    assert one_line("Acme \u202egnp.exe") == "Acme gnp.exe"


def test_a_message_from_before_there_were_letters_is_read() -> None:
    letter = from_json({"title": "Acme is stale", "body": "12 business days."})

    assert (letter.kind, letter.title, short(letter)) == ("alert", "Acme is stale", "12 business days.")


def test_a_message_that_says_nothing_is_read_too() -> None:
    assert from_json({}) == Letter("alert", "", "")


@given(st.text(max_size=500), st.integers(1, 200))
def test_one_line_is_printable_and_never_too_long(text: str, most: int) -> None:
    line = one_line(text, most)

    assert line.isprintable()
    assert len(line) <= most
    assert one_line(line, most) == line


@given(letters)
def test_any_letter_is_kept_and_read_back(letter: Letter) -> None:
    kept: dict[str, Any] = json.loads(json.dumps(to_json(letter)))

    assert from_json(kept) == letter


@given(letters)
def test_every_title_is_one_line_of_at_most_200_characters(letter: Letter) -> None:
    assert letter.title.isprintable()
    assert len(letter.title) <= 200


@given(letters, st.sampled_from(["https://ct.example", "https://ct.example/"]))
def test_the_plain_words_leave_no_reason_out(letter: Letter, base_url: str) -> None:
    plain = plain_text(letter, base_url)

    assert all(why in plain for why in letter.why if why.strip())
    assert letter.rule in plain
    assert "https://ct.example//" not in plain or "//" in str(to_json(letter))


WEEK = Letter(
    "digest",
    "Your week, Olu: 2 accounts need you",
    "2 accounts need you.",
    sections=(
        Section("What needs you", (Item("Acme: stale", "/accounts/1"), Item("Bolt: stale", "/accounts/2"))),
        Section("What moved", (Item("Acme advanced", "/accounts/1"),)),
    ),
)


def test_a_letter_that_lists_loses_lines_and_what_counted_them() -> None:
    left = without(WEEK, lambda path: path != "/accounts/1")

    assert left is not None
    assert left.sections == (Section("What needs you", (Item("Bolt: stale", "/accounts/2"),)),)
    assert "2" not in left.title + left.lead


def test_a_letter_of_which_all_is_told_stays_as_it_was() -> None:
    assert without(WEEK, lambda _: True) is WEEK


def test_a_letter_without_a_line_left_is_none() -> None:
    assert without(WEEK, lambda _: False) is None
