"""Claims about what a person chooses to hear: by which channels, on which days, and what cannot be chosen."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.message_choices import (
    ALERT_KINDS,
    CHANNELS,
    DEFAULT_CHOICES,
    KINDS,
    channels_for,
    deliver_at,
    settings_reasons,
)
from changetrack.domain.refusal import Reason

BERLIN = ZoneInfo("Europe/Berlin")
WEEKEND = "0000011"
START = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = (ZoneInfo("UTC"), BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Pacific/Kiritimati"))
KEYS = [kind.key for kind in KINDS]
ALL = frozenset(CHANNELS)


moments = st.integers(0, 730 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


def refusals(
    *,
    timezone: str | None = None,
    digest_hour: int | None = 8,
    digest_weekday: int | None = 0,
    quiet_days: str = WEEKEND,
    choices: dict[str, tuple[str, ...]] | None = None,
) -> list[str | None]:
    found: list[Reason] = settings_reasons(
        timezone=timezone,
        digest_hour=digest_hour,
        digest_weekday=digest_weekday,
        quiet_days=quiet_days,
        choices=choices or {},
        is_zone=lambda name: name == "Europe/Berlin",
    )
    return [reason.field for reason in found]


@pytest.mark.parametrize("kind", KEYS)
def test_who_chose_nothing_hears_in_the_application_and_by_mail(kind: str) -> None:
    assert channels_for(kind, {}, ALL) == ("in_app", "email")


def test_a_house_that_sends_no_mail_tells_in_the_application() -> None:
    assert channels_for("digest", {}, {"in_app"}) == ("in_app",)


def test_slack_is_used_by_those_who_chose_it() -> None:
    assert channels_for("digest", {"digest": ["slack"]}, ALL) == ("slack",)
    assert channels_for("digest", {"digest": ["slack"]}, {"in_app", "email"}) == ()


@pytest.mark.parametrize("kind", ["alert", "reminder", "escalation", "gathered"])
def test_alerts_always_show_in_the_application(kind: str) -> None:
    nothing: dict[str, tuple[str, ...]] = dict.fromkeys(KEYS, ())

    assert channels_for(kind, nothing, ALL) == ("in_app",)


def test_what_gathers_alerts_goes_where_alerts_go() -> None:
    assert channels_for("gathered", {"alert": ["slack"]}, ALL) == ("in_app", "slack")


def test_what_is_no_alert_can_be_switched_off() -> None:
    assert channels_for("commitment", {"commitment": []}, ALL) == ()


def test_a_test_message_can_go_by_every_channel_there_is() -> None:
    assert channels_for("test", {}, ALL) == tuple(CHANNELS)


@given(
    st.sampled_from([*KEYS, "gathered", "test"]),
    st.dictionaries(st.sampled_from(KEYS), st.lists(st.sampled_from([*CHANNELS, "fax"]))),
    st.sets(st.sampled_from(list(CHANNELS))),
)
def test_nobody_hears_twice_or_by_what_the_house_has_not(
    kind: str, choices: dict[str, list[str]], available: set[str]
) -> None:
    found = channels_for(kind, choices, available)

    assert len(set(found)) == len(found)
    assert set(found) <= available | {"in_app"}
    assert kind not in ALERT_KINDS or found[0] == "in_app"


def test_on_a_working_day_a_message_goes_at_once() -> None:
    friday = datetime(2026, 11, 27, 15, tzinfo=UTC)

    assert deliver_at(friday, zone=BERLIN, quiet_days=WEEKEND, digest_hour=8) == friday


def test_on_a_quiet_day_it_waits_for_the_hour_of_the_next_that_is_not() -> None:
    saturday = datetime(2026, 11, 28, 15, tzinfo=UTC)

    at = deliver_at(saturday, zone=BERLIN, quiet_days=WEEKEND, digest_hour=8)

    assert at == datetime(2026, 11, 30, 7, tzinfo=UTC)


def test_it_is_their_day_that_is_quiet() -> None:
    still_sunday_in_new_york = datetime(2026, 11, 30, 2, tzinfo=UTC)
    new_york = ZoneInfo("America/New_York")

    at = deliver_at(still_sunday_in_new_york, zone=new_york, quiet_days=WEEKEND, digest_hour=8)

    assert at == datetime(2026, 11, 30, 13, tzinfo=UTC)


def test_a_week_of_quiet_days_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        deliver_at(datetime(2026, 11, 30, tzinfo=UTC), zone=BERLIN, quiet_days="1111111", digest_hour=8)


@given(
    moments,
    st.sampled_from(ZONES),
    st.integers(0, 126).map(lambda bits: f"{bits:07b}"),
    st.integers(0, 23),
)
def test_a_message_never_comes_on_a_quiet_day_nor_late(
    now: datetime, zone: ZoneInfo, quiet_days: str, hour: int
) -> None:
    at = deliver_at(now, zone=zone, quiet_days=quiet_days, digest_hour=hour)

    assert quiet_days[at.astimezone(zone).weekday()] == "0"
    assert now <= at <= now + timedelta(days=7, hours=1)
    assert at.utcoffset() == timedelta(0)


def test_good_settings_are_kept() -> None:
    assert refusals(timezone="Europe/Berlin", choices=dict(DEFAULT_CHOICES)) == []


def test_settings_are_refused_with_all_reasons_at_once() -> None:
    found = refusals(timezone="Mars/Base", digest_hour=24, digest_weekday=None, quiet_days="1111111")

    assert found == ["timezone", "digest_hour", "digest_weekday", "quiet_days"]
    assert refusals(quiet_days="weekend") == ["quiet_days"]


def test_choices_are_of_kinds_and_channels_that_there_are() -> None:
    assert refusals(choices={"gossip": ("email",)}) == ["choices"]
    assert refusals(choices={"digest": ("fax",)}) == ["choices_digest"]


def test_alerts_in_the_application_cannot_be_switched_off() -> None:
    assert refusals(choices={"escalation": ("email",)}) == ["choices_escalation"]
    assert refusals(choices={"commitment": ("email",)}) == []
