"""All files that were uploaded to be imported: named at random, closed to other users, gone after a day."""

import fcntl
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import IO

from changetrack.adapters.uploaded_file import Upload, open_upload
from changetrack.domain.refusal import OperationRefused

KEPT = timedelta(days=1)
AT_ONCE = 5  # uploads of one person
_KEY = re.compile("[0-9a-f]{32}")
_NAME_MAX = 120
_PAUSES = (0.0, 0.05, 0.1, 0.2, 0.4)  # seconds


class Uploads:
    """All uploads of an installation, in one folder that every web process of the machine sees."""

    def __init__(self, instance: Path) -> None:
        self._root = instance / "uploads"

    def keep(
        self, stream: IO[bytes], *, user_id: int, kind: str, file_name: str, encoding: str | None, now: datetime
    ) -> Upload:
        """Keep what a person sends. Raises OperationRefused if it is no table, or one too many."""
        if sum(upload.has_file for upload in self.of(user_id)) >= AT_ONCE:
            raise OperationRefused([("file", f"You have {AT_ONCE} files under way. Finish or discard one first.")])
        folder = self._root / secrets.token_hex(16)
        upload = None
        try:
            size = _store(stream, folder)
            found = Upload(folder, user_id, kind, _shown_name(file_name), size, encoding, now)
            found.table()
            found.save()
            upload = found
        except OSError as problem:
            said = f"The file cannot be kept: {problem.strerror}. Nothing was imported."
            raise OperationRefused([("file", said)]) from problem
        finally:
            if upload is None:
                shutil.rmtree(folder, ignore_errors=True)
        return upload

    def find(self, key: str) -> Upload | None:
        """The upload of that name, None if there is none (any more)."""
        return open_upload(self._root / key) if _KEY.fullmatch(key) else None

    def of(self, user_id: int) -> list[Upload]:
        """The uploads of one person, the newest first."""
        return sorted((u for u in self._all() if u.user_id == user_id), key=lambda u: u.uploaded_at, reverse=True)

    def forget_old(self, now: datetime) -> int:
        """Delete what was uploaded more than a day ago; returns how many that were."""
        old = [upload for upload in self._all() if now - upload.uploaded_at > KEPT and not self.is_running(upload)]
        for upload in old:
            upload.forget()
        for folder in self._root.iterdir() if self._root.is_dir() else ():
            if folder.is_dir() and open_upload(folder) is None and _age(folder, now) > KEPT:  # left by a lost process
                shutil.rmtree(folder, ignore_errors=True)
        return len(old)

    def claim(self, upload: Upload) -> int:
        """Take the one run that a person may have at a time; it is theirs until this descriptor is closed everywhere.

        Whoever inherits the descriptor holds it too, so a run ends with its process, whatever becomes of it; one
        that is just ending is waited for. Raises OperationRefused when another run is under way.
        """
        lock = os.open(self._lock(upload.user_id), os.O_RDWR | os.O_CREAT, 0o600)
        if not any(_locked(lock, pause) for pause in _PAUSES):
            os.close(lock)
            running = "Another import of yours is running. Wait until it has ended, or stop it."
            raise OperationRefused([(None, running)])
        os.ftruncate(lock, 0)
        os.pwrite(lock, upload.key.encode(), 0)
        return lock

    def is_running(self, upload: Upload) -> bool:
        """Whether a process is at work on it."""
        try:
            lock = os.open(self._lock(upload.user_id), os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return os.pread(lock, 64, 0).decode() == upload.key
        finally:
            os.close(lock)
        return False

    def _lock(self, user_id: int) -> Path:
        return self._root / f"user-{user_id}.lock"

    def _all(self) -> Iterator[Upload]:
        if self._root.is_dir():
            for folder in sorted(self._root.iterdir()):
                if _KEY.fullmatch(folder.name) and (upload := open_upload(folder)):
                    yield upload


def _locked(lock: int, pause: float) -> bool:
    time.sleep(pause)
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _store(stream: IO[bytes], folder: Path) -> int:
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700)
    with open(os.open(folder / "file", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        shutil.copyfileobj(stream, file, 256 * 1024)
        return file.tell()


def _shown_name(given: str) -> str:
    """Of a name that came with a file what may be shown and noted; it never becomes a path."""
    name = PurePosixPath(given.replace("\\", "/")).name
    return "".join(sign for sign in name if sign.isprintable())[-_NAME_MAX:] or "file.csv"


def _age(path: Path, now: datetime) -> timedelta:
    try:
        return now - datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return timedelta()
