"""The administrator's pages about teams and who is in them."""

from flask import Blueprint, Response, flash
from wtforms.fields.choices import SelectChoice

from changetrack.domain.people import Action
from changetrack.operations import teams as operations
from changetrack.queries.people import get_team, list_teams, list_user_choices
from changetrack.web.admin.forms import MemberForm, TeamForm
from changetrack.web.forms import expect_no_fields, refusals_on, shown_version
from changetrack.web.platform import clock, go, page, require

blueprint = Blueprint("teams_admin", __name__, url_prefix="/admin/teams")


@blueprint.get("")
def index() -> Response:
    require(Action.ADMINISTER)
    return page("admin/teams.html", teams=list_teams())


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response:
    actor, form = require(Action.ADMINISTER), TeamForm()
    if form.validate_on_submit():
        with refusals_on(form):
            team_id = operations.add_team(actor=actor, now=clock().now(), name=form.name.data)
            flash(f"{form.name.data} is added. Now choose who is in it.", "success")
            return go(".team", team_id=team_id)
    return page("admin/teams_new.html", form=form)


@blueprint.route("/<int:team_id>", methods=["GET", "POST"])
def team(team_id: int) -> Response:
    actor, found = require(Action.ADMINISTER), get_team(team_id)
    form = TeamForm(obj=found)
    if form.validate_on_submit():
        with refusals_on(form):
            operations.rename_team(
                actor=actor,
                now=clock().now(),
                team_id=team_id,
                name=form.name.data,
                version=shown_version(form.version.data),
            )
            flash(f"{form.name.data} is saved.", "success")
            return go(".team", team_id=team_id)
    return page("admin/teams_team.html", form=form, team=found, member_form=_member_form(formdata=None))


@blueprint.post("/<int:team_id>/members")
def put_member(team_id: int) -> Response:
    actor, found, member_form = require(Action.ADMINISTER), get_team(team_id), _member_form()
    if member_form.validate_on_submit():
        with refusals_on(member_form):
            operations.put_in_team(
                actor=actor,
                now=clock().now(),
                team_id=team_id,
                user_id=member_form.user_id.data,
                role=member_form.role.data,
            )
            flash("The team is saved.", "success")
            return go(".team", team_id=team_id)
    form = TeamForm(formdata=None, obj=found)
    return page("admin/teams_team.html", form=form, team=found, member_form=member_form, status=422)


@blueprint.post("/<int:team_id>/members/<int:user_id>/remove")
def remove_member(team_id: int, user_id: int) -> Response:
    actor = require(Action.ADMINISTER)
    expect_no_fields()
    operations.remove_from_team(actor=actor, now=clock().now(), team_id=team_id, user_id=user_id)
    flash("Removed: the team's accounts are closed to them from now on.", "success")
    return go(".team", team_id=team_id)


def _member_form(**given: object) -> MemberForm:
    form = MemberForm(**given)
    form.user_id.choices = [SelectChoice(user_id, words) for user_id, words in list_user_choices()]
    return form
