"""What a stream knows, without I/O: its channels, the number of each, and what to send to have them.

Both streams (``client.stream``, ``client.async_stream``) drive one of these::

    opening(token) ──> a new connection ──> received(text) ──> Snapshot, Update, Heartbeat, …
                                       to_send() ──> subscribe anew where a message was missed

Every channel resumes after its own number. A message that does not follow the one before it is not given:
the channel begins anew with a snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from pricetime import schema
from pricetime.client.errors import ApiError, BadAnswer, error_class

StreamMessage = schema.Snapshot[Any] | schema.Update[Any] | schema.Heartbeat | schema.Checksum
"""What a stream gives; docs/streams.md has the type of ``data`` for each channel."""

STREAM_PATH: Final = "/v1/stream"
_BEGIN_AGAIN: Final = frozenset({"too_slow"})
_encode = msgspec.json.Encoder().encode
_SNAPSHOTS: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    "prices": msgspec.json.Decoder(schema.Snapshot[list[schema.Stock]]),
    "depth": msgspec.json.Decoder(schema.Snapshot[schema.Book]),
    "trades": msgspec.json.Decoder(schema.Snapshot[list[schema.Trade]]),
    "candles": msgspec.json.Decoder(schema.Snapshot[list[schema.CandleView]]),
    "account": msgspec.json.Decoder(schema.Snapshot[schema.AccountPicture]),
}
_UPDATES: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    "prices": msgspec.json.Decoder(schema.Update[list[schema.Stock]]),
    "depth": msgspec.json.Decoder(schema.Update[schema.DepthChange]),
    "trades": msgspec.json.Decoder(schema.Update[list[schema.Trade]]),
    "candles": msgspec.json.Decoder(schema.Update[list[schema.CandleView]]),
    "account": msgspec.json.Decoder(schema.Update[schema.AccountChange]),
}


class _Data(msgspec.Struct, frozen=True):
    """As much of a snapshot or update as says what to read it as."""

    channel: schema.ChannelName


class _SnapshotHead(_Data, frozen=True, tag_field="type", tag="snapshot"): ...


class _UpdateHead(_Data, frozen=True, tag_field="type", tag="update"): ...


_read = msgspec.json.Decoder(
    _SnapshotHead
    | _UpdateHead
    | schema.Heartbeat
    | schema.Checksum
    | schema.StreamProblem
    | schema.ServerShutdown
).decode

Place = tuple[str, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel to subscribe to; the functions below make them."""

    kind: schema.ChannelName
    stock: str | None = None
    interval: schema.Interval | None = None
    levels: int | None = None

    @property
    def place(self) -> Place:
        """Return what tells the channels of one connection apart."""
        return self.kind, self.stock, self.interval


def prices() -> Channel:
    """All stocks, each with its prices and its day."""
    return Channel("prices")


def depth(stock: str | int, levels: int | None = None) -> Channel:
    """Name the best levels of a book; the venue has a few depths and takes the next larger one."""
    return Channel("depth", str(stock), levels=levels)


def trades(stock: str | int) -> Channel:
    """Name the tape of a stock."""
    return Channel("trades", str(stock))


def candles(stock: str | int, interval: schema.Interval = "1m") -> Channel:
    """Name the candles of a stock."""
    return Channel("candles", str(stock), interval)


def account() -> Channel:
    """Name one's own orders, executions, wallet and holdings."""
    return Channel("account")


def is_refusal(error: Exception) -> bool:
    """Return whether the venue has said no, rather than that the connection must begin again."""
    return isinstance(error, ApiError) and error.code not in _BEGIN_AGAIN


