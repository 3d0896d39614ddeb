"""What no database can keep, or nobody can mean, is refused with its reason at its field, on both databases."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import pytest

from changetrack.domain.journey.default_playbook import DEFAULT_PLAYBOOK
from changetrack.domain.refusal import NotFound, OperationRefused
from changetrack.models import Account
from changetrack.operations.accounts import add_alias, create_account, edit_account
from changetrack.operations.coalition import add_contact, edit_contact
from changetrack.operations.journey.evidence import Statement, record_evidence, retract_evidence
from changetrack.operations.journey.gate import propose_advance, record_customer_sign_off, sign_off
from changetrack.operations.journey.moves import advance_by_exception, close_account, hold_account, move_back
from changetrack.operations.journey.opening import open_account, state_gap, write_vision
from changetrack.operations.playbook import change_playbook
from tests.factories.walk import GAP, Walk

BAD = ["a\0b", "\ud800", "x" * 50_000]


def refused_at(act: Callable[[], object]) -> set[str | None]:
    """The fields at which `act` is refused."""
    with pytest.raises(OperationRefused) as refused:
        act()
    return {reason.field for reason in refused.value.reasons}


@pytest.mark.parametrize("bad", BAD)
def test_words_that_cannot_be_kept_are_refused_wherever_they_are_typed(walk: Walk, bad: str) -> None:
    walk.open()
    walk.prove_step_1()
    day: dict[str, Any] = {"effective_on": walk.today}
    olu, vik = walk.by("olu"), walk.by("vik")
    said = {"said_how": "call", "contact_name": "Mara", "numbers": {"asked": 4, "yes": 4}}

    def say(**more: Any) -> object:
        return record_evidence(point="1c", statement=Statement(**{**said, **more}), **day, **olu)

    asked = walk.record("1c", numbers={"asked": 4, "yes": 4}).seq
    acts: list[tuple[set[str], Callable[[], object]]] = [
        ({"beneficiary", "value_statement"}, lambda: open_account(beneficiary=bad, value_statement=bad, **day, **olu)),
        (
            {"gap_metric", "gap_unit", "gap_from", "gap_to", "gap_evidence"},
            lambda: state_gap(gap=dict.fromkeys(GAP, bad) | {"gap_by": None}, **day, **olu),
        ),
        ({"vision"}, lambda: write_vision(vision=bad, contact_seq=None, **day, **olu)),
        ({"note", "contact_name", "contact_title"}, lambda: say(note=bad, contact_name=bad, contact_title=bad)),
        ({"because"}, lambda: retract_evidence(seq=asked, because=bad, **olu)),
        ({"note"}, lambda: propose_advance(note=bad, **day, **olu)),
        ({"note"}, lambda: close_account(outcome="other", note=bad, **day, **olu)),
        ({"reason"}, lambda: hold_account(reason=bad, review_on=walk.ago(-9), **day, **olu)),
        ({"name", "title", "function", "email"},
         lambda: add_contact(contact=dict.fromkeys(("name", "title", "function", "email"), bad), **olu)),
        ({"name", "email"}, lambda: edit_contact(seq=1, contact={"name": bad, "email": bad}, version=1, **olu)),
        ({"alias"}, lambda: add_alias(alias=bad, **olu)),
        ({"name", "external_id", "organization", "tier", "currency", "attributes"},
         lambda: edit_account(
             record=dict.fromkeys(("name", "external_id", "organization", "tier", "currency"), bad)
             | {"attributes": {"size": bad}, "annual_value": 1}, version=1, **olu)),
    ]  # fmt: skip
    for where, act in acts:
        assert refused_at(act) == where
    propose_advance(**day, **olu)
    noted = record_customer_sign_off
    assert refused_at(lambda: noted(contact_seq=1, said_how="call", note=bad, **olu)) == {"note"}
    sign_off(**walk.by("tess"))
    assert refused_at(lambda: advance_by_exception(reason=bad, ends_on=walk.ago(-9), **day, **vik)) == {"reason"}
    assert refused_at(lambda: move_back(to_step=1, reason="other", note=bad, **day, **olu)) == {"note"}


@pytest.mark.parametrize(
    "numbers",
    [
        {"asked": 10**400, "yes": 10**400},
        {"asked": float("nan"), "yes": float("inf")},
        {"asked": 1e300, "yes": 1e300},
        {"asked": "4", "yes": None},
        {"asked": True, "yes": True},
    ],
)
def test_numbers_that_nobody_counted_to_are_refused(walk: Walk, numbers: Mapping[str, Any]) -> None:
    walk.open()

    assert refused_at(lambda: walk.record("1c", numbers=numbers)) == {"asked", "yes"}


def test_numbers_that_nobody_asked_for_are_refused(walk: Walk) -> None:
    walk.open()

    assert refused_at(lambda: walk.record("1c", numbers={"asked": 4, "yes": 4, "extra": float("nan")})) == {"extra"}


@pytest.mark.parametrize(
    "url", ["https://", "http:///x", "https://exa mple.com", "javascript:alert(1)", "https://a/\0"]
)
def test_a_link_leads_somewhere(walk: Walk, url: str) -> None:
    walk.open()

    assert refused_at(lambda: walk.record("6c", url=url)) == {"url"}


def test_blank_words_are_no_statement_of_the_gap(walk: Walk) -> None:
    walk.open()

    state_gap(gap=GAP | {"gap_evidence": "   "}, effective_on=walk.today, **walk.by("olu"))

    assert refused_at(lambda: propose_advance(effective_on=walk.today, **walk.by("olu"))) == {"1b", "1c"}


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"external_id": " "}, "external_id"),
        ({"annual_value": 10**400, "currency": "EUR"}, "annual_value"),
        ({"annual_value": -1, "currency": "EUR"}, "annual_value"),
        ({"annual_value": 1, "currency": "EURO"}, "currency"),
        ({"team_id": 10**30}, "team_id"),
        ({"owner_id": 10**30}, "owner_id"),
    ],
)
def test_a_record_that_cannot_be_is_refused(walk: Walk, record: Mapping[str, Any], field: str) -> None:
    assert refused_at(lambda: edit_account(record=record, version=1, **walk.by("ada"))) == {field}


def test_an_account_beyond_all_numbers_does_not_exist(walk: Walk) -> None:
    with pytest.raises(NotFound):
        state_gap(gap=GAP, effective_on=walk.today, **walk.by("olu", account_id=10**30))


def test_an_id_that_somebody_chose_does_not_stand_in_the_way_of_the_next_account(walk: Walk) -> None:
    moment: dict[str, Any] = {"actor": walk.cast.actor("olu"), "now": walk.now, "today": walk.today}
    team = walk.cast.team.id
    taken = f"ct-{walk.account_id + 2}"
    create_account(record={"name": "Taker", "team_id": team, "external_id": taken}, **moment)

    made = create_account(record={"name": "Another", "team_id": team}, **moment)

    assert walk.session.get_one(Account, made).external_id == f"{taken}-2"


def test_a_contact_needs_a_name(walk: Walk) -> None:
    assert refused_at(lambda: add_contact(contact={"title": "CFO"}, **walk.by("olu"))) == {"name"}


@pytest.mark.parametrize(
    ("point", "change", "field"),
    [
        ("3b", {"persons": 0}, "point3b_persons"),
        ("3b", {"persons": None}, "point3b_persons"),
        ("3b", {"persons": 10**9}, "point3b_persons"),
        ("3b", {"expires_days": True}, "point3b_expires_days"),
        ("1c", {"rule": {"minimums": {"asked": float("nan")}}}, "point1c_least_asked"),
        ("1c", {"rule": {"minimums": {"asked": -1}}}, "point1c_least_asked"),
        ("1c", {"rule": {"shares": [["yes", "asked", 1.5]]}}, "point1c_share_0"),
    ],
)
def test_a_playbook_by_which_nothing_can_be_judged_is_refused(
    walk: Walk, point: str, change: Mapping[str, Any], field: str
) -> None:
    body = deepcopy(DEFAULT_PLAYBOOK)
    found = next(p for s in body["steps"] for p in s["points"] if p["key"] == point)
    found.update({k: found[k] | v if k == "rule" else v for k, v in change.items()})
    ada = walk.cast.actor("ada")

    assert refused_at(lambda: change_playbook(body=body, note="Why", based_on=1, actor=ada, now=walk.now)) == {field}


@pytest.mark.parametrize("note", ["x" * 501, "a\0b", " "])
def test_the_note_of_a_playbook_can_be_kept(walk: Walk, note: str) -> None:
    body = deepcopy(DEFAULT_PLAYBOOK)
    body["steps"][0]["age_days"] = 50
    ada = walk.cast.actor("ada")

    assert refused_at(lambda: change_playbook(body=body, note=note, based_on=1, actor=ada, now=walk.now)) == {"note"}
