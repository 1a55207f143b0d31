"""One feed over a sequencer, or a dispatcher, in memory: what its client is sent, when, what is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import msgspec
import pytest
from tests.support.parted_venue import SMALL, PartedVenue
from tests.unit.runtime.programs import STOCK, opening, packed

from pricetime.adapters.memory import DrivenClock, MemoryJournal
from pricetime.api.feed.connection import Connection
from pricetime.api.feed.history import History
from pricetime.api.feed.hub import Hub
from pricetime.errors import AnswerLate, Conflict, JournalFailed, NotFound
from pricetime.ports import Batch, Notice
from pricetime.records import Command, EventKind, Side, iter_events
from pricetime.records.commands import place_order
from pricetime.records.frames import Frame, FrameKind, read_frame
from pricetime.records.routing import Address, Room
from pricetime.rules import Venue
from pricetime.runtime import Sequencer
from pricetime.runtime.dispatcher import Dispatcher
from pricetime.runtime.heard import HeardJournal
from pricetime.runtime.numbering import Sequences
from pricetime.settings import Settings

ACCOUNT = 1
ORDER = place_order(0, STOCK, Side.BUY, 1, 100).pack()


class Journal(MemoryJournal):
    """A journal that may break."""

    broken = False

    def append(self, batch: Batch) -> None:
        if self.broken:
            raise JournalFailed("No space left on device.")
        super().append(batch)


class Reader:
    """The other end of a socket: takes what is written while it reads."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.frames: list[Frame] = []
        self.words: list[object] = []
        self.reads = asyncio.Event()
        self.reads.set()

    async def ready_to_write(self) -> None:
        await self.reads.wait()

    def write(self, message: bytes, *, text: bool = False) -> None:
        if text:
            self.words.append(msgspec.json.decode(message))
        else:
            self.frames.append(read_frame(message, FrameKind.EVENTS))

    def end(self, code: int, reason: str) -> None:
        self.words.append((code, reason))

    @property
    def numbers(self) -> list[int]:
        return [event.number for frame in self.frames for event in iter_events(frame.records)]


class Feed:
    """A connection that delivers."""

    def __init__(self, venue: SimpleNamespace, **settings: int) -> None:
        self.reader = Reader()
        self.venue = venue
        history = History(venue.journal, ACCOUNT, 1_000_000)
        self.connection = Connection(self.reader, venue.sequencer, history, ACCOUNT, Settings(**settings))

    async def begin(self, after: int | None = None) -> Feed:
        await self.connection.begin(after)
        self.venue.hub.join(self.connection)
        self.venue.tasks.append(asyncio.create_task(self.connection.deliver()))
        await self.connection.is_ready.wait()
        return self

    async def acknowledged(self, number: int) -> None:
        async with asyncio.timeout(10):
            while not (self.reader.frames and self.reader.frames[-1].number >= number):
                await asyncio.sleep(0)


@pytest.fixture
async def venue() -> AsyncIterator[SimpleNamespace]:
    """A sequencer with an opened market, and a hub that hears of its batches."""
    journal, hub = Journal(), Hub(Settings())
    sequencer = Sequencer(Venue(), journal, DrivenClock(), last=None, queue_limit=10_000, batch_limit=1_000)
    await sequencer.start()
    await sequencer.submit(packed(opening()))
    sequencer.on_batch.append(hub.on_batch)
    running = SimpleNamespace(journal=journal, hub=hub, sequencer=sequencer, tasks=[])
    yield running
    for task in running.tasks:
        task.cancel()
    await asyncio.gather(*running.tasks, return_exceptions=True)
    await sequencer.stop()


async def test_ready_comes_first_and_says_the_limits(venue):
    feed = await Feed(venue, feed_frame_limit=7).begin()
    await asyncio.sleep(0)
    [ready] = feed.reader.words
    assert (ready["message"], ready["account"], ready["frame_limit"]) == ("ready", "1", 7)
    assert ready["position"] == venue.sequencer.published


async def test_frames_are_acknowledged_when_their_events_are_complete(venue):
    feed = await Feed(venue, feed_message_limit=4_096).begin()
    await feed.connection.take(41, ORDER * 100)
    await feed.connection.take(42, ORDER)
    await feed.acknowledged(42)
    frames = feed.reader.frames
    assert {len(frame.records) <= 4_096 - 24 for frame in frames} == {True}
    completed = next(at for at, frame in enumerate(frames) if frame.number >= 41)
    answers = [
        event.sequence
        for frame in frames[: completed + 1]
        for event in iter_events(frame.records)
        if event.kind == EventKind.ACCEPTED
    ]
    assert len(answers) >= 100
    assert feed.reader.numbers == sorted(set(feed.reader.numbers))
    positions = [frame.position for frame in frames]
    assert positions == sorted(positions)


