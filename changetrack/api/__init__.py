"""What programs speak to: usage in the dialects of tracking SDKs, and ready-made numbers."""

from flask import Flask

from changetrack.api import daily_usage, posthog, segment
from changetrack.api.taking import init_taking

BLUEPRINTS = (segment.blueprint, posthog.blueprint, daily_usage.blueprint)
APART = "changetrack.apart"  # names of blueprints whose callers show keys: no cookies, no forms, no pages


def init_api(app: Flask) -> None:
    """Add the addresses of the API to `app`; to be called when the pages are there."""
    init_taking(app)
    app.extensions[APART] = frozenset(blueprint.name for blueprint in BLUEPRINTS)
    for blueprint in BLUEPRINTS:
        app.extensions["csrf"].exempt(blueprint)
        app.register_blueprint(blueprint)
