"""What a token may be for, and how long it lasts."""

from datetime import timedelta

from changetrack.domain.tokens import token_reasons
from tests.clock import NOW


def test_a_named_token_with_a_scope_has_nothing_against_it() -> None:
    assert token_reasons(name="Export", scopes=["read"], expires_at=NOW + timedelta(1), now=NOW) == []
    assert token_reasons(name="Export", scopes=["read", "admin"], expires_at=None, now=NOW) == []


def test_all_that_is_wrong_with_a_token_is_said_at_once() -> None:
    reasons = token_reasons(name="", scopes=["read", "root"], expires_at=NOW, now=NOW)

    assert [reason.field for reason in reasons] == ["name", "scopes", "expires"]


def test_a_token_without_a_scope_is_for_nothing() -> None:
    assert [r.field for r in token_reasons(name="x" * 121, scopes=[], expires_at=None, now=NOW)] == ["name", "scopes"]