async def test_what_a_slow_client_leaves_is_read_from_the_journal_later(venue):
    feed = await Feed(venue, feed_buffer_limit=65_536).begin()
    feed.reader.reads.clear()
    for number in range(1, 31):
        await feed.connection.take(number, ORDER * 20)
        await venue.sequencer.submit(place_order(2, STOCK, Side.BUY, 1, 100, actor=2).pack())
    assert not feed.connection.live
    assert sum(len(frame.records) for frame in feed.reader.frames) <= 65_536
    feed.reader.reads.set()
    await feed.acknowledged(30)
    whole = await Feed(venue).begin(after=venue.journal.batches[0].last_event)
    await asyncio.sleep(0)
    assert feed.reader.numbers == whole.reader.numbers
    assert len(feed.reader.numbers) == 3 * 600
    assert feed.connection.live


async def test_more_than_may_be_in_flight_waits_until_the_client_has_read(venue):
    feed = await Feed(venue, feed_in_flight_limit=50, feed_frame_limit=50).begin()
    feed.reader.reads.clear()
    await feed.connection.take(1, ORDER * 50)
    second = asyncio.create_task(feed.connection.take(2, ORDER))
    await feed.connection.settled()
    await asyncio.sleep(0.01)
    assert not second.done()
    feed.reader.reads.set()
    await asyncio.wait_for(second, 10)
    await feed.acknowledged(2)


async def test_feeds_leave_half_of_the_queue_to_others(venue):
    feed = Feed(venue, queue_limit=100)
    assert feed.connection.frame_limit == 50


async def test_when_the_journal_fails_nothing_is_acknowledged_and_nobody_waits_for_ever(venue):
    feed = await Feed(venue).begin()
    venue.journal.broken = True
    await feed.connection.take(1, ORDER)
    await feed.connection.settled()
    with pytest.raises(JournalFailed):
        await asyncio.wait_for(feed.connection.answered(), 10)
    assert feed.reader.frames == []


async def test_a_history_is_bounded_and_known(venue):
    history = History(venue.journal, ACCOUNT, resume_limit=10)
    with pytest.raises(Conflict) as far:
        await history.batch_of(100, 111)
    assert far.value.code == "resume_too_far"
    with pytest.raises(NotFound) as unknown:
        await history.batch_of(112, 111)
    assert unknown.value.code == "unknown_position"
    assert await history.batch_of(venue.sequencer.published, venue.sequencer.published) == 1


# ------------------------------------------------------------------------------- among many services


@pytest.fixture
async def parts() -> AsyncIterator[SimpleNamespace]:
    """A dispatcher over a venue in parts, with an opened market; ``let_go`` tells it what has happened."""

    async def nothing_missed(partition: Address, after: int) -> tuple[Notice, ...]:
        return ()

    async def nothing_held() -> dict[Address, int]:
        return {}

    clock, hub, venue, heard = DrivenClock(), Hub(Settings()), PartedVenue(), HeardJournal(5_000, 10_000_000)
    dispatcher = Dispatcher(
        Address(Room.SERVICE, 1),
        SMALL,
        Sequences(1, clock),
        clock,
        heard,
        missed=nothing_missed,
        held=nothing_held,
        queue_limit=1_000,
        answer_wait_s=0.0,
    )
    running = SimpleNamespace(journal=heard, hub=hub, sequencer=dispatcher)
    running.tasks = [asyncio.create_task(dispatcher.send(venue))]

    async def let_go() -> None:
        for _ in range(20):
            await asyncio.sleep(0)  # what was handed in leaves
            for notice in venue.settle():
                await dispatcher.hear(notice)

    running.let_go = let_go
    for command in opening():
        dispatcher.hand_in(command.pack())
        await let_go()
    dispatcher.on_batch.append(hub.on_batch)
    yield running
    for task in running.tasks:
        task.cancel()
    await asyncio.gather(*running.tasks, return_exceptions=True)


async def test_frames_are_told_whole_and_in_order_whoever_answers_first(parts):
    feed = await Feed(parts).begin()
    await feed.connection.take(1, ORDER + Command(kind=77).pack())
    await feed.connection.take(
        2, Command(kind=77).pack()
    )  # its ledger denies it before any book has answered
    await parts.let_go()
    await feed.acknowledged(2)
    first, second = feed.reader.frames
    kinds = [event.kind for frame in (first, second) for event in iter_events(frame.records)]
    opened = [EventKind.ACCEPTED, EventKind.ORDER_OPENED, EventKind.BALANCE_CHANGED]
    assert kinds == [*opened, EventKind.DENIED, EventKind.DENIED]
    assert [frame.number for frame in (first, second)] == [1, 2]
    start = feed.reader.words[0]["position"]
    assert [first.position, second.position] == [start + 4, start + 5]
    for after, missed in ((start, [first, second]), (start + 4, [second])):
        again = await Feed(parts).begin(after)
        assert [frame.records for frame in again.reader.frames] == [frame.records for frame in missed]


async def test_an_answer_that_does_not_come_ends_the_feed(parts):
    feed = await Feed(parts).begin()
    await feed.connection.take(1, ORDER)
    feed.connection.check()
    parts.tasks.append(asyncio.create_task(parts.sequencer.sweep()))
    await feed.connection.settled()
    with pytest.raises(AnswerLate):
        feed.connection.check()
