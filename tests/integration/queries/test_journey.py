"""The account page's reads: one account as of today, and as it was known, in a constant number of statements."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta

import pytest

from changetrack.domain.funnel import end_of_day
from changetrack.domain.people import Actor
from changetrack.domain.refusal import NotFound
from changetrack.operations.accounts import create_account
from changetrack.operations.coalition import add_contact, set_decision_path
from changetrack.operations.journey.evidence import retract_evidence
from changetrack.operations.journey.gate import propose_advance, sign_off
from changetrack.operations.journey.moves import advance_by_exception, hold_account, move_back
from changetrack.operations.playbook import install_playbook
from changetrack.queries.coalition import get_coalition, get_contact
from changetrack.queries.history import list_events
from changetrack.queries.journey import JourneyView, get_journey
from changetrack.queries.journey_as_known import KnownView, get_journey_as_known
from tests.factories import make_cast, make_contact, make_event, make_evidence, make_proposal, make_sign_off
from tests.factories._saving import Saver
from tests.factories.walk import Walk

Counter = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def walk(session: Saver, now: datetime, today: date) -> Walk:
    """An account of Olu's team, opened thirty days ago."""
    cast = make_cast(session)
    install_playbook(actor=Actor.system("test"), now=now)
    record = {"name": "Acme", "team_id": cast.team.id, "owner_id": cast.olu.id, "started_on": today - timedelta(60)}
    account_id = create_account(record=record, actor=cast.actor("olu"), now=now, today=today)
    walk = Walk(session, cast, account_id, now, today)
    walk.open()
    return walk


def seen(walk: Walk, who: str = "olu", step: int | None = None) -> JourneyView:
    """The account as somebody sees it."""
    return get_journey(walk.account_id, actor=walk.cast.actor(who), today=walk.today, step=step)


def known(walk: Walk, day: date, step: int | None = None) -> KnownView:
    """The account as it was known at the end of a day."""
    until = end_of_day(day, UTC)
    return get_journey_as_known(walk.account_id, actor=walk.cast.actor("ed"), day=day, known_until=until, step=step)


def test_the_view_says_where_the_account_stands_and_what_is_missing(walk: Walk) -> None:
    view = seen(walk)

    assert (view.standing.claimed, view.standing.supported, view.standing.days) == (1, 1, 30)
    assert (view.standing.team, view.standing.owner) == ("North", "Olu")
    assert [missing.point for missing in view.gate.missing] == ["1b", "1c"]
    assert [(segment.state, segment.done) for segment in view.path[:2]] == [("working", 1), ("not_reached", 0)]


def test_days_on_hold_are_not_days_in_the_step(walk: Walk) -> None:
    hold_account(reason="Freeze", review_on=walk.ago(-30), effective_on=walk.ago(10), **walk.by("olu"))

    standing = seen(walk).standing

    assert (standing.status, standing.days, standing.held_because) == ("held", 20, "Freeze")


def test_the_step_that_is_asked_for_is_opened_else_the_claimed_one(walk: Walk) -> None:
    assert seen(walk, step=4).selected.step.number == 4
    assert seen(walk).selected.step.number == 1
    assert seen(walk, step=12).selected.step.number == 1


def test_a_point_shows_the_evidence_that_carries_it_and_what_came_before(walk: Walk) -> None:
    walk.record("1c", days_ago=9, numbers={"asked": 4, "yes": 1})
    walk.record("1c", days_ago=3, numbers={"asked": 4, "yes": 4})

    point = seen(walk).selected.points[2]

    assert (point.key, point.state) == ("1c", "holds")
    assert [(evidence.person, evidence.hand, evidence.passes) for evidence in point.current] == [
        ("Mara", "reported", True)
    ]
    assert [evidence.passes for evidence in point.earlier] == [False]


def test_a_point_that_does_not_hold_shows_its_last_word(walk: Walk) -> None:
    walk.record("1c", days_ago=3, numbers={"asked": 4, "yes": 1})

    point = seen(walk).selected.points[2]

    assert (point.state, [evidence.passes for evidence in point.current]) == ("missing", [False])


