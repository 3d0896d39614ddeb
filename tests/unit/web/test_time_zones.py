"""Time zones as people type them: a city is enough where one has that name."""

import pytest

from changetrack.domain.refusal import OperationRefused
from changetrack.web.time_zones import meant_zone


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Berlin", "Europe/Berlin"), (" new york ", "America/New_York"), ("europe/berlin", "Europe/Berlin"),
        ("Europe/Berlin", "Europe/Berlin"), ("utc", "UTC"), ("EST", "EST"), ("", None), (None, None),
        ("Nowhere", "Nowhere"), ("Europe", "Europe"),
    ],
)  # fmt: skip
def test_a_city_alone_is_enough(typed: str | None, meant: str | None) -> None:
    assert meant_zone(typed) == meant


def test_the_nearest_are_named_where_several_are_meant() -> None:
    with pytest.raises(OperationRefused) as refused:
        meant_zone("port")

    (reason,) = refused.value.reasons
    assert reason.field == "timezone"
    assert reason.message.startswith("Which one: ")
    assert reason.message.count(",") == 4
