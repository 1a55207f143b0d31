"""One HTTP/1.1 connection with as little work a request as Python allows, for the load generator.

A thousand simulated users must fit on one core beside the server that they measure, so this does only
what the load needs: one request at a time, kept alive, JSON in and out. Programs use ``pricetime.client``.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import httptools

from pricetime.client.errors import NoAnswer
from pricetime.errors import PricetimeError


class LoadFailed(PricetimeError):
    """The load could not be set up."""


class Address:
    """Where a venue listens, taken from its URL. LoadFailed where it is no plain HTTP URL."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise LoadFailed(f"The load goes to a plain http:// URL, not {url!r}.")
        self.host = parts.hostname
        self.port = parts.port or 80
        self.netloc = parts.netloc
        self.base = parts.path.rstrip("/")


class Wire(asyncio.Protocol):
    """A connection. ``exchange`` sends a request and waits for its answer.

    An answer that arrives in one piece with its length, as nearly all do, is read by three searches; a parser
    reads the others. One timer a connection watches the time of all its requests.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._body: list[bytes] = []
        self._timeout_s = 0.0
        self._ends = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def exchange(
        self, method: str, path: str, body: bytes = b"", headers: bytes = b"", *, timeout_s: float
    ) -> tuple[int, bytes]:
        """Return the status and the body of the answer; NoAnswer. ``headers`` are whole lines."""
        loop = asyncio.get_running_loop()
        self._timeout_s, self._ends = timeout_s, loop.time() + timeout_s
        try:
            transport = self._transport
            if transport is None:
                transport = await self._open(loop)
            if self._timer is None:
                self._timer = loop.call_at(self._ends, self._watch)
            waiting: asyncio.Future[tuple[int, bytes]] = loop.create_future()
            self._waiting = waiting
            head = _head(self._address, method, path)
            transport.write(b"%bcontent-length: %d\r\n%b\r\n%b" % (head, len(body), headers, body))
            return await waiting
        except OSError as error:
            raise NoAnswer(f"no connection: {error}", sent=False) from error
        finally:
            self._waiting = None

    def close(self) -> None:
        """Close the connection; the next exchange opens another."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    async def _open(self, loop: asyncio.AbstractEventLoop) -> asyncio.Transport:
        try:
            async with asyncio.timeout(self._timeout_s):
                transport, _ = await loop.create_connection(
                    lambda: self, self._address.host, self._address.port
                )
        except TimeoutError:
            raise NoAnswer(self._too_long(), sent=False) from None
        self._parser = None
        self._transport = transport
        return transport

    def _watch(self) -> None:
        """End an exchange whose time is over; wait on for one that has begun since the timer was set."""
        loop = asyncio.get_running_loop()
        self._timer = None
        if self._waiting is None:
            return
        if loop.time() >= self._ends:
            self._fail(self._too_long())
            self.close()
        else:
            self._timer = loop.call_at(self._ends, self._watch)

    def _too_long(self) -> str:
        return f"no answer within {self._timeout_s:g} s"

    # What the event loop calls

    def data_received(self, data: bytes) -> None:
        """Read what has arrived."""
        if self._parser is None:
            if (answer := _whole_answer(data)) is not None:
                self._succeed(answer)
                return
            self._parser = httptools.HttpResponseParser(self)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._fail("the answer is no HTTP")
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        """Tell whoever waits that nothing will come."""
        self._transport = None
        self._fail("the connection was closed")

    # What the parser calls

    def on_message_begin(self) -> None:
        """Start an answer."""
        self._body = []

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Hand the answer over."""
        assert self._parser is not None
        if not self._parser.should_keep_alive():
            self.close()
        self._succeed((self._parser.get_status_code(), b"".join(self._body)))

    def _succeed(self, answer: tuple[int, bytes]) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(answer)

    def _fail(self, sentence: str) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(NoAnswer(sentence, sent=True))


_LENGTH: Final = b"\r\ncontent-length: "


def _whole_answer(data: bytes) -> tuple[int, bytes] | None:
    """Return status and body where this is one whole answer as the venue writes them; else None."""
    end = data.find(b"\r\n\r\n")
    at = data.find(_LENGTH, 0, end)
    if at < 0 or not data.startswith(b"HTTP/1.1 ") or data.find(b"\r\nconnection:", 0, end) >= 0:
        return None
    digits = data[at + len(_LENGTH) : end].partition(b"\r\n")[0]
    if not digits.isdigit() or len(data) != end + 4 + int(digits):
        return None
    return int(data[9:12]), data[end + 4 :]


@lru_cache(maxsize=1_024)
def _head(address: Address, method: str, path: str) -> bytes:
    """Return a request up to its own headers."""
    target = address.base + path
    return (
        f"{method} {target} HTTP/1.1\r\nhost: {address.netloc}\r\ncontent-type: application/json\r\n".encode()
    )
