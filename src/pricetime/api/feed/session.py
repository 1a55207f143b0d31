"""A feed from its first message to its last: who may, how it begins, what ends it.

::

    hello ─> session ─> place in the hub ─┬─ listen: frames and renewals of the session
                                          ├─ deliver: events
                                          ├─ watch: session, venue, a client that does not read
                                          └─ another connection, or the end of the server
                            the first of them to end, ends the feed
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, NoReturn

import msgspec
import structlog

from pricetime.api.feed.connection import Connection
from pricetime.api.feed.history import History
from pricetime.api.feed.hub import Hub, Place
from pricetime.api.feed.socket import Socket, end_with
from pricetime.api.guards.bodies import Disconnected, Receive
from pricetime.api.guards.rates import Buckets
from pricetime.api.problems import Refused, answer_to
from pricetime.api.services import Services
from pricetime.errors import Conflict, InvalidRequest, JournalFailed, RecordError, TokenInvalid, VenueStopped
from pricetime.records import COMMAND_BYTES
from pricetime.records.frames import FrameKind, read_frame
from pricetime.schema import FeedHello, FeedRenewal, FeedShutdown

COMMANDS_A_WEIGHT: Final = 20
"""Commands that take as much from the rate limits as one request: what an order of a full batch costs."""

_WATCH_S: Final = 0.5
_TELL_EVERY: Final = 4  # rounds of the watch
_AT_ONCE: Final = frozenset({"token_invalid", "taken_over", "too_slow", "journal_failed", "internal_error"})
"""Ends after which not even what was read before is answered."""

_read_hello = msgspec.json.Decoder(FeedHello).decode
_read_renewal = msgspec.json.Decoder(FeedRenewal).decode
_encode = msgspec.json.Encoder().encode
_log = structlog.get_logger("pricetime.api")


class Feeds:
    """Serves the feeds of one venue. ``rates`` are those of accounts, or None where there are no limits."""

    def __init__(self, venue: Services, rates: Buckets | None) -> None:
        self._venue = venue
        self._rates = rates
        self._hub = Hub(venue.settings)
        venue.sequencer.on_batch.append(self._hub.on_batch)
        venue.metrics.gauge("pricetime_feeds", "Open feeds.", lambda: len(self._hub))

    async def serve(self, socket: Socket, receive: Receive, token: str | None, request_id: str = "") -> None:
        """Serve one accepted WebSocket to its end. ``token`` is that of the request's headers."""
        try:
            async with asyncio.timeout(self._venue.settings.body_timeout_s):
                hello = await _hello(receive)
            token = token if hello.token is None else hello.token
            await self._enter(socket, receive, hello, token, request_id)
        except Disconnected:
            return
        except TimeoutError:
            end_with(socket, Refused("too_slow", "The first message did not come in time. Connect again."))
        except Exception as error:  # noqa: BLE001 - every error becomes a message here and nowhere else
            if answer_to(error).code == "internal_error":
                _log.error("a feed failed", exc_info=error)
            end_with(socket, error)

    async def _enter(
        self, socket: Socket, receive: Receive, hello: FeedHello, token: str | None, request_id: str
    ) -> None:
        venue, settings = self._venue, self._venue.settings
        if token is None:
            raise TokenInvalid
        account = venue.identity.authenticate(token).account
        place = await self._hub.enter(account, hello.stream)
        try:
            history = History(venue.journal, account, settings.feed_resume_limit)
            connection = Connection(socket, venue.sequencer, history, account, settings, request_id)
            await connection.begin(hello.after)
            self._hub.join(connection)
            try:
                await _Feed(venue, self._rates, socket, receive, connection, place, token).run()
            finally:
                self._hub.part(connection)
                await connection.settled()
        finally:
            self._hub.leave(place)


async def _hello(receive: Receive) -> FeedHello:
    message = await receive()
    if message["type"] == "websocket.disconnect":
        raise Disconnected
    text = message.get("text")
    if text is None:
        raise _bad("The first message is a text: who you are and where you resume. See docs/feed.md.")
    return _read_hello(text)


def _bad(detail: str) -> InvalidRequest:
    return InvalidRequest(detail, code="bad_message")


