"""Administrators bring usage in by the pages: the metric may be the same for all rows, and what waits is told."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from changetrack.models import UsageDaily
from tests.factories import make_account, make_alias, make_metric
from tests.factories._saving import Saver
from tests.functional.web.importing import Desk, figures, selected, words

USE = "subscription_id,usage_date,count,beta\nS-1,16-02-2026,3,no\nS-1,16-02-2026,4,no\nS-9,17-02-2026,1,no\n"


@pytest.fixture
def metered(session: Saver) -> Saver:
    """An account with another name, and a metric."""
    make_alias(session, make_account(session), alias="S-1")
    make_metric(session, "calls", name="Feature calls")
    session.commit()
    return session


def test_usage_comes_in_with_a_metric_for_all_rows(desk: Desk, metered: Saver) -> None:
    address = desk.accepted(USE, kind="usage")
    form = desk.browser.get(f"{address}/columns")

    tried = desk.try_out(address, every_metric="calls")
    done = desk.commit(address)

    assert selected(form.text)["column_0"] == "external_id"
    assert "Feature calls" in words(form)
    assert figures(tried) == figures(done) == {
        "Rows read": 3, "New numbers": 1, "Changed numbers": 0, "As they were": 0,
        "Rows that wait for their account": 1, "Rows turned away": 0,
    }  # fmt: skip
    metered.rollback()
    assert metered.scalars(select(UsageDaily.stated)).all() == [Decimal(7)]


def test_a_file_that_only_waits_can_be_imported(desk: Desk, metered: Saver) -> None:
    address = desk.accepted("external_id,metric,day,value\nS-9,calls,2026-02-17,1\n", kind="usage")

    desk.try_out(address)

    assert figures(desk.commit(address))["Rows that wait for their account"] == 1


def test_the_metric_is_asked_for_where_the_file_does_not_say_it(desk: Desk, metered: Saver) -> None:
    address = desk.accepted(USE, kind="usage")

    answer = desk.browser.post(f"{address}/columns", data=desk.shown_columns(address))

    assert "There is no column for metric" in words(answer)
