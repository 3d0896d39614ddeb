"""The limit against which lists and pages set the days in a step: the one that was learned for the month."""

from datetime import date, timedelta

from changetrack.domain.people import Actor
from changetrack.queries.account_filters import AccountFilters
from changetrack.queries.accounts import list_accounts
from tests.factories import Cast, make_learned_limit, make_playbook
from tests.factories._saving import Saver
from tests.factories.portfolio import make_accounts

EVERYBODY = Actor.operator("test")


def test_days_stand_against_the_limit_that_was_learned_for_the_month(session: Saver, cast: Cast, today: date) -> None:
    make_playbook(session, body={"steps": [{"number": 3, "age_days": 45, "progress_days": 10, "points": []}]})
    make_accounts(session, [{"place": 3, "step_entered_on": today, "team_id": cast.team.id}])
    this_month, last_month = today.replace(day=1), (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    make_learned_limit(session, month=last_month, limit_days=70)
    make_learned_limit(session, month=this_month, limit_days=80)

    now, then, before = (
        list_accounts(AccountFilters(), actor=EVERYBODY, today=day).rows[0]
        for day in (today, last_month, last_month - timedelta(days=1))
    )

    assert (now.limit, now.fixed_limit, now.limit_learned_for) == (80, 45, this_month)
    assert (then.limit, before.limit, before.limit_learned_for) == (70, 45, None)


def test_where_too_little_was_learned_the_fixed_limit_stands(session: Saver, cast: Cast, today: date) -> None:
    make_playbook(session, body={"steps": [{"number": 3, "age_days": 45, "progress_days": 10, "points": []}]})
    make_accounts(session, [{"place": 3, "step_entered_on": today, "team_id": cast.team.id}])
    make_learned_limit(session, limit_days=None)

    (row,) = list_accounts(AccountFilters(), actor=EVERYBODY, today=today).rows

    assert (row.limit, row.limit_learned_for) == (45, None)
