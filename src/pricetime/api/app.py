"""The ASGI application: one coroutine from a request to its answer.

Order of the guards, cheapest and least trusting first: request id, connections, address, rate of the
address, path and method, token, role, rate of the account, body, query. Only then the handler runs.
The path of an order is the hot path: decoders and headers are made once per endpoint, and nothing is
logged for an answer that is not a failure of ours.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final, cast

import msgspec
from starlette.responses import Response

from pricetime.api.endpoints import Call, Endpoint, Reply, Scope
from pricetime.api.exchange import ERROR_HEAD, Exchange, Route, idempotency_key, lines_of
from pricetime.api.feed import SOCKET, Feeds, Socket
from pricetime.api.gate import Gate
from pricetime.api.guards.access import has_token, token_of
from pricetime.api.guards.bodies import Disconnected, Receive, read_body, read_query
from pricetime.api.guards.deadlines import Deadlines
from pricetime.api.guards.headers import Cors, RawHeaders, RequestIds
from pricetime.api.problems import Refused
from pricetime.api.routes import Routes
from pricetime.api.services import Services
from pricetime.api.short import ShortWay
from pricetime.api.stream import EVENTS, STREAM_PATH, EventStream, Streams
from pricetime.telemetry import RequestStats

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

_DAYTRADE_ROOTS: Final = re.compile("/(authentication|setup|transaction|engine)(/|$)")
ANSWER: Final = "pricetime.answer"
"""Extension of a server that takes (status, header lines, body) of a whole answer in one call."""

_READING: Final = ("GET", "HEAD")

FEED_PATH: Final = "/v1/orders/feed"
_encode = msgspec.json.Encoder().encode


_NOTHING: Final[dict[str, Any]] = {}


class _Long(Exchange):
    """A request that has a task."""

    __slots__ = ("_task",)

    def __init__(
        self, request_id: bytes, headers: dict[bytes, bytes], stats: RequestStats, task: asyncio.Task[object]
    ) -> None:
        super().__init__(request_id, headers, stats)
        self._task = task

    def expire(self) -> None:
        """Cancel the task, which then answers."""
        self._task.cancel()


class App:
    """Serves a table of endpoints over the services of one venue.

    ``connections`` tells how many connections the server has open, for the limit on them.
    """

    def __init__(
        self, venue: Services, endpoints: Iterable[Endpoint], connections: Callable[[], int] = lambda: 0
    ) -> None:
        settings = venue.settings
        self._venue = venue
        self._routes = Routes(Route(row, venue.metrics.requests(row.method, row.path)) for row in endpoints)
        self._unmatched = venue.metrics.requests("", "")
        self._body_limit = settings.body_limit
        self._ids = RequestIds()
        self._gate = Gate(venue.identity, settings, venue.rates, connections)
        self._feeds = Feeds(venue, self._gate.account_rates)
        self._streams = Streams(venue, self._gate)
        self._cors = Cors(settings)
        self._page = venue.page
        self._deadlines = Deadlines(settings.request_timeout_s, settings.body_timeout_s)
        self.short_way = ShortWay(venue, self._routes, self._gate, self._deadlines, self._ids)
        """For servers that have whole requests in their hands, beside ASGI."""
        venue.metrics.gauge("pricetime_http_in_flight", "Requests being answered.", self._in_flight)
        venue.metrics.gauge("pricetime_http_connections", "Open connections.", connections)

    async def close(self) -> None:
        """End what runs beside requests, once the server has stopped."""
        await self._streams.close()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request. Anything that goes wrong becomes an answer, never a stack trace."""
        if scope["type"] == "websocket":
            await self._open_socket(scope, receive, send)
            return
        task = cast("asyncio.Task[object]", asyncio.current_task())
        headers = dict(scope["headers"])
        exchange = _Long(self._ids.of(headers), headers, self._unmatched, task)
        self._deadlines.enter(exchange)
        try:
            status = await self._answer(exchange, scope, receive, send)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 - every error becomes an answer here and nowhere else
            status = await self._refuse(exchange, scope, error, send)
        except asyncio.CancelledError:
            if not exchange.late:
                raise
            task.uncancel()
            status = await self._refuse(exchange, scope, exchange.too_late(), send)
        finally:
            self._deadlines.leave(exchange)
        exchange.count(status)

    async def _answer(self, exchange: _Long, scope: Message, receive: Receive, send: Send) -> int:
        path = scope["path"]
        if path[1:4] != "v1/" and _DAYTRADE_ROOTS.match(path):
            exchange.family = "daytrade"
        self._gate.refuse_crowd()
        headers = exchange.headers
        if b"origin" in headers:
            exchange.extra += self._cors.headers(headers)
            if scope["method"] == "OPTIONS" and (status := await self._preflight(exchange, path, send)):
                return status
        address = self._gate.address(exchange, scope["client"])
        if scope["method"] in _READING and (file := self._page.find(path)) is not None:
            self._gate.charge_address(exchange, address, 1)
            status, head, content = file.answer(headers)
            await _send(send, status, head + exchange.extra, content)
            return status
        route, parameters = self._find(exchange, scope["method"], path, address)
        endpoint = route.endpoint
        session = self._gate.session(exchange, route, scope["client"])
        body = None
        if route.decode is not None:
            exchange.reading = True
            raw = await read_body(headers, receive, self._body_limit)
            exchange.reading = False
            body = route.decode(raw)
        call = Call(
            self._venue,
            session,
            body=body,
            query=read_query(scope["query_string"], endpoint.query, strict=route.strict),
            path=parameters,
            request_id=exchange.id.decode("ascii"),
            address=address,
            idempotency_key=idempotency_key(headers) if endpoint.idempotent else None,
            visitor=self._gate.browsers.visitor(headers, scope["client"], scope["scheme"])
            if endpoint.page
            else None,
        )
        return await self._reply(exchange, route, await endpoint.handler(call), scope, receive, send)

    async def _open_socket(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve a WebSocket: the feed, or the streams."""
        await receive()  # that it wants to connect
        headers = dict(scope["headers"])
        exchange = Exchange(self._ids.of(headers), headers, self._unmatched)
        try:
            socket, token, address = self._admit_socket(exchange, scope)
        except Exception as error:  # noqa: BLE001 - as in __call__
            await self._refuse(exchange, {**scope, "method": "GET"}, error, _refusing(send))
            return
        await send({"type": "websocket.accept", "headers": exchange.extra})
        if scope["path"] == FEED_PATH:
            await self._feeds.serve(socket, receive, token, exchange.id.decode("ascii"))
        else:
            await self._streams.serve(socket, receive, token, address)

    def _admit_socket(self, exchange: Exchange, scope: Message) -> tuple[Socket, str | None, str]:
        self._gate.refuse_crowd()
        headers, client, path = exchange.headers, scope["client"], scope["path"]
        address = self._gate.address(exchange, client)
        self._gate.charge_address(exchange, address, 1)
        token = None
        if path == STREAM_PATH:
            token = self._gate.stream_token(headers, client)
        elif path != FEED_PATH:
            detail = f"There is no WebSocket at this path. There are {STREAM_PATH} and {FEED_PATH}."
            raise Refused("unknown_path", detail)
        elif has_token(headers):
            token = token_of(headers)
            self._gate.access.session(token, Scope.TRADER)
        return scope["extensions"][SOCKET], token, address

    def _find(self, exchange: Exchange, method: str, path: str, address: str) -> tuple[Route, dict[str, str]]:
        try:
            route, parameters = self._routes.find(method, path)
        except Refused:
            self._gate.charge_address(exchange, address, 1)
            raise
        exchange.family = route.endpoint.family
        exchange.stats = route.stats
        self._gate.charge_address(exchange, address, route.endpoint.weight)
        return route, parameters

    async def _reply(
        self, exchange: _Long, route: Route, result: object, scope: Message, receive: Receive, send: Send
    ) -> int:
        if isinstance(result, EventStream):
            self._deadlines.leave(exchange)
            head = route.lines + lines_of(exchange.extra)
            token = self._gate.stream_token(exchange.headers, scope["client"])
            answer = scope["extensions"][EVENTS]
            await self._streams.serve_events(result, exchange.headers, token, answer, head, receive)
            return route.endpoint.status
        if isinstance(result, Response):
            await result(scope, receive, _adding(exchange, result, send))
            return result.status_code
        status, extra = route.endpoint.status, exchange.extra
        if isinstance(result, Reply):
            status, extra, result = result.status or status, exchange.reply_head(result), result.body
        if result is None and route.endpoint.response is None:
            await _send(send, status, [*ERROR_HEAD, *extra], b"")
        elif (answer := scope.get("extensions", _NOTHING).get(ANSWER)) is not None:
            body = _encode(result)
            length = b"content-length: %d\r\n" % len(body)
            await answer(status, b"".join((route.lines, lines_of(extra), length)), body)
        else:
            await _send(send, status, route.head + extra, _encode(result))
        return status

    async def _refuse(self, exchange: Exchange, scope: Message, error: Exception, send: Send) -> int:
        status, head, body = exchange.refusal(error, scope["method"], scope["path"])
        await _send(send, status, head, body)
        return status

    async def _preflight(self, exchange: Exchange, path: str, send: Send) -> int:
        methods = ", ".join(self._routes.methods(path)).encode()
        allowed = self._cors.preflight(exchange.headers, methods) if methods else None
        if allowed is None:
            return 0
        await _send(send, 204, [(b"x-request-id", exchange.id), *allowed], b"")
        return 204

    def _in_flight(self) -> float:
        return len(self._deadlines)


async def _send(send: Send, status: int, headers: RawHeaders, body: bytes) -> None:
    if status not in (204, 304):
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _refusing(send: Send) -> Send:
    """Return a ``send`` that answers the request for a WebSocket with HTTP instead."""

    async def refusing(message: Message) -> None:
        await send({**message, "type": message["type"].replace("http", "websocket.http", 1)})

    return refusing


def _adding(exchange: Exchange, response: Response, send: Send) -> Send:
    """Return a ``send`` that adds the frame's headers to a handler's own response where it set none."""
    present = set(response.headers)
    frame = [pair for pair in [*ERROR_HEAD, *exchange.extra] if pair[0].decode() not in present]

    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *frame]
        await send(message)

    return adding
