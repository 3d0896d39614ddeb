"""Whose turn it is to send: as little as can be is on its way and not yet noted; a crash repeats one message."""

import threading
import time

LONGEST_SENDING = 0.05  # seconds; who then still waits for an answer lets the others begin beside it
LONGEST_NOTING = 10.0  # seconds, for a database that takes its time


class Turns:
    """Taken before a message is sent, kept while its receiver is quick and until it is noted, then given back."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._until: dict[int, float] = {}  # by message: whose turn it is, and what was answered and is not yet noted

    def take(self, message_id: int) -> None:
        """Wait until nobody is at it."""
        with self._changed:
            while (left := max(self._until.values(), default=0.0) - time.monotonic()) > 0:
                self._changed.wait(left)
            self._until = {message_id: time.monotonic() + LONGEST_SENDING}

    def keep(self, message_id: int) -> None:
        """The receiver has answered: until that is noted, a crash would repeat this message."""
        with self._changed:
            self._until[message_id] = time.monotonic() + LONGEST_NOTING

    def give_back(self, message_id: int) -> None:
        """It is noted."""
        with self._changed:
            self._until.pop(message_id, None)
            self._changed.notify_all()
