"""One message at a time is sent and not yet noted, unless its receiver takes its time."""

import threading

import pytest

from changetrack.jobs import _turns
from changetrack.jobs._turns import Turns


def waiting(turns: Turns, message_id: int) -> tuple[threading.Thread, threading.Event]:
    """Somebody who wants to send; the event says that it is their turn."""
    has_turn = threading.Event()

    def take() -> None:
        turns.take(message_id)
        has_turn.set()

    thread = threading.Thread(target=take)
    thread.start()
    return thread, has_turn


def test_the_next_message_waits_until_the_one_before_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_turns, "LONGEST_SENDING", 60.0)
    turns = Turns()
    turns.take(1)
    turns.keep(1)
    thread, has_turn = waiting(turns, 2)

    waited = not has_turn.wait(0.1)
    turns.give_back(1)
    thread.join(timeout=60)

    assert (waited, has_turn.is_set()) == (True, True)


def test_a_slow_receiver_lets_the_others_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_turns, "LONGEST_SENDING", 0.01)
    turns = Turns()
    turns.take(1)

    thread, has_turn = waiting(turns, 2)
    thread.join(timeout=60)

    assert has_turn.is_set()


def test_what_was_answered_late_still_has_to_be_noted_before_more_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_turns, "LONGEST_SENDING", 0.01)
    turns = Turns()
    turns.take(1)
    turns.take(2)
    turns.keep(1)
    thread, has_turn = waiting(turns, 3)

    waited = not has_turn.wait(0.1)
    turns.give_back(1)
    thread.join(timeout=60)

    assert (waited, has_turn.is_set()) == (True, True)
