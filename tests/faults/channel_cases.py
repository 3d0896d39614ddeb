"""Receivers that hang or never end: the other channels do not wait for them, and nothing inner is ever called."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import select

from changetrack.models import Alert, MessageSettings, OutboxMessage, User, db
from tests.faults.cases import DAYS, Case, Play, Played, set_up
from tests.faults.counting import closest
from tests.faults.night import SWEEP_AT
from tests.faults.processes import peak_memory
from tests.faults.staging import Place, wait_until

LONGEST_DELAY = 5.0  # seconds for 99 of 100, from the end of the sweep
ENDLESS = {"endless": 0.04, "huge": 0.2, "slow": 0.05, "redirect": 0.2, "bomb": 0.2}
MOST_GROWTH = 10.0  # megabytes
BUSY_MAIL = {"451": 0.15, "kept, then 451": 0.1, "kept, then dropped": 0.1}
UNKNOWN, NOBODY = "owner1@example.com", "550 5.1.1"
SECOND = 0.95  # a second, less what the net and the clock make of it


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


def mail_server_away(place: Place, alerts: int = 60) -> Played:
    """Nobody answers; then a mail server that says “later”, hangs up, and does not know an address."""
    case = Case("mail server away, then busy and forgetful", 1, 0, alerts, BUSY_MAIL, days=(DAYS[0],))
    with set_up(place, case, rate=1, unknown=frozenset({UNKNOWN})) as played:
        nights, day, mail = played.nights, case.days[0], played.receivers.mail
        mail.go()
        nights.begin(day, SWEEP_AT)
        nights.schedulers.start(1)
        wait_until(lambda: _is_told(played), "Slack is not told")
        nights.schedulers.stop()
        delay = _delay(played)
        mail.come()
        nights.finish(day, together=1)
        played.ears[:] = [ear for ear in played.ears if ear.receiver != UNKNOWN]
        found = played.counted(case)
        found.found.lost[:] = [what for what in found.found.lost if NOBODY not in what]
        marked = set(
            db.session.scalars(select(User.email).join(MessageSettings).where(MessageSettings.email_error != ""))
        )
        found.found.wrong += [f"marked addresses: {marked}"] if marked != {UNKNOWN} else []
        found.found.wrong += [f"Slack was told {delay:.1f} s late"] if delay > LONGEST_DELAY else []
        return found


def slack_says_later(place: Place, alerts: int = 40) -> Played:
    """Slack answers every third message with 429: nothing before it wants to hear, all in the end, one a second."""
    case = Case("Slack says later", 2, 0, alerts, {"429": 0.3}, days=(DAYS[0],))
    with set_up(place, case, rate=1) as played:
        played.nights.play(case.days[0], together=2)
        found, gap = played.counted(case), closest(played.book.arrivals, "slack")
        if gap < SECOND:
            found.found.wrong.append(f"two messages within {gap:.2f} s to one Slack channel")
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
    case = Case("endless, huge, slow, redirecting inward", 2, 0, alerts, ENDLESS, days=DAYS[:2])
    with set_up(place, case, rate=1) as played:
        nights, faults, (calm, day) = played.nights, played.book.faults, case.days
        faults.clear()
        nights.begin(calm, SWEEP_AT)
        nights.schedulers.start(2)
        nights.settle(calm)
        held = {process: peak_memory(process) for process in nights.schedulers.alive}
        faults.update(ENDLESS)
        nights.begin(day, SWEEP_AT)
        nights.settle(day)
        grown = max(peak_memory(process) - before for process, before in held.items())
        nights.schedulers.stop()
        found = played.counted(case)
        found.found.wrong += [f"a scheduler grew by {grown:.0f} MB"] if grown > MOST_GROWTH else []
        return found


CHANNEL_CASES = (slack_says_later, endpoints_never_end)
PUNCTUAL_CASES = (mail_server_hangs, mail_server_away)  # that say how late others were told
