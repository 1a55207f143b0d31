"""A request on its way to an answer, and an endpoint with all that is ready before a request comes."""

from __future__ import annotations

from time import perf_counter
from typing import Final

import msgspec
import structlog

from pricetime.api.endpoints import Endpoint, Family, Reply, Scope, key_of
from pricetime.api.guards.headers import API_POLICY, SECURITY, RawHeaders
from pricetime.api.problems import Refused, answer_to, retry_after, written
from pricetime.errors import InvalidRequest
from pricetime.telemetry import RequestStats

_KEY_LIMIT: Final = 255
_VISIBLE: Final = frozenset(range(0x21, 0x7F))
_log = structlog.get_logger("pricetime.api")


def _manners(private: bool) -> RawHeaders:
    cache = b"no-store" if private else b"no-cache"
    return [*SECURITY, (b"content-security-policy", API_POLICY), (b"cache-control", cache)]


def lines_of(headers: RawHeaders) -> bytes:
    """Return headers as they stand in an answer."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


ERROR_HEAD: Final = _manners(private=True)


class Route:
    """An endpoint with all that can be made ready before a request comes."""

    __slots__ = (
        "changes",
        "decode",
        "endpoint",
        "head",
        "lines",
        "method",
        "path",
        "public",
        "stats",
        "strict",
        "takes_cookie",
    )

    def __init__(self, endpoint: Endpoint, stats: RequestStats) -> None:
        self.endpoint = endpoint
        self.method = endpoint.method
        self.path = endpoint.path
        self.public = endpoint.scope is Scope.PUBLIC
        self.strict = self.takes_cookie = endpoint.family == "v1"
        self.changes = endpoint.method != "GET"
        self.stats = stats
        self.decode = msgspec.json.Decoder(endpoint.request).decode if endpoint.request else None
        self.head: RawHeaders = [(b"content-type", endpoint.media.encode()), *_manners(endpoint.private)]
        self.lines = lines_of(self.head)


class Exchange:
    """What is known of one request on its way to an answer."""

    __slots__ = ("extra", "family", "headers", "id", "late", "reading", "started", "stats")

    def __init__(
        self, request_id: bytes, headers: dict[bytes, bytes], stats: RequestStats, family: Family = "v1"
    ) -> None:
        self.started = perf_counter()
        self.id = request_id
        self.headers = headers
        self.stats = stats
        self.extra: RawHeaders = [(b"x-request-id", request_id)]
        self.family = family
        self.reading = False
        self.late = False

    def count(self, status: int) -> None:
        """Count an answer in the endpoint's metrics."""
        self.stats.add(status, perf_counter() - self.started)

    def refusal(self, error: Exception, method: str, path: str) -> tuple[int, RawHeaders, bytes]:
        """Return status, headers and body of the answer to an error; log a failure of ours."""
        answer = answer_to(error)
        request_id = self.id.decode("ascii")
        if answer.code == "internal_error":
            _log.error("request failed", request_id=request_id, method=method, path=path, exc_info=error)
        status, media, body = written(answer, self.family, request_id)
        return status, [(b"content-type", media), *ERROR_HEAD, *self.extra, *answer.headers], body

    def too_late(self) -> Refused:
        """Return what a request is answered whose time is over."""
        if self.reading:
            detail = "The body did not arrive in time. Send it again over a better connection."
            return Refused("body_timeout", detail, ((b"connection", b"close"),))
        return Refused(
            "request_timeout",
            "The answer took too long; what was asked may be done all the same. "
            "A client order id shows whether.",
            (retry_after(1),),
        )

    def reply_head(self, reply: Reply) -> RawHeaders:
        """Return what a handler's reply adds to the headers, after the frame's own."""
        return self.extra + [
            (name.lower().encode(), value.encode("latin-1")) for name, value in reply.headers
        ]


def idempotency_key(headers: dict[bytes, bytes]) -> bytes | None:
    """Return the client id that an ``Idempotency-Key`` names; InvalidRequest where it is none."""
    key = headers.get(b"idempotency-key")
    if key is None:
        return None
    if not 0 < len(key) <= _KEY_LIMIT or not _VISIBLE.issuperset(key):
        raise InvalidRequest(
            "An Idempotency-Key has 1 to 255 visible ASCII characters. Send such a one, or none."
        )
    return key_of(key)
