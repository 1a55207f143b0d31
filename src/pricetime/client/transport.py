"""What both transports share: limits, timeouts, and how httpx2's words become ours."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

import httpx2

from pricetime.client.conversation import Answer, Failure
from pricetime.client.errors import NoAnswer

DEFAULT_URL: Final = "http://127.0.0.1:8080"
DEFAULT_TIMEOUT_S: Final = 30.0

_CONNECT_TIMEOUT_S: Final = 5.0
_NEVER_SENT: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
)


def headers() -> dict[str, str]:
    """Return what every request carries."""
    return {"user-agent": f"pricetime/{version('pricetime')}"}


def timeouts(timeout_s: float) -> httpx2.Timeout:
    """Return a timeout for every phase of a request."""
    return httpx2.Timeout(timeout_s, connect=min(timeout_s, _CONNECT_TIMEOUT_S))


def limits(connections: int) -> httpx2.Limits:
    """Return the limits of a pool that keeps its connections."""
    return httpx2.Limits(
        max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=15.0
    )


def answer_of(response: httpx2.Response) -> Answer:
    """Return what came back, in the conversation's terms."""
    return Answer(response.status_code, response.headers, response.content)


def failure_of(error: httpx2.RequestError, url: str) -> Failure:
    """Return why nothing came back, in the conversation's terms."""
    sent = not isinstance(error, _NEVER_SENT)
    late = isinstance(error, httpx2.TimeoutException)
    what = (
        "did not answer in time" if late and sent else "broke the connection" if sent else "cannot be reached"
    )
    return Failure(NoAnswer(f"The venue at {url} {what}. Is it running there?", sent=sent))
