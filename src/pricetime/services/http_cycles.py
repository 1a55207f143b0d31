"""One request and its answer on a connection: by ASGI with a task, or on the application's short way.

An answer leaves in one write, and its header lines are not searched for what our own code never puts
there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

Headers = list[tuple[bytes, bytes]]


class _Lines:
    """Header lines of the server's own headers, which it replaces once a second."""

    def __init__(self) -> None:
        self._headers: Headers = []
        self._lines = b""

    def of(self, headers: Headers) -> bytes:
        if headers is not self._headers:
            self._headers, self._lines = headers, b"".join([b"%b: %b\r\n" % header for header in headers])
        return self._lines


_own_lines = _Lines().of


class _NobodyWaits:
    """Stands where uvicorn keeps an event for whoever awaits more of a body."""

    def set(self) -> None:
        """Do nothing."""


class ShortCycle:
    """A request that was whole when it was taken; its answer comes in one call."""

    __slots__ = ("_connection", "disconnected", "keep_alive", "response_complete")

    message_event = _NobodyWaits()

    def __init__(self, connection: Any, *, keep_alive: bool) -> None:
        self._connection = connection
        self.keep_alive = keep_alive
        self.disconnected = False
        self.response_complete = False

    def answer(self, status: int, head: bytes, body: bytes) -> None:
        """Send the answer, unless the client has gone."""
        if self.disconnected:
            return
        connection = self._connection
        own = _own_lines(connection.server_state.default_headers)
        end = b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        connection.transport.write(b"".join((STATUS_LINE[status], own, head, end, body)))
        self.response_complete = True
        if not self.keep_alive:
            connection.transport.close()
        connection.on_response_complete()


class LeanCycle(RequestResponseCycle):
    """One request and its answer. A whole answer is written at once; a streamed one as uvicorn does it."""

    _start: Any = None
    on_stopping: Callable[[], None] | None = None
    """Called when the server stops, by an answer that has no end of its own."""

    async def answer(self, status: int, head: bytes, body: bytes) -> None:
        """Send a whole answer whose header lines are made already: the app's own, checked by their makers."""
        if self.flow.write_paused:
            await self.flow.drain()
        if not self.disconnected:
            self._finish([STATUS_LINE[status], _own_lines(self.default_headers), head], body)

    @property
    def unsent(self) -> int:
        """Bytes that the client has not taken."""
        return self.transport.get_write_buffer_size()

    def open(self, status: int, head: bytes) -> None:
        """Begin an answer that ends with the connection; ``write`` and ``close`` are its body and its end."""
        self.response_started = True
        self.keep_alive = False
        own = _own_lines(self.default_headers)
        self.write(b"".join((STATUS_LINE[status], own, head, b"connection: close\r\n\r\n")))

    def write(self, body: bytes) -> None:
        """Send a piece of the body now, however much waits to be read."""
        if not (self.disconnected or self.response_complete or self.transport.is_closing()):
            self.transport.write(body)

    def close(self) -> None:
        """End the answer; what was written leaves first."""
        if not self.response_complete:
            self.on_stopping = None
            self.scope.pop("extensions", None)
            self.response_complete = True
            self.message_event.set()
            self.transport.close()
            self.on_response()

    async def send(self, message: Any) -> None:
        """Take the parts of an answer; the start waits for the body that belongs to it."""
        start, self._start = self._start, None
        if start is None and not self.response_started:
            self._start = message
            return
        if start is None or message.get("more_body") or self.scope["method"] == "HEAD":
            if start is not None:
                await super().send(start)
            await super().send(message)
            return
        if self.flow.write_paused:
            await self.flow.drain()
        if not self.disconnected:
            self._write(start, message.get("body", b""))

    def _write(self, start: Any, body: bytes) -> None:
        lines = [STATUS_LINE[start["status"]], _own_lines(self.default_headers)]
        for name, value in start["headers"]:
            if name == b"connection":
                self.keep_alive = False
            else:
                lines += (name, b": ", value, b"\r\n")
        self._finish(lines, body)

    def _finish(self, lines: list[bytes], body: bytes) -> None:
        lines.append(b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n")
        lines.append(b"" if self.scope["method"] == "HEAD" else body)
        self.transport.write(b"".join(lines))
        self.scope.pop("extensions", None)  # it refers to this cycle, which would then outlive its answer
        self.response_started = self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
