"""A huge file full of poison, imported while others work: each bad row is named, and nobody else notices."""

import csv
import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

from tests.faults.processes import peak_memory
from tests.faults.staging import Place, pause, staged
from tests.faults.tried import Tried
from tests.faults.web_server import Answer, WebServer, children, web_server

ROWS = 1_000_000
READ_WITHIN = 600.0  # seconds
MOST_MEMORY = 150  # megabytes
MOST_SLOWER = 2.0
HEAD = b"external_id,name,started_on,annual_value,currency\n"
FINE = b"P-%d,Some customer,2026-01-02,10,EUR\n"
POISON = {
    101: b"P-%d,\xff\xfe\xe9\xe8,2026-01-02,10,EUR\n",  # no UTF-8
    202: b"P-%d,Nothing\x00inside,2026-01-02,10,EUR\n",
    303: b"P-%d,Name,2026-02-30,10,EUR\n",
    404: b"P-%d,Name,2026-01-02,1e999,EUR\n",
    505: b"P-%d,too short\n",
    606: b"P-%d,too,2026-01-02,10,EUR,long\n",
    707: b",nobody %d,2026-01-02,10,EUR\n",
}
FORMULA = b'P-%d,"=HYPERLINK(""http://example.com"")",2026-01-02,10,EUR\n'  # text like any other
FORMULA_AT = 808
EVERY = 1_000  # rows, in which each kind of poison comes once
BIG = b'P-%d,"' + b"x" * 2**20 + b'",2026-01-02,10,EUR\n'
BIG_AT = frozenset({1_808, 5_809, 9_810})
NO_TABLES = {
    "missing columns": b"colour,size\nred,4\n",
    "duplicate headers": b"external_id,name,name\nA-1,Acme,Acme\n",
    "no text": bytes(range(256)) * 40,
    "NUL in the header": b"external_id,na\x00me\nA-1,Acme\n",
    "nothing": b"",
}
_CHOICE = re.compile(r'<select[^>]*\bname="(\w+)"[^>]*>(.*?)</select>', re.DOTALL)
_CHOSEN = re.compile(r'<option selected value="([^"]*)"')
UPLOADS, KIND, CALM = "/admin/imports", {"kind": "accounts", "encoding": ""}, 60


@dataclass(slots=True)
class Meanwhile:
    """How quickly a page came, and the most memory that the import has held."""

    calm: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    memory: float = 0.0

    def look(self, server: WebServer, into: list[float]) -> Answer:
        """Ask for the list of accounts."""
        started = time.perf_counter()
        answer = server.look("/accounts")
        into.append(time.perf_counter() - started)
        return answer

    @property
    def slower(self) -> float:
        """So many times as long took the page in the middle while the file was read."""
        return statistics.median(self.busy) / statistics.median(self.calm)


def poisoned_file(place: Place, rows: int = ROWS) -> Tried:
    """Upload it, try it out, and look at pages all the while."""
    started = time.perf_counter()
    with staged(place, rate=1) as stage, web_server(stage) as server:
        broken, meanwhile = _refused_whole(server), Meanwhile()
        for _ in range(CALM):
            meanwhile.look(server, meanwhile.calm)
        columns = server.upload(UPLOADS, KIND, b"".join(_poisoned(rows))).location
        form = server.look(columns).text
        chosen = {name: _chosen(options) for name, options in _CHOICE.findall(form)}
        address = server.send(columns, chosen).location
        broken += _watch(server, address, meanwhile)
        broken += _misjudged(server.look(f"{address}/rejected-rows.csv").text, rows)
    broken += [] if 0 < meanwhile.memory <= MOST_MEMORY else [f"{meanwhile.memory:.0f} MB are held"]
    broken += [f"pages take {meanwhile.slower:.1f} times as long"] if meanwhile.slower > MOST_SLOWER else []
    figures = (
        f"{rows:,} rows, {len(_bad(rows)):,} bad: {meanwhile.memory:.0f} MB, pages {meanwhile.slower:.2f} times as long"
    )
    return Tried("poisoned file", place.name, figures, broken, time.perf_counter() - started)


def _poisoned(rows: int) -> Iterator[bytes]:
    """The lines of the file."""
    yield HEAD
    for number in range(rows):
        if number in BIG_AT:
            yield BIG % number
        else:
            yield POISON.get(number % EVERY, FORMULA if number % EVERY == FORMULA_AT else FINE) % number


def _bad(rows: int) -> set[int]:
    """The lines that have to be named."""
    return {number + 2 for number in range(rows) if number % EVERY in POISON or number in BIG_AT}


def _refused_whole(server: WebServer) -> list[str]:
    """Files that are no table are refused at the door, or when their columns are named, in words."""
    broken = []
    for what, content in NO_TABLES.items():
        answer = server.upload(UPLOADS, KIND, content)
        if answer.status == 303:
            answer = server.send(answer.location, {"date_format": ""})
        if answer.status != 422:
            broken.append(f"a file with {what} is answered with {answer.status}")
    return broken


def _watch(server: WebServer, address: str, meanwhile: Meanwhile) -> list[str]:
    """Look at pages until the file was read."""
    until, broken = time.perf_counter() + READ_WITHIN, list[str]()
    while (progress := server.look(f"{address}/progress")).status == 200:
        for worker in server.workers():
            meanwhile.memory = max(meanwhile.memory, *map(peak_memory, children(worker)), 0.0)
        page = meanwhile.look(server, meanwhile.busy)
        broken += [f"a page answers {page.status}"] if page.status != 200 else []
        assert time.perf_counter() < until, "the file is never read"
        pause(0.05)
    result = server.look(address)
    if (progress.status, result.status) != (204, 200) or "Some rows cannot be taken" not in result.text:
        broken.append(f"the file ends with {progress.status} and {result.status}")
    return broken


def _misjudged(rejected: str, rows: int) -> list[str]:
    """Where the lines that were turned away are not those that are bad."""
    csv.field_size_limit(2**22)
    told = {int(row["rejected_line"]) for row in csv.DictReader(rejected.splitlines()) if row["rejected_because"]}
    missing, superfluous = _bad(rows) - told, told - _bad(rows)
    return [f"line {line} is not named" for line in missing] + [f"line {line} is named" for line in superfluous]


def _chosen(options: str) -> str:
    found = _CHOSEN.search(options)
    return unescape(found[1]) if found else ""
