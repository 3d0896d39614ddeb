"""Settings, read at start from the environment, `.env` and `instance/config.py`; and the clock they set."""

import os
import re
import runpy
import secrets
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values

PREFIX = "CHANGETRACK_"
SHORTEST_SECRET = 32
WELL_KNOWN_SECRETS = ("changeme", "change-me", "secret", "dev", "default", "password", "example")
FORMS = {
    "env": r"production|development",
    "base_url": r"https?://[^/\s]+",
    "log_level": r"DEBUG|INFO|WARNING|ERROR",
    "database_url": r"(sqlite|postgresql\+psycopg)://.+",
    "smtp_url": r"|smtp(s|\+starttls)?://([^\s/@]+@)?(\[[0-9a-fA-F:]+\]|[^\s/@:\[\]]+)(:\d{1,5})?/?(\?timeout=\d{1,3})?",
    "mail_from": r"|[^\r\n]*\S@\S[^\r\n]*",
    "metrics_token": r"|\S{16,}",
}
ALLOWED = r"(\[[0-9a-fA-F:.]+(/\d{1,3})?\]|[0-9A-Za-z.-]+(/\d{1,2})?)(:(\d{1,5}|\*))?"
KEPT_AT_LEAST = 30  # days: whether an alert helped is measured, and reminders are caught up, within a month
SOURCE_TREE = Path(__file__).resolve().parent.parent


