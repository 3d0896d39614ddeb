"""Outcomes that overlap share a cap for each period: what they come to together is cut in proportion."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from changetrack.domain.value.course import Change

Claim = tuple[int, str]  # the place of the outcome in its group, and the measure


def capped(group: Sequence[Sequence[Change]], caps: Sequence[int | None]) -> list[list[Change]]:
    """Return the changes of each outcome of a group as they are under a cap for each period together.

    `caps` has that of each outcome's terms: the lowest counts among those that come to something in the period, so
    that terms which nobody agreed to, or which hold for other periods, cut nothing. None: there is no cap.

    What accrued comes before what is not confirmed, and each is cut pro rata by largest remainder.
    A reversal takes back what the outcome had been given and leaves the others as they are. The cap
    cuts `live` likewise. Day by day, so that later days change nothing of earlier ones.
    """
    known = [cap for cap in caps if cap is not None]
    if len(known) < len(caps):
        return [list(changes) for changes in group]
    result: list[list[Change]] = [[] for _ in group]
    periods = _Periods(known)
    live = _Live(known)
    all_changes = sorted(((place, change) for place, changes in enumerate(group) for change in changes), key=_day)
    for day, of_day in groupby(all_changes, key=_day):
        today = list(of_day)
        for place, change in (*periods.change(day, today), *live.change(day, today)):
            result[place].append(change)
    return result


def shares(claims: Mapping[Claim, int], cap: int) -> dict[Claim, int]:
    """Return the claims, cut in proportion to whole numbers if they exceed the cap together.

    What is left over from rounding down goes to the largest remainders, of equal ones to the first.
    """
    total = sum(claims.values())
    if total <= cap:
        return dict(claims)
    cut = {claim: cap * amount // total for claim, amount in claims.items()}
    left = cap - sum(cut.values())
    for claim in sorted(claims, key=lambda c: (-(cap * claims[c] % total), c))[:left]:
        cut[claim] += 1
    return cut


class _Periods:
    """What each period's outcomes claim, and what they have been given of it."""

    def __init__(self, caps: Sequence[int]) -> None:
        self._caps = caps
        self._claims: dict[int, dict[Claim, int]] = {}
        self._given: dict[int, dict[Claim, int]] = {}

    def change(self, day: int, today: Iterable[tuple[int, Change]]) -> Iterator[tuple[int, Change]]:
        own: dict[int, dict[Claim, str]] = {}
        taken_back: list[tuple[int, Change]] = []
        for place, change in today:
            if change.number is not None:
                claim = (place, change.measure)
                self._claims.setdefault(change.number, {})[claim] = change.amount
                own.setdefault(change.number, {})[claim] = change.cause
            elif change.cause == "reversed":
                taken_back.append((place, change))
        for number, causes in sorted(own.items()):
            yield from self._divide(day, number, causes)
        for place, change in taken_back:
            total = sum(self._release(place, number) for number in change.about[2:])
            yield place, change._replace(amount=-total)

    def _divide(self, day: int, number: int, causes: Mapping[Claim, str]) -> Iterator[tuple[int, Change]]:
        claims = self._claims[number]
        cap = min(self._caps[place] for place, _measure in claims)
        realized = shares({c: amount for c, amount in claims.items() if c[1] == "realized"}, cap)
        room = cap - sum(realized.values())
        given = realized | shares({c: amount for c, amount in claims.items() if c[1] != "realized"}, room)
        before = self._given.get(number, {})
        for claim in sorted(given):
            if amount := given[claim] - before.get(claim, 0):
                yield claim[0], Change(day, claim[1], amount, causes.get(claim, "capped"), number)
        self._given[number] = given

    def _release(self, place: int, number: int) -> int:
        self._claims[number].pop((place, "realized"))
        return self._given[number].pop((place, "realized"))


class _Live:
    """What the outcomes are worth a period now, and what the cap leaves of it."""

    def __init__(self, caps: Sequence[int]) -> None:
        self._caps = caps
        self._claims = {(place, "live"): 0 for place in range(len(caps))}
        self._given = dict(self._claims)

    def change(self, day: int, today: Iterable[tuple[int, Change]]) -> Iterator[tuple[int, Change]]:
        own: dict[Claim, Change] = {}
        for place, change in today:
            if change.measure == "live":
                own[place, "live"] = change
                self._claims[place, "live"] += change.amount
        if not own:
            return
        cap = min((self._caps[claim[0]] for claim, amount in self._claims.items() if amount), default=0)
        given = shares(self._claims, cap)
        for claim, amount in given.items():
            if amount != self._given[claim]:
                change = own.get(claim) or Change(day, "live", 0, "capped", None)
                yield claim[0], change._replace(amount=amount - self._given[claim])
        self._given = given


def _day(item: tuple[int, Change]) -> int:
    return item[1].day
