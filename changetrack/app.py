"""The composition root: the only place that knows every floor."""

from pathlib import Path

from flask import Flask
from flask.helpers import get_debug_flag
from sqlalchemy import make_url

from changetrack import api, cli, web
from changetrack.cli._supervisor import end_with_parent
from changetrack.config import Clock, Settings, SettingsError, load_settings
from changetrack.migrations import refuse_wrong_revision
from changetrack.models import db

HERE = Path(__file__).resolve().parent


def create_app(settings: Settings | None = None, *, clock: Clock | None = None) -> Flask:
    """Put the application together; `settings` and `clock` are read from the environment unless given."""
    settings = settings or load_settings()
    if get_debug_flag() and settings.env != "development":
        raise SettingsError("FLASK_DEBUG is only for CHANGETRACK_ENV=development.")
    app = Flask(
        "changetrack",
        instance_path=str(settings.instance),
        static_folder=str(HERE / "static"),
        template_folder=str(_templates()),
    )
    app.config.from_mapping(_flask_config(settings))
    app.extensions["changetrack.settings"] = settings
    app.extensions["changetrack.clock"] = clock or Clock(settings)
    db.init_app(app)
    web.init_web(app)
    api.init_api(app)
    cli.register(app.cli)
    return app


def create_serving_app() -> Flask:
    """The application for a web server's process, which must not meet a database of another revision."""
    end_with_parent()
    app = create_app()
    with app.app_context():
        refuse_wrong_revision(db.engine)
    return app


def _templates() -> Path:
    """Inside the package when installed, beside it in a clone."""
    inside = HERE / "templates"
    return inside if inside.is_dir() else HERE.parent / "templates"


def _flask_config(settings: Settings) -> dict[str, object]:
    return {
        "DEBUG": settings.debug,
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_FALLBACKS": list(settings.secret_key_fallbacks),
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(settings),
        "MAX_CONTENT_LENGTH": settings.max_upload_mb * 1024 * 1024,
    }


def _engine_options(settings: Settings) -> dict[str, object]:
    """A bounded pool that notices a restarted server; SQLite waits for its lock by the pragma of `models`."""
    options: dict[str, object] = {"pool_pre_ping": True, "hide_parameters": True}  # what people typed stays out of logs
    if make_url(settings.database_url).get_backend_name() != "sqlite":
        options |= {"pool_size": settings.database_pool_size, "pool_recycle": 1800}
    return options
