"""Finding what occurs twice among millions of keys, in some twenty bytes each."""

from array import array

_FULL = 0.6
_ALL_BITS = 0xFFFFFFFFFFFFFFFF


class FirstSeen:
    """Remembers the line on which each key first occurred, in about 20 bytes a key however long the keys.

    Keys are compared by their 64-bit hash: among a million different keys, two are taken for one with a
    chance of about 3 in 100 million.
    """

    def __init__(self) -> None:
        self._marks, self._lines = array("Q"), array("I")  # of each key in the order of arrival
        self._places = _empty(1 << 10)  # by slot where it stands among them, counted from 1

    def line_of(self, key: str, line: int) -> int | None:
        """The earlier line on which `key` occurred, or None; then `line` (1 or more) is kept as its first."""
        mark = hash(key) & _ALL_BITS
        slot = self._slot(mark)
        if place := self._places[slot]:
            return self._lines[place - 1]
        self._marks.append(mark)
        self._lines.append(line)
        self._places[slot] = len(self._lines)
        if len(self._lines) > _FULL * len(self._places):
            self._grow()
        return None

    def __contains__(self, key: str) -> bool:
        """Whether `key` occurred before."""
        return bool(self._places[self._slot(hash(key) & _ALL_BITS)])

    def _slot(self, mark: int) -> int:
        marks, places, last = self._marks, self._places, len(self._places) - 1
        slot = (mark ^ mark >> 32) & last
        while (place := places[slot]) and marks[place - 1] != mark:
            slot = (slot + 1) & last
        return slot

    def _grow(self) -> None:
        self._places = _empty(2 * len(self._places))
        for place, mark in enumerate(self._marks, 1):
            self._places[self._slot(mark)] = place


def _empty(slots: int) -> "array[int]":
    return array("I", [0]) * slots
