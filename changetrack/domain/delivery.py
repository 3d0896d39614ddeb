"""How often a message that could not be delivered is tried again, after how long, and when it is given up."""

from datetime import timedelta

MAX_ATTEMPTS = 8
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=2)
LONGEST_RETRY_AFTER = timedelta(hours=24)


def pause_after(
    attempts: int, chance: float, *, retry_after: timedelta | None = None, permanent: bool = False
) -> timedelta | None:
    """Return how long to wait after that many failed attempts, None to give up.

    The pause doubles from attempt to attempt. `chance`, drawn evenly from 0 to 1, spreads it over 0.5 to 1.5 of
    that, so that messages which failed together do not come back together. A receiver that said `retry_after` is not
    tried again before, but for a day at most. A `permanent` error is given up at once.
    """
    if permanent or attempts >= MAX_ATTEMPTS:
        return None
    doubled: timedelta = FIRST_PAUSE * 2 ** (max(attempts, 1) - 1)
    pause = min(doubled, LONGEST_PAUSE) * (0.5 + chance)
    return pause if retry_after is None else max(pause, min(retry_after, LONGEST_RETRY_AFTER))
