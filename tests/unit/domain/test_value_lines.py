"""On which line of the chart an entry stands."""

import pytest

from changetrack.domain.value_flows import CAUSES, LINES, causes_of, line_of


@pytest.mark.parametrize(
    ("measure", "cause", "line"),
    [
        ("realized", "accrued", "accrued"),
        ("realized", "reversed", "reversed"),
        ("realized", "capped", "corrected"),
        ("probationary", "unconfirmed", "probationary"),
        ("live", "confirmed", "live"),
        ("live", "corrected", "live"),
        ("live", "at_risk", "lapsed"),
        ("live", "lapsed_attestation", "lapsed"),
        ("live", "withdrawn", "lapsed"),
    ],
)
def test_an_entry_stands_on_the_line_of_its_measure_and_cause(measure: str, cause: str, line: str) -> None:
    assert line_of(measure, cause) == line


def test_every_cause_stands_on_exactly_one_line_and_leads_back_from_it() -> None:
    every = {(measure, cause) for measure, causes in CAUSES.items() for cause in causes}

    led_back = [(measure, cause) for line in LINES for measure, causes in [causes_of(line)] for cause in causes]

    assert sorted(led_back) == sorted(every)


def test_what_was_promised_has_no_entries() -> None:
    assert causes_of("promised") == ("", ())
