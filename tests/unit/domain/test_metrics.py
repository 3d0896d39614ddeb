"""What a metric may be called, how it adds up, and which events may feed it."""

from typing import Any

import pytest

from changetrack.domain.metrics import metric_reasons, rule_reasons, rule_words

GOOD: dict[str, Any] = {
    "key": "feature_calls",
    "name": "Feature calls",
    "unit": "calls",
    "aggregation": "sum",
    "purpose": None,
}


def test_a_plain_metric_has_nothing_against_it() -> None:
    assert metric_reasons(**GOOD) == []


def test_all_that_is_wrong_is_said_at_once() -> None:
    reasons = metric_reasons(key="Feature calls", name="", unit="x" * 61, aggregation="mean", purpose="other")

    assert {reason.field for reason in reasons} == {"key", "name", "unit", "aggregation", "purpose"}


@pytest.mark.parametrize("key", ["", "1st", "_x", "naïve", "a-b", "A", "a" * 61, "a\n"])
def test_a_key_is_a_small_word_for_programs(key: str) -> None:
    assert [reason.field for reason in metric_reasons(**{**GOOD, "key": key})] == ["key"]


@pytest.mark.parametrize("aggregation", ["sum", "max", "last"])
def test_only_what_counts_people_feeds_a_control_point(aggregation: str) -> None:
    reasons = metric_reasons(**{**GOOD, "aggregation": aggregation, "purpose": "active_users"})

    assert [reason.field for reason in reasons] == ["purpose"]


@pytest.mark.parametrize("aggregation", ["max", "last"])
def test_the_highest_and_the_last_need_a_property(aggregation: str) -> None:
    assert [r.field for r in rule_reasons(aggregation=aggregation, event="Seats", property_name=None)] == ["property"]
    assert rule_reasons(aggregation=aggregation, event="Seats", property_name="seats") == []


def test_a_rule_needs_an_event_that_can_be_kept() -> None:
    assert [r.field for r in rule_reasons(aggregation="sum", event="", property_name=None)] == ["event"]
    assert [r.field for r in rule_reasons(aggregation="sum", event="a\nb", property_name="x" * 201)] == [
        "event",
        "property",
    ]


@pytest.mark.parametrize(
    ("aggregation", "property_name", "words"),
    [
        ("sum", None, "each event counts one"),
        ("sum", "rows", "adds up its “rows”"),
        ("max", "rows", "takes the highest “rows” of a day"),
        ("last", "rows", "takes the last “rows” of a day"),
        ("distinct", None, "counts the different users who sent it"),
        ("distinct", "rows", "counts the different values of its “rows”"),
    ],
)
def test_what_a_rule_does_follows_from_aggregation_and_property(
    aggregation: str, property_name: str | None, words: str
) -> None:
    assert rule_words(aggregation, property_name) == words
