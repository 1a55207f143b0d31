"""uvicorn's WebSocket protocol, with limits on clients that do not read and an end in order.

It offers itself to the application as ``api.feed.socket.Socket`` in the scope, beside what ASGI has. When
the server stops, the application is told and ends its connections itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode
from websockets.http11 import Request

from pricetime.api.feed.socket import SOCKET


class SocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket. Like a ``GuardedProtocol`` it is watched by ``close_if_stale``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stopping = asyncio.Event()
        self.on_stopping: Callable[[], None] | None = None
        self._stuck_since: float | None = None

    @property
    def unsent(self) -> int:
        """Bytes that the client has not taken."""
        return self.transport.get_write_buffer_size()

    def handle_connect(self, event: Request) -> None:
        """Start the application."""
        super().handle_connect(event)
        if not self.close_sent:
            cast("dict[str, object]", self.scope["extensions"])[SOCKET] = self

    def send_receive_event_to_app(self) -> None:
        """Pass a message on. A text that is none ends the connection; it is nothing to log."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                self.end(CloseCode.INVALID_DATA, "A text message is UTF-8.")
                return
        super().send_receive_event_to_app()

    async def ready_to_write(self) -> None:
        """Return when the client has read enough for more to be sent, or is gone."""
        await self.writable.wait()

    def write(self, message: bytes, *, text: bool = False) -> None:
        """Send a message now, however much waits to be read. Of a connection that is gone: do nothing."""
        if self.disconnected or self.close_sent or self.transport.is_closing():
            return
        if text:
            self.conn.send_text(message)
        else:
            self.conn.send_binary(message)
        self.transport.writelines(self.conn.data_to_send())

    def write_frame(self, frame: bytes) -> None:
        """Send a message that is a frame already, past what would frame it again for each connection."""
        if not (self.disconnected or self.close_sent or self.transport.is_closing()):
            self.transport.write(frame)

    def end(self, code: int, reason: str) -> None:
        """Send a close frame; ``close_if_stale`` cuts the connection where that is not answered soon."""
        if self.disconnected or self.close_sent or self.transport.is_closing():
            return
        self.conn.send_close(code, reason)
        self.transport.writelines(self.conn.data_to_send())
        self.close_sent = True
        if self.read_paused:  # for the answer to the close frame
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    def shutdown(self) -> None:
        """Let the application end the connection in order."""
        if self.handshake_complete and not self.close_sent:
            self.stopping.set()
            if self.on_stopping is not None:
                self.on_stopping()
        else:
            super().shutdown()

    def pause_writing(self) -> None:
        """Note that the client does not read."""
        self._stuck_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Note that it reads again."""
        self._stuck_since = None
        super().resume_writing()

    def close_if_stale(self, moving_s: float, idle_s: float) -> None:  # noqa: ARG002 - pings see to idle ones
        """Cut a connection that does not take what the application has written."""
        if (
            self._stuck_since is not None
            and self.loop.time() - self._stuck_since > moving_s + self.close_timeout
        ):
            self.transport.abort()
