"""Bringing accounts in: placed where the file says, edited where it differs, and nothing else touched."""

from datetime import date

import pytest
from sqlalchemy import func, select

from changetrack.models import Account, FunnelCell, Journey
from tests.factories import make_calendar
from tests.integration.operations.imports.conftest import Clerk

WHOLE = (
    "external_id,name,organization,product,segment,region,industry,tier,team,owner_email,started_on,step,"
    "step_entered_on,annual_value,currency,Seats\n"
    "A-1,Ahorn,Ahorn Group,Loom,Enterprise,DACH,Paper,Gold,North,olu@example.com,2025-06-02,3,2025-11-03,"
    "12500.50,EUR,40\n"
)


def funnel(clerk: Clerk) -> dict[int, int]:
    query = select(FunnelCell.place, func.sum(FunnelCell.accounts)).where(FunnelCell.field == "")
    return {place: int(n) for place, n in clerk.session.execute(query.group_by(FunnelCell.place)) if n}


def test_every_field_arrives(clerk: Clerk) -> None:
    clerk.load("accounts", WHOLE)

    account = clerk.account()
    assert (account.name, account.organization, account.product) == ("Ahorn", "Ahorn Group", "Loom")
    assert (account.segment, account.region, account.industry, account.tier) == ("Enterprise", "DACH", "Paper", "Gold")
    assert (account.team_id, account.owner_id) == (clerk.cast.team.id, clerk.cast.olu.id)
    assert (account.started_on, account.step_entered_on) == (date(2025, 6, 2), date(2025, 11, 3))
    assert (account.annual_value, account.currency) == (1_250_050, "EUR")
    assert account.attributes == {"seats": "40"}


def test_an_account_is_claimed_at_its_step_and_unsupported(clerk: Clerk) -> None:
    clerk.load("accounts", WHOLE)

    account = clerk.account()
    assert (account.status, account.claimed_step, account.supported_step) == ("active", 3, 0)
    assert clerk.visits() == [(1, 3, "imported", "2025-11-03")]
    assert clerk.believed() == [("2025-11-03", 3)]
    assert clerk.session.get_one(Journey, account.id).judged_by == {"1": 1, "2": 1, "3": 1}
    assert clerk.is_sound()


def test_an_account_without_a_step_is_not_opened_since_it_started(clerk: Clerk) -> None:
    clerk.load("accounts", "external_id,name,started_on\nA-1,Ahorn,2025-06-02\n")

    assert clerk.visits() == [(1, 0, "imported", "2025-06-02")]
    assert clerk.account().status == "not_opened"


def test_without_any_date_an_account_begins_today(clerk: Clerk) -> None:
    clerk.load("accounts", "external_id,name\nA-1,Ahorn\n")

    assert clerk.believed() == [(str(clerk.today), 0)]


def test_held_and_closed_accounts_can_go_on_from_there(clerk: Clerk) -> None:
    clerk.load(
        "accounts",
        "external_id,name,step,step_entered_on\nA-1,Ahorn,held,2026-01-05\nA-2,Birke,closed,2026-01-06\n"
        "A-3,Buche,anchored,2026-01-07\n",
    )

    assert [clerk.account(f"A-{n}").status for n in (1, 2, 3)] == ["held", "closed", "anchored"]
    assert clerk.holds() == [("2026-01-05", None, "Imported without a reason.")]
    assert clerk.account().review_on == date(2026, 4, 5)
    assert clerk.is_sound()


def test_an_imported_account_is_due_when_it_can_turn_stale(clerk: Clerk) -> None:
    clerk.load(
        "accounts",
        "external_id,name,step,step_entered_on\nA-1,Old,1,2025-01-05\nA-2,New,1,2026-02-27\nA-3,Idle,0,\n",
    )

    assert clerk.account("A-1").due_on == clerk.today
    assert clerk.account("A-2").due_on == date(2026, 3, 16)  # the eleventh business day
    assert clerk.account("A-3").due_on is None


def test_the_funnel_counts_what_was_imported(clerk: Clerk) -> None:
    clerk.load("accounts", "external_id,name,step,step_entered_on\nA-1,a,1,2026-01-05\nA-2,b,1,2026-01-05\nA-3,c,0,\n")

    assert funnel(clerk) == {0: 1, 1: 2}


def test_a_changed_field_is_edited_and_named_in_the_history(clerk: Clerk) -> None:
    clerk.load("accounts", WHOLE)
    clerk.next_day()

    result = clerk.load("accounts", "external_id,tier,name\nA-1,Silver,Ahorn\n")

    account = clerk.account()
    assert (result.updated, account.tier, account.version) == (1, "Silver", 2)
    assert clerk.events() == ["account_imported", "account_edited"]
    assert clerk.believed() == [("2025-11-03", 3), (str(clerk.today), 3)]
    assert clerk.is_sound()


