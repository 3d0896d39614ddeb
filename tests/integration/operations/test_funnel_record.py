"""The nightly record of the funnel says what the day's end was like, whenever it is made."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden, OperationRefused
from changetrack.models import FunnelSnapshot
from changetrack.operations.funnel import take_snapshot
from changetrack.queries.funnel import get_funnel
from tests.factories.walk import Walk

NIGHT = Actor.system("snapshot")


def take(walk: Walk, day: date) -> int:
    return take_snapshot(day=day, zone=UTC, actor=NIGHT, now=walk.now, today=walk.today)


def rows(walk: Walk) -> set[tuple[str, str, int, int, int, int]]:
    walk.session.rollback()
    columns = ("field", "value", "place", "accounts", "unsupported", "stale")
    found = walk.session.execute(select(*(getattr(FunnelSnapshot, name) for name in columns)))
    return {tuple(row) for row in found}


def kept(walk: Walk, day: date, by: str | None = None) -> object:
    """What the funnel page says of a past day as it was known then."""
    funnel = get_funnel(actor=NIGHT, today=walk.today, zone=UTC, as_of=day, known_at=day, by=by)
    return funnel.picture.counts, [(g.value, g.picture.counts) for g in funnel.groups]


def test_a_record_sums_the_cells_over_all_teams(walk: Walk) -> None:
    walk.open(days_ago=3)
    walk.move_on(1)

    count = take(walk, walk.ago(1))

    team = str(walk.cast.team.id)
    others = {(field, "", 1, 1, 0, 0) for field in ("product", "segment", "region", "industry", "tier")}
    assert count == 7
    assert rows(walk) == {("", "", 1, 1, 0, 0), ("team", team, 1, 1, 0, 0)} | others


def test_recording_a_day_again_changes_nothing(walk: Walk) -> None:
    walk.open(days_ago=3)
    walk.move_on(1)
    take(walk, walk.ago(1))
    before = rows(walk)

    take(walk, walk.ago(1))

    assert rows(walk) == before


@pytest.mark.parametrize("by", [None, "team", "segment"])
def test_a_record_made_late_is_the_one_that_would_have_been_made_in_time(walk: Walk, by: str | None) -> None:
    walk.open(days_ago=3)
    day = walk.today
    walk.move_on(1)
    counted = kept(walk, day, by)
    walk.prove_step_1(days_ago=2)
    walk.advance()  # the day after, before anybody made the record

    take(walk, day)

    assert rows(walk)
    assert kept(walk, day, by) == counted


def test_a_day_that_is_not_over_is_refused(walk: Walk) -> None:
    with pytest.raises(OperationRefused) as refused:
        take(walk, walk.today)

    assert "is not over" in str(refused.value)


def test_who_does_not_see_all_accounts_records_nothing(walk: Walk) -> None:
    late = datetime(2026, 3, 3, tzinfo=UTC)
    with pytest.raises(Forbidden):
        take_snapshot(day=walk.today - timedelta(1), zone=UTC, actor=walk.cast.actor("olu"), now=late, today=walk.today)
