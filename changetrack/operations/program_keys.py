"""What becomes of a wrong key that a program has shown: it is counted, and after too many the sender has to wait."""

from datetime import datetime

from changetrack.domain.people import Actor
from changetrack.operations._tries import TooManyTries as TooManyTries
from changetrack.operations._tries import count_key


def count_wrong_key(*, key: str, address: str, actor: Actor, now: datetime) -> None:
    """Note that a write key or token is not in use; `key` is "" where none was shown.

    Raises TooManyTries, and writes nothing, when too many came from that address, of that beginning, or in all. A key
    that is in use is never counted nor refused: asking costs it nothing. Source: OWASP ASVS 5.0, 6.3.1 and 2.4.1.
    """
    del actor  # nobody whom we know
    count_key(key, address, now)
