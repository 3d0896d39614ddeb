"""The pages of the record: the list and its export, adding, editing, names in other systems, handing over."""

from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qsl

from flask import Blueprint, Response, current_app, flash, request
from werkzeug.datastructures import MultiDict

from changetrack.adapters.file_writers import MEDIA_TYPES, text_chunks
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, OperationRefused, refuse_if
from changetrack.operations import account_views
from changetrack.operations import accounts as operations
from changetrack.queries.account_choices import Choices, get_choices
from changetrack.queries.account_record import AccountRecord, get_account_record
from changetrack.queries.account_views import list_views
from changetrack.queries.accounts import list_accounts, list_accounts_by_id
from changetrack.web.accounts.asked import COLUMNS, chips, filter_menu_fields, kept_query, read_asked
from changetrack.web.accounts.conflict import reconcile, remember
from changetrack.web.accounts.export import EXPORTED, each_row
from changetrack.web.accounts.forms import (
    AccountForm,
    AliasForm,
    ReassignForm,
    ViewForm,
    offer,
    shown_values,
    typed_owner,
    typed_record,
)
from changetrack.web.accounts.handover import hand_over
from changetrack.web.formatting import with_args
from changetrack.web.forms import expect_no_fields, refusals_on, shown_version
from changetrack.web.platform import acting, clock, current_actor, go, go_asking, page

AT_ONCE = 200  # accounts handed over by one request

blueprint = Blueprint("accounts", __name__)


@blueprint.get("/accounts")
def index() -> Response:
    actor = current_actor()
    form, choices = ReassignForm(formdata=None), get_choices(actor=actor)
    offer(form, choices, actor)
    return _list(form, choices)


@blueprint.get("/accounts/export")
def export() -> Response:
    """The listed accounts, all pages of them, as CSV."""
    actor, asked, today = current_actor(), read_asked(request.args), clock().today()
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # what stands behind the proxy
    rows = each_row(app, asked, actor=actor, today=today)
    response = Response(text_chunks(EXPORTED, rows, "csv"), content_type=MEDIA_TYPES["csv"])
    response.headers["Content-Disposition"] = f'attachment; filename="accounts-{today.isoformat()}.csv"'
    return response


@blueprint.route("/accounts/new", methods=["GET", "POST"])
def new() -> Response:
    actor, form = _editor(), AccountForm()
    choices = get_choices(actor=actor)
    offer(form, choices, actor)
    if form.validate_on_submit():
        with refusals_on(form):
            account_id = operations.create_account(record=typed_record(form), **acting())
            flash(f"{form.name.data} is added. Now say who the customer is and what they value.", "success")
            return go("journey.account_page", account_id=account_id)
    return page("accounts/new.html", form=form, choices=choices)


@blueprint.route("/accounts/<int:account_id>/edit", methods=["GET", "POST"])
def edit(account_id: int) -> Response:
    record, choices = _editable(account_id)
    form = AccountForm(data={**shown_values(record), "version": record.version, "shown": remember(record)})
    offer(form, choices, current_actor(), record)
    if form.validate_on_submit():
        with refusals_on(form):
            version = shown_version(form.version.data)
            typed = typed_record(form, record)
            operations.edit_account(account_id=account_id, record=typed, version=version, **acting())
            flash(f"{form.name.data} is saved.", "success")
            return go("journey.account_page", account_id=account_id)
    if form.conflict:
        differences = reconcile(form, get_account_record(account_id, actor=current_actor()))
        return page("accounts/conflict.html", form=form, record=record, differences=differences, choices=choices)
    return page("accounts/edit.html", form=form, record=record, choices=choices, alias=AliasForm(formdata=None))


@blueprint.post("/accounts/<int:account_id>/aliases")
def add_alias(account_id: int) -> Response:
    return _change_aliases(account_id, operations.add_alias, "“{alias}” names {name} from now on.")


@blueprint.post("/accounts/<int:account_id>/aliases/remove")
def remove_alias(account_id: int) -> Response:
    return _change_aliases(account_id, operations.remove_alias, "“{alias}” no longer names {name}.")


