"""The secret that ends one kind of e-mail: always the same, for one person and kind, and only from our keys."""

from dataclasses import replace

import pytest

from changetrack.adapters.unsubscribe_tokens import read_unsubscribe_token, unsubscribe_token
from changetrack.config import Settings
from tests.conftest import Stage

OTHER_KEY = "another-key-that-signs-nothing-outside-of-these-tests"


@pytest.fixture
def settings(stage: Stage) -> Settings:
    return stage.settings


def test_a_token_names_a_person_and_a_kind(settings: Settings) -> None:
    token = unsubscribe_token(7, "digest", settings=settings)

    assert read_unsubscribe_token(token, settings=settings) == (7, "digest")
    assert token == unsubscribe_token(7, "digest", settings=settings)


def test_a_token_of_a_former_key_is_good_while_that_key_is_listed(settings: Settings) -> None:
    token = unsubscribe_token(7, "digest", settings=settings)
    rotated = replace(settings, secret_key=OTHER_KEY, secret_key_fallbacks=(settings.secret_key,))
    forgotten = replace(settings, secret_key=OTHER_KEY)

    assert read_unsubscribe_token(token, settings=rotated) == (7, "digest")
    assert read_unsubscribe_token(token, settings=forgotten) is None


def test_letters_are_signed_with_the_present_key(settings: Settings) -> None:
    rotated = replace(settings, secret_key=OTHER_KEY, secret_key_fallbacks=(settings.secret_key,))

    token = unsubscribe_token(7, "digest", settings=rotated)

    assert read_unsubscribe_token(token, settings=replace(settings, secret_key=OTHER_KEY)) == (7, "digest")


@pytest.mark.parametrize("spoilt", ["", "x", ".", "WzcsImRpZ2VzdCJd", "WzcsImRpZ2VzdCJd.AAAA", "\x00", "ö" * 300])
def test_what_was_not_signed_is_nothing(settings: Settings, spoilt: str) -> None:
    assert read_unsubscribe_token(spoilt, settings=settings) is None


def test_a_changed_token_is_nothing(settings: Settings) -> None:
    token = unsubscribe_token(7, "digest", settings=settings)

    changed = ["A" + token[1:], token[:-9] + token[-8:], token.replace(".", "..")]

    assert [read_unsubscribe_token(one, settings=settings) for one in changed] == [None] * 3
