"""As many more accounts as are asked for: plain records and where they stood since when, made up one by one as read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from changetrack.domain.demo.deeds import FileDeed, Person
from changetrack.domain.demo.organizations import people_names
from changetrack.domain.demo.products import BY_INDUSTRY
from changetrack.domain.demo.record import Record
from changetrack.domain.journey.steps import REGRESS_REASONS

READ_AGO = (29, 22, 15, 8, 1)  # days: the whole list first, then what was new each week
HISTORY = ("external_id", "step", "entered_on", "reason")
_LONGEST = 540  # days since the first hello
_DWELLS = (18, 20, 30, 28, 38, 52, 70, 110, 170)  # days, about, not opened and at steps 1 to 8
_REGIONS = (
    "United Kingdom", "Nordics", "Germany and Austria", "France and Benelux", "Southern Europe", "Central Europe",
    "Türkiye and Middle East", "Africa", "India", "East Asia", "North America", "Latin America",
)  # fmt: skip
_SIZES = (("Mid-market", "Standard", 12, 40), ("Enterprise", "Plus", 45, 140), ("Enterprise", "Premier", 150, 420))
_TRADES = {
    "Food": "Mills Dairies Growers Bakers Provisions Cannery",
    "Manufacturing": "Works Castings Glass Motors Paper Textiles",
    "Utilities": "Water Power Heating Grid Gas Light",
    "Transport": "Freight Shipping Rail Haulage Ferries Terminals",
    "Health care": "Clinics Hospitals Care Hospice Pharmacy Laboratories",
    "Insurance": "Mutual Assurance Life Underwriters Cover Trust",
}


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_BEGINNINGS = _words(
    "Al Bar Cor Del El Fen Gar Hol Ild Jor Kel Lor Mar Nor Ost Pel Quin Ros Sel Tor Ul Var Wen Yar Zel Bri Cla Dro Fla "
    "Gri Kra Ple Sha Thal Vri Wyn"
)
_ENDINGS = _words(
    "ingford ander esk holt mere stad ville berg anza ovia field wick lund hem dale mont ara igny oso este bourne "
    "minster kirk gate haven stow leigh combe ford pool shaw beck thorpe by ness rode vik ona ura ell"
)
_MIDDLES = (
    "",
    "",
    "North",
    "South",
    "Old",
    "New",
    "Upper",
    "Lower",
    "Great",
    "United",
    "Free",
    "Coast",
    "Lake",
    "Hill",
)
TEAM_NAMES = ("Meadow", "Quay", "Ridge", "Orchard", "Lantern", "Heron", "Birch", "Compass", "Saffron")


@dataclass(frozen=True, slots=True)
class Traits:
    """One of many accounts: its name, product and currency, since when it is there, and how far it has come."""

    external_id: str
    product: str
    currency: str
    started_on: date
    place: str


@dataclass(frozen=True, slots=True)
class More:
    """So many more accounts of one seed on one day; the same number is the same account in every file."""

    seed: int
    today: date
    count: int

    def teams(self) -> tuple[str, ...]:
        """Who looks after them, besides the teams of the tales."""
        return TEAM_NAMES[: (self.count + 999) // 1000]

    def people(self) -> tuple[Person, ...]:
        """Three people for each team."""
        chance = Random(self.seed)  # noqa: S311  a story, not a secret
        found = []
        for team in self.teams():
            way = chance.choice(("anglo", "nordic", "german", "iberian", "indian", "yoruba", "french", "turkish"))
            for role, name in zip(("vsm", "coordinator", "member"), people_names(way, chance, 3), strict=True):
                found.append(Person(f"{team.lower()}.{role}", name, team=team, team_role=role))
        return tuple(found)

    def files(self) -> Iterator[FileDeed]:
        """The files with which they come, in order of time."""
        owners = self.people()
        after = date.min
        for ago in READ_AGO if self.count else ():
            day = self.today - timedelta(ago)
            new, moved = _Accounts(self, owners, after, day), _Histories(self, after, day)
            key = f"{self.seed} {self.today} {self.count} {day}"
            yield FileDeed(day, 400, "ada", "accounts", f"all-{day}.csv", Record.HEADERS, new, key)
            yield FileDeed(day, 405, "ada", "history", f"all-steps-{day}.csv", HISTORY, moved, key)
            after = day

    def traits(self, number: int) -> "Traits":
        """What an account is known by and where it stood by now, of its number from 0 on."""
        chance = Random(0)  # noqa: S311  a story, not a secret
        started_on = _started_on(self, number, chance)
        row = dict(zip(Record.HEADERS, _row(self, self.people(), number, started_on), strict=True))
        moves = tuple(_fate(started_on, self.today, chance))
        place = moves[-1][1] if moves else "0"
        return Traits(row["external_id"], row["product"], row["currency"], started_on, place)


@dataclass(frozen=True, slots=True)
class _Accounts:
    """The rows of those that came to us after one day, up to another."""

    of: More
    owners: tuple[Person, ...]
    after: date
    until: date

    def __len__(self) -> int:
        """About how many."""
        return self.of.count * min((self.until - self.after).days, _LONGEST) // _LONGEST + 1

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        """Each made up from its number alone."""
        chance = Random(0)  # noqa: S311  a story, not a secret
        for number in range(self.of.count):
            started_on = _started_on(self.of, number, chance)
            if self.after < started_on <= self.until:
                yield _row(self.of, self.owners, number, started_on)


@dataclass(frozen=True, slots=True)
class _Histories:
    """Where they came to after one day, up to another."""

    of: More
    after: date
    until: date

    def __len__(self) -> int:
        """About how many."""
        return 4 * self.of.count * min((self.until - self.after).days, _LONGEST) // _LONGEST + 1

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        """Each made up from its number alone."""
        chance = Random(0)  # noqa: S311  a story, not a secret
        for number in range(self.of.count):
            name = _external_id(self.of, number)
            for day, place, reason in _fate(_started_on(self.of, number, chance), self.until, chance):
                if self.after < day:
                    yield (name, place, day.isoformat(), reason)


def _external_id(of: More, number: int) -> str:
    return f"X{of.seed}-{number + 1:06}"


def _started_on(of: More, number: int, chance: Random) -> date:
    chance.seed(of.seed * 1_000_003 + number)
    return of.today - timedelta(1 + int(_LONGEST * chance.random() ** 1.3))


def _fate(started_on: date, until: date, chance: Random) -> Iterator[tuple[date, str, str]]:
    """Where an account comes to after it was added, until a day: mostly on, now and then back, to rest or away."""
    day, step, is_held = started_on, 0, False
    pace = 0.6 + 1.9 * chance.random()
    while True:
        wait = 60 if is_held else _DWELLS[step] * pace * (0.4 + 1.2 * chance.random())
        day += timedelta(max(1, int(wait)))
        luck, why = chance.random(), chance.random()
        if day > until:
            return
        if is_held or luck < 0.84:
            step, is_held = step + (not is_held), False
        elif luck < 0.89 and step > 1:
            step -= 1
            yield day, str(step), tuple(REGRESS_REASONS)[int(why * len(REGRESS_REASONS))]
            continue
        elif luck < 0.93:
            is_held = True
            yield day, "held", ""
            continue
        elif luck < 0.97:
            yield day, "closed", "churned" if step else "never_started"
            return
        if step == len(_DWELLS):
            yield day, "anchored", ""
            return
        yield day, str(step), ""


def _row(of: More, owners: tuple[Person, ...], number: int, started_on: date) -> tuple[str, ...]:
    """The record of an account; every third is of the same customer as the one before it."""
    chance = Random((of.seed * 1_000_003 + number) ^ 0x5EED)  # noqa: S311  a story, not a secret
    name, industry, region = _customer(of, number - (number % 3 == 2))
    owner, (segment, tier, least, most) = chance.choice(owners), chance.choice(_SIZES)
    product = BY_INDUSTRY[industry][1 if number % 3 == 2 else 0].name
    return (
        _external_id(of, number), f"{name}, {product}" if number % 3 == 2 else name, name, product, segment, region,
        industry, tier, owner.team or "", owner.email, started_on.isoformat(), f"{chance.randrange(least, most)}000",
        "EUR" if region in _REGIONS[1:6] else "USD", "", chance.choice(("Own sales", "Partner", "Renewal desk")),
    )  # fmt: skip


def _customer(of: More, number: int) -> tuple[str, str, str]:
    chance = Random((of.seed * 1_000_003 + number) ^ 0xC057)  # noqa: S311  a story, not a secret
    industry = chance.choice(tuple(_TRADES))
    place = chance.choice(_BEGINNINGS) + chance.choice(_ENDINGS)
    words = (chance.choice(_MIDDLES), place, chance.choice(_TRADES[industry].split()))
    return " ".join(filter(None, words)), industry, chance.choice(_REGIONS)
