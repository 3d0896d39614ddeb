"""What accounts were worth on any day, as known on any day, is what the function says of them."""

from datetime import date, timedelta

import pytest

from changetrack.domain.people import Actor
from changetrack.domain.refusal import NotFound
from changetrack.domain.value import recognise
from changetrack.queries.recognition_inputs import read_histories
from changetrack.queries.value_figures import Worth, get_account_value, get_portfolio_value
from tests.factories import Cast, make_account
from tests.factories._saving import Saver
from tests.factories.use import FIRST_DAY, NIGHT, Use, week

LAST = date(2026, 4, 26)
V4 = [41, 44, 47, 40, 45, 46, 44, 48, 52, 30, 22, 45, 46, 44, 41, 43]
OPERATOR = Actor.operator("shell")


@pytest.fixture
def use(session: Saver) -> Use:
    """Use that was confirmed, lapsed and came back; at the end a week is corrected."""
    use = Use(session)
    use.propose(plan_start=FIRST_DAY, plan_periods=26)
    use.say("agreed", FIRST_DAY, recorded_on=week(2))
    use.say("attested", date(2026, 1, 28))
    use.weeks(V4)
    use.count(week(6), 31, recorded_on=date(2026, 3, 10))
    use.recognise(LAST)
    return use


def test_the_figures_are_those_of_the_function_for_every_pair_of_days(use: Use) -> None:
    outcome = use.outcome()
    (history,) = read_histories(use.session, [outcome], {(outcome.account_id, outcome.seq)}).values()
    days = [FIRST_DAY + timedelta(days=n) for n in range(0, 112, 9)]

    for known_at in days:
        for as_of in (day for day in days if day <= known_at):
            figures = get_account_value(actor=NIGHT, account_id=use.account_id, as_of=as_of, known_at=known_at)

            terms = history.terms_at(known_at)
            assert terms is not None
            found = recognise(terms, history.readings, history.attestations, as_of=as_of, known_at=known_at)
            wanted = Worth(found.promised, found.probationary, found.realized, found.live)
            assert figures.get("USD", Worth()) == wanted


def test_of_days_that_nobody_knew_of_yet_nothing_is_promised_either(use: Use) -> None:
    known_at = week(9)

    later, then = (
        get_account_value(actor=NIGHT, account_id=use.account_id, as_of=as_of, known_at=known_at)
        for as_of in (LAST, known_at)
    )

    assert later == then


def test_what_is_known_today_is_what_the_account_says(use: Use) -> None:
    figures = get_account_value(actor=NIGHT, account_id=use.account_id, as_of=LAST, known_at=LAST)["USD"]

    assert [figures.promised, figures.probationary, figures.realized, figures.live] == use.account().value["USD"]


def test_a_word_taken_back_was_known_until_then(use: Use) -> None:
    use.retract("agreed", LAST)
    use.recognise(LAST)
    before = LAST - timedelta(days=1)

    then = get_portfolio_value(actor=OPERATOR, as_of=before, known_at=before)
    now = get_portfolio_value(actor=OPERATOR, as_of=before, known_at=LAST)

    assert (then["USD"].promised, now) == (150_000, {})


def test_the_portfolio_is_that_of_the_teams_one_sees(use: Use) -> None:
    cast = use.cast
    ours, theirs = cast.actor("olu"), cast.actor("otto")

    seen = {who: get_portfolio_value(actor=who, as_of=LAST, known_at=LAST) for who in (ours, theirs, OPERATOR)}

    assert seen[ours] == seen[OPERATOR] != {}
    assert seen[theirs] == {}


def test_the_portfolio_can_be_asked_of_one_team(use: Use) -> None:
    of_team = get_portfolio_value(actor=OPERATOR, as_of=LAST, known_at=LAST, team_id=use.cast.team.id)
    of_none = get_portfolio_value(actor=OPERATOR, as_of=LAST, known_at=LAST, team_id=0)

    assert (set(of_team), of_none) == ({"USD"}, {})


def test_an_account_of_others_is_not_found(session: Saver, cast: Cast) -> None:
    account = make_account(session, team_id=cast.team.id)

    with pytest.raises(NotFound):
        get_account_value(actor=cast.actor("otto"), account_id=account.id, as_of=LAST, known_at=LAST)
