"""How guessing passwords is slowed down: tries are counted, and after too many the next one has to wait."""

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import ColumnElement, exists, select, true, update
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
# And within it, of the customer's pages: addresses that lead nowhere, and answers to what they ask.
GUESSES_OF_AN_ADDRESS = 20
ANSWERS_ON_A_PAGE = 30
ANSWERS_OF_AN_ADDRESS = 100
_PAGE = "page"  # in the place of an e-mail


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


def refuse_guessing(address: str, now: datetime) -> None:
    """Raise TooManyTries for an address from which too many wrong addresses of customers' pages were tried."""
    guesses = (SignInAttempt.email == _PAGE, SignInAttempt.address == _network(address))
    wait = _wait(GUESSES_OF_AN_ADDRESS, now, *guesses)
    db.session.rollback()
    if wait:
        raise TooManyTries(wait)


def count_guess(address: str, now: datetime) -> None:
    """Write down that an address of a customer's page led nowhere; it counts among the failed tries to sign in."""
    with transaction() as session:
        session.add(SignInAttempt(email=_PAGE, address=_network(address), at=now, succeeded=False))


def count_answer(link_id: int | str, address: str, now: datetime) -> None:
    """Write an answer on a customer's page down; raises TooManyTries when there are too many on it, or from there."""
    network, page = _network(address), f"{_PAGE}:{link_id}"
    of_page = (SignInAttempt.email == page,)
    of_address = (SignInAttempt.email.startswith(f"{_PAGE}:"), SignInAttempt.address == network)
    with transaction() as session:
        session.add(SignInAttempt(email=page, address=network, at=now, succeeded=True))
    limits = ((ANSWERS_ON_A_PAGE, of_page), (ANSWERS_OF_AN_ADDRESS, of_address))
    waits = [wait for limit, which in limits if (wait := _wait(limit + 1, now, *which, succeeded=True))]
    db.session.rollback()
    if waits:
        raise TooManyTries(max(waits))


def _refuse_blocked(email: str, network: str, now: datetime, *, allowed: int) -> None:
    of_pair = (SignInAttempt.email == email, SignInAttempt.address == network)
    is_known_here = db.session.scalar(select(exists().where(*of_pair, SignInAttempt.succeeded)))
    limits: list[tuple[int, tuple[ColumnElement[bool], ...]]] = [(TRIES_OF_A_PAIR, of_pair)]
    if not is_known_here:
        limits.append((TRIES_OF_AN_ADDRESS, (SignInAttempt.address == network,)))
        limits.append((TRIES_OF_ALL, (true(),)))
    waits = [wait for limit, which in limits if (wait := _wait(limit + allowed, now, *which))]
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
