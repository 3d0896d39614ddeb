"""Who is signed in: the cookie names a session row, and every page but the public ones asks for it."""

from datetime import timedelta

import structlog
from flask import Flask, Response, abort, current_app, make_response, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy.exc import OperationalError

from changetrack.config import Settings
from changetrack.domain.people import Actor
from changetrack.operations.sign_in import keep_session_alive
from changetrack.queries.people import SignedIn, find_signed_in, session_hash
from changetrack.web.platform import PUBLIC, clock, is_apart, settings

SEEN_EVERY = timedelta(minutes=5)  # how exactly a session row knows when it was last used
WITH_ONE_TIME_PASSWORD = frozenset({"people.password", "people.sign_out"})

log = structlog.get_logger("changetrack.web")


class SignedInUser(UserMixin):  # type: ignore[misc]  # Flask-Login is not typed
    """What Flask-Login keeps for the length of a request."""

    def __init__(self, found: SignedIn, token: str) -> None:
        self.found = found
        self.token = token

    @property
    def actor(self) -> Actor:
        """The person as the actor of operations."""
        return self.found.actor

    def get_id(self) -> str:
        """What the cookie holds: the token, never the user's id."""
        return self.token


class SessionManager(LoginManager):  # type: ignore[misc]  # Flask-Login is not typed
    """Flask-Login without its second cookie."""

    def _update_remember_cookie(self, response: Response) -> Response:
        """There is none; looking for it reads the session, and then even style sheets vary by cookie."""
        return response


def init_sessions(app: Flask, settings: Settings) -> None:
    """Set up cookies, the loading of who asks, the guard before pages."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-changetrack" if settings.is_https else "changetrack",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=lifetime(settings),
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session; a page left open over lunch still saves
    )
    manager = SessionManager()
    manager.init_app(app, add_context_processor=False)  # a page about a database that is away must not ask it who reads
    manager.session_protection = None  # a telephone changes its address; the session row is what protects
    manager.user_loader(_load)
    app.before_request(_guard)


def lifetime(settings: Settings) -> timedelta:
    """How long a session lasts at most."""
    return timedelta(hours=settings.session_hours)


def idle_limit(settings: Settings) -> timedelta:
    """How long a session lasts without a request."""
    return timedelta(minutes=settings.session_idle_minutes)


def current_token() -> str:
    """The session token of the person who asks."""
    token: str = current_user.token
    return token


def start_session(token: str) -> None:
    """Give this browser the session that an operation has opened; nothing of the one before is kept."""
    session.clear()
    user = _load(token)
    if user is None:
        raise RuntimeError("the session that was just opened is not there")
    login_user(user)
    session.permanent = True


def forget_session() -> None:
    """Take the session from this browser."""
    logout_user()
    session.clear()


def local_path(target: str | None) -> str:
    """The page to go on to after signing in: `target` where it is a path of ours, else Today."""
    path = target or ""
    is_odd = any(not "\x20" < sign < "\x7f" or sign == "\\" for sign in path)
    return path if path.startswith("/") and not path.startswith("//") and not is_odd else "/"


def _load(token: str) -> SignedInUser | None:
    found = find_signed_in(session_hash(token), now=clock().now(), idle=idle_limit(settings()))
    return SignedInUser(found, token) if found else None


def _guard() -> Response | None:
    """Nobody passes without signing in, nor with a one-time password to anything but choosing another."""
    if request.endpoint is None or is_apart() or _is_public(request.endpoint):
        return None
    if not current_user.is_authenticated:
        return _ask_to_sign_in()
    if current_user.found.needs_password and request.endpoint not in WITH_ONE_TIME_PASSWORD:
        return _send_to(url_for("people.password"))
    _keep_alive()
    return None


def _is_public(endpoint: str) -> bool:
    return endpoint == "static" or getattr(current_app.view_functions[endpoint], PUBLIC, False)


def _ask_to_sign_in() -> Response:
    wanted = request.full_path.removesuffix("?") if request.method == "GET" else None
    return _send_to(url_for("people.sign_in", next=None if wanted == "/" else wanted))


def _send_to(url: str) -> Response:
    if "HX-Request" in request.headers:  # a redirect would put the sign-in page into a piece of this one
        abort(make_response("", 401, {"HX-Redirect": url}))
    return make_response(redirect(url))


def _keep_alive() -> None:
    now, seen = clock().now(), current_user.found.last_seen_at
    if now - seen < min(SEEN_EVERY, idle_limit(settings()) / 4):
        return
    try:
        keep_session_alive(actor=current_user.actor, now=now, token=current_user.token)
    except OperationalError as error:  # a full disk refuses writes; reading goes on
        log.warning("session_not_kept_alive", error=type(error.orig).__name__)
