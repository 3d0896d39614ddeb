"""The administrator's pages about imports: upload, say what the columns mean, try it out, then import."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, current_app, flash, make_response, request, send_file, url_for

from changetrack.adapters.uploaded_file import Choices, Upload
from changetrack.adapters.uploads import Uploads
from changetrack.domain.accounts import account_reasons
from changetrack.domain.import_guesses import guess_mapping
from changetrack.domain.imports import CATALOGUES, lay_out, row_parser
from changetrack.domain.people import Action
from changetrack.domain.refusal import NotFound, OperationRefused
from changetrack.queries.imports import PAGE, list_imports
from changetrack.queries.people import list_teams
from changetrack.queries.usage_metrics import list_metric_keys
from changetrack.web.admin.import_forms import (
    KINDS,
    CommitForm,
    Offered,
    UploadForm,
    at_constants,
    choices_of,
    columns_form,
    refuse_unclear,
)
from changetrack.web.admin.import_process import start_check, start_import
from changetrack.web.admin.import_sample import look_at_dates, read_sample
from changetrack.web.admin.import_stages import counts_of, may_import, results_by_batch, stage_of
from changetrack.web.forms import Form, expect_no_fields, refusals_on
from changetrack.web.platform import clock, current_actor, go, page, require, settings, takes_files

blueprint = Blueprint("imports_admin", __name__, url_prefix="/admin/imports")

TIDIED_EVERY = timedelta(hours=1)
TIDIED = "changetrack.uploads_tidied"


@blueprint.before_app_request
def forget_old_uploads() -> None:
    """Delete day-old uploads now and then, on whatever request: they lie on the machine that serves it."""
    now: datetime = clock().now()
    last = current_app.extensions.get(TIDIED)
    if last is None or abs(now - last) > TIDIED_EVERY:  # a clock that was set back must not end the tidying
        current_app.extensions[TIDIED] = now
        with suppress(OSError):  # no page is to fail over it
            uploads().forget_old(now)


@blueprint.route("", methods=["GET", "POST"])
@takes_files(Action.IMPORT)
def index() -> Response:
    require(Action.IMPORT)
    form = UploadForm()
    if form.validate_on_submit():
        with refusals_on(form):
            upload = uploads().keep(
                form.file.data.stream, user_id=_user_id(), kind=form.kind.data,
                file_name=form.file.data.filename or "", encoding=form.encoding.data or None, now=clock().now(),
            )  # fmt: skip
            return go(".columns", key=upload.key)
    before = request.args.get("before", type=int)
    past = list_imports(before=before, limit=PAGE + 1)
    own = uploads().of(_user_id())
    return page(
        "admin/imports.html", form=form, kinds=KINDS, catalogues=CATALOGUES, past=past[:PAGE],
        under_way=[(upload, stage_of(upload, uploads())) for upload in own if upload.has_file],
        results=results_by_batch(own), first=url_for(".index") if before else "",
        following=url_for(".index", before=past[PAGE - 1].id) if len(past) > PAGE else "",
    )  # fmt: skip


@blueprint.route("/<key>/columns", methods=["GET", "POST"])
def columns(key: str) -> Response:
    upload = _own(key)
    if not upload.has_file or uploads().is_running(upload):
        return go(".upload", key=key)
    sample = read_sample(upload.table())
    chosen = upload.choices() or Choices(guess_mapping(upload.kind, sample.headers))
    dates = look_at_dates(sample, upload.kind, chosen.mapping, clock().today())
    form = columns_form(upload.kind, sample, dates, _offered(upload.kind), chosen)
    if form.validate_on_submit():
        with refusals_on(form):
            choices = choices_of(form, sample.headers)
            refuse_unclear(choices, upload.kind, dates)
            _refuse_unreadable(form, upload.kind, choices, list(sample.headers))
            start_check(upload, choices)
            return go(".upload", key=key)
    return page("admin/imports_columns.html", form=form, upload=upload, sample=sample, dates=dates, kinds=KINDS)


@blueprint.get("/<key>")
def upload(key: str) -> Response:
    upload = _own(key)
    return _shown(upload, CommitForm(formdata=None))


@blueprint.get("/<key>/progress")
def progress(key: str) -> Response:
    upload = _own(key)
    if stage_of(upload, uploads()) == "running":
        return page("admin/_imports_progress.html", upload=upload, run=upload.run())
    return make_response("", 204, {"HX-Refresh": "true"})


@blueprint.post("/<key>/import")
def commit(key: str) -> Response:
    upload, form = _own(key), CommitForm()
    run, choices = upload.run(), upload.choices()
    if form.validate_on_submit():
        with refusals_on(form):
            if run is None or choices is None or not may_import(run, stage_of(upload, uploads())):
                raise OperationRefused([(None, "Try the file out before you import it.")])
            start_import(upload, Choices(choices.mapping, choices.constants, choices.date_format, bool(form.skip.data)))
            return go(".upload", key=key)
    return _shown(upload, form)


@blueprint.post("/<key>/discard")
def discard(key: str) -> Response:
    upload = _own(key)
    expect_no_fields()
    was_running = uploads().is_running(upload)
    upload.forget()
    flash(
        f"{upload.file_name} is stopped and deleted here. If it was imported just before, it stands in the list below."
        if was_running
        else f"{upload.file_name} is deleted here.",
        "info",
    )
    return go(".index")


@blueprint.get("/<key>/rejected-rows.csv")
def rejects(key: str) -> Response:
    upload = _own(key)
    if not upload.rejects.exists() or uploads().is_running(upload):
        raise NotFound("There are no rejected rows.")
    name = f"rejected-rows-of-{upload.file_name.removesuffix('.gz').removesuffix('.csv')}.csv"
    return send_file(upload.rejects, mimetype="text/csv", as_attachment=True, download_name=name, max_age=0)


def uploads() -> Uploads:
    """The uploads of this installation."""
    return Uploads(settings().instance)


def _user_id() -> int:
    user_id = current_actor().user_id
    assert user_id is not None, "whoever is signed in is a user"
    return user_id


def _own(key: str) -> Upload:
    """The upload of that name if it is the actor's own; anybody else's is none. Raises Forbidden, NotFound."""
    require(Action.IMPORT)
    found = uploads().find(key)
    if found is None or found.user_id != _user_id():
        raise NotFound("There is no such upload.")
    return found


def _shown(upload: Upload, form: Form) -> Response:
    """The page of an upload as it stands."""
    run, stage = upload.run(), stage_of(upload, uploads())
    if run is None:
        return go(".columns", key=upload.key)
    return page(
        "admin/imports_upload.html", form=form, upload=upload, run=run, stage=stage, kinds=KINDS,
        counts=counts_of(upload.kind, run), labels={field.name: field.label for field in CATALOGUES[upload.kind]},
        may_import=may_import(run, stage),
    )  # fmt: skip


def _offered(kind: str) -> Offered:
    """What can be chosen where a value holds for all rows."""
    if kind == "usage":
        return {"metric": list_metric_keys()}
    return {"team": [(team.name, team.name) for team in list_teams()]}


def _refuse_unreadable(form: Form, kind: str, choices: Choices, headers: list[str]) -> None:
    """Refuse at once what the operation would refuse before its first row. Raises OperationRefused."""
    try:
        layout = lay_out(kind, headers, mapping=choices.mapping, constants=choices.constants)
        check: Any = account_reasons if kind == "accounts" else None
        row_parser(layout, date_format=choices.date_format, today=clock().today(), check=check)
    except OperationRefused as refusal:
        raise at_constants(refusal, form) from None
