"""The example portfolio is a script: the same for the same seed and day, in order, on working days; nobody is real."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from changetrack.domain.demo.deeds import Deed, FileDeed, Portfolio
from changetrack.domain.demo.house import PEOPLE, SHOWN, TEAMS, of_team
from changetrack.domain.demo.portfolio import TALES, make_portfolio
from changetrack.domain.people import team_role_reasons

TODAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def portfolio() -> Portfolio:
    """The one that is loaded unless another is asked for."""
    return make_portfolio(seed=1, today=TODAY)


def deeds(portfolio: Portfolio) -> list[Deed]:
    return [deed for deed in portfolio.deeds if isinstance(deed, Deed)]


def created(portfolio: Portfolio) -> list[dict[str, object]]:
    return [deed.says["record"] for deed in deeds(portfolio) if deed.what == "create"]


def test_the_same_seed_and_day_give_the_same_script(portfolio: Portfolio) -> None:
    assert make_portfolio(seed=1, today=TODAY) == portfolio


def test_another_seed_gives_other_customers(portfolio: Portfolio) -> None:
    other = make_portfolio(seed=2, today=TODAY)

    assert [r["name"] for r in created(other)] != [r["name"] for r in created(portfolio)]
    assert not {d.account for d in deeds(other)} & {d.account for d in deeds(portfolio)}


def test_a_week_later_everything_is_a_week_later(portfolio: Portfolio) -> None:
    later = make_portfolio(seed=1, today=TODAY + timedelta(7))

    assert [(type(d), d.day - timedelta(7), d.minute) for d in later.deeds] == [
        (type(d), d.day, d.minute) for d in portfolio.deeds
    ]
    assert [d.by for d in deeds(later)] == [d.by for d in deeds(portfolio)]


def test_there_are_sixty_accounts(portfolio: Portfolio) -> None:
    assert len({d.account for d in deeds(portfolio)} | {r["external_id"] for r in created(portfolio)}) <= TALES
    assert TALES == 60


def test_fewer_are_the_first_of_them() -> None:
    few = make_portfolio(seed=1, today=TODAY, accounts=5)

    assert {deed.account for deed in deeds(few)} <= {f"C-{n}" for n in range(1001, 1006)}


def test_deeds_come_in_order_of_time(portfolio: Portfolio) -> None:
    assert all((a.day, a.minute) <= (b.day, b.minute) for a, b in pairwise(portfolio.deeds))


@pytest.mark.parametrize("weekday", range(7))
def test_nobody_works_on_a_weekend_and_nothing_happens_after_today(weekday: int) -> None:
    today = TODAY + timedelta(weekday)

    portfolio = make_portfolio(seed=1, today=today)

    assert max(deed.day for deed in portfolio.deeds) <= today
    assert all(deed.day.weekday() < 5 for deed in deeds(portfolio))


def test_an_account_does_one_thing_after_the_other(portfolio: Portfolio) -> None:
    for account in {d.account for d in deeds(portfolio)}:
        own = [(d.day, d.minute) for d in deeds(portfolio) if d.account == account]

        assert own == sorted(own)


def test_it_tells_of_eighteen_months(portfolio: Portfolio) -> None:
    files = [deed for deed in portfolio.deeds if isinstance(deed, FileDeed) and deed.kind == "history"]
    earliest = min(date.fromisoformat(row[2]) for file in files for row in file.rows)

    assert 540 <= (TODAY - earliest).days <= 550
    assert portfolio.founded_on <= earliest


def test_customers_have_names_of_their_own(portfolio: Portfolio) -> None:
    names = [record["name"] for record in created(portfolio)]

    assert len(names) == len(set(names))


def test_every_address_belongs_to_nobody(portfolio: Portfolio) -> None:
    addresses = [d.says["contact"]["email"] for d in deeds(portfolio) if d.what == "contact"]

    assert all(address.isascii() and address.endswith(".example") for address in addresses)
    assert all(person.email.endswith("@example.com") for person in portfolio.people)


def test_teams_obey_the_rules_of_teams() -> None:
    numbered = {person.key: number for number, person in enumerate(PEOPLE)}

    for team in TEAMS:
        members = [(numbered[p.key], p.team_role or "") for p in PEOPLE if p.team == team]

        assert team_role_reasons(members) == []


def test_whoever_is_alone_in_a_team_has_every_role() -> None:
    assert {of_team("Solo", role).key for role in ("member", "coordinator", "vsm")} == {"sanna"}


def test_one_sign_in_for_each_role_is_shown() -> None:
    shown = {person.key: (person.role, person.team_role) for person in PEOPLE if person.key in SHOWN}

    assert shown == {
        "olu": ("member", "member"),
        "tess": ("member", "coordinator"),
        "vik": ("member", "vsm"),
        "ed": ("executive", None),
        "ada": ("admin", None),
    }


def test_nobody_signs_off_what_they_proposed(portfolio: Portfolio) -> None:
    proposer: dict[str, str] = {}
    for deed in deeds(portfolio):
        if deed.what == "propose":
            proposer[deed.account] = deed.by
        if deed.what == "sign":
            assert deed.by != proposer[deed.account]


def test_a_script_cannot_be_changed(portfolio: Portfolio) -> None:
    assert replace(portfolio) == portfolio
    with pytest.raises(AttributeError):
        portfolio.teams = ()  # type: ignore[misc]  # it is frozen
