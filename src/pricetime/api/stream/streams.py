"""The streams of one venue: a connection from its first message to its last.

::

    subscribe, unsubscribe, authenticate, checksum ──> hub ──> snapshots, updates
    what cannot be understood or done              ──> a problem; the connection goes on
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
import structlog

from pricetime.api.feed.socket import Socket
from pricetime.api.gate import Gate
from pricetime.api.guards.bodies import Receive
from pricetime.api.problems import Refused, answer_to
from pricetime.api.stream.asked import EventStream, key_of
from pricetime.api.stream.hub import Hub
from pricetime.api.stream.listener import Listener
from pricetime.api.stream.messages import Key
from pricetime.api.stream.outlets import Answer, EventsOutlet, SocketOutlet
from pricetime.api.stream.pacer import Pacer
from pricetime.errors import InvalidRequest, TokenInvalid
from pricetime.schema import AskChecksum, Authenticate, StreamRequest, Subscribe, Unsubscribe

if TYPE_CHECKING:
    from pricetime.api.services import Services

STREAM_PATH: Final = "/v1/stream"
_DIGITS: Final = 19
_read: Final = msgspec.json.Decoder(StreamRequest).decode
_log = structlog.get_logger("pricetime.api")


class Streams:
    """Serves the streams of one venue."""

    def __init__(self, venue: Services, gate: Gate) -> None:
        self._venue = venue
        self._gate = gate
        self._message_limit = venue.settings.stream_message_limit
        self._hub = Hub(venue)
        self._pacer = Pacer(venue, self._hub, self._check_sessions)
        venue.sequencer.on_batch.append(self._pacer.on_batch)
        venue.metrics.gauge("pricetime_streams", "Open streams.", lambda: len(self._hub.listeners))
        venue.metrics.gauge(
            "pricetime_stream_channels", "Channels that are told of.", lambda: len(self._hub.channels)
        )

    async def close(self) -> None:
        """End what runs beside the connections."""
        await self._pacer.close()

    # -------------------------------------------------------------------------------------- WebSockets

    async def serve(self, socket: Socket, receive: Receive, token: str | None, address: str) -> None:
        """Serve an accepted WebSocket to its end. ``token`` is that of the request's headers."""
        listener = Listener(SocketOutlet(socket), address)
        socket.on_stopping = listener.stop
        try:
            self._enter(listener, token)
        except (Refused, TokenInvalid) as error:
            listener.end(error)
            return
        try:
            while (message := await receive())["type"] != "websocket.disconnect":
                await self._take(listener, message)
                await socket.ready_to_write()
        finally:
            self._hub.leave(listener)

    def _enter(self, listener: Listener, token: str | None) -> None:
        if token is not None:
            listener.account = self._venue.identity.authenticate(token).account
            listener.token = token
        self._hub.enter(listener)
        self._pacer.start()

    async def _take(self, listener: Listener, message: Mapping[str, Any]) -> None:
        """Do what a message asks, or say why not."""
        text, asked = message.get("text"), None
        if text is None:
            listener.end(Refused("bad_message", "Messages are JSON texts. Send no binary ones here."))
            return
        if len(text) > self._message_limit:
            listener.end(
                Refused("message_too_large", f"A message has at most {self._message_limit:,} characters.")
            )
            return
        try:
            await self._gate.pay(listener.account, listener.address)
            asked = _read(text)
            await self._do(listener, asked)
        except Exception as error:  # noqa: BLE001 - every error becomes a message here
            if answer_to(error).code == "internal_error":
                _log.error("a stream failed", exc_info=error)
            listener.tell(error, _key_for_problem(asked))

    async def _do(self, listener: Listener, asked: StreamRequest) -> None:
        match asked:
            case Subscribe():
                key = self._own(listener, key_of(asked.channel, asked.stock, asked.interval, asked.levels))
                await self._hub.subscribe(listener, key, asked.after)
            case Unsubscribe():
                self._hub.unsubscribe(listener, key_of(asked.channel, asked.stock, asked.interval, None))
            case Authenticate():
                self._authenticate(listener, asked.token)
            case AskChecksum():
                self._hub.checksum(listener, int(asked.stock))

    def _own(self, listener: Listener, key: Key) -> Key:
        """Return the key with its account; TokenInvalid where it needs one and the listener has none."""
        if key.kind != "account":
            return key
        if not listener.account:
            raise TokenInvalid("The channel account needs a session. Send authenticate with a token first.")
        self._venue.identity.authenticate(listener.token)
        return key._replace(account=listener.account)

    def _authenticate(self, listener: Listener, token: str) -> None:
        account = self._venue.identity.authenticate(token).account
        if listener.account not in (0, account):
            raise TokenInvalid("This token is of another account than the connection. Connect anew for it.")
        self._hub.become(listener, account)
        listener.token = token

    def _check_sessions(self) -> None:
        """End the private channels of sessions that are over."""
        for channel in [each for each in self._hub.channels.values() if each.key.account]:
            for subscription in tuple(channel.subscriptions):
                listener = subscription.listener
                try:
                    self._venue.identity.authenticate(listener.token)
                except TokenInvalid as error:
                    self._hub.unsubscribe(listener, channel.key)
                    listener.tell(error, channel.key)
                    listener.flush(self._hub.position)

    # ------------------------------------------------------------------------------ server-sent events

    async def serve_events(
        self,
        asked: EventStream,
        headers: Mapping[bytes, bytes],
        token: str | None,
        answer: Answer,
        head: bytes,
        receive: Receive,
    ) -> None:
        """Serve an endless answer to its end. Whatever is wrong is raised before it begins."""
        last = _last_event(headers)
        after = asked.after if last is None else last
        listener = Listener(EventsOutlet(answer, after), asked.address)
        if token is not None:
            listener.account = self._venue.identity.authenticate(token).account
            listener.token = token
        keys = [self._own(listener, key) for key in asked.keys]
        if len(keys) > (limit := self._venue.settings.stream_subscriptions_limit):
            raise Refused(
                "too_many_subscriptions", f"A connection has at most {limit} channels. Ask for fewer."
            )
        self._hub.enter(listener)
        self._pacer.start()
        answer.on_stopping = listener.stop
        answer.open(200, head)
        try:
            for key in keys:
                await self._begin(listener, key, after)
            listener.flush(self._hub.position)
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._hub.leave(listener)
            answer.close()

    async def _begin(self, listener: Listener, key: Key, after: int | None) -> None:
        try:
            await self._hub.subscribe(listener, key, after)
        except Refused as error:
            listener.tell(error, key)


def _last_event(headers: Mapping[bytes, bytes]) -> int | None:
    text = headers.get(b"last-event-id")
    if text is None:
        return None
    if not (0 < len(text) <= _DIGITS and text.isdigit()):
        raise InvalidRequest(
            "Last-Event-ID is the id of an event of this stream. Leave it out to begin anew."
        )
    return int(text)


def _key_for_problem(asked: StreamRequest | None) -> Key | None:
    """Return the channel that a message was about, if it names one."""
    if not isinstance(asked, Subscribe | Unsubscribe):
        return None
    stock = int(asked.stock) if asked.stock is not None else 0
    return Key(asked.channel, stock, asked.interval)
