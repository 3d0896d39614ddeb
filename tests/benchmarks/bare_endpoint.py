"""The floor of ingestion: an endpoint that reads a batch, parses it, and forgets it."""

import json
from collections.abc import Callable, Iterable
from typing import Any

ANSWER = b'{"success": true}'
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(ANSWER)))]


def endpoint(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer as if all were well."""
    json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    start_response("200 OK", HEADERS)
    return [ANSWER]
