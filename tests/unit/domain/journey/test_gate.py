"""The gate says everything that is missing, and who has to sign."""

from datetime import date

import pytest

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.journey.default_playbook import DEFAULT_PLAYBOOK
from changetrack.domain.journey.evidence import EvidenceFact
from changetrack.domain.journey.gate import (
    Judged,
    ProposalFacts,
    fingerprint,
    judge,
    lapse_date,
    missing_points,
    propose_reasons,
    sign_off_need,
    sign_off_reasons,
    supported_step,
)
from changetrack.domain.journey.playbook import parse_playbook

RULES = parse_playbook(1, DEFAULT_PLAYBOOK).steps
DAY = date(2026, 3, 2)
OLU, TESS, VIK, MIA, OTTO = 1, 2, 3, 4, 9
TEAM = {OLU: "member", TESS: "coordinator", VIK: "vsm", MIA: "member"}


def proven(*keys: str) -> Judged:
    """All points judged with passing evidence for `keys` alone."""
    facts = [EvidenceFact(n, key, True, DAY) for n, key in enumerate(keys, 1)]
    facts += [
        EvidenceFact(n + 50, f.point, True, DAY, contact_seq=c)
        for f in facts
        for n, c in ((f.seq, 1), (f.seq + 20, 2))
        if f.point == "3b"
    ]
    return judge(RULES, facts, DAY)


def proposal(by: int, *signed: int, customer: bool = False, contacts: tuple[int, ...] = ()) -> ProposalFacts:
    """A proposal of the four-person team."""
    return ProposalFacts(by, "f" * 64, date(2026, 3, 17), TEAM, customer, frozenset(signed), frozenset(contacts))


STEP_1 = ("1a", "1b", "1c")
STEP_2 = ("2a", "2b", "2c")


@pytest.mark.parametrize(
    ("claimed", "points", "supported"),
    [
        (1, (), 1),
        (4, (), 1),
        (4, STEP_1, 2),
        (4, (*STEP_1, "2a", "2c"), 2),
        (4, STEP_1 + STEP_2, 3),
        (2, STEP_1 + STEP_2, 2),
        (4, STEP_2, 1),
    ],
)
def test_support_ends_at_the_lowest_step_that_lacks_proof_and_never_above_the_claim(
    claimed: int, points: tuple[str, ...], supported: int
) -> None:
    assert supported_step(claimed, is_opened=True, judged=proven(*points)) == supported


def test_nothing_supports_an_account_whose_opening_was_never_answered() -> None:
    assert supported_step(4, is_opened=False, judged=proven(*STEP_1)) == 0


def test_all_points_of_all_steps_support_being_anchored() -> None:
    everything = [p.key for step in RULES.values() for p in step.points]

    assert supported_step(9, is_opened=True, judged=proven(*everything)) == 9


def test_the_gate_names_every_missing_point_of_this_step_and_those_before() -> None:
    missing = missing_points(2, is_opened=True, judged=proven("1a", "1c", "2b"))

    assert [(m.point, m.can_record) for m in missing] == [("1b", False), ("2a", False), ("2c", True)]


def test_the_gate_asks_for_the_opening_questions_first() -> None:
    assert missing_points(1, is_opened=False, judged=proven(*STEP_1))[0].point is None


def test_what_waits_for_obstacles_says_that_nothing_is_recorded_yet() -> None:
    missing = missing_points(5, is_opened=True, judged=proven())

    assert next(m.sentence for m in missing if m.point == "5a") == "5a No blocking obstacle: nothing recorded yet."


@pytest.mark.parametrize("status", ["not_opened", "held", "closed", "anchored"])
def test_only_an_account_at_a_step_can_be_proposed(status: str) -> None:
    assert propose_reasons(status, [])


def test_the_fingerprint_changes_with_the_evidence_and_with_nothing_else() -> None:
    before = judge(RULES, [EvidenceFact(1, "1c", True, DAY)], DAY)
    renewed = judge(RULES, [EvidenceFact(1, "1c", True, DAY), EvidenceFact(2, "1c", True, DAY)], DAY)
    elsewhere = judge(RULES, [EvidenceFact(1, "1c", True, DAY), EvidenceFact(3, "2c", True, DAY)], DAY)

    assert fingerprint(1, before) != fingerprint(1, renewed)
    assert fingerprint(1, before) == fingerprint(1, elsewhere)


@pytest.mark.parametrize(
    ("by", "signed", "needed"),
    [
        (OLU, (), ("the team coordinator",)),
        (OLU, (MIA,), ("the team coordinator",)),
        (OLU, (TESS,), ()),
        (TESS, (), ("one other person of the team",)),
        (TESS, (OLU,), ()),
        (VIK, (), ("the team coordinator",)),
        (VIK, (TESS,), ()),
        (OLU, (OTTO,), ("the team coordinator",)),
        (OLU, (OLU,), ("the team coordinator",)),
    ],
)
def test_it_takes_two_people_of_the_team_and_the_coordinator_among_them(
    by: int, signed: tuple[int, ...], needed: tuple[str, ...]
) -> None:
    assert sign_off_need(proposal(by, *signed)).needed == needed


def test_some_steps_ask_for_a_person_of_the_customer_too() -> None:
    assert sign_off_need(proposal(OLU, TESS, customer=True)).needed == ("a named person of the customer",)
    assert sign_off_need(proposal(OLU, TESS, customer=True, contacts=(1,))).is_complete


def test_a_team_of_one_attests_itself() -> None:
    alone = ProposalFacts(OLU, "f" * 64, DAY, {OLU: "member"}, customer_signs=False)

    assert sign_off_need(alone).is_complete
    assert sign_off_need(alone).self_attested


def test_a_whole_team_does_not_attest_itself() -> None:
    assert not sign_off_need(proposal(OLU, TESS)).self_attested


@pytest.mark.parametrize(
    ("who", "today", "evidence", "fields"),
    [
        (TESS, DAY, "f" * 64, []),
        (OLU, DAY, "f" * 64, ["user"]),
        (VIK, DAY, "f" * 64, ["user"]),
        (MIA, DAY, "f" * 64, ["user"]),
        (TESS, date(2026, 3, 17), "f" * 64, ["proposal"]),
        (TESS, DAY, "0" * 64, ["proposal"]),
        (OLU, date(2026, 3, 17), "0" * 64, ["proposal", "proposal", "user"]),
    ],
)
def test_a_signature_is_refused_with_all_its_reasons(who: int, today: date, evidence: str, fields: list[str]) -> None:
    reasons = sign_off_reasons(proposal(OLU, MIA), user_id=who, today=today, evidence_now=evidence)

    assert [r.field for r in reasons] == fields


def test_a_proposal_lapses_after_ten_business_days() -> None:
    assert lapse_date(date(2026, 3, 2), WorkCalendar()) == date(2026, 3, 17)
