"""The short way: a whole request for one command is answered without a task of its own.

::

    head, body ──> guards ──> ask ──> sequencer … durable … ──> tell ──> answer

All up to the sequencer runs where the request was read, and all after it where its batch turned out to be
durable; nothing in between waits for anything but the disk. The guards, their order and the answers are
those of the long way (``api/app.py``), which takes every other request, and these too where they come in
parts, from a web page, or behind another that is not answered yet.

Heads are remembered, because clients send the same one again and again: a request whose bytes up to its
body are known needs no parsing. Only a head that the parser has understood is remembered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pricetime.api.commands import OneCommand, accepted
from pricetime.api.endpoints import Call, Reply
from pricetime.api.exchange import Exchange, Route, idempotency_key, lines_of
from pricetime.api.gate import Gate
from pricetime.api.guards.bodies import too_large
from pricetime.api.guards.deadlines import Deadlines
from pricetime.api.guards.headers import RequestIds
from pricetime.api.routes import Routes

if TYPE_CHECKING:
    from pricetime.api.services import Services

Answer = Callable[[int, bytes, bytes], None]
"""Takes (status, header lines, body) of a whole answer."""

HEADS_LIMIT: Final = 10_000
HEAD_BYTES_LIMIT: Final = 2_048
_UNUSUAL: Final = frozenset({b"origin", b"expect", b"upgrade", b"content-encoding", b"transfer-encoding"})
_OF_ONE_REQUEST: Final = frozenset({b"idempotency-key", b"x-request-id"})
_encode = msgspec.json.Encoder().encode


class Head:
    """A request up to its body, as parsed. ``length``: of the body, where the head is remembered."""

    __slots__ = (
        "fields",
        "headers",
        "keep_alive",
        "length",
        "method",
        "path",
        "query",
        "raw_path",
        "version",
    )

    def __init__(
        self,
        *,
        method: str,
        path: str,
        raw_path: bytes,
        query: bytes,
        version: str,
        headers: list[tuple[bytes, bytes]],
        keep_alive: bool,
    ) -> None:
        self.method = method
        self.path = path
        self.raw_path = raw_path
        self.query = query
        self.version = version
        self.headers = headers
        self.fields: dict[bytes, bytes] = {}
        self.keep_alive = keep_alive
        self.length = 0


class ShortWay:
    """Answers requests for endpoints of one command. ``heads`` are those remembered, by their bytes."""

    def __init__(
        self, venue: Services, routes: Routes[Route], gate: Gate, deadlines: Deadlines, ids: RequestIds
    ) -> None:
        self.heads: dict[bytes, Head] = {}
        self.venue = venue
        self.deadlines = deadlines
        self._routes: dict[tuple[str, str], Route] = {
            (route.method, route.path): route
            for route in routes.all()
            if isinstance(route.endpoint.handler, OneCommand) and "{" not in route.path
        }
        self._gate = gate
        self._ids = ids
        self._body_limit = venue.settings.body_limit

    def knows(self, head: Head) -> bool:
        """Return whether the short way takes a request with this head."""
        if head.query or (head.method, head.path) not in self._routes:
            return False
        head.fields = dict(head.headers)
        return _UNUSUAL.isdisjoint(head.fields)

    def remember(self, raw: bytes, head: Head, length: int) -> None:
        """Keep a head that is known, with the length of its body, unless no other request can have it."""
        if len(raw) <= HEAD_BYTES_LIMIT and _OF_ONE_REQUEST.isdisjoint(head.fields):
            head.length = length
            self.heads[raw] = head
            if len(self.heads) > HEADS_LIMIT:
                del self.heads[next(iter(self.heads))]

    def take(self, head: Head, body: bytes, client: tuple[str, int] | None, answer: Answer) -> None:
        """Answer a whole request whose head is known; ``answer`` is called once, now or later."""
        route = self._routes[head.method, head.path]
        exchange = _Short(self, head, route, self._ids.of(head.fields), answer)
        self.deadlines.enter(exchange)
        try:
            self._gate.refuse_crowd()
            address = self._gate.address(exchange, client)
            self._gate.charge_address(exchange, address, route.endpoint.weight)
            session = self._gate.session(exchange, route, client)
            if len(body) > self._body_limit:
                raise too_large(self._body_limit)
            call = exchange.call = Call(
                self.venue,
                session,
                body=route.decode(body) if route.decode is not None else None,
                request_id=exchange.id.decode("ascii"),
                address=address,
                idempotency_key=idempotency_key(head.fields) if route.endpoint.idempotent else None,
            )
            asked = exchange.handler.ask(call)
            if isinstance(asked, Reply):
                exchange.reply(asked)
            else:
                self.venue.sequencer.hand_in_for(exchange, asked.pack(), request=call.request_id)
        except Exception as error:  # noqa: BLE001 - every error becomes an answer
            exchange.set_exception(error)


class _Short(Exchange):
    """A request on the short way; the sequencer tells it the events of its command as it would a future."""

    __slots__ = ("_answer", "_head", "_is_done", "_rest", "_route", "_way", "call", "handler")

    call: Call

    def __init__(self, way: ShortWay, head: Head, route: Route, request_id: bytes, answer: Answer) -> None:
        super().__init__(request_id, head.fields, route.stats, route.endpoint.family)
        handler = route.endpoint.handler
        assert isinstance(handler, OneCommand)
        self.handler = handler
        self._way = way
        self._head = head
        self._route = route
        self._answer = answer
        self._is_done = False
        self._rest: asyncio.Task[None] | None = None

    def done(self) -> bool:
        """Return whether this has been answered already, because its time was over."""
        return self._is_done

    def set_result(self, events: bytes) -> None:
        """Answer with what the command did."""
        try:
            told = self.handler.tell(self.call, accepted(events))
            if isinstance(told, CoroutineType):
                self._rest = asyncio.get_running_loop().create_task(self._reply_later(told))
            else:
                self.reply(told)
        except Exception as error:  # noqa: BLE001 - every error becomes an answer
            self.set_exception(error)

    def set_exception(self, error: Exception) -> None:
        """Answer with a problem."""
        status, headers, body = self.refusal(error, self._head.method, self._head.path)
        self._finish(status, lines_of(headers), body)

    def expire(self) -> None:
        """Answer that the time is over; what comes later is dropped."""
        self.set_exception(self.too_late())
        if self._rest is not None:
            self._rest.cancel()

    def reply(self, result: object) -> None:
        """Answer with what the handler returned."""
        route, extra = self._route, self.extra
        status = route.endpoint.status
        if isinstance(result, Reply):
            status, extra, result = result.status or status, self.reply_head(result), result.body
        self._finish(status, route.lines + lines_of(extra), _encode(result))

    async def _reply_later(self, rest: CoroutineType[Any, Any, object]) -> None:
        try:
            self.reply(await rest)
        except Exception as error:  # noqa: BLE001 - every error becomes an answer
            self.set_exception(error)

    def _finish(self, status: int, head: bytes, body: bytes) -> None:
        if not self._is_done:
            self._is_done = True
            self._way.deadlines.leave(self)
            self._answer(status, b"%bcontent-length: %d\r\n" % (head, len(body)), body)
            self.count(status)
