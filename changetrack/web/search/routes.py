"""Search over accounts, people, pages and actions; as a page, or as the few lines below the search field."""

from flask import Blueprint, Response, request

from changetrack.queries.account_filters import LONGEST_TEXT
from changetrack.queries.search import search
from changetrack.web.platform import current_actor, page
from changetrack.web.search.places import destinations

AT_A_GLANCE = 6

blueprint = Blueprint("search", __name__)


@blueprint.get("/search")
def index() -> Response:
    text = request.args.get("q", "").strip()[:LONGEST_TEXT]
    actor = current_actor()
    is_glance = "HX-Request" in request.headers
    return page(
        "search/glance.html" if is_glance else "search/search.html",
        found=search(text, actor=actor),
        places=destinations(text, actor),
        search_text=text,
        most=AT_A_GLANCE,
    )
