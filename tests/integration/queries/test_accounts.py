"""The list of accounts: exactly those that are asked for, every one once, whatever page they stand on."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from changetrack.domain.filters import NO_VALUE
from changetrack.domain.funnel import OPEN_PLACES, PLACES
from changetrack.domain.names import name_key, searched_keys
from changetrack.domain.people import Actor
from changetrack.models import Account
from changetrack.queries import account_reach
from changetrack.queries.account_filters import AccountFilters
from changetrack.queries.account_sizes import get_sizes
from changetrack.queries.accounts import SORTS, AccountPage, list_accounts, list_longest_at
from tests.factories import Cast, actor_of, make_alert, make_cast, make_journey, make_playbook
from tests.factories._saving import Saver
from tests.factories.portfolio import make_accounts, random_records

EVERYBODY = Actor.operator("test")
VALUES = {
    "product": ["Core", "Plus", "Nothing"], "segment": ["Small", NO_VALUE], "region": ["North", NO_VALUE],
    "industry": ["Steel"], "tier": ["A", NO_VALUE], "organization": ["Bolt", NO_VALUE], "attr:size": ["12", NO_VALUE],
}  # fmt: skip
some_fields = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in VALUES.items()})
some_filters = st.builds(
    AccountFilters,
    fields=some_fields,
    places=st.frozensets(st.sampled_from(PLACES), max_size=3),
    unsupported=st.booleans(),
    stale=st.booleans(),
    text=st.sampled_from(["", "", "ac", "ACME", "0%", "r_", "ä", "o", "nobody"]),
)
on_both_databases = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
Counted = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def cast(session: Saver) -> Cast:
    """Two teams, six people."""
    return make_cast(session)


@pytest.fixture
def portfolio(session: Saver, cast: Cast) -> list[Account]:
    """Eighty accounts of two teams and of none, many of them alike."""
    teams, owners = [cast.team.id, cast.other_team.id, None], [cast.olu.id, cast.otto.id, None]
    return make_accounts(session, random_records(7, 80, teams, owners))


def walk(filters: AccountFilters, actor: Actor, today: date, sort: str, limit: int) -> list[AccountPage]:
    """All pages from the first to the last."""
    pages = [list_accounts(filters, actor=actor, today=today, sort=sort, limit=limit)]
    while pages[-1].after:
        pages.append(list_accounts(filters, actor=actor, today=today, sort=sort, limit=limit, after=pages[-1].after))
    return pages


def matches(account: Account, filters: AccountFilters) -> bool:
    """Whether an account is one of those that the filters mean, said once more and slowly."""
    is_open = account.place in OPEN_PLACES
    for name, wanted in filters.fields.items():
        value = account.attributes.get(name[5:]) if name.startswith("attr:") else getattr(account, name)
        if (value or NO_VALUE) != wanted:
            return False
    texts = [name_key(account.name), name_key(account.organization or ""), name_key(account.external_id)]
    return (
        (not filters.places or account.place in filters.places)
        and (not filters.unsupported or (is_open and account.supported_step < account.claimed_step))
        and (not filters.stale or (is_open and account.stale))
        and (not filters.text or any(key in text for text in texts for key in searched_keys(filters.text)))
    )


def key_of(account: Any, sort: str) -> tuple[Any, ...]:
    """What an account is sorted by: ties are broken by its id."""
    entered = getattr(account, "step_entered_on", None) or account.entered_on
    keys = {"name": (name_key(account.name),), "step": (account.place, name_key(account.name))}
    return (*keys.get(sort.lstrip("-"), (entered,)), account.id)


@pytest.mark.usefixtures("portfolio")
@given(filters=some_filters, sort=st.sampled_from(SORTS), limit=st.sampled_from([1, 3, 7, 50]))
@on_both_databases
def test_pages_hold_every_account_that_is_asked_for_once_and_in_order(
    session: Saver, today: date, filters: AccountFilters, sort: str, limit: int
) -> None:
    expected = [a for a in session.query(Account) if matches(a, filters)]
    descending = (sort[0] == "-") != sort.endswith("days")

    pages = walk(filters, EVERYBODY, today, sort, limit)

    found = [row.id for page in pages for row in page.rows]
    assert found == [a.id for a in sorted(expected, key=lambda a: key_of(a, sort), reverse=descending)]
    assert all(page.total in (None, len(expected)) for page in pages)


@pytest.mark.usefixtures("portfolio")
@pytest.mark.parametrize("sort", SORTS)
def test_the_way_back_shows_the_same_pages(session: Saver, today: date, sort: str) -> None:
    pages = walk(AccountFilters(), EVERYBODY, today, sort, 7)

    back = [pages[-1]]
    while back[-1].before:
        back.append(
            list_accounts(AccountFilters(), actor=EVERYBODY, today=today, sort=sort, limit=7, before=back[-1].before)
        )

    there = [row.id for page in pages for row in page.rows]
    seen = [row.id for page in reversed(back) for row in page.rows]
    assert seen == there
    assert [len(page.rows) for page in back[:-1]] == [len(pages[-1].rows), *[7] * (len(back) - 2)]


def test_an_account_added_behind_one_s_back_shifts_nobody(session: Saver, today: date) -> None:
    make_accounts(session, [{"name": "Same"} for _ in range(6)])
    first = list_accounts(AccountFilters(), actor=EVERYBODY, today=today, limit=3)

    make_accounts(session, [{"name": "Before"}, {"name": "Same"}])
    second = list_accounts(AccountFilters(), actor=EVERYBODY, today=today, limit=3, after=first.after or "")

    assert {row.id for row in first.rows}.isdisjoint(row.id for row in second.rows)
    assert len(second.rows) == 3


@pytest.mark.parametrize("cursor", ["x", "!!!", "WzFd", "WyJuYW1lIiwxLDJd", "A" * 5000])
def test_a_spoilt_cursor_shows_the_first_page(session: Saver, today: date, cursor: str) -> None:
    make_accounts(session, [{"name": "One"}, {"name": "Two"}])

    page = list_accounts(AccountFilters(), actor=EVERYBODY, today=today, after=cursor)

    assert [row.name for row in page.rows] == ["One", "Two"]


@pytest.mark.usefixtures("portfolio")
@given(filters=some_filters, sort=st.sampled_from(SORTS), who=st.sampled_from(["olu", "otto", "ed"]))
@on_both_databases
def test_nobody_is_shown_an_account_of_a_team_that_they_are_not_in(
    session: Saver, cast: Cast, today: date, filters: AccountFilters, sort: str, who: str
) -> None:
    actor = cast.actor(who)
    seen = {a.id for a in session.query(Account) if matches(a, filters) and (who == "ed" or a.team_id in actor.teams)}

    found = {row.id for page in walk(filters, actor, today, sort, 20) for row in page.rows}

    assert found == seen


@pytest.mark.usefixtures("portfolio")
def test_somebody_in_two_teams_gets_one_list_of_both(session: Saver, cast: Cast, today: date) -> None:
    actor = Actor("user", 1, "Both", role="member", teams={cast.team.id: "member", cast.other_team.id: "member"})
    both = {a.id for a in session.query(Account) if a.team_id is not None}

    pages = walk(AccountFilters(), actor, today, "step", 5)

    rows = [row for page in pages for row in page.rows]
    assert {row.id for row in rows} == both
    assert [key_of(row, "step") for row in rows] == sorted(key_of(row, "step") for row in rows)
    assert pages[0].total == len(both)


@pytest.mark.usefixtures("portfolio")
@pytest.mark.parametrize(("who", "team", "is_seen"), [("olu", "team", True), ("olu", "other_team", False),
                                                      ("ed", "other_team", True)])  # fmt: skip
def test_the_filter_by_team_opens_no_door(
    session: Saver, cast: Cast, today: date, who: str, team: str, is_seen: bool
) -> None:
    filters = AccountFilters(fields={"team": str(getattr(cast, team).id)})

    page = list_accounts(filters, actor=cast.actor(who), today=today)

    assert bool(page.rows) is is_seen
    assert {row.team_id for row in page.rows} <= {getattr(cast, team).id}


@pytest.mark.usefixtures("portfolio")
def test_the_list_behind_a_cell_of_the_funnel_holds_as_many_as_it_counts(session: Saver, today: date) -> None:
    for fields in ({}, {"segment": NO_VALUE}, {"segment": "Small"}, {"team": NO_VALUE}, {"industry": "Steel"}):
        counts = get_sizes(AccountFilters(fields=fields), (None,) if "team" in fields else None)
        cells = counts.counts(AccountFilters(fields=fields)) or {}
        for place, count in cells.items():
            at = AccountFilters(fields=fields, places=frozenset((place,)))
            for flag, expected in (("", count.accounts), ("unsupported", count.unsupported), ("stale", count.stale)):
                asked = AccountFilters(at.fields, at.places, unsupported=flag == "unsupported", stale=flag == "stale")
                pages = walk(asked, EVERYBODY, today, "name", 50)
                assert sum(len(page.rows) for page in pages) == expected
                assert pages[0].total == expected


@pytest.mark.usefixtures("portfolio")
@given(filters=some_filters, sort=st.sampled_from(SORTS))
@on_both_databases
def test_the_way_by_which_accounts_are_reached_does_not_change_the_list(
    session: Saver, today: date, filters: AccountFilters, sort: str
) -> None:
    walked = [r.id for p in walk(filters, EVERYBODY, today, sort, 9) for r in p.rows]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            account_reach, "_leader", lambda narrow, *_: next((f for f in narrow if f.size is not None), None)
        )
        led = [r.id for p in walk(filters, EVERYBODY, today, sort, 9) for r in p.rows]
        patched.setattr(account_reach, "_leader", lambda *_: None)
        along = [r.id for p in walk(filters, EVERYBODY, today, sort, 9) for r in p.rows]

    assert led == walked
    assert along == walked


@pytest.mark.usefixtures("portfolio")
def test_among_very_many_accounts_a_text_is_looked_for_where_names_begin(
    session: Saver, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_reach, "SEARCHED_WHOLE", 10)

    begins = list_accounts(AccountFilters(text="Ac"), actor=EVERYBODY, today=today)
    inside = list_accounts(AccountFilters(text="cme"), actor=EVERYBODY, today=today)

    assert {row.name.casefold() for row in begins.rows} == {"acme"}
    assert not inside.rows
    assert not inside.searched_whole


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(("team", "sort"), [(None, "name"), (True, "-days"), (True, "step")])
def test_an_umlaut_is_found_however_it_is_written(
    session: Saver, cast: Cast, today: date, monkeypatch: pytest.MonkeyPatch, whole: bool, team: bool | None, sort: str
) -> None:
    names = ("Mueller", "Müller & Söhne", "Muller", "Moller")
    make_accounts(session, [{"name": name, "team_id": cast.team.id, "claimed_step": 2, "place": 2} for name in names])
    monkeypatch.setattr(account_reach, "SEARCHED_WHOLE", 10_000 if whole else 1)
    actor = actor_of(cast.olu) if team else EVERYBODY

    pages = walk(AccountFilters(text="müll"), actor, today, sort, 2)

    found = [row.name for page in pages for row in page.rows]
    assert sorted(found) == ["Mueller", "Muller", "Müller & Söhne"]


def test_an_external_id_is_found_with_its_accents(session: Saver, cast: Cast, today: date) -> None:
    make_accounts(session, [{"name": "Acme", "external_id": "ÖBB-7"}])

    pages = walk(AccountFilters(text="ÖBB-7"), EVERYBODY, today, "name", 2)

    assert [row.name for page in pages for row in page.rows] == ["Acme"]


def test_the_number_of_statements_does_not_depend_on_the_number_of_accounts(
    session: Saver, cast: Cast, today: date, counted: Counted
) -> None:
    actor = actor_of(cast.olu)
    make_playbook(session)
    teams, owners = [cast.team.id, cast.other_team.id], [cast.olu.id]
    make_accounts(session, random_records(1, 3, teams, owners))
    with counted() as few:
        list_accounts(AccountFilters(), actor=actor, today=today)
    make_accounts(session, random_records(2, 90, teams, owners))
    session.rollback()

    with counted() as many:
        list_accounts(AccountFilters(), actor=actor, today=today)

    assert len(many) == len(few) == 4


def test_a_row_says_how_long_by_which_limit_and_why(session: Saver, cast: Cast, today: date) -> None:
    body = {"steps": [{"number": 3, "age_days": 45, "progress_days": 10, "points": []}]}
    make_playbook(session, version=1, body=body)
    make_playbook(session, version=2, body={"steps": [{**body["steps"][0], "age_days": 90}]})
    entered, whose = today - timedelta(days=60), {"team_id": cast.team.id, "owner_id": cast.olu.id}
    old, new = make_accounts(session, [
        {"place": 3, "step_entered_on": entered, "held_days": 10, "stale": True} | whose,
        {"place": 3, "step_entered_on": entered, "held_days": 0},
    ])  # fmt: skip
    make_journey(session, old, judged_by={"3": 1})
    make_alert(session, old, reasons={
        "over_age": {"since": "2026-01-01", "why": "50 days.", "rule": "1"},
        "no_progress": {"since": "2026-01-01", "why": "Nothing moved.", "rule": "1"},
    })  # fmt: skip

    first, second = list_accounts(AccountFilters(), actor=EVERYBODY, today=today).rows

    assert (first.days, first.limit, first.team, first.owner) == (50, 45, "North", "Olu")
    assert first.reasons == (("no_progress", "Nothing moved."), ("over_age", "50 days."))
    assert (second.id, second.days, second.limit, second.reasons) == (new.id, 60, 90, ())
    assert (second.fixed_limit, second.limit_learned_for) == (90, None)


@pytest.mark.usefixtures("portfolio")
@pytest.mark.parametrize("filters", [AccountFilters(), AccountFilters(fields={"product": "Core"}),
                                     AccountFilters(fields={"organization": "Bolt"}, stale=True)])  # fmt: skip
def test_the_longest_standing_of_each_place_come_first_and_no_more_than_asked(
    session: Saver, today: date, filters: AccountFilters
) -> None:
    columns = list_longest_at(OPEN_PLACES, filters, actor=EVERYBODY, today=today, limit=3)

    for place in OPEN_PLACES:
        there = [a for a in session.query(Account) if a.place == place and matches(a, filters)]
        expected = sorted(there, key=lambda a: (a.step_entered_on, a.id))[:3]
        assert [row.id for row in columns[place]] == [a.id for a in expected]
