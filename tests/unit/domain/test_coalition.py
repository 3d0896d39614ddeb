"""Claims about the coalition and the decision path of the customer's people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.coalition import (
    ALWAYS_APPLICABLE,
    PATH_ROLES,
    POWERS,
    ContactFacts,
    coalition_gaps,
    is_single_thread,
    missing_powers,
    path_coverage,
    path_gaps,
)

contacts = st.lists(
    st.builds(
        ContactFacts,
        id=st.integers(),
        name=st.just("Ines"),
        function=st.sampled_from([None, "", "IT", "it ", "Sales"]),
        path_roles=st.frozensets(st.sampled_from(PATH_ROLES)),
        in_coalition=st.booleans(),
        is_sponsor=st.booleans(),
        is_active=st.booleans(),
        powers=st.frozensets(st.sampled_from(POWERS)),
    ),
    max_size=6,
    unique_by=lambda c: c.id,
)
role_sets = st.frozensets(st.sampled_from(PATH_ROLES))


def contact(
    id: int,
    *roles: str,
    function: str = "Sales",
    member: bool = True,
    sponsor: bool = False,
    active: bool = True,
) -> ContactFacts:
    return ContactFacts(id, f"Contact {id}", function, frozenset(roles), member, sponsor, active)


def test_the_decision_path_has_the_seven_roles_of_the_domain() -> None:
    assert PATH_ROLES == ("initiator", "user", "influencer", "decider", "approver", "buyer", "gatekeeper")


def test_coverage_is_told_in_the_order_of_the_path() -> None:
    coverage = path_coverage([contact(1, "buyer", "user"), contact(2, "initiator")])

    assert coverage.covered == ("initiator", "user", "buyer")
    assert coverage.uncovered == ("influencer", "decider", "approver", "gatekeeper")
    assert coverage.share == pytest.approx(3 / 7)


def test_somebody_who_left_covers_nothing() -> None:
    assert path_coverage([contact(1, *PATH_ROLES, active=False)]).covered == ()


def test_a_role_that_does_not_apply_is_not_asked_for() -> None:
    coverage = path_coverage([contact(1, "user", "decider")], {"buyer", "gatekeeper", "influencer", "initiator"})

    assert coverage.uncovered == ("approver",)
    assert coverage.share == pytest.approx(2 / 3)


@pytest.mark.parametrize("role", ALWAYS_APPLICABLE)
def test_user_decider_and_approver_apply_whatever_is_said(role: str) -> None:
    assert role in path_coverage([], not_applicable=set(PATH_ROLES)).uncovered


@given(contacts, role_sets)
def test_covered_and_uncovered_are_the_applicable_roles_once_each(
    people: list[ContactFacts], not_applicable: frozenset[str]
) -> None:
    coverage = path_coverage(people, not_applicable)

    told = coverage.covered + coverage.uncovered

    assert len(told) == len(set(told))
    assert set(told) == set(PATH_ROLES) - (not_applicable - set(ALWAYS_APPLICABLE))


@given(contacts, role_sets)
def test_another_contact_never_lowers_the_coverage(people: list[ContactFacts], roles: frozenset[str]) -> None:
    more = [*people, contact(10**9, *roles)]

    assert path_coverage(more).share >= path_coverage(people).share


def test_a_lone_champion_is_a_single_thread() -> None:
    assert is_single_thread([contact(1, *PATH_ROLES)])


def test_one_who_carries_the_path_beside_others_is_a_single_thread() -> None:
    people = [contact(1, "user", "decider", "approver", "buyer"), contact(2, "initiator", "influencer")]

    assert is_single_thread(people)


def test_a_path_carried_by_pairs_is_no_single_thread() -> None:
    assert not is_single_thread([contact(1, *PATH_ROLES), contact(2, *PATH_ROLES)])


def test_a_path_that_keeps_half_without_anyone_is_no_single_thread() -> None:
    people = [
        contact(1, "user", "decider"),
        contact(2, "approver", "buyer"),
        contact(3, "initiator", "influencer"),
    ]

    assert not is_single_thread(people)


def test_low_coverage_that_nobodys_leaving_lowers_is_no_single_thread() -> None:
    assert not is_single_thread([contact(1, "user"), contact(2, "user")])


def test_with_no_contacts_there_is_no_thread() -> None:
    assert not is_single_thread([])


def test_a_coalition_of_three_from_two_functions_with_sponsor_and_user_lacks_nothing() -> None:
    people = [contact(1, sponsor=True), contact(2, "user", function="IT"), contact(3)]

    assert coalition_gaps(people) == []


def test_an_empty_coalition_lacks_everything_and_says_so() -> None:
    assert coalition_gaps([]) == [
        "The coalition has 0 active members; it needs 3.",
        "Its members come from 0 functions; it needs 2.",
        "No member of the coalition is the sponsor.",
        "No member of the coalition is an everyday user.",
    ]


@pytest.mark.parametrize(
    "third",
    [contact(3, member=False), contact(3, active=False)],
    ids=["outside the coalition", "no longer active"],
)
def test_only_active_members_count_for_the_coalition(third: ContactFacts) -> None:
    people = [contact(1, sponsor=True), contact(2, "user", function="IT"), third]

    assert coalition_gaps(people) == ["The coalition has 2 active members; it needs 3."]


def test_a_function_spelt_twice_is_one_function() -> None:
    people = [
        contact(1, sponsor=True, function="IT"),
        contact(2, "user", function=" it"),
        contact(3, function=""),
    ]

    assert coalition_gaps(people) == ["Its members come from 1 function; it needs 2."]


def test_the_thresholds_of_the_coalition_come_from_the_playbook() -> None:
    people = [contact(1, "user", sponsor=True)]

    assert coalition_gaps(people, members=1, functions=1) == []


def test_six_of_seven_roles_with_the_three_that_matter_lack_nothing() -> None:
    people = [contact(1, *(set(PATH_ROLES) - {"gatekeeper"}))]

    assert path_gaps(people) == []


def test_four_of_five_applicable_roles_reach_eighty_percent_exactly() -> None:
    people = [contact(1, "user", "decider", "approver", "buyer")]

    assert path_gaps(people, {"initiator", "influencer"}) == []


def test_a_missing_approver_is_named_though_the_share_suffices() -> None:
    people = [contact(1, *(set(PATH_ROLES) - {"approver"}))]

    assert path_gaps(people) == ["Nobody active is known as approver on the decision path."]


def test_too_small_a_share_names_the_missing_roles() -> None:
    people = [contact(1, "user", "decider", "approver")]

    (gap,) = path_gaps(people)

    assert gap.startswith("3 of 7 roles of the decision path are covered; it needs 80%.")
    assert gap.endswith("Missing: initiator, influencer, buyer, gatekeeper.")


def test_the_powers_of_active_members_alone_count() -> None:
    people = [
        ContactFacts(1, "Ines", "IT", in_coalition=True, powers=frozenset({"position", "expertise"})),
        ContactFacts(2, "Jon", "IT", in_coalition=False, powers=frozenset({"credibility"})),
        ContactFacts(3, "Kim", "IT", in_coalition=True, is_active=False, powers=frozenset({"leadership"})),
    ]

    assert missing_powers(people) == {"credibility", "leadership"}


def test_without_members_every_power_is_missing() -> None:
    assert missing_powers([]) == set(POWERS)
