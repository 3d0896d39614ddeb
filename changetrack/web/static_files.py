"""Style sheets, scripts and pictures: named by their content, so kept for a year, and sent compressed."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from flask_compress import Compress
from flask_compress.flask_compress import DictCache

FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_DAY = "public, max-age=86400"
NAMED_BY_STYLES = (".woff2", ".svg", ".png")  # without a version, which a style sheet cannot know


def init_static_files(app: Flask) -> None:
    """Add the version to each address of a static file; compress these and nothing else.

    A page that mixes a secret with what a stranger puts into it must not be compressed (BREACH).
    """
    app.config.update(
        COMPRESS_REGISTER=False,
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_BR_LEVEL=9,
        COMPRESS_CACHE_BACKEND=DictCache,
        COMPRESS_CACHE_KEY=lambda sent: f"{sent.path} {_version(app, sent.path.rpartition('/static/')[2])}",
    )
    compress = Compress(app)

    @app.url_defaults
    def name_by_content(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "filename" in values and "v" not in values:
            values["v"] = _version(app, values["filename"])

    @app.after_request
    def send_compressed(response: Response) -> Response:
        if request.endpoint != "static" or response.status_code != 200:
            return response
        name = (request.view_args or {})["filename"]
        if request.args.get("v") == _version(app, name):
            response.headers["Cache-Control"] = FOR_EVER
        elif name.endswith(NAMED_BY_STYLES):
            response.headers["Cache-Control"] = FOR_A_DAY
        return compress.after_request(_whole(response))


def _whole(response: Response) -> Response:
    """The response with its file read, so that its compressed form is made once and kept."""
    file: Any = response.response
    response.direct_passthrough = False
    response.set_data(response.get_data())
    file.close()
    return response


def _version(app: Flask, filename: str) -> str | None:
    """The first digits of the file's hash; None for a file that is not there."""
    path = Path(app.static_folder or "") / filename
    try:
        return _digest(path, path.stat().st_mtime_ns)
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=512)
def _digest(path: Path, changed: int) -> str:
    del changed  # only there to forget an older version
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
