"""uvicorn's HTTP protocol, leaner on the way of an order, and with limits on what is no request yet.

Lean: an answer leaves in one write, its header lines are not searched for what our own code never puts
there, and a request's task is not kept in a second set beside the application's.

Limits: a connection that does not finish sending a request, its head or its body, is closed after a
while, and a head may have so many bytes; otherwise slow or endless senders would hold connections and
memory for nothing. What is no HTTP at all is answered with a problem like any other error.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from pricetime.api.app import ANSWER
from pricetime.api.problems import Answer, written

HEAD_LIMIT: Final = 65_536
"""Bytes of a request's line and headers."""

_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}


class LeanCycle(RequestResponseCycle):
    """One request and its answer. A whole answer is written at once; a streamed one as uvicorn does it."""

    _start: Any = None

    async def answer(self, status: int, head: bytes, body: bytes) -> None:
        """Send a whole answer whose header lines are made already: the app's own, checked by their makers."""
        if self.flow.write_paused:
            await self.flow.drain()
        if not self.disconnected:
            self._finish([STATUS_LINE[status], _lines_of(self.default_headers), head], body)

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
        lines = [STATUS_LINE[start["status"]], _lines_of(self.default_headers)]
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


def _lines_of(headers: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])


class GuardedProtocol(HttpToolsProtocol):
    """One connection. It is watched by ``close_if_stale`` instead of with a timer after each answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sending_since: float | None = None
        self._idle_since: float | None = None
        self._stuck_since: float | None = None
        self._head_bytes: int | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a first request."""
        super().connection_made(transport)
        self._sending_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        """Parse what arrives; a head that does not end is refused."""
        super().data_received(data)
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_LIMIT and not self.transport.is_closing():
                self._refuse("headers_too_large", f"A request's headers may have {HEAD_LIMIT:,} bytes.")

    def on_message_begin(self) -> None:
        """Note when a request begins."""
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self._sending_since = self.loop.time()
        self._idle_since = None
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """Start the request; its body may still be on the way. One for a WebSocket is handed over."""
        self._head_bytes = None
        if self.parser.should_upgrade() and self._should_upgrade():
            self.scope = {"method": "GET", "headers": self.headers}  # type: ignore[typeddict-item]
            return
        version = self.parser.get_http_version()
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        self.scope = {
            "type": "http",
            "asgi": _ASGI,  # type: ignore[typeddict-item]
            "http_version": version,
            "method": self.parser.get_method().decode("ascii"),
            "scheme": "http",
            "path": unquote(path) if "%" in path else path,
            "raw_path": url.path,
            "query_string": url.query or b"",
            "root_path": "",
            "headers": self.headers,
            "client": self.client,
            "server": self.server,
            "state": {},
        }
        self._begin(keep_alive=version != "1.0" and self.parser.should_keep_alive())

    def _begin(self, keep_alive: bool) -> None:
        before = self.cycle
        self.cycle = LeanCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
        )
        self.scope["extensions"] = {ANSWER: self.cycle.answer}  # type: ignore[dict-item]  # a function
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:  # a request sent before the last was answered waits for its turn
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # Until it first runs the loop holds the task, and from then on the application does.
        self.loop.create_task(cycle.run_asgi(app))

    def on_message_complete(self) -> None:
        """Note that nothing more of this request is awaited."""
        self._sending_since = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the sentence below says more
        """Answer what is no HTTP."""
        self._refuse("invalid_http", "This is no HTTP request that can be understood. Check the client.")

    def on_response_complete(self) -> None:
        """Begin the next request that has arrived already, or to be idle."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._idle_since = self.loop.time()

    def pause_writing(self) -> None:
        """Note that the client does not read its answers."""
        self._stuck_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Note that it reads again."""
        self._stuck_since = None
        super().resume_writing()

    def close_if_stale(self, moving_s: float, idle_s: float) -> None:
        """Close a connection whose request or answer does not move, or that nobody has used for long."""
        now = self.loop.time()
        if self.flow.read_paused and self._sending_since is not None:
            self._sending_since = now  # it is we who do not read: an earlier request has not been answered
        for since in (self._sending_since, self._stuck_since):
            if since is not None and now - since > moving_s:
                self.transport.abort()
                return
        if self._idle_since is not None and now - self._idle_since > idle_s:
            self.transport.close()

    def _refuse(self, code: str, detail: str) -> None:
        status, media, body = written(Answer(code, detail), "v1", "")
        head = STATUS_LINE[status] + b"content-type: %s\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(head % (media, len(body)) + body)
        self.transport.close()
