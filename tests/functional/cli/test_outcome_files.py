"""Outcomes in and out at the shell: what came in goes out again, and nobody types a figure in."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import Result

from changetrack.domain.people import Actor
from changetrack.models import Outcome
from changetrack.operations.playbook import install_playbook
from tests.factories import make_cast, make_metric
from tests.factories._saving import Saver

HEAD = (
    "external_id,statement,beneficiary,metric,threshold,period,rate,currency,target,baseline,plan_start,plan_periods,"
    "accrual,confirm_after,lapse_after,restore_after,min_hold,attestation_valid_days,settle_lag_days,"
    "requires_attestation,overlap_group,group_cap,agreed_on,attested_on,attested_by,disputed_on,withdrawn_on,said_how"
)
ROWS = """
A-1,Orders leave at once,Carla Customer,orders,40,week,2500.50,EUR,50,18.5,2026-01-05,26,proportional,4,2,4,4,90,2,yes,\
shipping,3000.00,2026-01-05,2026-01-28;2026-02-20,Carla Customer;jon@acme.example,,,call
A-1,No more spreadsheets,Carla Customer,orders,8,month,90,JPY,,,2027-01-01,,flat,3,3,3,0,60,0,no,,,,,,,,
A-2,Nobody works on Saturdays,nora@birke.example,orders,1,week,100.00,USD,,,,,flat,4,2,4,4,90,2,yes,,,2026-01-05,,,\
2026-02-02,,mail
"""
OUTCOMES = (HEAD + ROWS).replace("\n", "\r\n")


@pytest.fixture
def load(run: Callable[..., Result], session: Saver, now: datetime, tmp_path: Path) -> Callable[..., Result]:
    """Import a text, on a database with two accounts and a metric."""
    install_playbook(actor=Actor.system("test"), now=now)
    make_cast(session)
    make_metric(session, "orders")

    def go(what: str, text: str, *options: str) -> Result:
        path = tmp_path / f"{what}.csv"
        path.write_text(text, encoding="utf-8", newline="")
        return run("import", what, str(path), *options)

    go("accounts", "external_id,name,step,step_entered_on\nA-1,Ahorn,3,2026-01-05\nA-2,Birke,2,2026-01-05\n")
    go("contacts", "external_id,name,email\nA-1,Jon Jansen,jon@acme.example\n")
    return go


def test_what_was_imported_comes_back_out_with_how_it_stands(
    run: Callable[..., Result], load: Callable[..., Result]
) -> None:
    loaded = load("outcomes", OUTCOMES)

    lines = run("export", "outcomes").stdout.splitlines()

    assert loaded.exit_code == 0, loaded.stderr
    width = len(HEAD.split(","))
    assert [",".join(line.split(",")[:width]) for line in lines] == OUTCOMES.splitlines()
    assert lines[0].endswith(",state,detail,state_since,confirmed_from,valid_until,promised,probationary,realized,live")
    assert ",disputed,,2026-02-02," in lines[3]


def test_an_export_that_is_imported_again_changes_nothing(
    run: Callable[..., Result], load: Callable[..., Result]
) -> None:
    load("outcomes", OUTCOMES)

    again = load("outcomes", run("export", "outcomes").stdout, "--batch-id", "again")

    assert "3 rows: 0 created, 0 updated, 3 unchanged, 0 turned away." in again.stdout


def test_a_realized_figure_in_a_file_is_not_read(session: Saver, load: Callable[..., Result]) -> None:
    text = "external_id,statement,beneficiary,metric,threshold,rate,currency,agreed_on,realized,live,state\n"

    loaded = load("outcomes", text + "A-1,One,Carla,orders,40,100.00,USD,2026-01-05,900000,900000,confirmed\n")

    outcome = session.get_one(Outcome, (1, 1))
    assert loaded.exit_code == 0
    assert (outcome.state, outcome.realized, outcome.live) == ("agreed", 0, 0)


def test_a_figure_cannot_be_mapped_to_a_column_either(load: Callable[..., Result]) -> None:
    refused = load("outcomes", OUTCOMES, "--map", "rate=realized")

    assert refused.exit_code == 1
    assert "There is no field “realized”." in refused.stderr
