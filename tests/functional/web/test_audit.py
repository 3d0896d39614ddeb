"""Administrators see who did what to people, teams and playbook, and whether the chains of it are whole."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from changetrack.domain.people import Actor
from changetrack.operations.people import edit_user
from changetrack.operations.teams import put_in_team, rename_team
from changetrack.queries.audit import check_chains, list_audit
from tests.clock import NOW
from tests.factories import Cast, make_audit_event
from tests.factories._saving import Saver
from tests.functional.web.importing import words

BrowserOf = Callable[[str], FlaskClient]
Counted = Callable[[], AbstractContextManager[list[str]]]
ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)


@pytest.fixture
def done(cast: Cast) -> Cast:
    """Ada has renamed a team and put Otto in it; the operator made Olu an executive."""
    ada, team = cast.actor("ada"), cast.team.id
    rename_team(actor=ada, now=NOW, team_id=team, name="Northern lights")
    put_in_team(actor=ada, now=NOW + timedelta(minutes=1), team_id=team, user_id=cast.otto.id, role="member")
    edit_user(
        actor=Actor.operator("root"), now=NOW + timedelta(minutes=2), user_id=cast.olu.id, name="Olu", role="executive"
    )
    return cast


def test_the_newest_comes_first_with_what_changed_and_by_whom(browser_of: BrowserOf, done: Cast) -> None:
    page = words(browser_of("ada").get("/admin/audit"))

    assert page.index("Edited Olu Role member executive root") < page.index("Put in the team Northern lights")
    assert page.index("otto@example.com member Ada") < page.index("Team renamed Northern lights Name North Northern")


def test_the_chains_of_what_is_shown_are_verified(browser_of: BrowserOf, done: Cast) -> None:
    assert "hash chains on this page verified" in words(browser_of("ada").get("/admin/audit"))


def test_a_broken_chain_is_named(browser_of: BrowserOf, session: Saver) -> None:
    make_audit_event(session, subject="team:77")
    make_audit_event(session, subject="team:77", seq=2)

    page = words(browser_of("ada").get("/admin/audit?subject=team:77"))

    assert "The hash chain is broken team:77 at entry 2" in page


@pytest.mark.parametrize(
    ("query", "there", "absent"),
    [
        ("group=team", ["Team renamed", "Put in the team"], ["Edited"]),
        ("group=user", ["Edited"], ["Team renamed"]),
        ("group=import", ["Nothing found"], ["Edited", "Team renamed"]),
        ("actor=ada@example.com", ["Team renamed"], ["Edited"]),
        ("actor=root", ["Edited"], ["Team renamed"]),
        ("group=nonsense", ["Edited", "Team renamed"], []),
    ],
)
def test_filters_keep_what_they_name(
    browser_of: BrowserOf, done: Cast, query: str, there: list[str], absent: list[str]
) -> None:
    page = words(browser_of("ada").get(f"/admin/audit?{query}"))

    assert [told in page for told in there] == [True] * len(there)
    assert [told in page for told in absent] == [False] * len(absent)


def test_one_subject_is_kept_and_named_by_its_chip(browser_of: BrowserOf, done: Cast) -> None:
    page = browser_of("ada").get(f"/admin/audit?subject=team:{done.team.id}").text

    assert "Edited" not in page
    assert 'class="chip-label">About</span>Northern lights' in page


def test_pages_are_cut_where_the_last_row_stood(session: Saver, cast: Cast) -> None:
    for n in range(7):
        make_audit_event(session, subject=f"team:{100 + n}", recorded_at=NOW + timedelta(minutes=n // 3))
    everything = [entry.subject for entry in list_audit()]

    pages, before = [], None
    while rows := list_audit(before=before, limit=2):
        pages += [row.subject for row in rows]
        before = (rows[-1].recorded_at, rows[-1].subject, rows[-1].seq)

    assert pages == everything
    assert len(set(pages)) == len(pages) >= 7


@ON_ONE_DATABASE
def test_the_next_page_is_a_link_and_a_spoilt_one_the_first_page(browser_of: BrowserOf, session: Saver) -> None:
    for n in range(51):
        make_audit_event(session, subject=f"team:{100 + n}", recorded_at=NOW + timedelta(minutes=n))
    ada = browser_of("ada")

    first = ada.get("/admin/audit?group=team").text
    following = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = ada.get("/admin/audit" + following).text

    assert ("team:150" in first, "team:100" in first) == (True, False)
    assert ("team:150" in second, "team:100" in second) == (False, True)
    assert "team:150" in ada.get("/admin/audit?after=nonsense").text


def test_the_page_reads_by_as_many_statements_whatever_its_length(session: Saver, done: Cast, counted: Counted) -> None:
    with counted() as few:
        check_chains({entry.subject for entry in list_audit(limit=1)})
    with counted() as many:
        check_chains({entry.subject for entry in list_audit()})

    assert len(few) == len(many) == 3


def test_chains_too_long_for_a_page_are_left_to_verify(
    session: Saver, done: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("changetrack.queries.audit.CHECKED_AT_MOST", 1)

    assert check_chains({f"team:{done.team.id}"}) is None
