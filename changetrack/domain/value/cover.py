"""On which days the customer's attestations carry an outcome."""

from collections.abc import Iterable

from changetrack.domain.value.periods import NEVER


class Cover:
    """The days carried by at least one attestation, from (first day, first day no longer) pairs."""

    __slots__ = ("_spans", "_stretches")

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._spans = sorted(span for span in spans if span[0] < span[1])
        self._stretches = _merged(self._spans)

    def end(self, day: int) -> int:
        """Return the first day from `day` on that is not carried: `day` itself if it is not."""
        for first, end in self._stretches:
            if first <= day < end:
                return end
        return day

    def next(self, day: int) -> int:
        """Return the first carried day from `day` on."""
        for first, end in self._stretches:
            if day < end:
                return max(first, day)
        return NEVER

    def foreseen(self, day: int) -> bool:
        """Say whether `day` is carried by what had been given before it."""
        return any(first < day < end for first, end in self._spans)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    stretches: list[tuple[int, int]] = []
    for first, end in spans:
        if stretches and first <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], max(end, stretches[-1][1]))
        else:
            stretches.append((first, end))
    return stretches


ALWAYS = Cover([(0, NEVER)])
"""The cover of an outcome that needs no attestation."""
