"""The administrator's pages about the playbook: what is in force, and changing one step of it."""

from typing import Any

from flask import Blueprint, Response, flash, request
from wtforms import BooleanField, DecimalField, HiddenField, IntegerField, SubmitField, TextAreaField
from wtforms.validators import Length, NumberRange, Optional

from changetrack.domain.day_words import month_in_words
from changetrack.domain.journey.playbook_settings import Setting, step_settings, with_settings
from changetrack.domain.journey.steps import CATALOGUE
from changetrack.domain.people import Action, Actor
from changetrack.domain.refusal import NotFound
from changetrack.domain.usefulness import Proposal
from changetrack.operations.playbook import change_playbook
from changetrack.queries.learned_limits import get_learned, list_limits
from changetrack.queries.playbook import count_concerned, get_playbook
from changetrack.queries.usefulness import get_usefulness, propose_wider
from changetrack.web.admin.learned import how_learned, plot_of, table_of
from changetrack.web.forms import Form, refusals_on, shown_version
from changetrack.web.platform import clock, go, page, require

blueprint = Blueprint("playbook_admin", __name__, url_prefix="/admin/playbook")


@blueprint.get("")
def index() -> Response:
    actor, today = require(Action.ADMINISTER), clock().today()
    found, limits = get_playbook(), list_limits(today)
    wider = propose_wider(found.playbook, get_usefulness(actor=actor, today=today))
    return page("admin/playbook.html", found=found, catalogue=CATALOGUE, limits=limits, how=how_learned, wider=wider)


@blueprint.route("/steps/<int:number>", methods=["GET", "POST"])
def step(number: int) -> Response:
    actor = require(Action.ADMINISTER)
    if number not in CATALOGUE:
        raise NotFound("There is no such step.")
    found = get_playbook()
    wider = propose_wider(found.playbook, get_usefulness(actor=actor, today=clock().today())).get(number)
    settings = step_settings(found.body["steps"][number - 1])
    form = _form_for(settings)(version=found.playbook.version, **_shown(settings, wider))
    is_valid = form.validate_on_submit()
    if is_valid and not form.preview.data:
        body = with_settings(found.body, number, {s.name: form[s.name].data for s in settings})
        with refusals_on(form):
            version = _save(form, body, actor)
            flash(f"Version {version} of the playbook is in force for steps entered from now on.", "success")
            return go(".index")
    return page("admin/playbook_step.html", form=form, number=number, step=CATALOGUE[number], wider=wider,
                points=_by_point(found, number, settings), version=found.playbook.version, **_learned(number),
                **(_preview(form, number, settings) if is_valid and form.preview.data else {}))  # fmt: skip


def _shown(settings: list[Setting], wider: Proposal | None) -> dict[str, Any]:
    """What stands in the form at first: what is in force, or the wider limit if that is asked for."""
    shown = {s.name: s.value for s in settings}
    if wider is not None and "widen" in request.args:
        shown |= {f"step{wider.step}_progress_days": wider.proposed, "note": wider.words}
    return shown


def _learned(number: int) -> dict[str, Any]:
    """How the limit of days in the step was learned."""
    learning = get_learned(number)
    newest = learning.newest
    return {
        "learning": learning,
        "how": how_learned,
        "month_in_words": month_in_words,
        "plot": plot_of(learning.curve, newest) if newest else None,
        "shares": table_of(learning.curve),
    }


def _save(form: Any, body: dict[str, Any], actor: Actor) -> int:
    based_on = shown_version(form.version.data)
    return change_playbook(body=body, note=form.note.data or "", based_on=based_on, actor=actor, now=clock().now())


def _preview(form: Any, number: int, settings: list[Setting]) -> dict[str, Any]:
    """What would change, and whom it would concern."""
    changes = [(s, form[s.name].data) for s in settings if form[s.name].data != s.value]
    return {"concerned": count_concerned(number), "changes": changes}


def _by_point(found: Any, number: int, settings: list[Setting]) -> list[tuple[Any, list[Setting]]]:
    """The step's own settings first (under None), then those of each control point."""
    groups: list[tuple[Any, list[Setting]]] = [(None, [s for s in settings if s.point is None])]
    for point in found.playbook.steps[number].points:
        groups.append((point, [s for s in settings if s.point == point.key]))
    return groups


def _form_for(settings: list[Setting]) -> type[Form]:
    fields: dict[str, Any] = {
        "version": HiddenField(),
        "note": TextAreaField("Why does it change?", [Length(max=500)], render_kw={"rows": 2}),
        "preview": SubmitField("Show what would change"),
        "save": SubmitField("Save as a new version"),
    }
    return type("StepForm", (Form,), fields | {s.name: _field_for(s) for s in settings})


def _field_for(setting: Setting) -> Any:
    if setting.kind == "yes_no":
        return BooleanField(setting.label)
    if setting.kind == "share":
        return DecimalField(f"{setting.label} %", [NumberRange(0.01, 100, "From 0.01 to 100 %%.")], places=None)
    blank = [Optional()] if setting.kind == "days" else []
    return IntegerField(setting.label, [*blank, NumberRange(1, 3650, "From 1 to 3,650.")])
