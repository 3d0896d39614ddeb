"""The board, and moving a card: a proposal when it goes on, the way to the form when it goes back."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, request, url_for
from wtforms import HiddenField, IntegerField
from wtforms.validators import InputRequired

from changetrack.domain.funnel import OPEN_PLACES, PLACE_KEYS
from changetrack.domain.journey.steps import ANCHORED, step_name
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import NotFound, refuse_if
from changetrack.domain.stale_words import learned_for
from changetrack.operations.journey.gate import propose_advance
from changetrack.queries.account_choices import get_choices
from changetrack.queries.accounts import AccountRow, list_accounts_by_id
from changetrack.queries.board import get_board
from changetrack.queries.funnel_worth import Worths, find_ready_worth, total
from changetrack.web.accounts.asked import chips, filter_menu_fields, read_asked
from changetrack.web.formatting import with_args
from changetrack.web.forms import Form, refusals_on, shown_version
from changetrack.web.journey.words import gate_words
from changetrack.web.platform import acting, clock, current_actor, go, go_asking, page, require, settings

OWN = ("place", "step", "sort", "after", "before", "col")  # arguments of the list that mean nothing here
Kept = dict[str, Any]

blueprint = Blueprint("board", __name__)


class MoveForm(Form):
    """Where a card was put; `version` is the visit that the board showed."""

    to = IntegerField("Step", [InputRequired("Say to which step.")])
    version = HiddenField()


@blueprint.get("/board")
def index() -> Response:
    return _board()


@blueprint.post("/board/<int:account_id>/move")
def move(account_id: int) -> Response:
    """Propose that an account goes one step on; what the gate misses is shown with the board."""
    row, form = _card(account_id), MoveForm()
    to, step = form.to.data or 0, row.claimed_step
    if form.validate_on_submit():
        with refusals_on(form):
            refuse_if(_cannot(row, to, form.version.data))
            if to < step:
                return go("journey_moves.back", account_id=account_id, to_step=to)
            result = propose_advance(account_id=account_id, effective_on=clock().today(), **acting())
            moved = gate_words(row.name, result)
            flash(moved if result.advanced else f"{row.name} is proposed for {_named(to)}. {moved}", "success")
            return go_asking(".index", request.args.to_dict(flat=False))
    return _board(form, row)


def _board(form: Form | None = None, moved: AccountRow | None = None) -> Response:
    """The board; with the card that did not move and why."""
    actor, asked = current_actor(), read_asked(request.args)
    choices = get_choices(actor=actor)
    board = get_board(asked.filters, actor=actor, today=clock().today())
    kept: Kept = {name: values for name, values in asked.query.items() if name not in OWN}
    filters = asked.filters
    worth = None if filters.text or filters.stale or filters.unsupported else find_ready_worth(
        actor=actor, today=clock().today(), zone=ZoneInfo(settings().timezone), as_of=clock().today(),
        filters=filters.fields,
    )  # fmt: skip
    return page(
        "board/board.html",
        form=form,
        moved=moved,
        board=board,
        cards={column.place: [_shown(row, actor, kept) for row in column.cards] for column in board.columns},
        more={
            c.place: url_for("accounts.index") + with_args(kept, place=PLACE_KEYS[c.place], sort="-days")
            for c in board.columns
        },
        live={place: _live(total(worth or {}, [place])) for place in OPEN_PLACES},
        chips=chips(asked, choices),
        menu=[field for field in filter_menu_fields(asked, choices) if field["name"] != "place"],
        query=kept,
    )


def _live(worth: Worths) -> list[tuple[str, int]]:
    return [(currency, amounts.live) for currency, amounts in worth.items() if amounts.live]


def _card(account_id: int) -> AccountRow:
    """The account as the board knows it, if the actor may move it."""
    rows = list_accounts_by_id((account_id,), actor=current_actor(), today=clock().today())
    if not rows:
        raise NotFound("account")
    require(Action.WORK, rows[0].team_id)
    return rows[0]


def _cannot(row: AccountRow, to: int, shown: object) -> list[tuple[str | None, str]]:
    """Why a card cannot be put there, whatever the gate says."""
    step = row.claimed_step
    if shown and shown_version(shown) != row.visit_seq:
        return [(None, f"{row.name} has moved since this board was shown. It is here now: {step_name(step)}.")]
    if row.status in ("held", "closed"):
        return [(None, f"{row.name} is {'on hold' if row.status == 'held' else 'closed'}.")]
    if not 0 < to <= ANCHORED:
        return [("to", "Steps are numbered 1 to 8.")]
    if to == step:
        return [("to", f"{row.name} is there already.")]
    return [("to", f"One step after the other: next is {_named(step + 1)}.")] if to > step + 1 else []


def _limit_words(row: AccountRow) -> str:
    """By what a learned limit holds; nothing of one that is the playbook's."""
    month = row.limit_learned_for
    return "" if month is None else f"{learned_for(month)} (fixed: {row.fixed_limit or 'none'})"


def _named(step: int) -> str:
    return "being anchored" if step >= ANCHORED else f"step {step}, {step_name(step)}"


def _shown(row: AccountRow, actor: Actor, kept: Kept) -> dict[str, object]:
    """One card."""
    product = None if row.product and row.name.endswith(row.product) else row.product
    names = (row.organization if row.organization != row.name else None, product)
    return {
        "id": row.id,
        "name": row.name,
        "href": url_for("journey.account_page", account_id=row.id),
        "note": " · ".join(name for name in names if name),
        "claimed": row.claimed_step,
        "supported": row.supported_step,
        "days": row.days,
        "limit": row.limit,
        "limit_words": _limit_words(row),
        "reasons": [code for code, _ in row.reasons],
        "owner": row.owner,
        "live": _live(row.worth),
        "may_move": may(actor, Action.WORK, row.team_id),
        "move": url_for(".move", account_id=row.id) + with_args(kept),
        "version": row.visit_seq,
    }
