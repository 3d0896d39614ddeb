"""Starting the check or import of an uploaded file: in a process of its own, so that pages stay quick meanwhile."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import date

import structlog
from flask import current_app

from changetrack.adapters.uploaded_file import Choices, Run, Upload
from changetrack.adapters.uploads import Uploads
from changetrack.config import PREFIX, Settings
from changetrack.web.platform import settings

Launch = Callable[[Sequence[str], int], object]
LAUNCH = "changetrack.launch"
"""The extension of the application that runs a command with an open descriptor, and then closes that."""

log = structlog.get_logger("changetrack.web")


def start_check(upload: Upload, choices: Choices) -> None:
    """Try the file out, writing nothing. Raises OperationRefused while another run of this person's is under way."""
    _start(upload, Run("check"), choices)


def start_import(upload: Upload, choices: Choices) -> None:
    """Import the file. Raises OperationRefused while another run of this person's is under way."""
    _start(upload, Run("import"), choices)


def _start(upload: Upload, run: Run, choices: Choices) -> None:
    lock = Uploads(settings().instance).claim(upload)
    try:
        upload.choose(choices)
        upload.note_run(run)
        launch: Launch = current_app.extensions.get(LAUNCH) or _launcher(settings())
        launch(["run-upload", upload.key, run.what], os.dup(lock))
    finally:
        os.close(lock)


def _launcher(settings: Settings) -> Launch:
    """Runs the command as a process that has our settings and ends with us."""
    environment = {**os.environ, **_environment(settings)}

    def run(arguments: Sequence[str], lock: int) -> None:
        """Start it and wait for it: a process ends with the thread that started it, so the thread has to stay."""
        command = [sys.executable, "-m", "changetrack", *arguments, "--apart", str(lock)]
        try:
            process = subprocess.Popen(
                command, env=environment, pass_fds=(lock,), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
        except OSError as error:
            log.error("import_not_started", error=str(error))
            return
        finally:
            os.close(lock)
        if process.wait() != 0:
            log.error("import_process_failed", code=process.returncode)

    def launch(arguments: Sequence[str], lock: int) -> None:
        threading.Thread(target=run, args=(arguments, lock), name=" ".join(arguments), daemon=True).start()

    return launch


def _environment(settings: Settings) -> dict[str, str]:
    return {f"{PREFIX}{field.name.upper()}": _as_text(getattr(settings, field.name)) for field in fields(settings)}


def _as_text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case date():
            return value.isoformat()
        case tuple():
            return ",".join(map(str, value))
    return str(value)
