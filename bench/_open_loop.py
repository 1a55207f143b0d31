"""Open-loop load: requests leave at their own times, however slow the answers are.

A wait is counted from the moment a request was due, not from the moment a connection was free for it;
otherwise a slow server would hide its own slowness by holding the generator back.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections import deque
from typing import NamedTuple, cast

import uvloop

from bench._wrk import Order


class Waits(NamedTuple):
    """Milliseconds from due to answered, and how many answers were no 2xx."""

    count: int
    refused: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    p999_ms: float
    rate: float


class _Connection(asyncio.Protocol):
    """One keep-alive connection with one request under way at a time."""

    def __init__(self, pool: _Pool) -> None:
        self._pool = pool
        self._buffer = b""
        self._due = 0.0
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._pool.idle.append(self)

    def send(self, request: bytes, due: float) -> None:
        assert self._transport is not None
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return
        self._buffer = b""
        self._pool.answered(self, self._due, head[9:10] == b"2")

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _content_length(head: bytes) -> int:
    lower = head.lower()
    at = lower.index(b"content-length:") + 15
    return int(lower[at:].split(b"\r\n", 1)[0])


class _Pool:
    """Connections, the requests that wait for one, and the waits measured."""

    def __init__(self) -> None:
        self.idle: list[_Connection] = []
        self.waits_s: list[float] = []
        self.refused = 0
        self.expected = -1
        """How many answers there will be; -1 while requests are still being sent."""
        self.complete = asyncio.Event()
        self._waiting: deque[tuple[bytes, float]] = deque()

    def send(self, request: bytes, due: float) -> None:
        if self.idle:
            self.idle.pop().send(request, due)
        else:
            self._waiting.append((request, due))

    def answered(self, connection: _Connection, due: float, ok: bool) -> None:
        self.waits_s.append(time.perf_counter() - due)
        self.refused += not ok
        if self._waiting:
            connection.send(*self._waiting.popleft())
        else:
            self.idle.append(connection)
        if len(self.waits_s) == self.expected:
            self.complete.set()

    async def finish(self, sent: int, timeout_s: float) -> None:
        """Wait for the answers to all that was sent."""
        self.expected = sent
        if len(self.waits_s) < sent:
            await asyncio.wait_for(self.complete.wait(), timeout_s)


def _request_bytes(order: Order, host: str) -> bytes:
    body = order.body.encode()
    head = (
        f"POST {order.path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"token: {order.token}\r\nAuthorization: Bearer {order.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _run(port: int, orders: list[Order], rate: float, seconds: float, connections: int) -> Waits:
    loop, pool = asyncio.get_running_loop(), _Pool()
    made = [
        await loop.create_connection(lambda: _Connection(pool), "127.0.0.1", port) for _ in range(connections)
    ]
    requests = [_request_bytes(order, f"127.0.0.1:{port}") for order in orders]
    sent = await _send_all(pool, requests, rate, seconds)
    await pool.finish(sent, timeout_s=30)
    for _, connection in made:
        connection.close()
    cuts = statistics.quantiles(pool.waits_s, n=1_000)
    p50_ms, p90_ms, p99_ms, p999_ms = (cuts[at - 1] * 1e3 for at in (500, 900, 990, 999))
    return Waits(sent, pool.refused, p50_ms, p90_ms, p99_ms, p999_ms, sent / seconds)


async def _send_all(pool: _Pool, requests: list[bytes], rate: float, seconds: float) -> int:
    """Send at the times of a Poisson process, seeded; return how many were sent."""
    dice, sent = random.Random(1), 0
    due = started = time.perf_counter()
    while due < started + seconds:
        if (ahead := due - time.perf_counter()) > 0:
            await asyncio.sleep(ahead)
        pool.send(requests[sent % len(requests)], due)
        sent += 1
        due += dice.expovariate(rate)
    return sent


def run(port: int, orders: list[Order], *, rate: float, seconds: float, connections: int = 64) -> Waits:
    """Send ``rate`` orders a second for so many seconds and measure how long each waited for its answer."""
    return uvloop.run(_run(port, orders, rate, seconds, connections))