class SettingsError(Exception):
    """The settings cannot be used as they stand; the message says which one, and what would do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, each field by the variable `CHANGETRACK_<FIELD>`."""

    instance: Path
    database_url: str
    secret_key: str = field(repr=False)
    secret_key_fallbacks: tuple[str, ...] = field(default=(), repr=False)
    env: str = "production"
    debug: bool = False
    base_url: str = "http://127.0.0.1:5000"
    vendor_name: str = ""
    timezone: str = "UTC"
    today: date | None = None
    trusted_proxies: int = 0
    session_idle_minutes: int = 8 * 60
    session_hours: int = 7 * 24
    max_upload_mb: int = 64
    usage_retention_days: int = 400
    message_retention_days: int = 400
    database_pool_size: int = 10
    log_level: str = "INFO"
    smtp_url: str = field(default="", repr=False)
    mail_from: str = ""
    outgoing_allow: tuple[str, ...] = ()
    metrics_token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Refuse at once what would only be noticed in an accident."""
        for secret in (self.secret_key, *self.secret_key_fallbacks):
            _refuse_weak_secret(secret)
        for name, pattern in FORMS.items():
            if not re.fullmatch(pattern, getattr(self, name)):
                raise SettingsError(f"{PREFIX}{name.upper()} does not have the form {pattern}.")
        for entry in self.outgoing_allow:
            if not re.fullmatch(ALLOWED, entry):
                raise SettingsError(f"{PREFIX}OUTGOING_ALLOW: {entry!r} is no host, address or network[:port].")
        for name in ("debug", "today"):
            if getattr(self, name) and self.env != "development":
                raise SettingsError(f"{PREFIX}{name.upper()} is only for {PREFIX}ENV=development.")
        if self.message_retention_days < KEPT_AT_LEAST:
            raise SettingsError(f"{PREFIX}MESSAGE_RETENTION_DAYS is at least {KEPT_AT_LEAST}.")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise SettingsError(f"{PREFIX}TIMEZONE is {self.timezone!r}, which is no time zone.") from error

    @property
    def is_https(self) -> bool:
        """Whether people reach us by TLS: then cookies are Secure and HSTS is sent."""
        return self.base_url.startswith("https://")

    @property
    def secrets(self) -> tuple[str, ...]:
        """The keys that secrets are kept with: the present one, then former ones that still open."""
        return (self.secret_key, *self.secret_key_fallbacks)

    @property
    def channels(self) -> frozenset[str]:
        """By which channels messages can leave: e-mail only where there is a mail server."""
        return frozenset(("in_app", "slack", "webhook", *(("email",) if self.smtp_url else ())))


class Clock:
    """What time it is, for the faces; everything below them is told."""

    def __init__(self, settings: Settings) -> None:
        self._zone = ZoneInfo(settings.timezone)
        self._today = settings.today

    def now(self) -> datetime:
        """The moment, in UTC: when something is recorded."""
        return datetime.now(UTC)

    def today(self) -> date:
        """The civil date of an evaluation: in our time zone, or the one a rehearsal has set."""
        return self._today or self.now().astimezone(self._zone).date()


def load_settings(environ: Mapping[str, str] | None = None, *, instance: Path | None = None) -> Settings:
    """Read all settings: the environment wins over `.env`, `.env` over `instance/config.py`.

    Creates the instance folder, and in it the secret key on the first run. Raises `SettingsError`.
    """
    environ = os.environ if environ is None else environ
    given = {**_read_dotenv(), **environ}
    folder = instance or Path(given.get(PREFIX + "INSTANCE") or _default_instance()).resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds password hashes and keys
    given = {**_read_instance_config(folder), **given}
    values: dict[str, object] = {"instance": folder}
    for setting in fields(Settings):
        text = given.get(PREFIX + setting.name.upper(), "").strip()
        if text and setting.name != "instance":
            values[setting.name] = _parse(setting.name, setting.type, text)
    values.setdefault("database_url", f"sqlite:///{folder / 'changetrack.db'}")
    values.setdefault("secret_key", _own_secret(folder))
    if (port := given.get("PORT", "")).isdecimal():  # what `serve` listens on, as it tells its workers
        values.setdefault("base_url", f"http://127.0.0.1:{port}")
    return Settings(**values)  # type: ignore[arg-type]  # each value was parsed by its field's type


def _default_instance() -> Path:
    """Beside the code in a clone, in the working directory when installed."""
    in_clone = (SOURCE_TREE / "setup.cfg").exists()
    return (SOURCE_TREE if in_clone else Path.cwd()) / "instance"


def _read_dotenv() -> dict[str, str]:
    return {name: value for name, value in dotenv_values(Path.cwd() / ".env").items() if value is not None}


def _read_instance_config(folder: Path) -> dict[str, str]:
    path = folder / "config.py"
    if not path.exists():
        return {}
    return {name: str(value) for name, value in runpy.run_path(str(path)).items() if name.startswith(PREFIX)}


def _parse(name: str, kind: object, text: str) -> object:
    try:
        return PARSERS[kind](text.rstrip("/") if name == "base_url" else text)
    except (KeyError, ValueError) as error:
        raise SettingsError(f"{PREFIX}{name.upper()} cannot be {text!r}.") from error


def _whole_number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def _truth(text: str) -> bool:
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.lower()]


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


PARSERS: dict[object, Callable[[str], object]] = {
    str: str,
    int: _whole_number,
    bool: _truth,
    tuple[str, ...]: _several,
    date | None: date.fromisoformat,
}


def _refuse_weak_secret(secret: str) -> None:
    if len(secret) < SHORTEST_SECRET or secret.lower().startswith(WELL_KNOWN_SECRETS) or len(set(secret)) < 8:
        raise SettingsError(
            f"{PREFIX}SECRET_KEY is too short or well known: at least {SHORTEST_SECRET} random characters. "
            "Leave it out and one is made for you in the instance folder."
        )


def _own_secret(folder: Path) -> str:
    """The key in `instance/secret_key`, readable by its owner only; made when there is none."""
    path = folder / "secret_key"
    if not path.exists():
        handle, draft = tempfile.mkstemp(dir=folder, prefix=".secret_key-")  # made with mode 0600
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):  # another process was first: then its key is the key
            os.link(draft, path)
        os.unlink(draft)
    return path.read_text(encoding="ascii").strip()
