"""Clocks that jump: ahead a day and back again, and through the nights in which an hour is missing or comes twice."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

from tests.faults.cases import FAILING, Case, Play, Played, set_up
from tests.faults.staging import Place, pause, wait_until

MONDAY, TUESDAY, WEDNESDAY = (date(2026, 3, day) for day in (2, 3, 4))
CHANGES = (date(2026, 3, 29), date(2026, 10, 25))  # Sundays on which Berlin's clocks go on, and back
SUNDAY, AT_TWO = 6, 2  # digests are asked for in the very hour
AHEAD = Case("clock ahead a day, back, and on", 2, 0, 40, FAILING, days=(MONDAY, TUESDAY, WEDNESDAY))
STEP = timedelta(minutes=30)
DIGESTS = 2  # that of the Sunday before, caught up with, and that of the night


def a_day_ahead_and_back(place: Place, case: Case = AHEAD) -> Played:
    """Tuesday comes too soon, Monday comes again, then Tuesday in earnest: each alert is told once."""
    with set_up(place, case) as played:
        nights = played.nights
        nights.play(MONDAY, together=2)
        nights.play(TUESDAY, together=2)
        nights.play(MONDAY, together=2, at=time(12))
        nights.play(TUESDAY, together=2, at=time(6))
        if WEDNESDAY in case.days:
            nights.play(WEDNESDAY, together=2)
        return played.counted(case)


def summer_begins(place: Place, alerts: int = 40) -> Played:
    """There is no two o'clock: digests for that hour come once all the same."""
    return _through(place, CHANGES[0], "night without two o'clock", alerts)


def summer_ends(place: Place, alerts: int = 40) -> Played:
    """Two o'clock comes twice: digests for that hour come once."""
    return _through(place, CHANGES[1], "night with two o'clock twice", alerts)


def _through(place: Place, sunday: date, what: str, alerts: int) -> Played:
    friday, monday = sunday - timedelta(days=2), sunday + timedelta(days=1)
    case = Case(what, 2, 0, alerts, {}, days=(friday, monday))
    with set_up(place, case, weekday=SUNDAY, hour=AT_TWO, zone="Europe/Berlin") as played:
        played.nights.play(friday, together=2)
        _watch(played, sunday)
        played.nights.play(monday, together=2)
        result = played.counted(case)
        numbers = Counter(result.found.digests.values())
        if numbers != {DIGESTS: sum(ear.user_id is not None for ear in played.ears)}:
            result.found.wrong.append(f"digests by receiver: {dict(numbers)}, not {DIGESTS} for each")
        return result


def _watch(played: Play, sunday: date) -> None:
    """Live schedulers see every half hour of the night."""
    nights, moment = played.nights, datetime.combine(sunday - timedelta(days=1), time(22), UTC)
    nights.schedulers.start(2)
    for _ in range(16):
        played.stage.time.set(moment)
        pause(0.25)
        wait_until(nights.is_calm, f"the night of {sunday} is never done")
        moment += STEP
    nights.schedulers.stop()


CLOCK_CASES = (a_day_ahead_and_back, summer_begins, summer_ends)
