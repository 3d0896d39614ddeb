"""Files as they come from a customer's systems: the RavenStack data set where it is, else one made of the demo."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from changetrack.domain.demo.deeds import Deed
from changetrack.domain.demo.portfolio import make_portfolio
from tests.clock import TODAY

RAVENSTACK = Path(__file__).parents[2] / "shared" / "data" / "ravenstack"
OTHER_NAMES = 10  # of each account of the demo
MAPPED = {"account_id": "external_id", "account_name": "name", "signup_date": "started_on", "plan_tier": "tier",
          "country": "region"}  # fmt: skip
ACCOUNTS = [*(f"--map={column}={field}" for column, field in MAPPED.items()), "--date-format=dd-mm-yyyy",
            "--set=team=North", "--set=owner_email=olu@example.com"]  # fmt: skip
ALIASES = ["--map=account_id=external_id", "--map=subscription_id=alias"]


@dataclass(frozen=True, slots=True)
class RealInput:
    """Two files: `accounts` with day-first dates, `subscriptions` that name them."""

    accounts: Path
    subscriptions: Path

    def rows(self) -> list[dict[str, str]]:
        """The accounts as they stand in their file."""
        with self.accounts.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    def other_names(self) -> int:
        """How many subscriptions there are."""
        with self.subscriptions.open(encoding="utf-8", newline="") as stream:
            return sum(1 for _ in csv.DictReader(stream))


def real_input(folder: Path) -> RealInput:
    """The RavenStack files where they are, else files of the same awkward shape, written into `folder`."""
    if RAVENSTACK.is_dir():
        return _files(RAVENSTACK)
    made = _files(folder)
    ids = [row[0] for row in _demo_rows()]
    _write(made.accounts, ("account_id", "account_name", "country", "signup_date", "plan_tier", "seats"), _demo_rows())
    named = [(f"S-{id_}-{n}", id_) for id_ in ids for n in range(OTHER_NAMES)]
    _write(made.subscriptions, ("subscription_id", "account_id"), named)
    return made


def _files(folder: Path) -> RealInput:
    return RealInput(folder / "ravenstack_accounts.csv", folder / "ravenstack_subscriptions.csv")


def _demo_rows() -> Iterator[tuple[str, ...]]:
    for n, deed in enumerate(make_portfolio(seed=1, today=TODAY).deeds, 9):
        if isinstance(deed, Deed) and deed.what == "create":
            record = deed.says["record"]
            yield deed.account, record["name"], record["region"], f"{deed.day:%d-%m-%Y}", record["tier"], str(n)


def _write(file: Path, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([headers, *rows])
