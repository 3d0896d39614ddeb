"""Where an uploaded file stands on its way in, and what its newest run counted, in words."""

from collections.abc import Iterable, Mapping

from changetrack.adapters.uploaded_file import Run, Upload
from changetrack.adapters.uploads import Uploads

_WORDS: Mapping[str, Mapping[str, str]] = {
    "accounts": {"created": "New accounts", "updated": "Changed", "unchanged": "As they were"},
    "contacts": {"created": "New people", "updated": "Changed", "unchanged": "As they were"},
    "outcomes": {"created": "New outcomes", "updated": "Changed or spoken of", "unchanged": "As they were"},
    "aliases": {"created": "New aliases", "unchanged": "Known already"},
    "usage": {"created": "New numbers", "updated": "Changed numbers", "unchanged": "As they were"},
    "history": {"updated": "Accounts with new history", "unchanged": "Accounts as they were"},
}


def stage_of(upload: Upload, uploads: Uploads) -> str:
    """Where an upload stands: "columns", "running", "lost" (its process is gone), or "check done" and the like."""
    run = upload.run()
    if run is None:
        return "columns"
    if run.state == "running":
        return "running" if uploads.is_running(upload) else "lost"
    return f"{run.what} {run.state}"


def counts_of(kind: str, run: Run) -> list[tuple[str, int, str]]:
    """What the operation counted: (words, number, tone); nothing where it counted nothing."""
    if run.result is None:
        return []
    told = [("Rows read", run.result["rows"], "")]
    told += [(words, run.result[name], "") for name, words in _WORDS[kind].items()]
    if waiting := run.result.get("waiting"):
        told.append(("Rows that wait for their account", waiting, ""))
    rejected = run.result["rejected_rows"]
    return [*told, ("Rows turned away", rejected, "bad" if rejected else "")]


def may_import(run: Run, stage: str) -> bool:
    """Whether the next thing to do is to import: the file was tried out, and something would change."""
    if stage not in ("check done", "import refused") or run.result is None or run.result["repeated"]:
        return False
    return stage == "import refused" or any(run.result.get(name) for name in ("created", "updated", "waiting"))


def results_by_batch(uploads: Iterable[Upload]) -> dict[str, str]:
    """Of the uploads that were imported, by the batch they became, the key of the page that tells how it went."""
    found = {}
    for upload in uploads:
        run = upload.run()
        if run is not None and run.result is not None and (run.what, run.state) == ("import", "done"):
            found[run.result["batch_id"]] = upload.key
    return found
