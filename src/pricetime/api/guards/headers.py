"""Headers that every answer carries, CORS, and the id of a request."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from itertools import count
from typing import Final

from pricetime.settings import Settings

RawHeaders = list[tuple[bytes, bytes]]

SECURITY: Final[RawHeaders] = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
API_POLICY: Final = b"default-src 'none'; frame-ancestors 'none'"
"""What an answer of data may do in a browser: nothing."""

_ID_BYTES: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
_ALLOWED_HEADERS: Final = b"authorization, content-type, idempotency-key, token, x-request-id"
_EXPOSED_HEADERS: Final = b"ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, x-request-id"


class RequestIds:
    """Takes a client's ``X-Request-Id`` where it is sane (1-128 harmless bytes), else makes one."""

    def __init__(self) -> None:
        self._prefix = secrets.token_hex(6).encode()
        self._numbers = count(1)

    def of(self, headers: Mapping[bytes, bytes]) -> bytes:
        """Return the id of a request."""
        given = headers.get(b"x-request-id")
        if given is not None and 0 < len(given) <= 128 and _ID_BYTES.issuperset(given):
            return given
        return b"%s-%x" % (self._prefix, next(self._numbers))


class Cors:
    """Which web pages of other origins may read answers; by default none. Tokens travel in headers only."""

    def __init__(self, settings: Settings) -> None:
        self._origins = frozenset(
            part.strip().encode() for part in settings.cors_origins.split(",") if part.strip()
        )

    def headers(self, headers: Mapping[bytes, bytes]) -> RawHeaders:
        """Return what an answer to this request adds."""
        if not self._origins:
            return []
        origin = headers.get(b"origin")
        if origin is None or not (b"*" in self._origins or origin in self._origins):
            return [(b"vary", b"origin")]
        return [
            (b"vary", b"origin"),
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", _EXPOSED_HEADERS),
        ]

    def preflight(self, headers: Mapping[bytes, bytes], methods: bytes) -> RawHeaders | None:
        """Return the answer's headers to a preflight that is allowed, else None."""
        if b"access-control-request-method" not in headers:
            return None
        allowed = self.headers(headers)
        if len(allowed) < 2:
            return None
        return [
            *allowed[:2],
            (b"access-control-allow-methods", methods),
            (b"access-control-allow-headers", _ALLOWED_HEADERS),
            (b"access-control-max-age", b"600"),
        ]
