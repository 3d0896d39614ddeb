"""Asking the customer's people for their word: the requests of an account, a new one, another address, revoking."""

from flask import Blueprint, Response, flash, request, url_for

from changetrack.domain.refusal import Forbidden
from changetrack.operations.customer_links import Requested, ask_customer, renew_address, revoke_link
from changetrack.queries.customer_requests import RequestsView, get_requests
from changetrack.web.customer.forms import request_form
from changetrack.web.formatting import exact_date
from changetrack.web.forms import expect_no_fields, refusals_on
from changetrack.web.journey.forms import person_number
from changetrack.web.platform import acting, clock, current_actor, go, page, settings

blueprint = Blueprint("customer_requests", __name__, url_prefix="/accounts/<int:account_id>/requests")


@blueprint.get("")
def index(account_id: int) -> Response:
    view = _requests(account_id)
    about = request.args.get("about", "")
    suits = next((str(one.suits) for one in view.askable if one.key == about and one.suits), "")
    form = request_form(view, formdata=None, contact_seq=request.args.get("contact", suits), asks=[about])
    return page("customer/requests.html", form=form, view=view)


@blueprint.post("")
def ask(account_id: int) -> Response:
    view = _workable(account_id)
    form = request_form(view)
    if form.validate_on_submit():
        with refusals_on(form):
            requested = ask_customer(
                account_id=account_id,
                contact_seq=person_number(form.contact_seq.data),
                asks=form.asks.data or (),
                **acting(),
            )
            return _asked(view, requested)
    return page("customer/requests.html", form=form, view=view)


@blueprint.post("/<int:link_id>/renew")
def renew(account_id: int, link_id: int) -> Response:
    view = _workable(account_id)
    expect_no_fields()
    return _shown_once(view, renew_address(account_id=account_id, link_id=link_id, **acting()))


@blueprint.post("/<int:link_id>/revoke")
def revoke(account_id: int, link_id: int) -> Response:
    _workable(account_id)
    expect_no_fields()
    person = revoke_link(account_id=account_id, link_id=link_id, **acting())
    flash(f"{person}’s page is revoked: its address leads nowhere. What was answered stays.", "success")
    return go(".index", account_id=account_id)


def _requests(account_id: int) -> RequestsView:
    return get_requests(account_id, actor=current_actor(), now=clock().now(), today=clock().today())


def _workable(account_id: int) -> RequestsView:
    view = _requests(account_id)
    if not view.may_work:
        raise Forbidden("You may look at this account, but not change it.")
    return view


def _asked(view: RequestsView, requested: Requested) -> Response:
    if requested.token is not None:
        return _shown_once(view, requested)
    until = exact_date(requested.expires_at.date())
    flash(f"Added to the page that {requested.person} has already: it is open until {until}.", "success")
    return go(".index", account_id=view.account_id)


def _shown_once(view: RequestsView, requested: Requested) -> Response:
    """The answer itself shows the address, so that it is kept in no cookie, log or history."""
    address = settings().base_url + url_for("customer.index", token=requested.token)
    return page("customer/address.html", view=view, requested=requested, address=address)
