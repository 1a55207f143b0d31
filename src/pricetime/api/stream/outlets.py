"""Where messages leave: a WebSocket, or the endless answer of server-sent events.

Both write to the connection's transport directly and say how much of it the client has not taken. ASGI's
own ``send`` waits for a slow client, and neither shares bytes among many nor knows how much waits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final, Protocol

from pricetime.api.feed.socket import Socket
from pricetime.api.stream.messages import Message

EVENTS: Final = "pricetime.events"
"""Name of the extension of a request's scope that is an ``Answer``."""


class Outlet(Protocol):
    """A connection to a client. ``holds``: what is sent leaves only with ``flush``."""

    holds: ClassVar[bool]

    @property
    def unsent(self) -> int:
        """Bytes that the client has not taken."""
        ...

    def send(self, message: Message) -> None:
        """Send a message, however much waits."""
        ...

    def flush(self, complete: int | None) -> None:
        """Say that with what was sent the client has everything up to an event; None: it lacks something."""
        ...

    def end(self, code: int, reason: str) -> None:
        """End the connection once what was sent has left."""
        ...


class SocketOutlet:
    """A WebSocket."""

    __slots__ = ("_socket",)
    holds: ClassVar[bool] = False

    def __init__(self, socket: Socket) -> None:
        self._socket = socket

    @property
    def unsent(self) -> int:
        """Bytes that the client has not taken."""
        return self._socket.unsent

    def send(self, message: Message) -> None:
        """Send the frame that all share."""
        self._socket.write_frame(message.frame)

    def flush(self, complete: int | None) -> None:
        """Do nothing: each channel resumes from its own number."""

    def end(self, code: int, reason: str) -> None:
        """Send a close frame."""
        self._socket.end(code, reason)


class Answer(Protocol):
    """An HTTP answer that has no end of its own (``services.http_cycles``)."""

    on_stopping: Callable[[], None] | None
    """Called when the server stops."""

    @property
    def unsent(self) -> int:
        """Bytes that the client has not taken."""
        ...

    def open(self, status: int, head: bytes) -> None:
        """Send the status and headers; the body ends with the connection."""
        ...

    def write(self, body: bytes) -> None:
        """Send a piece of the body, however much waits."""
        ...

    def close(self) -> None:
        """End the answer, and the connection once all of it has left."""
        ...


class EventsOutlet:
    """Server-sent events. One id stands for all channels of the connection.

    A client resumes after the last id it has seen. So of messages that belong to one event only the last
    carries its number, and the others that of what was complete before: whoever loses the connection
    between them gets all of them again.
    """

    holds: ClassVar[bool] = True

    def __init__(self, answer: Answer, last: int | None) -> None:
        self._answer = answer
        self._last = last
        self._held: list[Message] = []

    @property
    def unsent(self) -> int:
        """Bytes that the client has not taken."""
        return self._answer.unsent + sum(len(message.frame) for message in self._held)

    def send(self, message: Message) -> None:
        """Hold a message until it is known whether it is the last of its event."""
        self._held.append(message)

    def flush(self, complete: int | None) -> None:
        """Send what is held."""
        if not self._held:
            return
        *others, final = self._held
        self._held = []
        events = [message.event(self._last) for message in others]
        self._last = self._last if complete is None else complete
        self._answer.write(b"".join((*events, final.event(self._last))))

    def end(self, code: int, reason: str) -> None:  # noqa: ARG002 - the problem before it has said why
        """End the answer."""
        self.flush(None)
        self._answer.close()
