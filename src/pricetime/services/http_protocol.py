"""uvicorn's HTTP protocol, leaner on the way of an order, and with limits on what is no request yet.

Lean: a whole request that the application's short way knows (``api/short.py``) goes there, without a task
and without an ASGI scope, and if its head was parsed before, without parsing. Of every other request the
task is not kept in a second set beside the application's.

Limits: a connection that does not finish sending a request, its head or its body, is closed after a
while, and what of a request is no body may have so many bytes; otherwise slow or endless senders would hold
connections and memory for nothing. Fields that come after a body are dropped: what is asked stands in the
head. What is no HTTP at all is answered with a problem like any other error.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from pricetime.api.app import ANSWER, App
from pricetime.api.problems import Answer, written
from pricetime.api.short import Head
from pricetime.api.stream import EVENTS
from pricetime.services.http_cycles import LeanCycle, ShortCycle

HEAD_LIMIT: Final = 65_536
"""Bytes of a request that are no body: its line and headers, and fields after the body."""
_CHUNK_LINES: Final = 16
"""Bytes around a piece of a body that are free: the line with its length, and its end."""

_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}


class GuardedProtocol(HttpToolsProtocol):
    """One connection. It is watched by ``close_if_stale`` instead of with a timer after each answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sending_since: float | None = None
        self._idle_since: float | None = None
        self._stuck_since: float | None = None
        self._other_bytes = 0
        """How much of the request that is arriving is no body."""
        self._is_in_head = True
        self._short_way = cast("App", self.app).short_way
        self._is_between = True
        """Whether what arrives next begins a request."""
        self._arrived = b""
        """What is being parsed, where it begins with a request and that has not ended."""
        self._head: Head | None = None
        """The head of a request that has not been begun yet, and what there is of its body."""
        self._body = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a first request."""
        super().connection_made(transport)
        self._sending_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        """Parse what arrives, unless its head is known already; what has no end and is no body is refused."""
        if self._is_between:
            length = data.find(b"\r\n\r\n") + 4
            head = self._short_way.heads.get(data[:length])
            if head is not None and len(data) == length + head.length and self._is_free():
                self._take(head, data[length:])
                return
            self._arrived = data
        else:
            self._other_bytes += len(data)
        super().data_received(data)
        self._arrived = b""
        if self._head is not None:
            self._begin(self._head)
        if self._other_bytes > HEAD_LIMIT and not (self._is_between or self.transport.is_closing()):
            self._refuse("headers_too_large", f"A request's headers may have {HEAD_LIMIT:,} bytes.")

    def _is_free(self) -> bool:
        """Return whether a request can be answered at once: no other is under way, no answer is stuck."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and not self.flow.write_paused and not self.transport.is_closing()

    def on_message_begin(self) -> None:
        """Note when a request begins."""
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self._sending_since = self.loop.time()
        self._idle_since = None
        self._other_bytes = len(self._arrived)
        self._is_in_head = True
        self._is_between = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, unless it comes after the body."""
        if self._is_in_head:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Keep the head until the body is there or does not come at once. A WebSocket is handed over."""
        self._is_in_head = False
        if self.parser.should_upgrade() and self._should_upgrade():
            method = self.parser.get_method().decode("ascii")
            self.scope = {"method": method, "headers": self.headers}  # type: ignore[typeddict-item]
            return
        version = self.parser.get_http_version()
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        self._head = Head(
            method=self.parser.get_method().decode("ascii"),
            path=unquote(path) if "%" in path else path,
            raw_path=url.path,
            query=url.query or b"",
            version=version,
            headers=self.headers,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
        )

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._other_bytes = max(self._other_bytes - len(body) - _CHUNK_LINES, 0)
        if self._head is not None:
            self._body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Begin the request, if that was not done before its body was there."""
        self._sending_since = None
        self._is_between = True
        head = self._head
        if head is None:
            super().on_message_complete()
        elif self._is_free() and self._short_way.knows(head):
            body, self._head, self._body = self._body, None, b""
            if len(self._arrived) == (length := self._arrived.find(b"\r\n\r\n") + 4) + len(body):
                self._short_way.remember(self._arrived[:length], head, len(body))
            self._take(head, body)
        else:
            self._begin(head)
            super().on_message_complete()
        self._arrived = b""

    def _take(self, head: Head, body: bytes) -> None:
        self._idle_since = None
        cycle = ShortCycle(self, keep_alive=head.keep_alive)
        self.cycle = cycle  # type: ignore[assignment]  # it has of a cycle what uvicorn asks it for
        self._short_way.take(head, body, self.client, cycle.answer)

    def _begin(self, head: Head) -> None:
        """Start a request's task; its body may still be on the way."""
        body, self._head, self._body = self._body, None, b""
        self.scope = {
            "type": "http",
            "asgi": _ASGI,  # type: ignore[typeddict-item]
            "http_version": head.version,
            "method": head.method,
            "scheme": "http",
            "path": head.path,
            "raw_path": head.raw_path,
            "query_string": head.query,
            "root_path": "",
            "headers": head.headers,
            "client": self.client,
            "server": self.server,
            "state": {},
        }
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
            keep_alive=head.keep_alive,
            on_response=self.on_response_complete,
        )
        self.scope["extensions"] = {ANSWER: self.cycle.answer, EVENTS: self.cycle}  # type: ignore[dict-item]
        if body:
            super().on_body(body)
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:  # a request sent before the last was answered waits for its turn
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # Until it first runs the loop holds the task, and from then on the application does.
        self.loop.create_task(cycle.run_asgi(app))

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

    def shutdown(self) -> None:
        """End what is idle, and answers that have no end of their own; others are answered first."""
        if isinstance(self.cycle, LeanCycle) and self.cycle.on_stopping is not None:
            self.cycle.on_stopping()
        super().shutdown()

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
        self._head = None
        status, media, body = written(Answer(code, detail), "v1", "")
        head = STATUS_LINE[status] + b"content-type: %s\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(head % (media, len(body)) + body)
        self.transport.close()