def test_evidence_that_was_taken_back_is_no_last_word(walk: Walk) -> None:
    recorded = walk.record("1c", days_ago=3, numbers={"asked": 4, "yes": 4})
    retract_evidence(seq=recorded.seq, because="Another plant.", **walk.by("olu"))

    point = seen(walk).selected.points[2]

    assert point.state == "slipping"
    assert point.current == ()
    assert [evidence.retracted_because for evidence in point.earlier] == ["Another plant."]


def test_a_computed_point_says_what_the_record_lacks(walk: Walk) -> None:
    assert seen(walk).selected.points[1].lacks[:2] == ("the metric", "its unit")


def test_a_proposal_names_who_can_give_the_word_that_is_needed(walk: Walk) -> None:
    walk.prove_step_1()
    propose_advance(effective_on=walk.today, note="Keen", **walk.by("olu"))

    by_olu, by_tess = seen(walk).gate.proposal, seen(walk, "tess").gate.proposal

    assert by_olu is not None
    assert by_tess is not None
    assert [(need.words, need.names) for need in by_olu.needs] == [("the team coordinator", ("Tess",))]
    assert [(signature.name, signature.part) for signature in by_olu.signatures] == [("Olu", "proposer")]
    assert by_olu.refusals == ("Who proposes does not sign off: it takes another person.",)
    assert by_tess.refusals == ()


def test_sign_offs_are_shown_and_who_signed_is_not_asked_again(walk: Walk) -> None:
    walk.prove_step_1()
    propose_advance(effective_on=walk.today, **walk.by("tess"))

    before = seen(walk, "olu").gate.proposal
    sign_off(**walk.by("olu"))

    assert before is not None
    assert [(need.words, need.names) for need in before.needs] == [("one other person of the team", ("Olu",))]
    assert seen(walk).standing.claimed == 2


@pytest.mark.parametrize(("days_until_leaving", "is_needed"), [(None, False), (0, True), (3, True)])
def test_the_word_of_a_customer_s_person_who_left_counts_no_more(
    walk: Walk, days_until_leaving: int | None, is_needed: bool
) -> None:
    account = walk.account()
    account.claimed_step = 3
    left_on = None if days_until_leaving is None else walk.today + timedelta(days_until_leaving)
    signer = make_contact(walk.session, account, name="Nora", left_on=left_on)
    proposal = make_proposal(walk.session, account, walk.cast.olu)
    make_sign_off(walk.session, proposal, walk.cast.olu, user_id=None, contact_seq=signer.seq)

    shown = seen(walk).gate.proposal

    assert shown is not None
    assert shown.needs_customer is is_needed
    assert [signature.name for signature in shown.signatures] == ["Olu", "Nora"]


def test_an_exception_is_shown_with_what_it_went_without(walk: Walk) -> None:
    advance_by_exception(reason="Budget", ends_on=walk.ago(-20), effective_on=walk.today, **walk.by("vik"))

    standing = seen(walk).standing

    assert (standing.claimed, standing.supported) == (2, 1)
    assert standing.exception is not None
    assert (standing.exception.points, standing.exception.ends_on) == (("1b", "1c"), walk.ago(-20))


def test_a_point_that_ended_slips_with_its_grace(walk: Walk) -> None:
    walk.prove_step_1()
    walk.advance()
    walk.move_on(175)

    slips = seen(walk).slips

    assert {slip.point.key for slip in slips} == {"1b", "1c"}
    assert all(slip.is_in_grace(walk.today) for slip in slips)


@pytest.mark.parametrize(
    ("who", "work", "edit", "sign", "exempt"),
    [
        ("olu", True, True, True, False),
        ("tess", True, True, True, False),
        ("vik", True, True, False, True),
        ("ed", False, False, False, False),
        ("ada", False, True, False, False),
    ],
)
def test_rights_are_those_of_who_looks(walk: Walk, who: str, work: bool, edit: bool, sign: bool, exempt: bool) -> None:
    rights = seen(walk, who).rights

    assert (rights.work, rights.edit, rights.sign, rights.exempt) == (work, edit, sign, exempt)


