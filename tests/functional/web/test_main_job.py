"""The main job on real input: a customer's files in, ten accounts on their way, the funnel of any day, the night."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import func, select, update

from changetrack.models import Account, Alias, Standing, UserSession, Visit
from tests.clock import TODAY, FixedClock
from tests.factories._saving import Saver
from tests.functional.web.account_walk import GAP, MANAGERS, OPENING, BrowserOf
from tests.real_input import ACCOUNTS, ALIASES, RealInput, real_input

Run = Callable[..., Result]
FIRST, SECOND, THIRD = TODAY, TODAY + timedelta(days=14), TODAY + timedelta(days=28)  # when something is recorded
PEOPLE: tuple[Mapping[str, Any], ...] = (
    {"name": "Mara Voss", "function": "Operations", "path_roles": ["decider", "approver"], "is_sponsor": "y"},
    {"name": "Jon Berg", "function": "Operations", "path_roles": ["user", "initiator"]},
    {"name": "Ines Roth", "function": "IT", "path_roles": ["influencer", "gatekeeper", "buyer"]},
)
MET = {"meetings": "2", "present": "5", "invited": "6"}


@dataclass(frozen=True, slots=True)
class Move:
    """That the account `nth` stands at `step` from a day on, and when that was recorded."""

    nth: int
    step: int
    recorded_on: date
    effective_on: date


OPENED = [Move(n, 1, FIRST, date(2026, 2, 2) + timedelta(n)) for n in range(10)]
PROVEN = [Move(n, 2, FIRST, date(2026, 2, 16)) for n in range(6)]
PROVEN_LATE = [Move(n, 2, SECOND, date(2026, 2, 25)) for n in (6, 7)]
CARRIED = [Move(n, 3, SECOND, SECOND) for n in range(4)]
EXCEPTED = [Move(0, 4, THIRD, THIRD), Move(1, 4, THIRD, date(2026, 3, 25))]
WENT_BACK = [Move(2, 2, THIRD, date(2026, 3, 20))]
MOVES = [*OPENED, *PROVEN, *PROVEN_LATE, *CARRIED, *EXCEPTED, *WENT_BACK]


class Team:
    """Olu, Tess and Vik at the pages of imported accounts."""

    def __init__(self, session: Saver, browser_of: BrowserOf, clock: FixedClock, ids: list[int]) -> None:
        self._session, self._clock, self._ids = session, clock, ids
        self._browsers = {name: browser_of(name) for name in ("olu", "tess", "vik")}

    def wait_until(self, day: date) -> None:
        """Let days pass in which nobody's session ends."""
        self._clock.move(days=(day - self._clock.today()).days)
        seen = {"last_seen_at": self._clock.now(), "expires_at": self._clock.now() + timedelta(days=1)}
        self._session.execute(update(UserSession).values(**seen))
        self._session.commit()

    def post(self, who: str, nth: int, what: str, typed: Mapping[str, Any], on: date | None = None) -> None:
        """Send one of the forms of the account's page, dated `on`."""
        dated = {**typed, "effective_on": on.isoformat()} if on else dict(typed)
        answer = self._browsers[who].post(f"/accounts/{self._ids[nth]}/{what}", data=dated)
        assert answer.status_code == 303, (nth, what, answer.text)

    def page(self, who: str, address: str) -> str:
        """A page as somebody sees it."""
        return self._browsers[who].get(address).text

    def prove_step_1(self, move: Move) -> None:
        """The gap and the managers' word, then Olu proposes and Tess signs."""
        self.post("olu", move.nth, "gap", GAP | {"version": "2"}, move.effective_on)
        self.post("olu", move.nth, "evidence/1c", MANAGERS, move.effective_on)
        self.advance(move)

    def prove_step_2(self, move: Move) -> None:
        """The coalition: Mara is known since 1c, the others are added; they met."""
        for seq, person in enumerate(PEOPLE, 1):
            what, version = ("contacts/1", {"version": "1"}) if seq == 1 else ("contacts/new", {})
            self.post("olu", move.nth, what, {**person, **version, "in_coalition": "y"})
        self.post("olu", move.nth, "evidence/2c", MET, move.effective_on)
        self.advance(move)

    def advance(self, move: Move) -> None:
        """One proposes, another signs."""
        self.post("olu", move.nth, "proposal", {}, move.effective_on)
        self.post("tess", move.nth, "sign-off", {"proposal_seq": str(move.step - 1)})


def told(run: Run, *arguments: str) -> Any:
    """What a command says to machines."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def expected(as_of: date, known_at: date, accounts: int) -> dict[str, int]:
    """How many accounts stand where, as the list of moves says; whoever did not move is not opened."""
    steps: dict[int, int] = {}
    for move in MOVES:
        if move.effective_on <= as_of and move.recorded_on <= known_at:
            steps[move.nth] = move.step
    counts = Counter(str(step) for step in steps.values())
    return {"not_opened": accounts - len(steps), **counts}


@pytest.fixture
def source(tmp_path: Path) -> RealInput:
    """The customer's files."""
    return real_input(tmp_path)


