"""Messages of a channel: encoded once, and framed once for all who get them.

A server's WebSocket frames carry no mask, so that the very same bytes go to every connection.
"""

from __future__ import annotations

import struct
from typing import Any, Final, NamedTuple

import msgspec

from pricetime import schema

_TEXT: Final = 0x81
_SHORT: Final = 125
_encode = msgspec.json.Encoder().encode


class Key(NamedTuple):
    """Which channel. What does not tell a channel from others of its kind is 0 or empty."""

    kind: schema.ChannelName
    stock: int = 0
    interval: schema.Interval | None = None
    levels: int = 0
    account: int = 0

    @property
    def place(self) -> tuple[str, int, str | None]:
        """Return what tells the channels of one connection apart, in the words of its client."""
        return self.kind, self.stock, self.interval

    def fields(self) -> dict[str, Any]:
        """Return how messages name the channel."""
        return {
            "channel": self.kind,
            "stock": str(self.stock) if self.stock else None,
            "interval": self.interval,
        }


class Message:
    """An encoded message. ``previous`` is None where it does not follow another."""

    __slots__ = ("_event", "_head", "frame", "kind", "number", "previous")

    def __init__(self, kind: str, body: msgspec.Struct, number: int = 0, previous: int | None = None) -> None:
        text = _encode(body)
        head = _frame_head(len(text))
        self.kind = kind
        self.number = number
        self.previous = previous
        self.frame = head + text
        """The message as a WebSocket frame."""
        self._head = len(head)
        self._event: tuple[int | None, bytes] | None = None

    def event(self, last: int | None) -> bytes:
        """Return the message as a server-sent event, with the number after which its reader resumes."""
        if self._event is None or self._event[0] != last:
            ident = b"" if last is None else b"id: %d\n" % last
            kind, text = self.kind.encode(), memoryview(self.frame)[self._head :]
            self._event = (last, b"".join((ident, b"event: ", kind, b"\ndata: ", text, b"\n\n")))
        return self._event[1]


def snapshot(key: Key, number: int, data: Any) -> Message:
    """Return a channel as it stands after event ``number``."""
    body = schema.Snapshot(**key.fields(), levels=key.levels or None, number=number, data=data)
    return Message("snapshot", body, number)


def update(key: Key, number: int, previous: int, data: Any) -> Message:
    """Return what has changed in a channel since its message ``previous``."""
    body = schema.Update(
        **key.fields(), levels=key.levels or None, number=number, previous=previous, data=data
    )
    return Message("update", body, number, previous)


def problem(problem: schema.Problem, key: Key | None = None) -> Message:
    """Return what is wrong, with a channel or altogether."""
    return Message("problem", schema.StreamProblem(**(key.fields() if key else {}), problem=problem))


def _frame_head(length: int) -> bytes:
    if length <= _SHORT:
        return bytes((_TEXT, length))
    if length < 2**16:
        return struct.pack("!BBH", _TEXT, 126, length)
    return struct.pack("!BBQ", _TEXT, 127, length)
