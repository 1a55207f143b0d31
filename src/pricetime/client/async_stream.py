"""A stream for asyncio programs: messages as things change, over connections that may break.

async with client.stream(depth("1"), trades("1")) as stream:
    async for message in stream:
        print(message.channel, message.data)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from pricetime.client.errors import ApiError
from pricetime.client.sockets import LOST, OPEN_TIMEOUT_S, Patience, ends_for_good, final, socket_url
from pricetime.client.stream_state import STREAM_PATH, Channel, StreamMessage, Subscriptions, is_refusal

if TYPE_CHECKING:
    from pricetime.client.asynchronous import AsyncClient


class AsyncStream(Subscriptions):
    """Some channels of a venue, as ``Stream`` has them, for one task; use it in ``async with``."""

    def __init__(self, client: AsyncClient, channels: tuple[Channel, ...], patience_s: float) -> None:
        super().__init__(channels)
        self._client = client
        self._patience = Patience(patience_s)
        self._socket: ClientConnection | None = None
        self._is_open = False
        self._closed = asyncio.Event()

    async def receive(self) -> StreamMessage:
        """Return the next message. Where it is cancelled, none is lost."""
        while True:
            try:
                if not self._is_open:  # opening it again was interrupted
                    raise ConnectionClosedError(None, None)
                if (message := await self._next()) is not None:
                    return message
            except (ConnectionClosed, ApiError) as error:
                if self._closed.is_set() or is_refusal(error) or ends_for_good(error):
                    raise final(error) from error
                await self._open(error)

    async def __aiter__(self) -> AsyncIterator[StreamMessage]:
        """Iterate over messages for ever."""
        while True:
            yield await self.receive()

    async def close(self) -> None:
        """End the connection."""
        self._closed.set()
        if self._socket is not None:
            await self._socket.close()

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # ------------------------------------------------------------------------------- over connections

    async def _next(self) -> StreamMessage | None:
        assert self._socket is not None, "a stream is used in an async with statement"
        await self._send(self._state.to_send())
        text = await self._socket.recv()
        self._patience.restore()
        message = self._state.received(text)
        if self._state.needs_session:
            await self._send(self._state.renewed(await self._client.live_token()))
        return message

    async def _send(self, texts: list[str]) -> None:
        assert self._socket is not None, "it is open"
        with suppress(ConnectionClosed):
            for text in texts:
                await self._socket.send(text)

    async def _open(self, lost: Exception | None = None) -> None:
        """Connect, for as long as patience lasts; after an error, not at once."""
        while True:
            if lost is not None:
                await asyncio.sleep(self._patience.pause_after(lost))
            try:
                await self._connect()
                return
            except LOST as error:
                lost = error

    async def _connect(self) -> None:
        self._is_open = False
        if self._socket is not None:
            await self._socket.close()
        token = await self._client.live_token() if self._state.is_private else None
        self._socket = await connect(
            socket_url(self._client.url, STREAM_PATH),
            compression=None,
            max_size=None,
            open_timeout=OPEN_TIMEOUT_S,
        )
        await self._send(self._state.opening(token))
        self._is_open = True
