"""The follower of one partition, over journals in memory: what it takes in, and when it tells whom what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import msgspec
import pytest
from tests.support.memory_views import MemoryViewStore, Tables
from tests.support.parted_views import JournaledTrial

from pricetime.adapters.memory_partitions import MemoryPartitionJournal
from pricetime.errors import BrokerFailed, JournalTampered, JournalTorn, ViewsDamaged, ViewsFenced
from pricetime.ports import Notice, PartitionBatch, ViewChanges, ViewPosition
from pricetime.rules.partitions import Address, Room, Topology
from pricetime.views.partition_follower import TOLD_AGAIN, PartitionFollower

TOPOLOGY = Topology(1, 1)
LEDGER = Address(Room.LEDGER, 0)
NEVER_S = 1_000.0


@pytest.fixture(scope="module")
def batches() -> list[PartitionBatch]:
    """The journal of a ledger."""
    trial = JournaledTrial(TOPOLOGY)
    trial.follow("everyday", 0)
    journal = trial.parts.journals[LEDGER]
    assert len(journal) > TOLD_AGAIN + 20
    return journal


class Place:
    """A journal, a store, and what everybody has been told."""

    def __init__(self, batches: Sequence[PartitionBatch]) -> None:
        self.journal = MemoryPartitionJournal()
        self.journal.batches.extend(batches)
        self.tables = Tables()
        self.told: list[int] = []
        self.held_when_told: list[int] = []
        self.saves: list[int] = []
        self.reads = 0
        self.is_broker_away = False
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def held(self) -> int:
        return self.tables.positions.get(str(LEDGER), ViewPosition()).batch

    async def publish(self, notices: Sequence[Notice]) -> None:
        if self.is_broker_away:
            raise BrokerFailed
        self.told += [notice.batch for notice in notices]
        self.held_when_told.append(self.held - notices[-1].batch)

    async def listen(
        self, hear: Callable[[Notice], Awaitable[None]], *, ready: Callable[[], None] = lambda: None
    ) -> None:
        raise NotImplementedError

    async def append(self, batch: PartitionBatch) -> None:
        await self.journal.append(batch)

    async def read(self, after: int, limit: int) -> Sequence[PartitionBatch]:
        self.reads += 1
        return await self.journal.read(after, limit)

    def follower(
        self, *, look_s: float = NEVER_S, batch_limit: int = 10**6, store: MemoryViewStore | None = None
    ) -> PartitionFollower:
        store = store or MemoryViewStore(self.tables, str(LEDGER))
        return PartitionFollower(
            LEDGER,
            TOPOLOGY,
            self,
            store,
            self,
            look_s=look_s,
            batch_limit=batch_limit,
            on_save=lambda batches: self.saves.append(len(batches)),
        )

    def start(self, follower: PartitionFollower) -> asyncio.Task[None]:
        task = asyncio.create_task(follower.run())
        self._tasks.append(task)
        return task

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not is_so():
                await asyncio.sleep(0)
                for task in self._tasks:
                    if task.done():
                        await task

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.fixture
async def place(batches: list[PartitionBatch]) -> AsyncIterator[Place]:
    place = Place(batches[:20])
    yield place
    await place.close()


async def test_it_takes_in_the_journal_and_tells_of_each_batch_when_the_views_hold_it(place: Place) -> None:
    place.start(place.follower())
    await place.until(lambda: len(place.told) == 20)
    assert place.told == list(range(1, 21))
    assert min(place.held_when_told) >= 0


async def test_it_takes_what_is_pushed_without_reading_the_journal(
    place: Place, batches: list[PartitionBatch]
) -> None:
    follower = place.follower()
    place.start(follower)
    await place.until(lambda: place.held == 20)
    await place.until(lambda: place.reads == 2)
    for batch in batches[20:30]:
        follower.hear(batch)
    await place.until(lambda: place.told[-1:] == [30])
    assert place.reads == 2
    assert follower.position.batch == 30


async def test_it_reads_the_journal_where_what_is_pushed_leaves_a_gap(
    place: Place, batches: list[PartitionBatch]
) -> None:
    follower = place.follower()
    place.start(follower)
    await place.until(lambda: place.held == 20)
    place.journal.batches.extend(batches[20:25])
    follower.hear(batches[24])
    await place.until(lambda: place.told == list(range(1, 26)))


async def test_it_looks_at_the_journal_where_nothing_is_pushed(
    place: Place, batches: list[PartitionBatch]
) -> None:
    place.start(place.follower(look_s=0.01))
    await place.until(lambda: place.held == 20)
    place.journal.batches.extend(batches[20:22])
    await place.until(lambda: place.told[-1:] == [22])


async def test_what_was_pushed_and_never_journaled_is_left_out(
    place: Place, batches: list[PartitionBatch]
) -> None:
    follower = place.follower()
    place.start(follower)
    await place.until(lambda: place.held == 20)
    follower.hear(msgspec.structs.replace(batches[20], outputs=()))
    follower.hear(batches[40])
    place.journal.batches.extend(batches[20:22])
    await place.until(lambda: place.told[-1:] == [22])
    reads = place.reads
    follower.hear(batches[22])
    await place.until(lambda: place.told[-1:] == [23])
    assert place.reads == reads


async def test_many_batches_go_into_a_save_up_to_a_limit(batches: list[PartitionBatch]) -> None:
    place = Place(batches)
    place.start(place.follower())
    await place.until(lambda: place.held == len(batches))
    assert max(place.saves) == TOLD_AGAIN
    small = Place(batches[:20])
    small.start(small.follower(batch_limit=1))
    await small.until(lambda: small.told == list(range(1, 21)))
    assert len(small.saves) > 10
    await place.close()
    await small.close()


async def test_who_begins_tells_of_the_last_batches_again(batches: list[PartitionBatch]) -> None:
    place = Place(batches)
    first = place.follower()
    running = place.start(first)
    await place.until(lambda: len(place.told) == len(batches))
    first.stop()
    await running
    place.told.clear()
    second = place.follower()
    place.start(second)
    await place.until(lambda: second.position.batch == len(batches))
    assert place.told == list(range(len(batches) - TOLD_AGAIN + 1, len(batches) + 1))
    second.stop()
    await place.close()


async def test_notices_that_were_not_confirmed_are_told_by_the_next(place: Place) -> None:
    place.is_broker_away = True
    with pytest.raises(BrokerFailed):
        await place.follower().run()
    assert (place.held, place.told) == (20, [])
    place.is_broker_away = False
    place.start(place.follower())
    await place.until(lambda: place.told == list(range(1, 21)))


async def test_of_two_that_follow_the_second_to_save_steps_down_and_tells_nobody(
    place: Place, batches: list[PartitionBatch]
) -> None:
    paused = place.follower()
    running = asyncio.create_task(paused.run())
    await place.until(lambda: place.told == [*range(1, 21)])
    place.journal.batches.append(batches[20])
    place.start(place.follower())
    await place.until(lambda: place.told == [*range(1, 21), *range(1, 22)])
    paused.hear(batches[20])
    with pytest.raises(ViewsFenced):
        await running
    assert place.told == [*range(1, 21), *range(1, 22)]


async def test_views_of_another_journal_are_made_anew(place: Place) -> None:
    place.tables.positions[str(LEDGER)] = ViewPosition(7, b"of another", 9)
    place.start(place.follower())
    await place.until(lambda: place.told == list(range(1, 21)))


async def test_views_ahead_of_the_journal_are_made_anew(place: Place) -> None:
    place.tables.positions[str(LEDGER)] = ViewPosition(77, b"of another", 9)
    place.start(place.follower())
    await place.until(lambda: place.held == 20)


class DamagedOnce(MemoryViewStore):
    """A store that finds itself damaged at the third save, and so often."""

    def __init__(self, tables: Tables, times: int = 1) -> None:
        super().__init__(tables, str(LEDGER))
        self._times = times

    def save(self, changes: ViewChanges) -> None:
        if self.saves >= 3 and self._times:
            self._times -= 1
            raise ViewsDamaged
        super().save(changes)


async def test_damaged_views_are_made_anew_and_nothing_is_told_twice(place: Place) -> None:
    place.start(place.follower(batch_limit=1, store=DamagedOnce(place.tables)))
    await place.until(lambda: place.held == 20)
    await place.until(lambda: len(place.told) == 20)
    assert place.told == list(range(1, 21))


async def test_views_that_are_damaged_again_are_a_failure(place: Place) -> None:
    with pytest.raises(ViewsDamaged):
        await place.follower(batch_limit=1, store=DamagedOnce(place.tables, 2)).run()


@pytest.mark.parametrize(("place_of_it", "error"), [(5, JournalTampered), (None, JournalTorn)])
async def test_a_journal_that_is_not_whole_is_a_failure(
    place: Place, place_of_it: int | None, error: type[Exception]
) -> None:
    if place_of_it is None:
        del place.journal.batches[5]
    else:
        place.journal.batches[5] = msgspec.structs.replace(place.journal.batches[5], outputs=())
    with pytest.raises(error):
        await place.follower().run()
    assert place.held == 5
    assert place.told == [1, 2, 3, 4, 5]