@pytest.fixture
def team(run: Run, source: RealInput, session: Saver, browser_of: BrowserOf, clock: FixedClock) -> Team:
    """The first ten accounts of the files, each moved by the pages as `MOVES` says, over four weeks."""
    assert run("import", "accounts", str(source.accounts), *ACCOUNTS).exit_code == 0
    assert run("import", "aliases", str(source.subscriptions), *ALIASES).exit_code == 0
    known = {row.external_id: row.id for row in session.execute(select(Account.external_id, Account.id))}
    at = Team(session, browser_of, clock, [known[row["account_id"]] for row in source.rows()[:10]])
    for move in OPENED:
        at.post("olu", move.nth, "opening", OPENING, move.effective_on)
    for move in PROVEN:
        at.prove_step_1(move)
    at.wait_until(SECOND)
    for move in PROVEN_LATE:
        at.prove_step_1(move)
    for move in CARRIED:
        at.prove_step_2(move)
    at.wait_until(THIRD)
    for move in EXCEPTED:
        why = {"reason": "The pilot starts with the new term.", "ends_on": "2026-06-30"}
        at.post("vik", move.nth, "exception", why, move.effective_on)
    for move in WENT_BACK:
        at.post("olu", move.nth, "back", {"to_step": "2", "reason": "sponsor_left"}, move.effective_on)
    return at


@pytest.mark.usefixtures("cast")
def test_files_come_in_as_they_are_and_a_second_time_change_nothing(
    run: Run, source: RealInput, session: Saver, tmp_path: Path
) -> None:
    rows, names = source.rows(), source.other_names()

    first = told(run, "import", "accounts", str(source.accounts), *ACCOUNTS)
    aliases = told(run, "import", "aliases", str(source.subscriptions), *ALIASES)
    again = told(run, "import", "accounts", str(source.accounts), *ACCOUNTS)
    under_another_name = tmp_path / "again.csv"
    under_another_name.write_bytes(source.accounts.read_bytes() + b"\n")
    once_more = told(run, "import", "accounts", str(under_another_name), *ACCOUNTS)
    exported = run("export", "accounts").stdout

    assert (first["created"], first["rejected_rows"], aliases["created"]) == (len(rows), 0, names)
    assert (again["repeated"], once_more["unchanged"]) == (True, len(rows))
    assert session.scalar(select(func.count()).select_from(Account)) == len(rows)
    assert session.scalar(select(func.count()).select_from(Alias)) == names
    assert session.scalar(select(func.count()).select_from(Standing)) == len(rows)
    out = {row["external_id"]: row for row in csv.DictReader(exported.splitlines())}
    for row in rows:
        come = out[row["account_id"]]
        day, month, year = row["signup_date"].split("-")
        kept = (row["account_name"], row["country"], row["plan_tier"], row["seats"], f"{year}-{month}-{day}")
        assert (come["name"], come["region"], come["tier"], come["seats"], come["started_on"]) == kept


def test_ten_accounts_on_their_way_the_funnel_of_any_day_and_the_night(
    run: Run, source: RealInput, session: Saver, team: Team
) -> None:
    accounts, later = len(source.rows()), (THIRD + timedelta(days=60)).isoformat()
    asked = [(date(2026, 2, 28), FIRST), (date(2026, 2, 28), SECOND), (SECOND, SECOND), (SECOND, THIRD),
             (date(2026, 3, 26), THIRD), (THIRD, THIRD)]  # fmt: skip

    funnels = [told(run, "funnel", f"--as-of={as_of}", f"--known-at={known_at}") for as_of, known_at in asked]
    groups, page = told(run, "funnel", "--by=tier"), team.page("olu", f"/funnel/movement?as_of={SECOND}")
    nights = [told(run, "jobs", "run", "stale-sweep", *day)["counts"] for day in ([], ["--as-of", later])]
    again = told(run, "jobs", "run", "stale-sweep", "--as-of", later)["counts"]
    verified = run("verify")

    for (as_of, known_at), funnel in zip(asked, funnels, strict=True):
        stood = {row["step"]: row["accounts"] for row in funnel["steps"] if row["accounts"]}
        assert stood == expected(as_of, known_at, accounts), (as_of, known_at)
    assert expected(THIRD, THIRD, accounts) == {"not_opened": accounts - 10, "1": 2, "2": 5, "3": 1, "4": 2}
    assert [row["unsupported"] for row in funnels[-1]["steps"]][:6] == [0, 0, 0, 0, 2, 0]
    by_step = [sum(group["steps"][place]["accounts"] for group in groups) for place in range(6)]
    assert by_step == [row["accounts"] for row in funnels[-1]["steps"]][:6]
    assert "Every row balances" in page
    assert (sum(night["raised"] for night in nights), sum(night["failed"] for night in nights)) == (10, 0)
    assert not any(again.values())
    assert (verified.exit_code, "all figures and chains agree." in verified.stdout) == (0, True), verified.stdout
    kinds = Counter(session.scalars(select(Visit.kind)))
    assert (kinds["regressed"], kinds["excepted"], kinds["advanced"]) == (1, 2, 12)
