"""A feed for programs that wait: commands out, events in, over connections that may break.

with client.feed("maker") as feed:
    feed.send([place_order(0, 1, Side.BUY, 10, 1_355_000)])
    for events in feed:
        print(events.array["kind"])
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.sync.client import ClientConnection, connect

from pricetime.client.errors import ApiError
from pricetime.client.feed_state import CommandsLike, FeedEvents, FeedState
from pricetime.client.sockets import LOST, OPEN_TIMEOUT_S, Patience, ends_for_good, final, secured, socket_url

if TYPE_CHECKING:
    from pricetime.client.sync import Client


class Feed:
    """One feed of the client's user. One thread may send while another receives.

    A lost connection is opened again, for up to ``patience_s`` seconds; what was not carried out is sent
    again, what was missed is received, each exactly once. ``stream`` names the feed where an account has
    several; ``after`` begins behind an event seen earlier (``position``). Use it in ``with``.
    """

    def __init__(self, client: Client, stream: str, after: int | None, patience_s: float) -> None:
        self._client = client
        self._patience_s = patience_s
        self._state = FeedState(stream, after)
        self._received: deque[FeedEvents] = deque()
        self._socket: ClientConnection | None = None
        self._connected = ExitStack()
        # Taken in this order: who opens a new connection needs both.
        self._receiving = threading.Lock()
        self._sending = threading.Lock()
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

    def send(self, commands: CommandsLike) -> None:
        """Send commands. Where too many are in flight, wait, and keep what comes for ``receive``."""
        for part in self._state.split(commands):
            while not self._sent(part):
                self._pump(None, self._state.has_room)

    def _sent(self, part: bytes) -> bool:
        """Send a part if there is room. Where the connection is broken, it is sent again on the next one."""
        with self._sending:
            if not self._state.has_room():
                return False
            message = self._state.frame(part)
            with suppress(ConnectionClosed):
                self._connection().send(message)
            return True

    def receive(self, timeout_s: float | None = None) -> FeedEvents:
        """Return the next events; TimeoutError where there are none for so long."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            with suppress(IndexError):
                return self._received.popleft()
            self._pump(deadline, lambda: bool(self._received))

    def __iter__(self) -> Iterator[FeedEvents]:
        """Iterate over events for ever."""
        while True:
            yield self.receive()

    def flush(self, timeout_s: float | None = None) -> None:
        """Return when all that was sent is acknowledged; TimeoutError. Its events wait for ``receive``."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while self._state.in_flight:
            self._pump(deadline, lambda: not self._state.in_flight)

    def close(self) -> None:
        """End the connection. What was sent and is not acknowledged may or may not be carried out."""
        self._closed = True
        self._connected.close()

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------------------- over connections

    def _connection(self) -> ClientConnection:
        assert self._socket is not None, "a feed is used in a with statement"
        return self._socket

    def _pump(self, deadline: float | None, is_enough: Callable[[], bool]) -> None:
        """Take one message, unless another thread has taken enough; on a broken connection, open another."""
        if not self._receiving.acquire(timeout=-1 if deadline is None else _left(deadline)):
            raise TimeoutError
        try:
            if not self._is_open:  # opening it again was interrupted
                raise ConnectionClosedError(None, None)
            if not is_enough():
                self._take(self._connection().recv(None if deadline is None else _left(deadline)))
        except (ConnectionClosed, ApiError) as error:
            if self._closed or ends_for_good(error):
                raise final(error) from error
            with self._sending:
                self._open()
        finally:
            self._receiving.release()

    def _take(self, message: str | bytes) -> None:
        events = self._state.received(message)
        if events is not None and events.records:
            self._received.append(events)

    def _open(self) -> None:
        """Connect until the feed is ready, for as long as patience lasts."""
        patience = Patience(self._patience_s)
        while True:
            try:
                self._connect()
                return
            except LOST as error:
                time.sleep(patience.pause_after(error))

    def _connect(self) -> None:
        """Connect, take what was missed, and send again what the venue has not carried out."""
        self._is_open = False
        self._connected.close()
        token = self._client.live_token()
        self._socket = self._connected.enter_context(
            connect(
                socket_url(self._client.url),
                compression=None,
                max_size=None,
                open_timeout=OPEN_TIMEOUT_S,
                ssl=secured(self._client.url),
            )
        )
        with suppress(ConnectionClosed):
            self._socket.send(self._state.hello(token))
        while not self._state.is_open:
            self._take(self._socket.recv())
        with suppress(ConnectionClosed):
            for message in self._state.again():
                self._socket.send(message)
        self._is_open = True


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())
