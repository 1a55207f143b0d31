"""A host of books whose journal is slow, for ``bench.engines``.

    python -m bench._engine_host NAME APPEND_MS

All but the journal is what ``pricetime run engine`` is made of; the settings come from the environment. The
journal is in memory, and takes one batch after the other for the whole host, so many milliseconds each. It
begins when a line arrives on standard input, and prints how many messages each batch holds.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from pricetime.adapters.clock import SystemClock
from pricetime.adapters.memory_partitions import MemoryPartitionJournal, MemoryPartitionSnapshots
from pricetime.adapters.redis_client import connect_redis
from pricetime.adapters.redis_presence import RedisPresence
from pricetime.ports import PartitionBatch
from pricetime.rules.partitions import Address, Room, Topology
from pricetime.runtime.hosting import Hosting
from pricetime.services.broker import Broker
from pricetime.services.hosts import Partitions
from pricetime.settings import Settings, load
from pricetime.telemetry import configure_logs


class Store:
    """The one writer of a host."""

    def __init__(self, append_ms: float) -> None:
        self._append_s = append_ms / 1_000
        self._writing = asyncio.Lock()
        self.begun = asyncio.Event()

    async def write(self, batch: PartitionBatch) -> None:
        await self.begun.wait()
        async with self._writing:
            await asyncio.sleep(self._append_s)
        print(len(batch.inputs), flush=True)


class SlowJournal:
    """``ports.PartitionJournal`` of one partition."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept = MemoryPartitionJournal()

    async def append(self, batch: PartitionBatch) -> None:
        await self._store.write(batch)
        await self._kept.append(batch)

    async def read(self, after: int, limit: int) -> Sequence[PartitionBatch]:
        return await self._kept.read(after, limit)


async def host(name: str, store: Store, settings: Settings) -> None:
    topology = Topology(settings.ledgers, settings.books)
    broker = Broker(settings, None, topology)
    partitions = Partitions(
        broker, topology, lambda _: SlowJournal(store), lambda _: MemoryPartitionSnapshots(), settings
    )
    redis = connect_redis(settings, None)
    hosting = Hosting(
        RedisPresence(redis, settings.heartbeat_lifetime_ms),
        "engine",
        name,
        books_of(topology),
        partitions.host,
        heartbeat_s=settings.heartbeat_ms / 1_000,
        clock=SystemClock(),
        stands_by=partitions.stand_by,
    )
    running = asyncio.create_task(hosting.run())
    await asyncio.to_thread(sys.stdin.readline)
    store.begun.set()
    await asyncio.to_thread(sys.stdin.readline)
    await hosting.stop()
    await running
    await broker.close()
    await redis.aclose()


def books_of(topology: Topology) -> list[Address]:
    return [address for address in topology.addresses() if address.room == Room.BOOK]


if __name__ == "__main__":
    configure_logs("warning")
    asyncio.run(host(sys.argv[1], Store(float(sys.argv[2])), load()))
