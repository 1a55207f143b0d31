"""Bodies and query strings: bounded in size, then checked against the endpoint's types.

How long a body may take to arrive is watched by ``guards/deadlines.py``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from pricetime.api.problems import Refused
from pricetime.errors import InvalidRequest

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Disconnected(Exception):
    """The client went away before its request was whole; there is nobody to answer."""


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """Return the body; Refused where it is compressed or over ``limit`` bytes, by its header or in fact."""
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Refused("unsupported_media_type", "Send the body without Content-Encoding.")
    length = headers.get(b"content-length")
    if length is not None and len(length) < 19 and int(length) > limit:
        raise too_large(limit)
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body", False):
        return await _gathered(body, receive, limit)
    if message["type"] == "http.disconnect":
        raise Disconnected
    if len(body) > limit:
        raise too_large(limit)
    return body


async def _gathered(first: bytes, receive: Receive, limit: int) -> bytes:
    parts, size, more = [first], len(first), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        more = message.get("more_body", False)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise too_large(limit)
    return b"".join(parts)


def too_large(limit: int) -> Refused:
    """Return what a body of more than ``limit`` bytes is answered."""
    return Refused("body_too_large", f"A body may have {limit:,} bytes. Send a smaller one.")


def read_query(query_string: bytes, kind: type[msgspec.Struct] | None, *, strict: bool) -> Any:
    """Return the query as ``kind``; InvalidRequest where a name comes twice or is unknown and ``strict``."""
    if not query_string and kind is None:
        return None
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50
        )
    except ValueError as error:
        raise InvalidRequest(f"The query cannot be read: {error}.") from None
    values = dict(pairs)
    if strict and len(values) < len(pairs):
        raise InvalidRequest("A query parameter stands there twice. Send it once.")
    if kind is not None:
        query = msgspec.convert(values, kind, strict=False)
        for name, text in values.items():
            _refuse_misread(name, text, getattr(query, name, text))
        return query
    if strict and values:
        raise InvalidRequest("This path takes no query parameters. Leave them out.")
    return None


def _refuse_misread(name: str, text: str, value: object) -> None:
    """Refuse what the conversion from text took for something: "null" for none at all, 0.5 for a time."""
    if value is None:
        raise InvalidRequest(f"The query parameter {name} cannot be null. Leave it out instead.")
    if isinstance(value, datetime) and text[4:5] != "-":
        raise InvalidRequest(f"The query parameter {name} is a time as RFC 3339 writes it.")
