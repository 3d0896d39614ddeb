"""What every template knows: who is signed in, where they can go, and what day it is."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request, url_for

from changetrack.domain.people import Action, may
from changetrack.web.platform import clock, known_actor


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the rail; `key` follows `g` on the keyboard."""

    endpoint: str
    label: str
    icon: str
    key: str
    needs: Action | None = None
    active: bool = False
    badge: int = 0


PLACES = (
    Place("today.index", "Today", "sun", "t"),
    Place("accounts.index", "Accounts", "building", "a"),
    Place("board.index", "Board", "layout-kanban", "b"),
    Place("funnel.index", "Funnel", "chart-funnel", "f"),
    Place("value.index", "Value", "coin", "v"),
    Place("alerts.index", "Alerts", "bell", "l"),
    Place("learning.index", "Learning", "notes", "n"),
    Place("admin.index", "Admin", "settings", "m", needs=Action.ADMINISTER),
)


def init_navigation(app: Flask) -> None:
    """Give every template `actor`, `nav`, `today` and the addresses of the person's menu."""
    app.context_processor(_context)


def _context() -> dict[str, Any]:
    actor = known_actor()
    if actor is None:
        return {"actor": None, "nav": [], "today": clock().today()}
    places = [place for place in PLACES if place.needs is None or may(actor, place.needs)]
    return {
        "actor": actor,
        "nav": [_shown(place) for place in places if place.endpoint in current_app.view_functions],
        "today": clock().today(),
        "settings_url": url_for("message_settings.index"),
        "sessions_url": url_for("people.sessions"),
        "sign_out_url": url_for("people.sign_out"),
    }


def _shown(place: Place) -> Place:
    home = url_for(place.endpoint)
    is_here = request.path == home or (home != "/" and request.path.startswith(home.rstrip("/") + "/"))
    return Place(place.endpoint, place.label, place.icon, place.key, place.needs, active=is_here)
