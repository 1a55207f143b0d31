"""WebSockets that are opened again when they break: which errors are final, and how long to go on trying.

Feeds and streams, for threads and for asyncio, all open theirs so::

    patience = Patience(seconds)
    while True:
        try:
            return connect()
        except LOST as error:
            sleep(patience.pause_after(error))      raises where another attempt is no use

A send that finds the connection closed is no answer: what the venue said before it closed is still to be
received. So sends pass over ``ConnectionClosed``, and the receiver finds the reason, or the same end.
"""

from __future__ import annotations

import ssl
import sys
import time
from typing import Final

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from pricetime.client.conversation import Retry
from pricetime.client.errors import ApiError, Forbidden, NoAnswer, Unauthorized
from pricetime.errors import PricetimeError

OPEN_TIMEOUT_S: Final = 10.0
LOST: Final = (OSError, InvalidHandshake, ConnectionClosed, ApiError, NoAnswer)
"""What an attempt to connect fails with."""

_PAUSES: Final = Retry()
_FINAL_CLOSES: Final = frozenset({1009, 4400, 4409, 4410})
_FINAL_PROBLEMS: Final = frozenset(
    {"bad_message", "message_too_large", "taken_over", "resume_too_far", "unknown_position"}
)


class Patience:
    """Attempts to connect, for so many seconds from the first that fails."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._deadline = 0.0
        self._tried = 0

    def restore(self) -> None:
        """Begin anew: the venue has been heard."""
        self._tried = 0

    def pause_after(self, error: Exception) -> float:
        """Return the seconds until the next attempt; raise the final error where there is to be none."""
        now = time.monotonic()
        if not self._tried:
            self._deadline = now + self._seconds
        self._tried += 1
        pause_s = _PAUSES.pause(self._tried, None)
        if now + pause_s > self._deadline or never_opens(error):
            raise final(error) from error
        return pause_s


def final(error: Exception) -> PricetimeError:
    """Return what to raise where a connection has ended for good."""
    if isinstance(error, PricetimeError):
        return error
    return NoAnswer(f"The connection has ended: {error}", sent=True)


def never_opens(error: Exception) -> bool:
    """Return whether connecting again would fail the same way."""
    if isinstance(error, Unauthorized | Forbidden):
        return True
    if isinstance(error, InvalidStatus):
        return 400 <= error.response.status_code < 500 and error.response.status_code != 429
    return isinstance(error, ConnectionClosed | ApiError) and ends_for_good(error)


def ends_for_good(error: ConnectionClosed | ApiError) -> bool:
    """Return whether a new connection would end the same way as the one that ended with ``error``."""
    if isinstance(error, ApiError):
        return error.code in _FINAL_PROBLEMS
    return error.rcvd is not None and error.rcvd.code in _FINAL_CLOSES


def socket_url(url: str, path: str = "/v1/orders/feed") -> str:
    """Return the address of a WebSocket, the feed's, at the venue at ``url``."""
    return f"ws{url.removeprefix('http')}{path}"


def secured(url: str) -> ssl.SSLContext | None:
    """Return how a thread connects to the venue at ``url``; None where it is without TLS.

    A WebSocket is read in one thread and written in another, and Python before 3.13 lets both into OpenSSL
    at once. Under TLS 1.3 that comes about in every handshake, for the session's tickets arrive while the
    request is written, and of a thousand some are lost.
    """
    if not url.startswith("https:"):
        return None
    context = ssl.create_default_context()
    if sys.version_info < (3, 13):
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context
