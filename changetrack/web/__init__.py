"""The pages: one package per room, put together by `init_web`."""

from importlib import import_module

from flask import Flask

from changetrack.config import Settings
from changetrack.web import errors, headers, logs, navigation, requests, sessions, static_files
from changetrack.web.formatting import FILTERS

# Every blueprint there is: each module holds one, called `blueprint`.
ROOMS = (
    "changetrack.web.health",
    "changetrack.web.vital_signs",
    "changetrack.web.people.routes",
    "changetrack.web.admin.routes",
    "changetrack.web.admin.people",
    "changetrack.web.admin.teams",
    "changetrack.web.admin.playbook",
    "changetrack.web.admin.imports",
    "changetrack.web.admin.metrics",
    "changetrack.web.admin.sources",
    "changetrack.web.admin.arrivals",
    "changetrack.web.admin.unmatched",
    "changetrack.web.admin.tokens",
    "changetrack.web.admin.calendars",
    "changetrack.web.admin.endpoints",
    "changetrack.web.admin.audit",
    "changetrack.web.today.routes",
    "changetrack.web.accounts.routes",
    "changetrack.web.journey.routes",
    "changetrack.web.journey.record",
    "changetrack.web.journey.gate",
    "changetrack.web.journey.moves",
    "changetrack.web.coalition.routes",
    "changetrack.web.customer.routes",
    "changetrack.web.customer.requests",
    "changetrack.web.value.routes",
    "changetrack.web.value.outcomes",
    "changetrack.web.value.statements",
    "changetrack.web.board.routes",
    "changetrack.web.funnel.routes",
    "changetrack.web.alerts.routes",
    "changetrack.web.learning.routes",
    "changetrack.web.learning.commitments",
    "changetrack.web.messages.routes",
    "changetrack.web.messages.unsubscribe",
    "changetrack.web.messages.calendar",
    "changetrack.web.search.routes",
)


def init_web(app: Flask) -> None:
    """Add the pages of every room to `app`, and what stands before and behind them."""
    settings: Settings = app.extensions["changetrack.settings"]
    logs.configure_logging(settings)
    app.jinja_env.filters.update(FILTERS)
    requests.init_requests(app, settings)
    sessions.init_sessions(app, settings)
    requests.init_bodies(app)  # after the guard: whose session ended is asked to sign in, not told of a missing token
    errors.init_errors(app)
    navigation.init_navigation(app)
    static_files.init_static_files(app)
    headers.init_headers(app, settings)
    for room in ROOMS:
        app.register_blueprint(import_module(room).blueprint)
