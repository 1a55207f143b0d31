"""uvicorn's HTTP protocol with limits on what comes before a request is one.

A connection that does not finish sending a request, its head or its body, is closed after a while, and a
head may have so many bytes; otherwise slow or endless senders would hold connections and memory for
nothing. What is no HTTP at all is answered with a problem like any other error.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pricetime.api.problems import Answer, written

HEAD_LIMIT: Final = 65_536
"""Bytes of a request's line and headers."""


class GuardedProtocol(HttpToolsProtocol):
    """``sending_since`` is when the request now arriving began, in the loop's time; None: none arrives."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sending_since: float | None = None
        self._head_bytes: int | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a first request."""
        super().connection_made(transport)
        self.sending_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        """Parse what arrives; a head that does not end is refused."""
        super().data_received(data)
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_LIMIT and not self.transport.is_closing():
                self._refuse("headers_too_large", f"A request's headers may have {HEAD_LIMIT:,} bytes.")

    def on_message_begin(self) -> None:
        """Note when a request begins."""
        super().on_message_begin()
        self.sending_since = self.loop.time()
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """Start the request; its body may still be on the way."""
        self._head_bytes = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that nothing more of this request is awaited."""
        self.sending_since = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the sentence below says more
        """Answer what is no HTTP."""
        self._refuse("invalid_http", "This is no HTTP request that can be understood. Check the client.")

    def close_if_slow(self, limit_s: float) -> None:
        """Close the connection where a request has been arriving for longer than ``limit_s`` seconds."""
        if self.sending_since is not None and self.loop.time() - self.sending_since > limit_s:
            self.transport.abort()

    def _refuse(self, code: str, detail: str) -> None:
        status, media, body = written(Answer(code, detail), "v1", "")
        head = (
            b"HTTP/1.1 %d Bad Request\r\ncontent-type: %s\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head % (status, media, len(body)) + body)
        self.transport.close()
