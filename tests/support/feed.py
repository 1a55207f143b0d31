"""A plain client of the feed, which does nothing by itself: no retry, no resume, no ids."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Self

from tests.support.small_socket import small_socket
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from pricetime.client.sockets import secured
from pricetime.records import Command, Event, EventKind, iter_events
from pricetime.records.frames import Frame, FrameKind, commands_frame, read_frame

PATIENCE_S = 60


class RawFeed:
    """One connection to ``/v1/orders/feed``, open and ready."""

    def __init__(
        self,
        url: str,
        token: str | None,
        *,
        headers: dict[str, str] | None = None,
        slow: bool = False,
        **hello: Any,
    ) -> None:
        self._connected = connect(
            url.replace("http", "ws", 1) + "/v1/orders/feed",
            additional_headers=headers,
            compression=None,
            max_size=None,
            max_queue=1,
            close_timeout=1,
            sock=small_socket(url) if slow else None,
            ssl=secured(url),
        )
        self.socket = self._connected.__enter__()
        self.number = 0
        self.frames: list[Frame] = []
        """All messages of events so far."""
        self.ready: dict[str, Any] = {}
        self.say(({"token": token} if token else {}) | hello)

    def say(self, words: Any) -> None:
        self.socket.send(json.dumps(words))

    def send(self, *commands: Command, number: int | None = None) -> int:
        """Send one frame and return its number."""
        self.number = self.number + 1 if number is None else number
        self.socket.send(commands_frame(self.number, b"".join(each.pack() for each in commands)))
        return self.number

    def next(self, timeout_s: float = PATIENCE_S) -> Frame | dict[str, Any]:
        """The next message: a frame of events, or what the venue says."""
        message = self.socket.recv(timeout_s)
        if isinstance(message, str):
            return json.loads(message)
        frame = read_frame(message, FrameKind.EVENTS)
        self.frames.append(frame)
        return frame

    def opened(self) -> Self:
        """Read to ``ready``."""
        while not self.ready:
            message = self.next()
            if isinstance(message, dict):
                assert message["message"] == "ready", message
                self.ready = message
        return self

    def acknowledged(self, number: int) -> list[Event]:
        """Read until a frame is acknowledged; return the events that came."""
        read = []
        while not (self.frames and self.frames[-1].number >= number and read):
            frame = self.next()
            assert isinstance(frame, Frame), frame
            read.append(frame)
        return events_of(read)

    def some(self) -> list[Event]:
        """Read until there are events, and return them."""
        while True:
            frame = self.next()
            assert isinstance(frame, Frame), frame
            if frame.records:
                return events_of([frame])

    def until(self, kind: EventKind) -> list[Event]:
        """Read until there is an event of a kind; return the events that came."""
        read: list[Event] = []
        while all(event.kind != kind for event in read):
            read += self.some()
        return read

    @property
    def events(self) -> list[Event]:
        """All events so far."""
        return events_of(self.frames)

    def end(self) -> tuple[int, str]:
        """Read to the end of the connection; return its close code and the code of the problem before it."""
        code = ""
        while True:
            try:
                message = self.next()
            except ConnectionClosed as closed:
                return (closed.rcvd.code if closed.rcvd else 1006), code
            if isinstance(message, dict) and message["message"] == "problem":
                code = message["problem"]["code"]
                assert message["problem"]["detail"].endswith(".")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()


def events_of(frames: list[Frame]) -> list[Event]:
    return [event for frame in frames for event in iter_events(frame.records)]
