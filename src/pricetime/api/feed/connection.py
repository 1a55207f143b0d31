"""One feed: commands of an account in, its events out, each exactly once and in order.

::

    receive ─> frame ─> admitted ─> sequencer ──> durable batch ──> share ─> outbox ─> client
       └── waits while too much is under way            journal ──> history ──┘
                                                        (resumed, or fallen behind)

Events come to a connection in one of two ways. While it is *live*, each durable batch puts the account's
share of it into the outbox. While it is not, it reads the journal from the last batch that it has; when
it has all of it, it is live. What a slow client does not take is dropped from the outbox and read
from the journal later, so the memory of a connection is bounded and nothing is lost.

Invariants: messages of events leave in the order of positions, without gap or repeat. A frame is acknowledged
with the message that completes its events, and counts as under way until that message has been written.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from typing import Final, NamedTuple

import msgspec

from pricetime.api.feed.admission import admitted
from pricetime.api.feed.history import History
from pricetime.api.feed.socket import Socket
from pricetime.ports import Batch
from pricetime.records import COMMAND_BYTES, EVENT_BYTES
from pricetime.records.fields import EVENT_FIELDS
from pricetime.records.frames import FRAME_BYTES, events_frame
from pricetime.runtime.desk import Desk, Lane
from pricetime.schema import FeedReady
from pricetime.settings import Settings

_NUMBER: Final = struct.Struct("<q")
_NUMBER_AT: Final = struct.calcsize("<" + "".join(field.code for field in EVENT_FIELDS[:8]))
_encode = msgspec.json.Encoder().encode


class _UnderWay:
    """A frame whose commands the desk has."""

    def __init__(self, number: int, commands: int, events: asyncio.Future[bytes]) -> None:
        self.number = number
        self.commands = commands
        self.events = events
        self._until: int | None = None

    def is_done_by(self, position: int, desk: Desk) -> bool:
        """Return whether all its events are at or before ``position``. It is asked when they are told."""
        if not self.events.done() or self.events.exception() is not None:
            return False
        if self._until is None:
            by_number = desk.tells_by_number
            self._until = _last_number(self.events.result()) if by_number else desk.published
        return self._until <= position


class _Message(NamedTuple):
    """What waits to be written. ``freed`` commands are no longer under way when it is."""

    data: bytes
    freed: int = 0
    text: bool = False


class Connection:
    """The two directions of one feed; ``api.feed.session`` drives it.

    ``batch`` is the number of the last batch whose share is in the outbox or before it. ``request_id`` is the
    one with which it was opened; in logs, frames are named ``request_id/number``.
    """

    def __init__(
        self,
        socket: Socket,
        sequencer: Desk,
        history: History,
        account: int,
        settings: Settings,
        request_id: str = "",
    ) -> None:
        self.account = account
        self.batch = 0
        self.live = False
        self.is_ready = asyncio.Event()
        self._socket = socket
        self._sequencer = sequencer
        self._history = history
        self._request_id = request_id
        self._buffer_limit = settings.feed_buffer_limit
        self._in_flight_limit = settings.feed_in_flight_limit
        self._half_queue = settings.queue_limit // 2
        self.frame_limit = min(settings.feed_frame_limit, self._half_queue, self._in_flight_limit)
        self._message_limit = settings.feed_message_limit
        self._events_limit = (settings.feed_message_limit - FRAME_BYTES) // EVENT_BYTES * EVENT_BYTES
        self._outbox: deque[_Message] = deque()
        self._outbox_bytes = 0
        self._under_way: deque[_UnderWay] = deque()
        self._lane = Lane()
        self._in_flight = 0
        self._acknowledged = 0
        self._position = self._told = 0
        self._filled = asyncio.Event()
        self._moved = asyncio.Event()
        self.writing_since: float | None = None
        """Since when the client has not taken what is written; loop time."""

    # ----------------------------------------------------------------------------------- commands in

    async def take(self, number: int, commands: bytes) -> None:
        """Give a frame of commands to the venue, as soon as there is room for it."""
        count = len(commands) // COMMAND_BYTES
        while not self._has_room(count):
            self._moved.clear()
            await self._moved.wait()
        request = f"{self._request_id}/{number}"
        events = self._sequencer.hand_in(admitted(commands, self.account), self._lane, request=request)
        self._under_way.append(_UnderWay(number, count, events))
        self._in_flight += count

    def _has_room(self, count: int) -> bool:
        """Return whether so many fit; feeds leave half of the venue's queue to everybody else."""
        return (
            self._in_flight + count <= self._in_flight_limit
            and self._sequencer.queued + count <= self._half_queue
        )

    async def settled(self) -> None:
        """Return when the venue has carried out all that this connection gave it, or has failed."""
        if waiting := [frame.events for frame in self._under_way]:
            await asyncio.gather(*waiting, return_exceptions=True)

    async def answered(self) -> None:
        """Return when, besides, the client has been told."""
        while self._in_flight:
            self.check()
            self._moved.clear()
            await self._moved.wait()

    def check(self) -> None:
        """Raise why a frame will not be answered any more, where one will not: JournalFailed, AnswerLate."""
        if self._under_way and self._under_way[0].events.done():
            self._under_way[0].events.result()

    # ------------------------------------------------------------------------------------- events out

    def offer(self, batch: Batch, share: bytes) -> None:
        """Take the share of a batch that has become durable just now."""
        self._moved.set()
        if self.live and batch.number > self.batch:
            if self._outbox_bytes + len(share) > self._buffer_limit:
                self.live = False  # it will be read from the journal when the client has caught up
                self._filled.set()
            else:
                self.batch = batch.number
                self._put(batch.last_event, share)
        elif self._freed_by(self._position):
            self._put(self._position, b"")

    def _put(self, position: int, share: bytes) -> None:
        """Put events up to ``position`` into the outbox, in messages of bounded size."""
        self._position = position
        limit = self._events_limit
        while len(share) > limit:
            head, share = share[:limit], share[limit:]
            self._put_message(_last_number(head), head)
        if share or self._freed_by(position):
            self._put_message(position, share)

    def _put_message(self, position: int, events: bytes) -> None:
        freed = 0
        while (frame := self._freed_by(position)) is not None:
            self._under_way.popleft()
            self._acknowledged = frame.number
            freed += frame.commands
        self._told = position
        self._append(_Message(events_frame(self._acknowledged, position, events), freed))

    def _freed_by(self, position: int) -> _UnderWay | None:
        """Return the oldest frame under way where a message up to ``position`` completes it."""
        if self._under_way and self._under_way[0].is_done_by(position, self._sequencer):
            return self._under_way[0]
        return None

    def _append(self, message: _Message) -> None:
        self._outbox.append(message)
        self._outbox_bytes += len(message.data)
        self._filled.set()

    def tell_position(self) -> None:
        """Tell a client whose account is quiet how far the venue is, so that it can resume from there."""
        if self.live and self._position > self._told:
            self._put_message(self._position, b"")

    async def begin(self, after: int | None) -> None:
        """Find where the events begin: behind the last one that the client has seen, or now."""
        sequencer = self._sequencer
        if after is None:
            self.batch, self._position = sequencer.batches, sequencer.published
        else:
            self.batch, self._position = await self._history.batch_of(after, sequencer.published), after
        self._told = self._position

    async def deliver(self) -> None:
        """Write events for ever: those missed, ``ready``, those that happen."""
        while True:
            if self._outbox:
                await self._write_next()
            elif not self.live:
                await self._catch_up()
            else:
                self._filled.clear()
                await self._filled.wait()

    async def _catch_up(self) -> None:
        """Put what the journal has next into the outbox; at its end, be live."""
        if self.batch < self._sequencer.batches:
            for missed in await self._history.after(self.batch):
                self.batch = missed.batch
                self._put(missed.position, missed.events)
            return
        self.live = True
        if not self.is_ready.is_set():
            self.is_ready.set()
            self._append(_Message(_encode(self._ready()), text=True))

    async def _write_next(self) -> None:
        self.writing_since = asyncio.get_running_loop().time()
        await self._socket.ready_to_write()
        self.writing_since = None
        message = self._outbox.popleft()
        self._socket.write(message.data, text=message.text)
        self._outbox_bytes -= len(message.data)
        self._in_flight -= message.freed
        self._moved.set()

    def _ready(self) -> FeedReady:
        return FeedReady(
            account=str(self.account),
            position=self._position,
            message_limit=self._message_limit,
            frame_limit=self.frame_limit,
            in_flight_limit=self._in_flight_limit,
        )


def _last_number(events: bytes) -> int:
    number: int = _NUMBER.unpack_from(events, len(events) - EVENT_BYTES + _NUMBER_AT)[0]
    return number
