"""The command that the import page runs beside the web server: check or import one uploaded file."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict
from types import FrameType
from typing import Any, Literal

import click
import structlog

from changetrack.adapters.uploaded_file import Choices, Run, Upload, UploadGone
from changetrack.adapters.uploads import Uploads
from changetrack.cli._face import clock, settings
from changetrack.cli._supervisor import end_with_parent
from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused
from changetrack.operations import imports
from changetrack.queries.actors import find_actor

LONGEST = 30 * 60  # seconds
TOLD_EVERY = 0.5  # seconds
What = Literal["check", "import"]

log = structlog.get_logger("changetrack.imports")


@click.command("run-upload", hidden=True)
@click.argument("key")
@click.argument("what", type=click.Choice(["check", "import"]))
@click.option("--apart", type=int, metavar="CLAIM", help="Be a process of its own, which holds this descriptor.")
def run_upload(key: str, what: What, apart: int | None) -> None:
    """Check or import a file that was uploaded; what becomes of it is noted beside the file."""
    upload = Uploads(settings().instance).find(key)
    if upload is None:
        raise NotFound("There is no such upload.")
    if apart is not None:
        _stand_apart()
    try:
        upload.note_run(_ended(upload, what))
    except UploadGone:
        log.info("import_stopped", file=upload.file_name)
    if apart is not None:
        os.close(apart)  # what comes next need not wait for this process to wind up


def _ended(upload: Upload, what: What) -> Run:
    """Run it to its end, and say which that was."""
    try:
        result = _work(upload, what)
    except imports.FileRefused as refusal:
        return Run(what, "refused", 1.0, asdict(refusal.result), ((None, refusal.reasons[-1].message),))
    except OperationRefused as refusal:
        return Run(what, "refused", 1.0, None, tuple((r.field, r.message) for r in refusal.reasons))
    except Forbidden as refusal:
        return Run(what, "refused", 1.0, None, ((None, str(refusal)),))
    except TimeoutError:
        return Run(what, "failed", 1.0, None, ((None, f"It took longer than {LONGEST // 60} minutes."),))
    except UploadGone:
        raise
    except Exception as error:
        log.exception("import_failed", file=upload.file_name, what=what)
        return Run(what, "failed", 1.0, None, ((None, f"Something went wrong here ({type(error).__name__})."),))
    if what == "import":
        upload.drop_file()
    return Run(what, "done", 1.0, asdict(result))


def _work(upload: Upload, what: What) -> imports.ImportResult:
    table = upload.table()
    with upload.rejecting(table.headers) as rejected:
        return imports.import_file(
            kind=upload.kind, source=table, options=_options(upload.choices() or Choices(), what),
            secret=settings().secret_key, actor=_owner(upload), now=clock().now(), today=clock().today(),
            watch=_teller(upload, what), on_reject=rejected.add,
        )  # fmt: skip


def _options(choices: Choices, what: What) -> imports.ImportOptions:
    return imports.ImportOptions(
        mapping=choices.mapping,
        constants=choices.constants,
        date_format=choices.date_format,
        dry_run=what == "check",
        skip_bad=choices.skip_bad,
    )


def _owner(upload: Upload) -> Actor:
    """Who uploaded it, with the rights of now."""
    actor = find_actor(upload.user_id)
    if actor is None:
        raise Forbidden("Whoever uploaded the file has been disabled since.")
    return actor


def _teller(upload: Upload, what: What) -> Callable[[float], None]:
    """Notes the progress now and then; once the upload is gone, that stops the operation."""
    told = time.monotonic()

    def tell(share: float) -> None:
        nonlocal told
        if time.monotonic() - told >= TOLD_EVERY:
            told = time.monotonic()
            upload.note_run(Run(what, share=share))

    return tell


def _stand_apart() -> None:
    """Give way to others, end with the parent process, and end after a time in any case."""
    end_with_parent()
    os.nice(10)
    signal.signal(signal.SIGALRM, _time_is_up)
    signal.alarm(LONGEST)


def _time_is_up(_number: int, _frame: FrameType | None) -> Any:
    raise TimeoutError


COMMANDS: tuple[click.Command, ...] = (run_upload,)
