"""One HTTP/1.1 connection with as little work a request as Python allows, for the load generator.

A thousand simulated users must fit on one core beside the server that they measure, so this does only
what the load needs: one request at a time, kept alive, JSON in and out. Programs use ``pricetime.client``.
"""

from __future__ import annotations

import asyncio
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
    """A connection. ``exchange`` sends a request and waits for its answer."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []

    async def exchange(
        self, method: str, path: str, body: bytes = b"", headers: bytes = b"", *, timeout_s: float
    ) -> tuple[int, bytes]:
        """Return the status and the body of the answer; NoAnswer. ``headers`` are whole lines."""
        try:
            async with asyncio.timeout(timeout_s):
                transport = await self._open()
                self._waiting = asyncio.get_running_loop().create_future()
                transport.write(_request(self._address, method, path, body, headers))
                return await self._waiting
        except TimeoutError:
            self.close()
            raise NoAnswer(f"no answer within {timeout_s:g} s", sent=True) from None
        except OSError as error:
            raise NoAnswer(f"no connection: {error}", sent=False) from error
        finally:
            self._waiting = None

    def close(self) -> None:
        """Close the connection; the next exchange opens another."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    async def _open(self) -> asyncio.Transport:
        if self._transport is None:
            loop = asyncio.get_running_loop()
            self._parser = httptools.HttpResponseParser(self)
            self._transport, _ = await loop.create_connection(
                lambda: self, self._address.host, self._address.port
            )
        return self._transport

    # What the event loop calls

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived."""
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
        if not self._parser.should_keep_alive():
            self.close()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result((self._parser.get_status_code(), b"".join(self._body)))

    def _fail(self, sentence: str) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(NoAnswer(sentence, sent=True))


_REQUEST: Final = (
    b"%s %s HTTP/1.1\r\nhost: %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%s\r\n"
)


def _request(address: Address, method: str, path: str, body: bytes, headers: bytes) -> bytes:
    target = (address.base + path).encode()
    return _REQUEST % (method.encode(), target, address.netloc.encode(), len(body), headers) + body
