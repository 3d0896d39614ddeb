"""A file that is nowhere: rows of a script in the form in which the importers read a file."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from changetrack.domain.demo.deeds import FileDeed
from changetrack.domain.imports import Block, RawRow


class FileRows:
    """The rows of one FileDeed, read as often as needed."""

    def __init__(self, deed: FileDeed) -> None:
        self._deed = deed
        self._read = 0

    @property
    def headers(self) -> Sequence[str]:
        """The names of its columns."""
        return self._deed.headers

    @property
    def digest(self) -> str:
        """The SHA-256 of its content, or of what that follows from."""
        content: Iterable[Iterable[str]] = [(self._deed.recipe,)] if self._deed.recipe else self._deed.rows
        hashed = hashlib.sha256("\0".join(self._deed.headers).encode())
        for row in content:
            hashed.update("\0".join(row).encode())
        return hashed.hexdigest()

    @property
    def name(self) -> str:
        """What it is called."""
        return self._deed.name

    @property
    def share_read(self) -> float:
        """How much of it the reading at hand has gone through, 0 to 1."""
        return min(1.0, self._read / max(1, len(self._deed.rows)))

    def rows(self) -> Iterator[RawRow]:
        """Its rows, anew with each call."""
        for number, row in enumerate(self._deed.rows, 1):
            self._read = number
            yield RawRow(number + 1, dict(zip(self._deed.headers, row, strict=True)))

    def blocks(self) -> Iterator[Block]:
        """The same rows, all at once: they are in memory anyway."""
        columns = zip(*self._deed.rows, strict=True)
        self._read = len(self._deed.rows)
        if self._deed.rows:
            yield Block(range(2, self._read + 2), dict(zip(self._deed.headers, columns, strict=True)))
