"""A stream for programs that wait: messages as things change, over connections that may break.

with client.stream(depth("1"), trades("1")) as stream:
    for message in stream:
        print(message.channel, message.data)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.sync.client import ClientConnection, connect

from pricetime.client.errors import ApiError
from pricetime.client.sockets import LOST, OPEN_TIMEOUT_S, Patience, ends_for_good, final, secured, socket_url
from pricetime.client.stream_state import STREAM_PATH, Channel, StreamMessage, Subscriptions, is_refusal

if TYPE_CHECKING:
    from pricetime.client.sync import Client


class Stream(Subscriptions):
    """Some channels of a venue, for one thread; use it in ``with``.

    A lost connection is opened again, for up to ``patience_s`` seconds, and each channel goes on where it
    was: with the updates that were missed, or with a snapshot where the venue no longer has them.
    """

    def __init__(self, client: Client, channels: tuple[Channel, ...], patience_s: float) -> None:
        super().__init__(channels)
        self._client = client
        self._patience = Patience(patience_s)
        self._socket: ClientConnection | None = None
        self._connected = ExitStack()
        self._is_open = False
        self._closed = threading.Event()

    def receive(self, timeout_s: float | None = None) -> StreamMessage:
        """Return the next message; TimeoutError where there is none for so long."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            try:
                if not self._is_open:  # opening it again was interrupted
                    raise ConnectionClosedError(None, None)
                if (message := self._next(deadline)) is not None:
                    return message
            except (ConnectionClosed, ApiError) as error:
                if self._closed.is_set() or is_refusal(error) or ends_for_good(error):
                    raise final(error) from error
                self._open(error)

    def __iter__(self) -> Iterator[StreamMessage]:
        """Iterate over messages for ever."""
        while True:
            yield self.receive()

    def close(self) -> None:
        """End the connection."""
        self._closed.set()
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

    def _next(self, deadline: float | None) -> StreamMessage | None:
        assert self._socket is not None, "a stream is used in a with statement"
        self._send(self._state.to_send())
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        text = self._socket.recv(left)
        self._patience.restore()
        message = self._state.received(text)
        if self._state.needs_session:
            self._send(self._state.renewed(self._client.live_token()))
        return message

    def _send(self, texts: list[str]) -> None:
        assert self._socket is not None, "it is open"
        with suppress(ConnectionClosed):
            for text in texts:
                self._socket.send(text)

    def _open(self, lost: Exception | None = None) -> None:
        """Connect, for as long as patience lasts; after an error, not at once."""
        while True:
            if lost is not None and self._closed.wait(self._patience.pause_after(lost)):
                raise final(lost) from lost
            try:
                self._connect()
                return
            except LOST as error:
                lost = error

    def _connect(self) -> None:
        self._is_open = False
        self._connected.close()
        token = self._client.live_token() if self._state.is_private else None
        self._socket = self._connected.enter_context(
            connect(
                socket_url(self._client.url, STREAM_PATH),
                compression=None,
                max_size=None,
                open_timeout=OPEN_TIMEOUT_S,
                ssl=secured(self._client.url),
            )
        )
        self._send(self._state.opening(token))
        self._is_open = True
