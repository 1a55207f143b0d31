"""What a feed needs of the WebSocket under it, and how an error ends one.

ASGI's own ``send`` waits while the client does not read, so it cannot tell such a client why it is let go.
The server's protocol (``services.socket_protocol``) therefore hands itself over in the scope.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import msgspec

from pricetime.api.problems import answer_to, problem_of
from pricetime.schema import FeedProblem

SOCKET: Final = "pricetime.socket"
"""Name of the extension of a WebSocket's scope that is a ``Socket``."""

CLOSE_CODES: Final = {
    "bad_message": 4400,
    "invalid_request": 4400,
    "invalid_json": 4400,
    "token_invalid": 4401,
    "too_slow": 4408,
    "taken_over": 4409,
    "resume_too_far": 4410,
    "unknown_position": 4410,
    "message_too_large": 1009,
    "too_many_feeds": 1013,
    "venue_stopped": 1012,
}
_FAILED: Final = 1011
_REASON_BYTES: Final = 123
_encode = msgspec.json.Encoder().encode


class Socket(Protocol):
    """An accepted WebSocket."""

    stopping: asyncio.Event
    """Set when the server stops."""
    on_stopping: Callable[[], None] | None
    """Called then as well."""

    @property
    def unsent(self) -> int:
        """Bytes that the client has not taken."""
        ...

    async def ready_to_write(self) -> None:
        """Return when the client has read enough for more to be sent, or is gone."""
        ...

    def write(self, message: bytes, *, text: bool = False) -> None:
        """Send a message now, however much waits to be read. Of a connection that is gone: do nothing."""
        ...

    def write_frame(self, frame: bytes) -> None:
        """Do what ``write`` does with a message that is a frame already, such as many share."""
        ...

    def end(self, code: int, reason: str) -> None:
        """Send a close frame, and cut the connection where that is not answered soon."""
        ...


def end_with(socket: Socket, error: Exception) -> None:
    """Tell the client why, and end the connection."""
    socket.write(_encode(FeedProblem(problem=problem_of(answer_to(error)))), text=True)
    socket.end(*closing(error, CLOSE_CODES))


def closing(error: Exception, codes: Mapping[str, int]) -> tuple[int, str]:
    """Return the code of ``codes`` and the reason with which an error closes a WebSocket."""
    answer = answer_to(error)
    reason = answer.detail.encode()[:_REASON_BYTES].decode(errors="ignore")
    return codes.get(answer.code, _FAILED), reason