def test_a_column_that_is_absent_is_left_alone_and_a_blank_cell_clears(clerk: Clerk) -> None:
    clerk.load("accounts", WHOLE)

    clerk.load("accounts", "external_id,name,tier,owner_email\nA-1,Ahorn,,\n")

    account = clerk.account()
    assert (account.tier, account.owner_id) == (None, None)
    assert (account.segment, account.annual_value) == ("Enterprise", 1_250_050)


def test_attributes_are_merged_column_by_column(clerk: Clerk) -> None:
    clerk.load("accounts", "external_id,name,seats,plan\nA-1,Ahorn,40,pro\n")

    clerk.load("accounts", "external_id,name,seats,site\nA-1,Ahorn,,Graz\n")

    assert clerk.account().attributes == {"plan": "pro", "site": "Graz"}


def test_a_changed_team_moves_the_account_between_cells(clerk: Clerk) -> None:
    clerk.load("accounts", WHOLE)

    clerk.load("accounts", "external_id,name,team\nA-1,Ahorn,south\n")

    assert clerk.account().team_id == clerk.cast.other_team.id
    assert clerk.is_sound()


def test_another_step_is_a_move_on_its_day(clerk: Clerk) -> None:
    clerk.load("accounts", WHOLE)

    clerk.load("accounts", "external_id,name,step,step_entered_on\nA-1,Ahorn,4,2026-02-02\n")

    assert clerk.visits() == [(1, 3, "imported", "2025-11-03"), (2, 4, "advanced", "2026-02-02")]
    assert clerk.is_sound()


def test_an_alias_names_the_account_in_a_later_file(clerk: Clerk) -> None:
    clerk.load("accounts", WHOLE)
    clerk.load("aliases", "external_id,alias\nA-1,crm-7\n")

    result = clerk.load("accounts", "external_id,name\ncrm-7,Ahorn & Sons\n")

    assert (result.created, result.updated) == (0, 1)
    assert clerk.account().name == "Ahorn & Sons"


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("A-1,Ahorn,Nowhere,,,", "team"),
        ("A-1,Ahorn,,nobody@example.com,,", "owner_email"),
        ("A-1,Ahorn,,,9,2026-01-05", "step"),
        ("A-1,Ahorn,,,3,", "step_entered_on"),
        ("A-1,Ahorn,,,3,2026-03-03", "step_entered_on"),
    ],
)
def test_what_cannot_be_is_refused_by_field(clerk: Clerk, row: str, field: str) -> None:
    text = f"external_id,name,team,owner_email,step,step_entered_on\n{row}\n"

    assert clerk.refused("accounts", text) == [(2, field)]


def test_an_id_that_stands_twice_is_named_with_its_first_line(clerk: Clerk) -> None:
    text = "external_id,name\nA-1,Ahorn\nA-2,Birke\nA-1,Buche\n"

    [(row, reasons)] = clerk.rejects("accounts", text)

    assert row.line == 4
    assert "stands in line 2 already" in reasons[0].message


def test_an_account_cannot_stand_twice_under_two_names(clerk: Clerk) -> None:
    clerk.load("accounts", WHOLE)
    clerk.load("aliases", "external_id,alias\nA-1,crm-7\n")

    assert clerk.refused("accounts", "external_id,name\nA-1,Ahorn\ncrm-7,Birke\n") == [(3, "external_id")]


def test_new_changed_and_bad_rows_stand_in_one_file(clerk: Clerk) -> None:
    clerk.load("accounts", "external_id,name\nA-1,Ahorn\nA-2,Birke\n")

    result = clerk.load("accounts", "external_id,name\nA-1,Ahorn\nA-2,Buche\nA-3,Eibe\nA-4,\n", skip_bad=True)

    assert (result.unchanged, result.updated, result.created, result.rejected_rows) == (1, 1, 1, 1)
    assert set(clerk.session.scalars(select(Account.name))) == {"Ahorn", "Buche", "Eibe"}


def test_a_calendar_is_named_whatever_its_case(clerk: Clerk) -> None:
    kept = make_calendar(clerk.session, name="Bavaria")

    clerk.load("accounts", "external_id,name,calendar\nA-1,Ahorn,BAVARIA\n")

    assert clerk.account().calendar_id == kept.id


def test_an_account_of_another_calendar_is_looked_at_in_the_next_night(clerk: Clerk) -> None:
    kept = make_calendar(clerk.session, name="Bavaria")
    clerk.load("accounts", WHOLE)
    account = clerk.account()
    account.due_on = date(2099, 1, 1)
    clerk.session.commit()

    clerk.load("accounts", "external_id,name,calendar\nA-1,Ahorn,Bavaria\n")

    assert (clerk.account().calendar_id, clerk.account().due_on) == (kept.id, clerk.today)


def test_a_calendar_that_is_not_there_is_refused(clerk: Clerk) -> None:
    reasons = clerk.refused("accounts", "external_id,name,calendar\nA-1,Ahorn,Atlantis\n")

    assert reasons == [(2, "calendar")]
    assert clerk.session.scalar(select(func.count()).select_from(Account)) == 0
