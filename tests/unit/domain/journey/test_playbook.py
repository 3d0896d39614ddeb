"""A playbook is read once from its text, and never taken for another."""

import json
from copy import deepcopy
from typing import Any

import pytest

from changetrack.domain.journey.default_playbook import DEFAULT_PLAYBOOK
from changetrack.domain.journey.playbook import changed_steps, parse_playbook, playbook_reasons, read_playbook
from changetrack.domain.journey.playbook_settings import step_settings, with_settings

SHIPPED = json.dumps(DEFAULT_PLAYBOOK)


def test_the_same_text_is_read_once() -> None:
    assert read_playbook(1, SHIPPED) is read_playbook(1, json.dumps(DEFAULT_PLAYBOOK))
    assert read_playbook(1, SHIPPED) == parse_playbook(1, DEFAULT_PLAYBOOK)


def test_another_text_of_the_same_version_is_another_playbook() -> None:
    first, *others = DEFAULT_PLAYBOOK["steps"]
    changed = json.dumps({"steps": [{**first, "age_days": 7}, *others]})

    assert read_playbook(1, SHIPPED).steps[1].age_days != 7
    assert read_playbook(1, changed).steps[1].age_days == 7


def of_before() -> dict[str, Any]:
    """A playbook as it was stored before it could name a limit without a word from the customer."""
    body = deepcopy(DEFAULT_PLAYBOOK)
    for step in body["steps"]:
        step.pop("silent_days", None)
    return body


def test_a_customer_may_be_silent_as_long_as_there_may_be_no_progress_but_in_step_8() -> None:
    steps = parse_playbook(1, DEFAULT_PLAYBOOK).steps

    assert [steps[n].silent_days for n in range(1, 9)] == [10, 10, 10, 10, 10, 15, 20, 45]
    assert [steps[n].progress_days for n in range(1, 9)] == [10, 10, 10, 10, 10, 15, 20, 30]


def test_an_older_version_keeps_its_meaning() -> None:
    steps = parse_playbook(1, of_before()).steps

    assert all(rules.silent_days == rules.progress_days for rules in steps.values())
    assert playbook_reasons(of_before()) == []


def test_a_step_without_a_limit_of_progress_has_none_of_silence_unless_it_says_so() -> None:
    body = of_before()
    body["steps"][0]["progress_days"] = None
    body["steps"][1] |= {"progress_days": None, "silent_days": 5}

    steps = parse_playbook(1, body).steps

    assert [steps[1].silent_days, steps[2].silent_days] == [None, 5]


def test_the_limit_of_silence_is_set_with_the_other_limits() -> None:
    shown = {s.name: s.value for s in step_settings(DEFAULT_PLAYBOOK["steps"][7])}

    changed = with_settings(DEFAULT_PLAYBOOK, 8, {"step8_silent_days": 60})

    assert shown["step8_silent_days"] == 45
    assert parse_playbook(2, changed).steps[8].silent_days == 60


def test_a_limit_that_is_left_empty_follows_that_without_progress() -> None:
    changed = with_settings(DEFAULT_PLAYBOOK, 8, {"step8_silent_days": None})

    assert parse_playbook(2, changed).steps[8].silent_days == 30


def test_saving_an_older_step_as_it_was_changes_none_of_its_rules() -> None:
    body = of_before()
    shown = {s.name: s.value for s in step_settings(body["steps"][0])}

    saved = with_settings(body, 1, shown)

    assert saved["steps"][0].keys() == body["steps"][0].keys()
    assert changed_steps(parse_playbook(1, body), parse_playbook(2, saved)) == []


@pytest.mark.parametrize("days", [0, -1, 3651, 1.5, True])
def test_a_limit_of_silence_is_a_number_of_days(days: object) -> None:
    body = of_before()
    body["steps"][2]["silent_days"] = days

    assert [reason.field for reason in playbook_reasons(body)] == ["step3_silent_days"]
