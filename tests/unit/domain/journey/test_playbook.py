"""A playbook is read once from its text, and never taken for another."""

import json

from changetrack.domain.journey.default_playbook import DEFAULT_PLAYBOOK
from changetrack.domain.journey.playbook import parse_playbook, read_playbook

SHIPPED = json.dumps(DEFAULT_PLAYBOOK)


def test_the_same_text_is_read_once() -> None:
    assert read_playbook(1, SHIPPED) is read_playbook(1, json.dumps(DEFAULT_PLAYBOOK))
    assert read_playbook(1, SHIPPED) == parse_playbook(1, DEFAULT_PLAYBOOK)


def test_another_text_of_the_same_version_is_another_playbook() -> None:
    first, *others = DEFAULT_PLAYBOOK["steps"]
    changed = json.dumps({"steps": [{**first, "age_days": 7}, *others]})

    assert read_playbook(1, SHIPPED).steps[1].age_days != 7
    assert read_playbook(1, changed).steps[1].age_days == 7
