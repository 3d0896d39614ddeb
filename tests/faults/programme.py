"""What is played and in which order, and how it is told."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from tests.databases import DURABLE, postgres_server
from tests.faults.backup_cases import backed_up_while_writing
from tests.faults.cases import CASES, Played, play
from tests.faults.channel_cases import CHANNEL_CASES, PUNCTUAL_CASES
from tests.faults.clock_cases import CLOCK_CASES
from tests.faults.editing_cases import eight_edit_one
from tests.faults.full_disk_cases import disk_full
from tests.faults.import_cases import poisoned_file
from tests.faults.proxy_cases import slow_crowd
from tests.faults.schema_cases import migrations_killed
from tests.faults.staging import Place
from tests.faults.tried import Tried
from tests.faults.web_cases import Served, database_restarted, server_killed, workers_killed

COLUMNS = (46, 11, 11, 7, 8, 6, 9, 6, 8)
PLAYED = ("what", "database", "schedulers", "kills", "alerts", "lost", "repeated", "keys", "seconds")
Play = Callable[[Iterator[Place], str, float], Iterator[list[str]]]


def counted(part: str, database: str, share: float) -> list[str]:
    """Play what is counted, and may have company."""
    with _places(database) as places:
        return [promise for broken in _COUNTED[part](places, database, share) for promise in broken]


def measured(part: str, database: str, share: float) -> list[str]:
    """Play what is measured in seconds, and has to be alone on the machine."""
    with _places(database) as places:
        return [promise for broken in _MEASURED[part](places, database, share) for promise in broken]


def _messages(places: Iterator[Place], _database: str, share: float) -> Iterator[list[str]]:
    for case in CASES:
        yield _show(play(next(places), case.times(share)))
    for special in (*CLOCK_CASES, *CHANNEL_CASES):
        yield _show(special(next(places)))


def _data(places: Iterator[Place], database: str, share: float) -> Iterator[list[str]]:
    yield _tell(migrations_killed(next(places), _some(50, share)))
    if database == "postgresql":
        yield _tell(disk_full(next(places)))


def _web(places: Iterator[Place], _database: str, share: float) -> Iterator[list[str]]:
    yield _show_served(workers_killed(next(places), _some(5_000, share), _some(30, share)))
    yield _tell(eight_edit_one(next(places), _some(25, share)))


def _punctual(places: Iterator[Place], _database: str, _share: float) -> Iterator[list[str]]:
    for special in PUNCTUAL_CASES:
        yield _show(special(next(places)))


def _backups(places: Iterator[Place], _database: str, _share: float) -> Iterator[list[str]]:
    yield _tell(backed_up_while_writing(next(places)))


def _serving(places: Iterator[Place], database: str, share: float) -> Iterator[list[str]]:
    yield _show_served(server_killed(next(places)))
    if database == "postgresql":
        yield _show_served(database_restarted(next(places)))
    else:
        yield _tell(slow_crowd(next(places)))
        yield _tell(poisoned_file(next(places), _some(1_000_000, share)))


_COUNTED: dict[str, Play] = {"messages": _messages, "data": _data, "web": _web}
_MEASURED: dict[str, Play] = {"messages": _punctual, "data": _backups, "web": _serving}
PARTS, MEASURED_PARTS = tuple(_COUNTED), tuple(_MEASURED)


def _some(number: int, share: float) -> int:
    return max(1, round(number * share))


@contextmanager
def _places(database: str) -> Iterator[Iterator[Place]]:
    """Empty places on one server."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres_server(DURABLE)) if database == "postgresql" else None
        folders = (Path(stack.enter_context(TemporaryDirectory(prefix="changetrack-faults-"))) for _ in count())
        yield (Place(folder, server) for folder in folders)


def _show(played: Played) -> list[str]:
    case, found = played.case, played.found
    numbers = (case.schedulers, played.kills, found.alerts, len(found.lost), found.repeated, len(found.keys))
    tell_line(case.what, played.database, *(f"{number:,}" for number in numbers), f"{played.seconds:.0f}")
    return played.broken


def _show_served(served: Served) -> list[str]:
    writers = served.writers
    missing, wrong = len(served.broken) - len(writers.wrong), len(writers.wrong)
    figures = (
        f"{served.times} times in {len(writers.acknowledged):,} writes: missing {missing}, "
        f"wrong answers {wrong}, silence {writers.silence:.1f} s"
    )
    broken = served.broken + served.late
    return _tell(Tried(served.what, served.database, figures, broken, served.seconds))


def _tell(tried: Tried) -> list[str]:
    what, database = tried.what.ljust(COLUMNS[0]), tried.database.rjust(COLUMNS[1])
    click.echo(f"{what}  {database}  {tried.figures}  ({tried.seconds:.0f} s)")
    return tried.broken


def tell_line(*cells: str) -> None:
    """Print the cells of one case in columns."""
    first, *rest = (cell.ljust(width) for cell, width in zip(cells, COLUMNS, strict=True))
    click.echo("  ".join([first, *(cell.strip().rjust(len(cell)) for cell in rest)]).rstrip())
