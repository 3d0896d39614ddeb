"""Uploaded files are kept apart from each other, named at random, and one person runs one import at a time."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from changetrack.adapters.uploaded_file import Choices, Run, Upload, UploadGone
from changetrack.adapters.uploads import Uploads
from changetrack.domain.imports import RawRow, RowReason
from changetrack.domain.refusal import OperationRefused
from tests.clock import NOW

ADA, EVA = 1, 2


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path)


def kept(uploads: Uploads, content: bytes = b"id,name\nC-1,Alder\n", *, user_id: int = ADA) -> Upload:
    return uploads.keep(
        io.BytesIO(content), user_id=user_id, kind="accounts", file_name="crm.csv", encoding=None, now=NOW
    )


@contextmanager
def running(uploads: Uploads, upload: Upload) -> Iterator[None]:
    lock = uploads.claim(upload)
    yield
    os.close(lock)


def test_what_is_kept_is_found_again_whole(uploads: Uploads, tmp_path: Path) -> None:
    upload = kept(uploads)
    upload.choose(Choices({"id": "external_id"}, {"region": "DE"}, "dd-mm-yyyy"))
    upload.note_run(Run("check", "refused", 1.0, {"rows": 3}, (("name", "It is blank."), (None, "No."))))

    found = Uploads(tmp_path).find(upload.key)

    assert found == upload
    assert found is not None
    assert found.choices() == upload.choices()
    assert found.run() == Run("check", "refused", 1.0, {"rows": 3}, (("name", "It is blank."), (None, "No.")))
    assert (found.table().name, found.table().headers) == ("crm.csv", ["id", "name"])


def test_before_anything_is_chosen_there_is_nothing_to_find(uploads: Uploads) -> None:
    upload = kept(uploads)

    assert (upload.choices(), upload.run(), uploads.is_running(upload)) == (None, None, False)


def test_each_person_has_their_own(uploads: Uploads) -> None:
    mine, theirs = kept(uploads), kept(uploads, user_id=EVA)

    assert uploads.of(ADA) == [mine]
    assert uploads.of(EVA) == [theirs]


@pytest.mark.parametrize("key", ["", ".", "..", "../uploads", "0" * 32, "user-1.lock"])
def test_a_name_that_was_not_made_here_finds_nothing(uploads: Uploads, key: str) -> None:
    kept(uploads)

    assert uploads.find(key) is None


def test_a_file_that_cannot_be_stored_is_refused_with_the_reason(uploads: Uploads, tmp_path: Path) -> None:
    (tmp_path / "uploads").write_text("a file stands where the folder should be")

    with pytest.raises(OperationRefused, match=r"The file cannot be kept: File exists\."):
        kept(uploads)


def test_one_person_runs_one_at_a_time(uploads: Uploads) -> None:
    first, second, of_eva = kept(uploads), kept(uploads), kept(uploads, user_id=EVA)

    with running(uploads, first):
        states = [uploads.is_running(upload) for upload in (first, second, of_eva)]
        with pytest.raises(OperationRefused, match="Another import of yours is running"):
            uploads.claim(second)
        with running(uploads, of_eva):
            assert uploads.is_running(of_eva)

    assert states == [True, False, False]
    assert not uploads.is_running(first)
    with running(uploads, second):
        assert uploads.is_running(second)


def test_whoever_inherits_the_claim_keeps_it(uploads: Uploads) -> None:
    upload = kept(uploads)
    lock = uploads.claim(upload)

    inherited = os.dup(lock)
    os.close(lock)
    meanwhile = uploads.is_running(upload)
    os.close(inherited)

    assert meanwhile
    assert not uploads.is_running(upload)


def test_a_run_cannot_note_anything_once_its_upload_is_gone(uploads: Uploads) -> None:
    upload = kept(uploads)

    upload.forget()
    upload.forget()

    assert uploads.find(upload.key) is None
    with pytest.raises(UploadGone):
        upload.note_run(Run("check"))
    with pytest.raises(UploadGone), upload.rejecting(["id"]):
        pass


def test_only_what_is_older_than_a_day_is_forgotten(uploads: Uploads, tmp_path: Path) -> None:
    upload = kept(uploads)
    half = tmp_path / "uploads" / ("a" * 32)
    half.mkdir()
    os.utime(half, (NOW.timestamp(), NOW.timestamp()))

    early = uploads.forget_old(NOW + timedelta(hours=24))
    late = uploads.forget_old(NOW + timedelta(hours=25))

    assert (early, late) == (0, 1)
    assert uploads.find(upload.key) is None
    assert not half.exists()


def test_what_is_running_is_not_forgotten(uploads: Uploads) -> None:
    upload = kept(uploads)

    with running(uploads, upload):
        assert uploads.forget_old(NOW + timedelta(days=2)) == 0


def test_rejected_rows_are_written_as_they_were_without_formulas(uploads: Uploads) -> None:
    upload = kept(uploads)

    with upload.rejecting(["id", "note", "rejected_line"]) as rejected:
        rejected.add(RawRow(7, {"id": "C-1", "note": "=1+1"}), [RowReason(7, "id", "No."), RowReason(7, None, "Nor.")])
        rejected.add(RawRow(8, {"id": "C-\udcfc,x"}, "Unreadable."), [RowReason(8, None, "Unreadable.")])

    assert upload.rejects.read_text(encoding="utf-8").splitlines() == [
        "id,note,rejected_line,rejected_because",
        "C-1,'=1+1,7,id: No. Nor.",
        '"C-?,x",,8,Unreadable.',
    ]
