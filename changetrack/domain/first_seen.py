"""Finding what occurs twice among millions of keys, in a few bytes each."""

from array import array

_FULL = 0.6
_ALL_BITS = 0xFFFFFFFFFFFFFFFF


class FirstSeen:
    """Remembers the line on which each key first occurred, in 16 bytes a slot however long the keys.

    Keys are compared by their 64-bit hash: among a million different keys, two are taken for one with a
    chance of about 3 in 100 million.
    """

    def __init__(self) -> None:
        self._count = 0
        self._make_room(1 << 10)

    def line_of(self, key: str, line: int) -> int | None:
        """The earlier line on which `key` occurred, or None; then `line` (1 or more) is kept as its first."""
        mark = hash(key) & _ALL_BITS
        slot = self._slot(mark)
        if self._lines[slot]:
            return self._lines[slot]
        self._marks[slot], self._lines[slot] = mark, line
        self._count += 1
        if self._count > _FULL * len(self._lines):
            self._grow()
        return None

    def __contains__(self, key: str) -> bool:
        """Whether `key` occurred before."""
        return bool(self._lines[self._slot(hash(key) & _ALL_BITS)])

    def _slot(self, mark: int) -> int:
        marks, lines, last = self._marks, self._lines, len(self._lines) - 1
        slot = (mark ^ mark >> 32) & last
        while lines[slot] and marks[slot] != mark:
            slot = (slot + 1) & last
        return slot

    def _make_room(self, slots: int) -> None:
        self._marks = array("Q", bytes(8 * slots))
        self._lines = array("Q", bytes(8 * slots))

    def _grow(self) -> None:
        marks, lines = self._marks, self._lines
        self._make_room(2 * len(lines))
        for mark, line in zip(marks, lines, strict=True):
            if line:
                slot = self._slot(mark)
                self._marks[slot], self._lines[slot] = mark, line
