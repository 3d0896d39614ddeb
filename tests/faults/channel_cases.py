"""Receivers that hang or never end: the other channels do not wait for them, and nothing inner is ever called."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import select

from changetrack.models import Alert, OutboxMessage, db
from tests.faults.cases import DAYS, Case, Play, Played, set_up
from tests.faults.night import SWEEP_AT
from tests.faults.staging import Place, wait_until

LONGEST_DELAY = 5.0  # seconds for 99 of 100, from the end of the sweep
ENDLESS = {"endless": 0.04, "huge": 0.2, "slow": 0.05, "redirect": 0.2, "bomb": 0.2}


def mail_server_hangs(place: Place, alerts: int = 60) -> Played:
    """No mail gets through; Slack and programs hear as soon as they would otherwise."""
    case = Case("mail server hangs", 1, 0, alerts, {"hang": 1.0}, days=(DAYS[0],))
    with set_up(place, case, rate=1) as played:
        nights, day = played.nights, case.days[0]
        nights.begin(day, SWEEP_AT)
        nights.schedulers.start(1)
        wait_until(lambda: _is_told(played), "Slack is not told")
        nights.schedulers.kill(nights.schedulers.alive[0])  # threads of it wait for the mail server
        played.ears[:] = [ear for ear in played.ears if ear.channel != "email"]
        found = played.counted(case)
        found.found.lost[:] = [what for what in found.found.lost if ":email:" not in what]
        delay = _delay(played)
        if delay > LONGEST_DELAY:
            found.found.wrong.append(f"Slack was told {delay:.1f} s late")
        return found


def _is_told(played: Play) -> bool:
    db.session.rollback()
    waiting = select(OutboxMessage.id).where(OutboxMessage.delivered_at.is_(None), OutboxMessage.channel != "email")
    return db.session.scalar(select(Alert.id).limit(1)) is not None and db.session.scalar(waiting.limit(1)) is None


def _delay(played: Play) -> float:
    """By how much the slowest of 99 in 100 first messages to a Slack channel came after they were written."""
    rows = db.session.execute(select(OutboxMessage.key, OutboxMessage.created_at)).all()
    written: dict[str, datetime] = {sha256(key.encode()).hexdigest(): at for key, at in rows}
    first: dict[str, float] = {}
    for arrival in played.book.arrivals:
        if arrival.channel == "slack":
            first.setdefault(arrival.receiver, (arrival.at - written[arrival.key]).total_seconds())
    delays = sorted(first.values())
    return delays[len(delays) * 99 // 100 - 1]


def endpoints_never_end(place: Place, alerts: int = 10) -> Played:
    """Programs and Slack answer slowly, without end, by a gigabyte, a bomb, or by a redirect to an inner address."""
    case = Case("endless, huge, slow, redirecting inward", 2, 0, alerts, ENDLESS, days=(DAYS[0],))
    with set_up(place, case, rate=1) as played:
        played.nights.play(case.days[0], together=2)
        return played.counted(case)


CHANNEL_CASES = (mail_server_hangs, endpoints_never_end)
