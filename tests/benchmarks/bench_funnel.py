"""The page of the funnel: twice a page that reads nothing at most, and the same at a million accounts."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from tests.benchmarks.floors import Finding, compared, in_turns
from tests.benchmarks.stage import FLOOR, Stage
from tests.clock import TODAY

PAGE = "/funnel"
A_YEAR_AGO = TODAY - timedelta(days=365)
ALSO = {
    "funnel of a year ago, as known now": f"/funnel?as_of={A_YEAR_AGO}",
    "funnel of one segment": "/funnel?segment=SMB&compare=none&period=7",
    "funnel grouped by segment": "/funnel?by=segment",
    "movement of 4 weeks": "/funnel/movement",
}
COUNTED = {
    "funnel of two filters": "/funnel?segment=SMB&region=North&compare=none&period=7",
    "funnel of a year ago, as known a year ago": f"/funnel?as_of={A_YEAR_AGO}&known_at={A_YEAR_AGO}&period=7",
}


def measure(stages: tuple[Stage, ...]) -> Iterator[Finding]:
    """The page against its floor at every size, and the largest against the smallest."""
    taken = in_turns({f"{s.size} {path}": partial(s.get, path) for s in stages for path in (PAGE, FLOOR)})
    for s in stages:
        yield compared(f"funnel page ({s.name}) to floor", taken[f"{s.size} {PAGE}"], taken[f"{s.size} {FLOOR}"], 2)
    small, large = stages[0], stages[-1]
    if small is not large:
        what = f"funnel page ({large.name}) to {small.size:,}"
        yield compared(what, taken[f"{large.size} {PAGE}"], taken[f"{small.size} {PAGE}"], 1.5)
    for paths, rounds in ((ALSO, 9), (COUNTED, 3)):
        others = in_turns({name: partial(large.get, path) for name, path in paths.items()}, rounds, warm_up=1)
        for name, duration in others.items():
            yield compared(f"{name} ({large.name}) to floor", duration, taken[f"{large.size} {FLOOR}"])