class StreamState:
    """One stream over all its connections."""

    def __init__(self, channels: tuple[Channel, ...]) -> None:
        self._channels = {channel.place: channel for channel in channels}
        self._numbers: dict[Place, int] = {}
        self._to_send: list[msgspec.Struct] = []
        self.needs_session = False
        """Whether the venue has said that the session is over."""

    @property
    def is_private(self) -> bool:
        """Return whether a session is needed."""
        return any(channel.kind == "account" for channel in self._channels.values())

    def opening(self, token: str | None) -> list[str]:
        """Return the first messages of a new connection."""
        self._to_send = [schema.Authenticate(token=token)] if token else []
        self.needs_session = False
        for channel in self._channels.values():
            self._ask(channel)
        return self.to_send()

    def renewed(self, token: str) -> list[str]:
        """Return what to send when the session has been renewed."""
        self.needs_session = False
        self._to_send.append(schema.Authenticate(token=token))
        self._ask(Channel("account"))
        return self.to_send()

    def subscribe(self, channel: Channel) -> None:
        """Have a channel from now on."""
        self._channels[channel.place] = channel
        self._numbers.pop(channel.place, None)
        self._ask(channel)

    def unsubscribe(self, channel: Channel) -> None:
        """Have a channel no more."""
        if self._channels.pop(channel.place, None) is not None:
            self._numbers.pop(channel.place, None)
            self._to_send.append(
                schema.Unsubscribe(channel=channel.kind, stock=channel.stock, interval=channel.interval)
            )

    def ask_checksum(self, stock: str | int) -> None:
        """Have the checksum of a book sent."""
        self._to_send.append(schema.AskChecksum(stock=str(stock)))

    def _ask(self, channel: Channel) -> None:
        self._to_send.append(
            schema.Subscribe(
                channel=channel.kind,
                stock=channel.stock,
                interval=channel.interval,
                levels=channel.levels,
                after=self._numbers.get(channel.place),
            )
        )

    def to_send(self) -> list[str]:
        """Return what is to be sent, once."""
        messages, self._to_send = self._to_send, []
        return [_encode(message).decode() for message in messages]

    def received(self, text: str | bytes) -> StreamMessage | None:
        """Return what a message says, or None where it is not for the user; ApiError where it is refused."""
        try:
            head = _read(text)
            if isinstance(head, _SnapshotHead):
                return self._begun(_SNAPSHOTS[head.channel].decode(text))
            if isinstance(head, _UpdateHead):
                return self._followed(_UPDATES[head.channel].decode(text))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadAnswer(f"The stream says what this client does not know: {error}") from error
        if isinstance(head, schema.StreamProblem):
            self._refused(head)
            return None
        return None if isinstance(head, schema.ServerShutdown) else head

    def _begun(self, message: schema.Snapshot[Any]) -> StreamMessage | None:
        place = message.channel, message.stock, message.interval
        if place not in self._channels:
            return None  # it was on its way when the channel was given up
        self._numbers[place] = message.number
        return message

    def _followed(self, message: schema.Update[Any]) -> StreamMessage | None:
        place = message.channel, message.stock, message.interval
        channel = self._channels.get(place)
        if channel is None:
            return None
        known = self._numbers.get(place)
        if known == message.previous:
            self._numbers[place] = message.number
            return message
        if known is not None:  # one was missed; while there is no number a snapshot is on its way
            del self._numbers[place]
            self._ask(channel)
        return None

    def _refused(self, refused: schema.StreamProblem) -> None:
        problem = refused.problem
        if refused.channel == "account" and problem.code == "token_invalid":
            self.needs_session = True
            return
        raise error_class(problem.status)(
            problem.status, problem.code, problem.detail, request_id=problem.request_id
        )


class Subscriptions:
    """What of a stream does not wait for anything: which channels it has. The connection sends it on."""

    def __init__(self, channels: tuple[Channel, ...]) -> None:
        self._state = StreamState(channels)

    def subscribe(self, channel: Channel) -> None:
        """Have a channel, anew where the stream has it: its snapshot comes next of it."""
        self._state.subscribe(channel)

    def unsubscribe(self, channel: Channel) -> None:
        """Have a channel no more."""
        self._state.unsubscribe(channel)

    def ask_checksum(self, stock: str | int) -> None:
        """Have the checksum of a book that the stream has sent as a message."""
        self._state.ask_checksum(stock)
