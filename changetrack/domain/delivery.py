"""How often a message that could not be delivered is tried again, and after how long."""

from datetime import timedelta

MAX_ATTEMPTS = 8
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=2)


def pause_after(attempts: int, chance: float) -> timedelta | None:
    """Return how long to wait after that many failed attempts, None to give up.

    The pause doubles from attempt to attempt. `chance`, drawn evenly from 0 to 1, spreads it over 0.5 to 1.5 of
    that, so that messages which failed together do not come back together.
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    pause: timedelta = FIRST_PAUSE * 2 ** (max(attempts, 1) - 1)
    return min(pause, LONGEST_PAUSE) * (0.5 + chance)
