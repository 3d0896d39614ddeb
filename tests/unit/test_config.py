"""Settings come from three places in one order, and what would be dangerous is refused."""

import stat
from datetime import date
from pathlib import Path

import pytest

from changetrack.config import Clock, Settings, SettingsError, load_settings

SECRET = "zB4vQ8nXk2LrTf6yWm9Hc3Js7Dp5Ga1E"


def load(folder: Path, **given: str) -> Settings:
    return load_settings({f"CHANGETRACK_{name.upper()}": value for name, value in given.items()}, instance=folder)


def test_without_any_setting_there_is_a_database_in_the_instance_folder(tmp_path: Path) -> None:
    settings = load(tmp_path / "new")

    assert settings.database_url == f"sqlite:///{tmp_path / 'new' / 'changetrack.db'}"
    assert settings.env == "production"


def test_the_address_is_that_of_the_port_unless_it_is_set(tmp_path: Path) -> None:
    port = {"PORT": "5333"}

    told = load_settings(port, instance=tmp_path)
    named = load_settings(port | {"CHANGETRACK_BASE_URL": "https://track.example.com"}, instance=tmp_path)

    assert told.base_url == "http://127.0.0.1:5333"
    assert named.base_url == "https://track.example.com"
    assert load(tmp_path).base_url == "http://127.0.0.1:5000"


def test_a_secret_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    first = load(tmp_path).secret_key

    second = load(tmp_path).secret_key

    assert first == second
    assert len(first) >= 32
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


@pytest.mark.parametrize("weak", ["short", "change-me-change-me-change-me-change-me", "a" * 40])
def test_a_weak_secret_key_is_refused(tmp_path: Path, weak: str) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY"):
        load(tmp_path, secret_key=weak)


def test_messages_are_kept_long_enough_to_be_known_again(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="at least 30"):
        load(tmp_path, message_retention_days="29")

    assert load(tmp_path, message_retention_days="30").message_retention_days == 30


def test_a_weak_former_key_is_refused_too(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY"):
        load(tmp_path, secret_key=SECRET, secret_key_fallbacks=f"{SECRET},short")


def test_secrets_are_not_printed(tmp_path: Path) -> None:
    settings = load(tmp_path, secret_key=SECRET)

    assert SECRET not in repr(settings)


def test_the_environment_wins_over_dotenv_and_dotenv_over_instance_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.py").write_text(
        "CHANGETRACK_TIMEZONE = 'Europe/Paris'\nCHANGETRACK_LOG_LEVEL = 'DEBUG'\nCHANGETRACK_SESSION_HOURS = 3\n"
    )
    (tmp_path / ".env").write_text("CHANGETRACK_LOG_LEVEL=ERROR\nCHANGETRACK_TIMEZONE=Europe/Rome\n")

    settings = load(tmp_path, timezone="Europe/Berlin")

    assert (settings.timezone, settings.log_level, settings.session_hours) == ("Europe/Berlin", "ERROR", 3)


@pytest.mark.parametrize(("name", "value"), [("debug", "1"), ("today", "2026-03-02")], ids=["debug", "another today"])
def test_what_is_for_development_is_refused_in_production(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match="CHANGETRACK_ENV=development"):
        load(tmp_path, **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("today", "2.3.2026"),
        ("debug", "perhaps"),
        ("trusted_proxies", "-1"),
        ("session_hours", "long"),
        ("env", "staging"),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../etc/passwd"),
        ("base_url", "example.com"),
        ("log_level", "LOUD"),
        ("database_url", "mysql://localhost/x"),
        ("database_url", "no url"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"CHANGETRACK_{name.upper()}"):
        load(tmp_path, **{name: value})


def test_a_rehearsal_has_the_day_it_was_given(tmp_path: Path) -> None:
    settings = load(tmp_path, env="development", today="2026-11-27")

    assert Clock(settings).today() == date(2026, 11, 27)


def test_now_is_a_moment_in_utc(tmp_path: Path) -> None:
    offset = Clock(load(tmp_path, timezone="Asia/Tokyo")).now().utcoffset()

    assert offset is not None
    assert offset.total_seconds() == 0


def test_cookies_are_secure_when_the_address_is(tmp_path: Path) -> None:
    assert load(tmp_path, base_url="https://track.example.com/").is_https
    assert not load(tmp_path).is_https


def test_e_mail_is_a_channel_where_there_is_a_mail_server(tmp_path: Path) -> None:
    without, with_one = load(tmp_path), load(tmp_path, smtp_url="smtp+starttls://olu:pw-of-mail@mail.example.com:587")

    assert without.channels == {"in_app", "slack", "webhook"}
    assert with_one.channels == without.channels | {"email"}
    assert "pw-of-mail" not in repr(with_one)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smtp_url", "mail.example.com"),
        ("smtp_url", "https://mail.example.com"),
        ("smtp_url", "smtp://mail.example.com:port"),
        ("mail_from", "nobody"),
        ("outgoing_allow", "10.0.0.0/8, https://mm.intra"),
        ("outgoing_allow", "mm.intra:http"),
        ("metrics_token", "short"),
    ],
)
def test_what_could_not_be_used_to_send_or_watch_is_refused(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"CHANGETRACK_{name.upper()}"):
        load(tmp_path, **{name: value})


def test_hosts_addresses_and_networks_can_be_allowed(tmp_path: Path) -> None:
    entries = ("mm.intra", "mm.intra:8065", "10.0.0.0/8", "10.1.2.3:*", "[fd00::/8]", "[::1]:8080", "[64:ff9b::/96]")

    assert load(tmp_path, outgoing_allow=", ".join(entries)).outgoing_allow == entries
