"""Claims about asking a customer's person: what an ask is, how often one asks, how long a page lasts."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.customer_links import (
    KINDS,
    LINK_LASTS_AT_MOST,
    MOST_ASKS,
    MOST_REQUESTS,
    REQUESTS_COUNT_FOR,
    Ask,
    Subject,
    joined_expiry,
    joining_reasons,
    link_state,
    next_request_at,
    offered_answers,
    subject_of,
    token_hash,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 3, 2, 8), timezones=st.just(UTC))  # noqa: DTZ001
POINT = Subject("point", "5c")


def ask(subject: Subject = POINT) -> Ask:
    return Ask(subject, date(2026, 3, 2), "olu@example.com")


@pytest.mark.parametrize("key", ["agree-1", "attest-12", "point-5c", "sign_off-3"])
def test_a_key_names_one_subject(key: str) -> None:
    subject = subject_of(key)

    assert subject is not None
    assert subject.key == key
    assert subject.kind in KINDS


@pytest.mark.parametrize(
    "key", ["", "agree", "agree-", "agree-0", "agree-01", "point-1", "point-9a", "agree-1;", "x-1"]
)
def test_anything_else_names_none(key: str) -> None:
    assert subject_of(key) is None


def test_an_ask_is_kept_as_it_was() -> None:
    answered = ask().answered("yes", NOW, comment="So it is.", said=4, numbers={"asked": 3.0}, url=None)

    assert Ask.read(answered.kept()) == answered
    assert Ask.read(ask().kept()) == ask()


def test_another_answer_leaves_nothing_of_the_one_before() -> None:
    first = ask().answered("yes", NOW, comment="So it is.", said=4)

    assert first.answered("not_yet", NOW) == ask().answered("not_yet", NOW)


def test_a_token_is_known_by_its_digest_alone() -> None:
    assert token_hash("a") != token_hash("b")
    assert len(token_hash("a")) == 64


@given(st.lists(MOMENTS, max_size=6))
def test_nobody_is_sent_more_than_two_requests_in_any_fourteen_days(wishes: list[datetime]) -> None:
    made: list[datetime] = []
    for at in sorted(wishes):
        if next_request_at(made, at) is None:
            made.append(at)

    for at in made:
        assert sum(at - REQUESTS_COUNT_FOR < other <= at for other in made) <= MOST_REQUESTS


@given(st.lists(MOMENTS, max_size=6))
def test_the_day_that_is_named_is_the_first_on_which_one_may_ask_again(made: list[datetime]) -> None:
    free_at = next_request_at(made, NOW)

    if free_at is not None:
        assert next_request_at(made, free_at) is None
        assert next_request_at(made, free_at - timedelta(seconds=1)) is not None


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=13)))
def test_joining_never_shortens_a_page_nor_keeps_it_for_more_than_28_days(made: datetime, later: timedelta) -> None:
    expires_at = made + timedelta(days=14)

    joined = joined_expiry(created_at=made, expires_at=expires_at, now=made + later)

    assert expires_at <= joined <= made + LINK_LASTS_AT_MOST


@pytest.mark.parametrize(
    ("state", "changed"),
    [
        ("waiting", {}),
        ("opened", {"opened_at": NOW}),
        ("expired", {"opened_at": NOW, "expires_at": NOW}),
        ("revoked", {"revoked_at": NOW, "expires_at": NOW}),
    ],
)
def test_a_request_is_in_one_state(state: str, changed: dict[str, datetime]) -> None:
    given = {"now": NOW, "expires_at": NOW + timedelta(days=1), "revoked_at": None, "opened_at": None, **changed}

    assert link_state([ask()], **given) == state  # type: ignore[arg-type]  # each by its name


def test_a_request_is_answered_when_all_of_it_is_even_if_it_expired_since() -> None:
    given = {"now": NOW, "expires_at": NOW, "revoked_at": None, "opened_at": NOW}
    answered = ask().answered("not_yet", NOW)

    assert link_state([answered], **given) == "answered"  # type: ignore[arg-type]  # each by its name
    assert link_state([answered, ask()], **given) == "expired"  # type: ignore[arg-type]  # each by its name


def test_a_page_has_an_end() -> None:
    full = [ask(Subject("agree", n)) for n in range(1, MOST_ASKS + 1)]

    (reason,) = joining_reasons("Mara", [POINT], full)

    assert reason.message == f"One page asks at most {MOST_ASKS} things."


@pytest.mark.parametrize(
    ("subject", "is_beneficiary", "before", "offered"),
    [
        (Subject("agree", 1), True, None, ("yes", "not_yet", "not_valued")),
        (Subject("attest", 1), True, "yes", ("yes", "not_yet", "not_valued")),
        (Subject("attest", 1), False, None, ("yes", "not_yet")),
        (POINT, True, "not_yet", ("yes", "not_yet", "not_valued")),
        (Subject("sign_off", 1), True, None, ("yes", "not_yet")),
        (Subject("sign_off", 1), True, "yes", ()),
    ],
)
def test_only_answers_that_this_person_can_give_are_offered(
    subject: Subject, is_beneficiary: bool, before: str | None, offered: tuple[str, ...]
) -> None:
    assert offered_answers(subject, is_beneficiary=is_beneficiary, answer=before) == offered
