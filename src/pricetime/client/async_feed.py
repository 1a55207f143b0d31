"""A feed for asyncio programs: commands out, events in, over connections that may break.

async with client.feed("maker") as feed:
    await feed.send([place_order(0, 1, Side.BUY, 10, 1_355_000)])
    async for events in feed:
        print(events.array["kind"])
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from pricetime.client.errors import ApiError
from pricetime.client.feed_state import CommandsLike, FeedEvents, FeedState
from pricetime.client.sockets import LOST, OPEN_TIMEOUT_S, Patience, ends_for_good, final, socket_url

if TYPE_CHECKING:
    from pricetime.client.asynchronous import AsyncClient


class AsyncFeed:
    """One feed of the client's user, as ``Feed`` is. Tasks may share it; use it in ``async with``."""

    def __init__(self, client: AsyncClient, stream: str, after: int | None, patience_s: float) -> None:
        self._client = client
        self._patience_s = patience_s
        self._state = FeedState(stream, after)
        self._received: deque[FeedEvents] = deque()
        self._socket: ClientConnection | None = None
        # Taken in this order: who opens a new connection needs both.
        self._receiving = asyncio.Lock()
        self._sending = asyncio.Lock()
        self._is_open = False
        self._closed = False

    @property
    def position(self) -> int | None:
        """Return the number of the event up to which everything was received; ``after`` of a later feed."""
        return self._state.position

    @property
    def acknowledged(self) -> int:
        """Return how many of the commands sent are carried out and durable."""
        return self._state.acknowledged

    @property
    def in_flight(self) -> int:
        """Return how many of the commands sent are not acknowledged yet."""
        return self._state.in_flight

    async def send(self, commands: CommandsLike) -> None:
        """Send commands. Where too many are in flight, wait, and keep what comes for ``receive``."""
        for part in self._state.split(commands):
            while not await self._sent(part):
                await self._pump(self._state.has_room)

    async def _sent(self, part: bytes) -> bool:
        """Send a part if there is room. Where the connection is broken, it is sent again on the next one."""
        async with self._sending:
            if not self._state.has_room():
                return False
            message = self._state.frame(part)
            with suppress(ConnectionClosed):
                await self._connection().send(message)
            return True

    async def receive(self) -> FeedEvents:
        """Return the next events. Where it is cancelled, none are lost."""
        while True:
            with suppress(IndexError):
                return self._received.popleft()
            await self._pump(lambda: bool(self._received))

    async def __aiter__(self) -> AsyncIterator[FeedEvents]:
        """Iterate over events for ever."""
        while True:
            yield await self.receive()

    async def flush(self) -> None:
        """Return when all that was sent is acknowledged. Its events wait for ``receive``."""
        while self._state.in_flight:
            await self._pump(lambda: not self._state.in_flight)

    async def close(self) -> None:
        """End the connection. What was sent and is not acknowledged may or may not be carried out."""
        self._closed = True
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

    def _connection(self) -> ClientConnection:
        assert self._socket is not None, "a feed is used in an async with statement"
        return self._socket

    async def _pump(self, is_enough: Callable[[], bool]) -> None:
        """Take one message, unless another task has taken enough; on a broken connection, open another."""
        async with self._receiving:
            if is_enough():
                return
            try:
                if not self._is_open:  # opening it again was interrupted
                    raise ConnectionClosedError(None, None)
                self._take(await self._connection().recv())
            except (ConnectionClosed, ApiError) as error:
                if self._closed or ends_for_good(error):
                    raise final(error) from error
                async with self._sending:
                    await self._open()

    def _take(self, message: str | bytes) -> None:
        events = self._state.received(message)
        if events is not None and events.records:
            self._received.append(events)

    async def _open(self) -> None:
        """Connect until the feed is ready, for as long as patience lasts."""
        patience = Patience(self._patience_s)
        while True:
            try:
                await self._connect()
                return
            except LOST as error:
                await asyncio.sleep(patience.pause_after(error))

    async def _connect(self) -> None:
        """Connect, take what was missed, and send again what the venue has not carried out."""
        self._is_open = False
        if self._socket is not None:
            await self._socket.close()
        token = await self._client.live_token()
        self._socket = await connect(
            socket_url(self._client.url), compression=None, max_size=None, open_timeout=OPEN_TIMEOUT_S
        )
        with suppress(ConnectionClosed):
            await self._socket.send(self._state.hello(token))
        while not self._state.is_open:
            self._take(await self._socket.recv())
        with suppress(ConnectionClosed):
            for message in self._state.again():
                await self._socket.send(message)
        self._is_open = True
