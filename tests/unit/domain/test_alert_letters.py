"""Claims about what people are told: what, since when, who, what to do, why, and by which rule."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.alert_letters import (
    AlertStory,
    alert_letter,
    escalation_letter,
    gathered_letter,
    reminder_letter,
)
from changetrack.domain.letters import Letter, short, without
from changetrack.domain.other_letters import commitment_letter, customers_commitment_letter, trial_letter

WHY = "12 business days without progress in step 3; the limit is 10."
STORY = AlertStory(
    account="Acme",
    step=3,
    since=date(2026, 11, 12),
    today=date(2026, 11, 30),
    owner="Olu",
    severity="notice",
    why=(WHY,),
    rules=("playbook 3",),
    path="/alerts/7",
    stake="$1.2M",
)
FIRED = date(2026, 11, 30)
TOLD = [("Olu", 0, date(2026, 11, 30)), ("Olu", 1, date(2026, 12, 2)), ("Tess", 2, date(2026, 12, 7))]


def lines(letter: Letter, heading: str) -> list[str]:
    return [item.text for section in letter.sections if section.heading == heading for item in section.items]


def test_a_title_says_what_since_when_who_and_what_to_do() -> None:
    assert alert_letter(STORY, who="Olu").title == "Acme: stale in step 3 since 12 Nov: take it up"
    assert alert_letter(STORY, who="Tess").title == "Acme: stale in step 3 since 12 Nov, Tess: take it up"


def test_what_is_about_to_end_is_not_called_stale() -> None:
    ending = replace(STORY, ending="evidence ends on 29 Nov")

    letter, again = (
        alert_letter(ending, who="Olu"),
        escalation_letter(ending, who="Tess", rung=2, fired_on=FIRED, told=()),
    )

    assert letter.title == "Acme: evidence ends on 29 Nov: take it up"
    assert letter.lead == "Evidence is ending: Acme, step 3, Develop vision and strategy."
    assert again.title == "Acme: evidence ends on 29 Nov, 5 business days without an answer, Tess: see to it"


def test_a_letter_says_why_and_by_which_rule() -> None:
    letter = alert_letter(replace(STORY, rules=("playbook 3", "playbook 3", "playbook 2")), who="Olu")

    assert letter.why == (WHY,)
    assert letter.rule == "playbook 3; playbook 2"
    assert ("Value at stake", "$1.2M") in letter.facts
    assert ("Step", "3, Develop vision and strategy") in letter.facts
    assert (letter.action_label, letter.path, letter.account) == ("Take it up", "/alerts/7", "Acme")


def test_a_value_that_nobody_knows_is_left_out() -> None:
    assert "Value at stake" not in dict(alert_letter(replace(STORY, stake=""), who="Olu").facts)


def test_a_reason_that_joined_is_told_as_such() -> None:
    letter = alert_letter(replace(STORY, why=(WHY, "50 days in step 3.")), who="Olu", joined=True)

    assert letter.title == "Acme: 2 reasons now, stale in step 3 since 12 Nov: take it up"
    assert letter.lead.startswith("Another reason joined")


def test_what_lasts_since_another_year_says_which() -> None:
    letter = alert_letter(replace(STORY, since=date(2025, 11, 12), step=9), who="Olu")

    assert letter.title == "Acme: stale while anchored since 12 Nov 2025: take it up"
    assert letter.lead == "An account went stale: Acme, anchored."


def test_a_reminder_says_since_when_nobody_took_it_up() -> None:
    letter = reminder_letter(STORY, who="Olu", fired_on=FIRED)

    assert letter.title == "Acme: still stale in step 3 since 12 Nov: take it up"
    assert letter.lead.startswith("Nobody has taken up the alert of 30 Nov 2026: Acme")


def test_an_escalation_says_who_was_told_before() -> None:
    letter = escalation_letter(STORY, who="Vik", rung=3, fired_on=FIRED, told=TOLD)

    assert letter.title == "Acme: stale in step 3 since 12 Nov, 10 business days without an answer, Vik: see to it"
    assert lines(letter, "Who was told before") == [
        "Olu was told on 30 Nov 2026.",
        "Olu was reminded on 2 Dec 2026.",
        "Tess was told on 7 Dec 2026, as the team coordinator.",
    ]
    assert lines(letter, "What you can decide") == []


def test_an_escalation_that_comes_late_says_how_long_it_really_was() -> None:
    letter = escalation_letter(STORY, who="Tess", rung=2, fired_on=FIRED, told=TOLD[:2], waited=8)

    assert "8 business days without an answer" in letter.title
    assert letter.lead.startswith("Nobody has taken this up since it fired on 30 Nov 2026, 8 business days ago: Acme")


def test_at_the_top_there_are_three_decisions() -> None:
    letter = escalation_letter(STORY, who="Ed", rung=4, fired_on=FIRED, told=TOLD)

    assert letter.title.endswith("20 business days without an answer, Ed: decide")
    assert [line.partition(":")[0] for line in lines(letter, "What you can decide")] == [
        "Revive it with a changed plan", "Park it until a date", "Close it with a reason"
    ]  # fmt: skip


def test_what_was_too_much_to_tell_singly_is_gathered_in_one_letter() -> None:
    many = [alert_letter(replace(STORY, account=f"Account {n}", path=f"/alerts/{n}"), who="Olu") for n in range(26)]

    letter = gathered_letter(many, who="Olu", singly=5)

    assert letter.title == "Account 0 and 25 more need you, Olu: look through them"
    assert letter.lead == "26 alerts today beside the 5 that you were told of one by one, the gravest first."
    assert [item.path for item in letter.sections[0].items] == [f"/alerts/{n}" for n in range(26)]
    assert letter.rule == "playbook 3"
    assert short(letter).splitlines()[1] == f"• Account 0: stale in step 3 since 12 Nov. {WHY}"


def test_one_alone_is_gathered_too_and_none_is_not() -> None:
    alone = gathered_letter([alert_letter(STORY, who="Olu")], who="Olu", singly=0)

    assert alone.title == "Acme needs you, Olu: look through them"
    assert alone.lead == "1 alert today, the gravest first."
    with pytest.raises(ValueError, match="nothing to gather"):
        gathered_letter([], who="Olu", singly=5)


def test_a_thousand_are_counted_rather_than_listed() -> None:
    letter = gathered_letter([alert_letter(STORY, who="Olu")] * 1200, who="Olu", singly=5)

    assert len(letter.sections[0].items) == 101
    assert letter.sections[0].items[-1].text == "and 1,100 more"


def test_how_many_more_there_were_is_not_said_once_some_are_left_out() -> None:
    many = [alert_letter(replace(STORY, path=f"/alerts/{n}"), who="Olu") for n in range(150)]

    left = without(gathered_letter(many, who="Olu", singly=5), lambda path: path != "/alerts/1")

    assert left is not None
    assert left.sections[0].items[-1].text == "and more"


def test_a_commitment_that_is_due_can_still_be_agreed_anew() -> None:
    letter = commitment_letter(
        account="Acme", action="Send the plan", owner="Olu", who="Olu", due_on=date(2026, 11, 12),
        told_on=date(2026, 11, 12), overdue_days=0, path="/accounts/12",
    )  # fmt: skip

    assert letter.title == "Acme: “Send the plan” is due on 12 Nov, Olu: do it or agree another day"
    assert letter.lead == "Olu promised Acme: “Send the plan”."
    assert letter.why == ("It is due on 12 Nov 2026; until that day another can be agreed.",)


def test_a_commitment_that_is_told_after_its_day_cannot_be_agreed_anew() -> None:
    letter = commitment_letter(
        account="Acme", action="Send the plan", owner="Olu", who="Olu", due_on=date(2026, 11, 13),
        told_on=date(2026, 11, 14), overdue_days=0, path="/accounts/12",
    )  # fmt: skip

    assert letter.title == "Acme: “Send the plan” was due on 13 Nov, Olu: meet it or withdraw it"
    assert letter.why == ("It was due on 13 Nov 2026 and is not met: only meeting or withdrawing it is left.",)


def test_a_commitment_that_was_missed_is_met_or_withdrawn() -> None:
    letter = commitment_letter(
        account="Acme", action="Send the plan", owner="Ines", who="Olu", due_on=date(2026, 11, 12),
        told_on=date(2026, 11, 16), overdue_days=2, path="/accounts/12",
    )  # fmt: skip

    assert letter.title == "Acme: “Send the plan” was due on 12 Nov, Olu: meet it or withdraw it"
    assert letter.why == (
        "It was due on 12 Nov 2026, 2 business days ago, and is not met: only meeting or withdrawing it is left.",
    )


@pytest.mark.parametrize(
    ("told_on", "days", "title", "why"),
    [
        (
            12,
            0,
            "is due on 12 Nov",
            "It is due on 12 Nov 2026. Say that it is met, or agree another day with Mara by then.",
        ),
        (
            13,
            1,
            "was due on 12 Nov",
            "It was due on 12 Nov 2026, 1 business day ago. Say that it is met, or withdraw it.",
        ),
    ],
)
def test_what_the_customer_promised_asks_us_to_ask(told_on: int, days: int, title: str, why: str) -> None:
    letter = customers_commitment_letter(
        account="Acme", action="Name the trainers", owner="Mara", who="Olu", due_on=date(2026, 11, 12),
        told_on=date(2026, 11, told_on), overdue_days=days, path="/accounts/12",
    )  # fmt: skip

    assert letter.title == f"Acme: “Name the trainers” {title}, Olu: ask Mara whether it is done"
    assert letter.lead == "Mara of Acme promised: “Name the trainers”. Ask Mara whether it is done."
    assert letter.why == (why,)


def test_a_test_message_asks_for_nothing() -> None:
    letter = trial_letter(who="Olu", asked_by="Ada", path="/me/messages")

    assert letter.title == "A test message, Olu: nothing to do"
    assert letter.why == ("Ada asked for a test message.",)


names = st.text(min_size=1, max_size=300)


@given(names, names, names, names)
def test_the_longest_names_leave_whom_to_ask_in_the_title(account: str, action: str, owner: str, who: str) -> None:
    letter = customers_commitment_letter(
        account=account, action=action, owner=owner, who=who, due_on=date(2026, 11, 12),
        told_on=date(2026, 11, 13), overdue_days=1, path="/accounts/12",
    )  # fmt: skip

    assert letter.title.endswith(" whether it is done")


@given(names, names, st.integers(2, 4), st.booleans())
def test_the_longest_names_leave_the_rest_of_the_title_whole(account: str, who: str, rung: int, joined: bool) -> None:
    story = replace(STORY, account=account)
    letters = {
        "take it up": [alert_letter(story, who=who, joined=joined), reminder_letter(story, who=who, fired_on=FIRED)],
        "decide" if rung == 4 else "see to it": [
            escalation_letter(story, who=who, rung=rung, fired_on=FIRED, told=TOLD)
        ],
    }

    for to_do, written in letters.items():
        for letter in written:
            assert letter.title.endswith(f": {to_do}")
            assert "since 12 Nov" in letter.title
            assert letter.title.isprintable()
            assert letter.why
            assert letter.rule
