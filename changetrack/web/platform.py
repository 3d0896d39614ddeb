"""What every page stands on: who asks, what time it is, what they may do, and how the answer is given.

A page is a view of at most 25 lines which parses, calls ONE operation or query, and renders. Add the module
to ROOMS of web/__init__.py and the route to the table of tests/functional/web/test_routes_by_role.py.

    blueprint = Blueprint("funnel", __name__)      # in web/<room>/routes.py

    @blueprint.get("/funnel")
    def index() -> Response:                       # the main page of a room is always `index`
        actor = require(Action.SEE)                # else 403; require(Action.WORK, team_id) for one team
        return page("funnel/funnel.html", funnel=get_funnel(actor=actor, today=clock().today()))

    @blueprint.route("/accounts/<int:account_id>/hold", methods=["GET", "POST"])
    def hold(account_id: int) -> Response:
        form = HoldForm()                          # a changetrack.web.forms.Form
        if form.validate_on_submit():
            with refusals_on(form):                # a refusal goes to the fields, the page is shown again
                hold_account(actor=current_actor(), now=clock().now(), today=clock().today(), ...)
                flash("Acme is on hold.", "success")     # success | warning | error | info
                return go("accounts.account", account_id=account_id)
        return page("journey/hold.html", form=form)      # 422 with refusals, 409 if stale, else 200

Every view needs a signed-in person unless it is marked `@public`. The exceptions of domain.refusal may
simply be left to rise: web/errors.py turns them into pages with status 422, 409, 404 and 403.
Templates always have `actor`, `nav`, `today`, `csrf_token()`; `form` is None where there is none. The text
of a stale form is shown by including "_partials/conflict.html". For a bare button call `expect_no_fields()`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Response, current_app, g, make_response, redirect, render_template, request, url_for
from flask_login import current_user

from changetrack.config import Clock, Settings
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, NotFound
from changetrack.web.forms import Form, status_of

View = TypeVar("View", bound=Callable[..., object])
PUBLIC = "is_public"
FILES_FOR = "takes_files_for"
APART = "changetrack.apart"  # the names of the blueprints of the API


def current_actor() -> Actor:
    """The signed-in person as the actor of an operation; Forbidden where nobody is signed in."""
    if not current_user.is_authenticated:
        raise Forbidden("Sign in first.")
    actor: Actor = current_user.actor
    return actor


def is_apart() -> bool:
    """Whether the request is for the API, whose callers have keys and no cookies, and send no forms."""
    return request.blueprint in current_app.extensions.get(APART, ())


def known_actor() -> Actor | None:
    """The actor if the request has already found one: asks no database, so error pages may use it."""
    user = g.get("_login_user")
    return user.actor if user is not None and user.is_authenticated else None


def clock() -> Clock:
    """The application's clock: `.now()` for what is recorded, `.today()` for what is evaluated."""
    found: Clock = current_app.extensions["changetrack.clock"]
    return found


def acting() -> dict[str, Any]:
    """Who acts and when, as every operation on an account is told: actor, now, today."""
    return {"actor": current_actor(), "now": clock().now(), "today": clock().today()}


def settings() -> Settings:
    """The settings of the running application."""
    found: Settings = current_app.extensions["changetrack.settings"]
    return found


def require(action: Action, team_id: int | None = None) -> Actor:
    """Return the actor if they may do this, on this team's accounts when a team is given.

    Raises NotFound for a team whose accounts they may not even see, else Forbidden.
    """
    actor = current_actor()
    if may(actor, action, team_id):
        return actor
    if team_id is not None and not may(actor, Action.SEE, team_id):
        raise NotFound("There is no such page.")
    raise Forbidden("Your role does not allow this.")


def public(view: View) -> View:
    """Mark a view that needs no sign-in."""
    setattr(view, PUBLIC, True)
    return view


def takes_files(action: Action) -> Callable[[View], View]:
    """Mark a view to which those who may do this send files; all other bodies are as small as forms."""

    def mark(view: View) -> View:
        setattr(view, FILES_FOR, action)
        return view

    return mark


def page(template: str, /, *, form: Form | None = None, status: int | None = None, **context: object) -> Response:
    """Render a page; its status follows from what became of `form` unless it is given."""
    body = render_template(template, form=form, **context)
    return make_response(body, status or (status_of(form) if form else 200))


def go(endpoint: str, /, **values: object) -> Response:
    """Send the browser on to a page after a change (303)."""
    return make_response(redirect(url_for(endpoint, **values), 303))  # type: ignore[arg-type]  # url_for takes what it formats


def go_asking(endpoint: str, query: Mapping[str, Sequence[str]], /) -> Response:
    """Send the browser on (303) to a page with the arguments of an address: to `url_for` some would be its own."""
    asked = urlencode(list(query.items()), doseq=True)
    return make_response(redirect(url_for(endpoint) + (f"?{asked}" if asked else ""), 303))