def test_another_teams_account_is_as_absent_as_one_that_is_not_there(walk: Walk) -> None:
    otto, day = walk.cast.actor("otto"), walk.today

    for account_id in (walk.account_id, 987_654_321):
        with pytest.raises(NotFound):
            get_journey(account_id, actor=otto, today=day)
        with pytest.raises(NotFound):
            get_journey_as_known(account_id, actor=otto, day=day, known_until=walk.now)
        with pytest.raises(NotFound):
            get_coalition(account_id, actor=otto, today=day)
        with pytest.raises(NotFound):
            get_contact(account_id, 1, actor=otto, today=day)
        assert list_events(account_id, actor=otto).events == ()


def test_the_coalition_says_who_covers_what_and_on_whom_it_hangs(walk: Walk) -> None:
    roles = ["user", "decider", "approver", "buyer"]
    add_contact(contact={"name": "Mara", "path_roles": roles, "in_coalition": True}, **walk.by("olu"))
    add_contact(contact={"name": "Jon", "path_roles": ["influencer"], "left_on": walk.ago(1)}, **walk.by("olu"))
    set_decision_path(not_applicable=["gatekeeper"], **walk.by("olu"))

    coalition = seen(walk).coalition

    assert [person.name for person in coalition.people] == ["Mara", "Jon"]
    assert (coalition.covered, coalition.applicable) == (4, 6)
    assert coalition.single_threads == ("Mara",)
    assert [role.key for role in coalition.roles if not role.applies] == ["gatekeeper"]
    assert coalition == get_coalition(walk.account_id, actor=walk.cast.actor("ed"), today=walk.today)


def test_history_is_cut_into_pages_by_the_number_of_the_event(walk: Walk) -> None:
    walk.prove_step_1()
    actor = walk.cast.actor("olu")

    whole = list_events(walk.account_id, actor=actor).events
    first = list_events(walk.account_id, actor=actor, limit=2)
    second = list_events(walk.account_id, actor=actor, limit=2, before=first.before)

    assert [*first.events, *second.events] == list(whole[:4])
    assert list_events(walk.account_id, actor=actor, before=1).before is None


def test_history_is_filtered_by_kind_and_names_teams_and_owners(walk: Walk) -> None:
    created = list_events(walk.account_id, actor=walk.cast.actor("olu"), kinds=["account_created"]).events

    assert [event.kind for event in created] == ["account_created"]
    assert created[0].changes["team_id"] == [None, "North"]
    assert created[0].changes["owner_id"] == [None, "Olu"]


def test_an_earlier_day_knows_nothing_of_what_was_learned_later(walk: Walk) -> None:
    first_day = walk.today
    walk.move_on(2)
    walk.record("1c", days_ago=5, numbers={"asked": 4, "yes": 4})

    then, today = known(walk, first_day), known(walk, walk.today)

    assert [point.state for point in then.selected.points] == ["holds", "missing", "missing"]
    assert [point.state for point in today.selected.points] == ["holds", "missing", "holds"]


def test_an_earlier_day_still_holds_what_was_taken_back_later(walk: Walk) -> None:
    recorded = walk.record("1c", days_ago=5, numbers={"asked": 4, "yes": 4})
    first_day = walk.today
    walk.move_on(2)
    retract_evidence(seq=recorded.seq, because="Another plant.", **walk.by("olu"))

    point = known(walk, first_day).selected.points[2]

    assert point.state == "holds"
    assert point.current[0].retracted_because is None


def test_an_earlier_day_keeps_its_claim_whatever_happened_since(walk: Walk) -> None:
    walk.prove_step_1()
    walk.advance()
    first_day = walk.today
    walk.move_on(2)
    move_back(to_step=1, reason="sponsor_left", effective_on=walk.today, **walk.by("olu"))

    then, today = known(walk, first_day), known(walk, walk.today)

    assert (then.claimed, then.entered_on) == (2, first_day)
    assert (today.claimed, today.entered_on) == (1, walk.today)


def test_a_day_before_anything_was_on_record_shows_nothing(walk: Walk) -> None:
    with pytest.raises(NotFound):
        known(walk, walk.ago(1))


def test_a_long_history_costs_no_statement_more(walk: Walk, counted: Counter) -> None:
    account, ed = walk.account(), walk.cast.actor("ed")
    for day in range(50):
        make_evidence(walk.session, account, "1c", effective_on=walk.ago(day))
        make_event(walk.session, account)

    with counted() as statements:
        get_journey(walk.account_id, actor=ed, today=walk.today)

    assert len(statements) == 7
