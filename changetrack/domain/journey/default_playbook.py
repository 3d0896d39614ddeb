"""The playbook that ChangeTrack ships with; every number but Kotter's 75 % and five minutes is our own default."""

from typing import Any


def _point(
    key: str, title: str, condition: str, by: str, kind: str, expires: int | None, **more: Any
) -> dict[str, Any]:
    return {
        "key": key,
        "title": title,
        "condition": condition,
        "by": by,
        "kind": kind,
        "expires_days": expires,
        **more,
    }


def _field(key: str, label: str) -> dict[str, str]:
    return {"key": key, "label": label}


_STEP_1 = [
    _point(
        "1a",
        "Value in the customer's words",
        "Beneficiary and value statement are recorded, in their words.",
        "machine",
        "record",
        365,
    ),
    _point(
        "1b",
        "Gap quantified",
        "Metric, unit, from, to, by when, with evidence for where it stands today.",
        "machine",
        "record",
        180,
    ),
    _point(
        "1c",
        "Managers convinced",
        "At least 75 % of all managers asked, at least 3 asked; silence counts as no.",
        "customer",
        "numbers",
        180,
        rule={
            "fields": [_field("asked", "Managers asked"), _field("yes", "Said yes")],
            "minimums": {"asked": 3},
            "shares": [["yes", "asked", 0.75]],
        },
    ),
]
_STEP_2 = [
    _point(
        "2a",
        "Coalition formed",
        "At least 3 active members from 2 functions, with a sponsor and an everyday user.",
        "machine",
        "record",
        None,
    ),
    _point(
        "2b",
        "Decision path covered",
        "At least 80 % of its roles, and approver, decider and user.",
        "machine",
        "record",
        None,
    ),
    _point(
        "2c",
        "Coalition meets",
        "Met at least twice in the last 45 days with two thirds present.",
        "ours",
        "numbers",
        45,
        rule={
            "fields": [
                _field("meetings", "Meetings in the last 45 days"),
                _field("present", "People present, summed"),
                _field("invited", "Members invited, summed"),
            ],
            "minimums": {"meetings": 2},
            "shares": [["present", "invited", 0.6666]],
        },
    ),
]
_STEP_3 = [
    _point("3a", "Vision written", "At most 650 words, with a co-author of the customer's.", "machine", "record", None),
    _point(
        "3b",
        "Vision told back",
        "Two members each told it to an outsider within five minutes: understood, with interest.",
        "customer",
        "attested",
        180,
        persons=2,
    ),
    _point(
        "3c",
        "Outcome agreed",
        "At least one outcome is agreed by its beneficiary.",
        "machine",
        "record",
        None,
    ),
]
_STEP_4 = [
    _point(
        "4a",
        "Reach",
        "At least 80 % of affected users, by 2 channels or more.",
        "customer",
        "numbers",
        180,
        rule={
            "fields": [
                _field("affected", "Users affected"),
                _field("reached", "Users reached"),
                _field("channels", "Channels used"),
            ],
            "minimums": {"channels": 2},
            "shares": [["reached", "affected", 0.8]],
        },
    ),
    _point(
        "4b",
        "Understanding",
        "Of a sample of 5 and 10 % or more, 75 % say what changes for them.",
        "customer",
        "numbers",
        180,
        rule={
            "fields": [
                _field("affected", "Users affected"),
                _field("asked", "Users asked"),
                _field("understood", "Said what changes for them"),
            ],
            "minimums": {"asked": 5},
            "shares": [["understood", "asked", 0.75]],
            "samples": [["asked", "affected", 0.1]],
        },
    ),
    _point(
        "4c",
        "Coalition uses it",
        "At least 2 coalition members use the product themselves: counted, or said by the customer.",
        "customer",
        "attested",
        28,
    ),
]
_STEP_5 = [
    _point(
        "5a",
        "No blocking obstacle",
        "None is open, and every other has an owner and a date.",
        "machine",
        "record",
        None,
        waits_for="obstacles",
    ),
    _point(
        "5b",
        "First real task done",
        "At least 80 % of planned users did it: counted, or told in numbers.",
        "customer",
        "numbers",
        90,
        rule={
            "fields": [_field("planned", "Planned users"), _field("did", "Did it")],
            "minimums": {"planned": 1},
            "shares": [["did", "planned", 0.8]],
        },
    ),
    _point("5c", "Time and permission", "Supervisors confirm that people have both.", "customer", "attested", 180),
]
_STEP_6 = [
    _point(
        "6a",
        "Win predicted",
        "The outcome was agreed before its first passing period.",
        "machine",
        "record",
        None,
    ),
    _point(
        "6b",
        "Outcome confirmed",
        "At least one outcome is confirmed in use.",
        "machine",
        "record",
        None,
        may_be_excepted=False,
    ),
    _point("6c", "Win published", "Inside the customer, crediting those who made it.", "customer", "link", 365),
]
_STEP_7 = [
    _point(
        "7a",
        "Two outcomes confirmed",
        "At least two outcomes are confirmed in use.",
        "machine",
        "record",
        None,
    ),
    _point(
        "7b",
        "Next change begun",
        "The customer started a next change since the first win.",
        "customer",
        "attested",
        180,
    ),
    _point(
        "7c",
        "Improvement goes on",
        "A cycle was closed in each of the last three 30-day windows.",
        "machine",
        "record",
        None,
        waits_for="cycles",
    ),
]
_STEP_8 = [
    _point(
        "8a",
        "Plan to sustain",
        "Every confirmed outcome has one, with an owner of the customer's.",
        "machine",
        "record",
        None,
        waits_for="sustain plans",
    ),
    _point(
        "8b", "Part of how they work", "In procedures, joiner training or role descriptions.", "customer", "link", 365
    ),
    _point(
        "8c",
        "Half a year of use",
        "At least 26 consecutive weeks of confirmed use on one outcome.",
        "machine",
        "record",
        None,
    ),
]


def _step(number: int, points: list[dict[str, Any]], age: int, progress: int, **more: int) -> dict[str, Any]:
    return {
        "number": number,
        "points": points,
        "age_days": age,
        "progress_days": progress,
        "customer_signs": number in (3, 6, 8),
        **more,
    }


DEFAULT_PLAYBOOK: dict[str, Any] = {
    "steps": [
        _step(1, _STEP_1, 45, 10),
        _step(2, _STEP_2, 60, 10),
        _step(3, _STEP_3, 45, 10),
        _step(4, _STEP_4, 60, 10),
        _step(5, _STEP_5, 90, 10),
        _step(6, _STEP_6, 120, 15),
        _step(7, _STEP_7, 240, 20),
        _step(8, _STEP_8, 365, 30, silent_days=45),
    ]
}