class _Feed:
    """One feed that has begun."""

    def __init__(
        self,
        venue: Services,
        rates: Buckets | None,
        socket: Socket,
        receive: Receive,
        connection: Connection,
        place: Place,
        token: str,
    ) -> None:
        self._venue = venue
        self._rates = rates
        self._socket = socket
        self._receive = receive
        self._connection = connection
        self._place = place
        self._token = token
        self._number = 0

    async def run(self) -> None:
        """Serve until something ends it, and raise that."""
        parts: tuple[Callable[[], Coroutine[Any, Any, None]], ...] = (
            self._listen,
            self._connection.deliver,
            self._watch,
            self._be_claimed,
            self._be_stopped,
        )
        listening, *others = tasks = [asyncio.create_task(part()) for part in parts]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            listening.cancel()
            cause = next(iter(ended)).exception()
            assert cause is not None, "each part goes on until something is wrong"
            if isinstance(cause, Exception) and answer_to(cause).code not in _AT_ONCE:
                await self._answer_the_rest(others)
            raise cause
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer_the_rest(self, others: list[asyncio.Task[None]]) -> None:
        """Let the client have its answers to what was read, as long as it takes them."""
        answered = asyncio.create_task(self._connection.answered())
        await asyncio.wait(
            [answered, *(task for task in others if not task.done())], return_when=asyncio.FIRST_COMPLETED
        )
        answered.cancel()
        await asyncio.gather(answered, return_exceptions=True)

    # -------------------------------------------------------------------------------------- listening

    async def _listen(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                raise Disconnected
            await self._connection.is_ready.wait()
            frame = message.get("bytes")
            if frame is None:
                self._renew(message["text"])
            else:
                await self._take(frame)

    def _renew(self, text: str) -> None:
        token = _read_renewal(text).token
        if self._venue.identity.authenticate(token).account != self._place.account:
            raise TokenInvalid("This token is of another account than the feed. Connect anew for it.")
        self._token = token

    async def _take(self, message: bytes) -> None:
        try:
            frame = read_frame(message, FrameKind.COMMANDS)
        except RecordError as error:
            raise _bad(f"The message cannot be read: {str(error).rstrip('.')}.") from None
        count, limit = len(frame.records) // COMMAND_BYTES, self._connection.frame_limit
        if not count:
            raise _bad("This frame has no commands. Send at least one.")
        if count > limit:
            raise Refused(
                "message_too_large", f"A message has at most {limit:,} commands; this had {count:,}."
            )
        if frame.number < 1 or frame.number != self._number + 1 != 1:
            raise _bad(f"This is frame {frame.number}; the last was {self._number}. Number them one by one.")
        self._number = frame.number
        self._check_session()
        await self._pay(count)
        await self._connection.take(frame.number, frame.records)

    async def _pay(self, count: int) -> None:
        """Wait until the rate of the account allows so many commands."""
        if self._rates is None:
            return
        weight = -(-count // COMMANDS_A_WEIGHT)
        while True:
            charge = self._rates.charge(self._place.account, weight)
            if charge.allowed:
                return
            await asyncio.sleep(charge.retry_s)

    # --------------------------------------------------------------------------------- what may end it

    async def _watch(self) -> None:
        rounds, loop = 0, asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_WATCH_S)
            rounds += 1
            self._check_session()
            if self._venue.sequencer.state == "failed":
                raise JournalFailed
            self._connection.check()
            since, stall_s = self._connection.writing_since, self._venue.settings.feed_stall_s
            if since is not None and loop.time() - since > stall_s:
                raise Refused(
                    "too_slow", f"Nothing was read for {stall_s} s. Resume after the last event seen."
                )
            if rounds % _TELL_EVERY == 0:
                self._connection.tell_position()

    def _check_session(self) -> None:
        self._venue.identity.authenticate(self._token)

    async def _be_claimed(self) -> NoReturn:
        await self._place.claimed.wait()
        raise Conflict("Another connection of this account and stream has taken over.", code="taken_over")

    async def _be_stopped(self) -> NoReturn:
        await self._socket.stopping.wait()
        notice = FeedShutdown(
            detail="The venue stops. What it has read is answered; connect again in a moment."
        )
        self._socket.write(_encode(notice), text=True)
        raise VenueStopped