@blueprint.post("/accounts")
def reassign() -> Response:
    """Give the chosen accounts another owner or team; refused, the list comes again with what was chosen."""
    actor, form, outcomes = _editor(), ReassignForm(), []
    choices = get_choices(actor=actor)
    offer(form, choices, actor)
    if form.validate_on_submit():
        with refusals_on(form):
            reasons: list[tuple[str, str]] = []
            wanted = {"owner_id": typed_owner(form, reasons), "team_id": form.team_id.data}
            changes = {name: value for name, value in wanted.items() if value}
            ids = [key for key in form.id.data or () if key][:AT_ONCE]
            reasons += [("id", "Choose the accounts to hand over, in the list.")] if not ids else []
            refuse_if(reasons or ([("owner_id", "Choose a new owner, a new team, or both.")] if not changes else []))
            outcomes = hand_over(list_accounts_by_id(ids, actor=actor, today=clock().today()), changes)
    if form.errors:
        return _list(form, choices)
    return page("accounts/reassigned.html", outcomes=outcomes, back=with_args(request.args.to_dict(flat=False)))


@blueprint.post("/accounts/views")
def save_view() -> Response:
    form = ViewForm()
    if not form.validate_on_submit():
        raise OperationRefused((None, message) for messages in form.errors.values() for message in messages)
    query = kept_query(form.query.data or "")
    account_views.save_view(
        name=form.name.data or "", query=query, is_shared=form.shared.data, actor=current_actor(), now=clock().now()
    )
    flash(f"“{form.name.data}” is among your views.", "success")
    return _to_list(query)


@blueprint.post("/accounts/views/<int:view_id>/remove")
def remove_view(view_id: int) -> Response:
    expect_no_fields()
    account_views.remove_view(view_id=view_id, actor=current_actor(), now=clock().now())
    flash("The view is removed. The accounts are where they were.", "success")
    return _to_list(request.query_string.decode())


def _list(form: ReassignForm, choices: Choices) -> Response:
    """The list that the address asks for, with `form` to hand some of it over."""
    actor, asked = current_actor(), read_asked(request.args)
    found = list_accounts(
        asked.filters, actor=actor, today=clock().today(), sort=asked.sort, after=asked.after, before=asked.before
    )
    turned = partial(with_args, asked.query)
    return page(
        "accounts/list.html",
        form=form,
        found=found,
        asked=asked,
        chips=chips(asked, choices),
        views=list_views(actor=actor),
        kept=kept_query(request.query_string.decode()),
        menu=filter_menu_fields(asked, choices),
        columns=[{"key": key, "label": COLUMNS[key], "shown": key in asked.columns} for key in COLUMNS],
        first=turned(after=None, before=None) if found.before else "",
        previous=turned(before=found.before, after=None) if found.before else "",
        following=turned(after=found.after, before=None) if found.after else "",
        may_edit=_may_edit_some(actor),
    )


def _to_list(query: str) -> Response:
    return go_asking(".index", MultiDict(parse_qsl(query)).to_dict(flat=False))


def _change_aliases(account_id: int, change: Callable[..., None], words: str) -> Response:
    record, choices = _editable(account_id)
    alias = AliasForm()
    if alias.validate_on_submit():
        with refusals_on(alias):
            change(account_id=account_id, alias=alias.alias.data or "", **acting())
            flash(words.format(alias=alias.alias.data, name=record.name), "success")
            return go(".edit", account_id=account_id, _anchor="aliases")
    data = {**shown_values(record), "version": record.version, "shown": remember(record)}
    form = AccountForm(formdata=None, data=data)
    offer(form, choices, current_actor(), record)
    return page("accounts/edit.html", form=form, record=record, choices=choices, alias=alias, status=422)


def _may_edit_some(actor: Actor) -> bool:
    return may(actor, Action.EDIT_RECORD) or any(may(actor, Action.EDIT_RECORD, team) for team in actor.teams)


def _editor() -> Actor:
    """The actor, if there is any account whose record they may edit."""
    actor = current_actor()
    if not _may_edit_some(actor):
        raise Forbidden("Your role does not change account records.")
    return actor


def _editable(account_id: int) -> tuple[AccountRecord, Choices]:
    """The record and what there is to choose from, if the actor may edit it."""
    actor = current_actor()
    record = get_account_record(account_id, actor=actor)
    if not record.may_edit:
        raise Forbidden("You may look at this account, but not edit its record.")
    return record, get_choices(actor=actor)
