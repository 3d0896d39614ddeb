"""What a program sends: read within bounds, unpacked within bounds, and understood as JSON."""

import base64
import binascii
import json
import math
import zlib
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qs

import orjson
from flask import abort, request

LARGEST = 8 * 2**20  # bytes, packed and unpacked; the SDKs stay below 5 MB
_GZIP = b"\x1f\x8b"
_MOST_FIELDS = 20
_LONGEST_NUMBER = 400  # digits: Python refuses thousands, and none of them can be counted


def read_json() -> Any:
    """The body as JSON, unpacked if need be; 413 where it is too large, 400 where it never can be read."""
    body = read_body()
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _read_leniently(body)


def read_exact_json() -> Any:
    """The body as JSON whose fractions are decimal, as they were written."""
    try:
        return json.loads(read_body(), parse_float=_fraction, parse_int=_whole, parse_constant=_no_number)
    except (ValueError, RecursionError):
        abort(400, "This is not JSON in UTF-8.")


def read_body() -> bytes:
    """The body, unpacked if need be."""
    request.max_content_length = LARGEST
    if "chunked" in request.headers.get("Transfer-Encoding", ""):
        request.environ["wsgi.input_terminated"] = True  # our server ends such a body where it ends
        request.max_content_length = LARGEST + 1  # it is cut there: one more tells that there was more
    body = request.get_data(cache=False)
    if len(body) > LARGEST:
        abort(413)
    if request.mimetype == "application/x-www-form-urlencoded":
        body = _field_of_form(body)
    packing = request.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in ("identity", "gzip", "x-gzip", ""):
        abort(415, "Send the body as it is, or packed with gzip.")
    return _unpacked(body) if body[:2] == _GZIP else body


def _unpacked(packed: bytes) -> bytes:
    """At most so much that a small body cannot become a huge one."""
    reader = zlib.decompressobj(wbits=31)
    try:
        body = reader.decompress(packed, LARGEST + 1)
    except zlib.error:
        abort(400, "This is not gzip.")
    if len(body) > LARGEST:
        abort(413)
    if not reader.eof:
        abort(400, "The packed body is cut off.")
    return body


def _field_of_form(body: bytes) -> bytes:
    """Browsers' older way: a form with the JSON, or its base64, in the field `data`."""
    if body[:2] == _GZIP or body[:1] in (b"{", b"["):
        return body
    try:
        found = parse_qs(body.decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS).get("data", [""])[0]
    except ValueError:
        abort(400, f"A form has at most {_MOST_FIELDS} fields.")
    if found[:1] in ("{", "["):
        return found.encode("utf-8", "replace")
    try:
        return base64.b64decode(found.replace(" ", "+"), validate=True)
    except (binascii.Error, ValueError):
        abort(400, "The field data is neither JSON nor its base64.")


def _read_leniently(body: bytes) -> Any:
    """Cut-off emoji, NaN and numbers without end: what strict JSON does not know, and senders write all the same."""
    try:
        return json.loads(body.decode("utf-8", "replace"), parse_int=_whole)
    except (ValueError, RecursionError):
        abort(400, "This is not JSON.")


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < _LONGEST_NUMBER else math.inf


def _fraction(written: str) -> Decimal:
    try:
        return Decimal(written)
    except InvalidOperation:  # an exponent that no machine can hold: no number that anybody states
        return Decimal("Infinity")


def _no_number(name: str) -> None:
    raise ValueError(name)
