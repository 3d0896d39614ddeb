"""How guessing passwords and keys is slowed down: tries are counted, and after too many the next one has to wait."""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.refusal import OperationRefused, Reason
from changetrack.models import SignInAttempt, db
from changetrack.operations._transaction import transaction

WINDOW = timedelta(minutes=5)
# Failed tries within the window before the next one has to wait. None of them locks an account: the first
# counts one e-mail from one address, and the others let pass who has signed in from their address before.
TRIES_OF_A_PAIR = 10
TRIES_OF_AN_ADDRESS = 100
TRIES_OF_ALL = 1000
# And within it, of secret addresses: those that lead nowhere, and answers to what a page asks.
GUESSES_OF_AN_ADDRESS = 20
ANSWERS_ON_A_PAGE = 30
ANSWERS_OF_AN_ADDRESS = 100
# And of the keys of programs: wrong ones from one address, that begin alike, and in all.
KEYS_OF_AN_ADDRESS = 20
KEYS_OF_A_BEGINNING = 100
KEYS_OF_ALL = 1000
_BEGINNING = 12  # characters of a key, as many as people see of it
_PAGE, _KEY = "page", "key"  # in the place of an e-mail
_OF_SIGN_IN = SignInAttempt.email.not_in((_PAGE, _KEY))  # who sends those cannot keep people from signing in

_Limit = tuple[int, tuple[ColumnElement[bool], ...]]


class TooManyTries(OperationRefused):
    """Too many failed tries; the next one counts after `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__([Reason(None, f"Too many tries. Wait {retry_after} seconds, then try again.")])


def count_try(email: str, address: str, now: datetime) -> int:
    """Write a failed try down; `forgive` takes it back. Each try of a race sees those counted before it."""
    network = _network(address)
    _refuse_blocked(email, network, now, allowed=0)
    with transaction() as session:
        attempt = SignInAttempt(email=email, address=network, at=now, succeeded=False)
        session.add(attempt)
        session.flush()
        try_id = attempt.id
    _refuse_blocked(email, network, now, allowed=1)
    return try_id


def count_guess(address: str, now: datetime) -> None:
    """Write down that a secret address led nowhere; raises TooManyTries, and writes nothing, after too many.

    What leads somewhere is never asked about: who has the right address is no guesser, whatever else comes from their
    network. Source: OWASP ASVS 5.0, 6.1.1 (no malicious lock-out).
    """
    network = _network(address)
    _refuse_beyond(now, (GUESSES_OF_AN_ADDRESS, (SignInAttempt.email == _PAGE, SignInAttempt.address == network)))
    _note(_PAGE, (network,), now)


def count_key(key: str, address: str, now: datetime) -> None:
    """Write down that a program has shown a wrong key; raises TooManyTries, and writes nothing, after too many.

    Counted are those from one address, those of one beginning wherever they come from, and all.
    """
    beginning = hashlib.sha256(key[:_BEGINNING].encode("utf-8", "replace")).hexdigest()[:40]
    network, is_key = _network(address), SignInAttempt.email == _KEY
    of_all = (2 * KEYS_OF_ALL, (is_key,))  # each is written down twice
    of_address = (KEYS_OF_AN_ADDRESS, (is_key, SignInAttempt.address == network))
    of_beginning = (KEYS_OF_A_BEGINNING, (is_key, SignInAttempt.address == beginning))
    _refuse_beyond(now, of_address, of_beginning, of_all)
    _note(_KEY, (network, beginning), now)


def count_answer(link_id: int | str, address: str, now: datetime) -> None:
    """Write an answer on a customer's page down; raises TooManyTries when there are too many on it, or from there."""
    network, page = _network(address), f"{_PAGE}:{link_id}"
    of_page = (SignInAttempt.email == page,)
    of_address = (SignInAttempt.email.startswith(f"{_PAGE}:"), SignInAttempt.address == network)
    with transaction() as session:
        session.add(SignInAttempt(email=page, address=network, at=now, succeeded=True))
    allowed = ((ANSWERS_ON_A_PAGE + 1, of_page), (ANSWERS_OF_AN_ADDRESS + 1, of_address))
    _refuse_beyond(now, *allowed, succeeded=True)


def _note(what: str, addresses: Iterable[str], now: datetime) -> None:
    """Write wrong secrets down; they go uncounted while a long import holds the lock, for which nobody is to wait."""
    with suppress(OperationalError), transaction(patience=0) as session:
        session.add_all(SignInAttempt(email=what, address=one, at=now, succeeded=False) for one in addresses)


def _refuse_blocked(email: str, network: str, now: datetime, *, allowed: int) -> None:
    of_pair = (SignInAttempt.email == email, SignInAttempt.address == network)
    is_known_here = db.session.scalar(select(exists().where(*of_pair, SignInAttempt.succeeded)))
    limits: list[_Limit] = [(TRIES_OF_A_PAIR + allowed, of_pair)]
    if not is_known_here:
        limits.append((TRIES_OF_AN_ADDRESS + allowed, (_OF_SIGN_IN, SignInAttempt.address == network)))
        limits.append((TRIES_OF_ALL + allowed, (_OF_SIGN_IN,)))
    _refuse_beyond(now, *limits)


def _refuse_beyond(now: datetime, *limits: _Limit, succeeded: bool = False) -> None:
    """Raise TooManyTries where one of the limits is reached, with the longest wait."""
    waits = [wait for limit, which in limits if (wait := _wait(limit, now, *which, succeeded=succeeded))]
    db.session.rollback()
    if waits:
        raise TooManyTries(max(waits))


def _wait(limit: int, now: datetime, *which: ColumnElement[bool], succeeded: bool = False) -> int:
    """Seconds until the `limit`-th last try, a failed one unless said, is out of the window; 0 when there are fewer."""
    tries = select(SignInAttempt.at).where(*which, SignInAttempt.succeeded.is_(succeeded))
    recent = tries.where(SignInAttempt.at > now - WINDOW).order_by(SignInAttempt.at.desc())
    reached = db.session.scalars(recent.offset(limit - 1).limit(1)).first()
    return 0 if reached is None else max(1, round((reached + WINDOW - now).total_seconds()))


def _network(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one IPv6 customer is given."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:45]
    if parsed.version == 6 and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, 64), strict=False).network_address)
    return str(parsed)


def forgive(session: scoped_session[Session], try_id: int) -> None:
    """Make of a try that was counted as failed one that succeeded, inside a transaction."""
    session.execute(update(SignInAttempt).where(SignInAttempt.id == try_id).values(succeeded=True))
