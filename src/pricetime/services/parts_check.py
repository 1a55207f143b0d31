"""What ``pricetime check`` looks at of a venue in parts: journals, snapshots and views in MongoDB.

The journals are replayed (``runtime.partition_check``). On the way each partition's views are made anew in
memory and compared with those in the database: rows that can change no more as soon as they are settled, the
rest at the batch where the database's views stand.

A venue may run meanwhile. Positions of views are read first, then the ends of journals, so a journal can only
be further than its views.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import islice
from typing import Final

from pricetime.adapters.memory_views import MemoryViewStore, Tables
from pricetime.adapters.mongo import Mongo
from pricetime.adapters.mongo_partitions import (
    MongoPartitionJournal,
    MongoPartitionSnapshots,
    stored_topology,
)
from pricetime.adapters.mongo_view_check import ROWS, MongoViewCheck, counts
from pricetime.errors import CheckFailed, ViewsDamaged
from pricetime.ports import PartitionBatch, ViewChanges
from pricetime.rules.partitions import Address, Topology
from pricetime.runtime.partition_chain import PartitionLink, verify
from pricetime.runtime.partition_check import PartitionsCheck, Stored
from pricetime.runtime.recovery import ProgressCallback
from pricetime.services.databases import connected
from pricetime.settings import Settings
from pricetime.views.partition_projection import PartitionProjection

_EVENTS_AT_ONCE: Final = 5_000
_FINDINGS_LIMIT: Final = 100
_TRIES: Final = 20
_BATCHES_AT_ONCE: Final = 100
_PATIENCE_MS: Final = 600_000
"""For one operation: counting rows may take a while."""

Note = Callable[[str], None]


async def check_parts(settings: Settings, progress: ProgressCallback, note: Note) -> AsyncIterator[str]:
    """Yield a sentence for each thing that is wrong with the venue in ``settings.mongo_url``.

    ``note`` is told what could not be compared. DatabaseFailed where the database is away; CheckFailed where
    there is no venue in it.
    """
    async with _connected(settings) as mongo:
        topology = await stored_topology(mongo.database)
        if topology is None:
            raise CheckFailed(f"There is no venue in the database {settings.mongo_database}. Name another.")
        views = {address: _ViewsCheck(mongo, topology, address) for address in topology.addresses()}
        stored: dict[Address, Stored] = {}
        for address in topology.addresses():
            snapshots, damaged = await MongoPartitionSnapshots(mongo.database, address).readable()
            for key, error in damaged.items():
                yield f"the snapshot {key} cannot be used: {error}"
            journal = MongoPartitionJournal(mongo.database, address)
            stored[address] = Stored(journal, await journal.length(), tuple(snapshots))
        check = PartitionsCheck(topology, stored, lambda batch: views[batch.partition].take_in(batch))
        async for finding in check.run(progress):
            yield finding
        for address in filter(check.is_whole, views):
            async for finding in views[address].at_the_end(stored[address].end, note):
                yield finding
        for finding in _counted(mongo, views.values(), note):
            yield finding
        if check.on_the_way:
            note(f"{check.on_the_way} messages between partitions are on their way")


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[Mongo]:
    """Connect: with little patience to see that the database is there, then with much."""
    for timeout_ms in (settings.mongo_timeout_ms, _PATIENCE_MS):
        mongo = connected(replace(settings, mongo_timeout_ms=timeout_ms))
        try:
            await mongo.ping()
            if timeout_ms == _PATIENCE_MS:
                yield mongo
        finally:
            await mongo.close()


class _ViewsCheck:
    """The views of one partition, which has its own rows."""

    def __init__(self, mongo: Mongo, topology: Topology, address: Address) -> None:
        self.stream = str(address)
        self.rows: Counter[str] = Counter()
        """By collection: how many there should be."""
        self._held = MongoViewCheck(mongo.sync_database, address)
        self._goal = self._held.position()
        self._journal = MongoPartitionJournal(mongo.database, address)
        self._store = MemoryViewStore(Tables(), self.stream)
        self._projection = PartitionProjection(address, topology, self._store)
        self._is_compared = False
        self._is_damaged = False

    def take_in(self, batch: PartitionBatch) -> Iterator[str]:
        """Take in the next batch of the journal, up to that where the views stand."""
        if batch.number > self._goal.batch or self._is_damaged:
            return
        try:
            self._projection.project(batch)
        except ViewsDamaged as error:
            self._is_damaged = True
            yield str(error)
            return
        is_there = batch.number == self._goal.batch
        if is_there and batch.hash != self._goal.batch_hash:
            yield f"the views of {self.stream} are of another journal: batch {batch.number} has another hash"
        if is_there and self._projection.position.event != self._goal.event:
            yield (
                f"the views of {self.stream} stand at event {self._goal.event}, "
                f"but batch {batch.number} ends with event {self._projection.position.event}"
            )
        if is_there or self._projection.events >= _EVENTS_AT_ONCE:
            self._store.save(self._projection.take())
            settled = self._store.take_settled()
            self._count(settled)
            yield from islice(self._held.differences(settled), _FINDINGS_LIMIT)

    async def at_the_end(self, end: int, note: Note) -> AsyncIterator[str]:
        """Yield what is wrong with rows that may still change; ``end`` is the newest batch of the journal."""
        reached = self._projection.position.batch
        if self._is_damaged:
            return
        if reached < self._goal.batch:
            yield (
                f"batch {reached + 1} of {self.stream} is missing: the views hold batch {self._goal.batch}, "
                f"but the journal ends with batch {reached}"
            )
            return
        for _ in range(_TRIES):
            rest = self._store.rest()
            found = list(islice(self._held.differences(rest), _FINDINGS_LIMIT))
            if self.stands_still():
                self._count(rest)
                self._is_compared = True
                for finding in found:
                    yield finding
                if self._goal.batch < end:
                    note(f"the views of {self.stream} hold batch {max(0, self._goal.batch)} of {end}")
                return
            self._goal = self._held.position()
            async for finding in self._read_on():
                yield finding
        note(f"the views of {self.stream} changed while they were compared; stop the venue to check them")

    def stands_still(self) -> bool:
        """Return whether the views are where they were compared last."""
        return self._held.position() == self._goal

    def miscounted(self, there: Counter[tuple[str, str]]) -> Iterator[str]:
        """Yield where there are more rows, or fewer, than there should be; nothing where it is not known."""
        for name in ROWS if self._is_compared and self.stands_still() else ():
            if there[name, self.stream] != self.rows[name]:
                yield (
                    f"{name} of {self.stream}: the views hold {there[name, self.stream]} rows, "
                    f"the journal gives {self.rows[name]}"
                )

    def _count(self, changes: ViewChanges) -> None:
        for name, documents in self._held.documents(changes).items():
            self.rows[name] += len(documents)

    async def _read_on(self) -> AsyncIterator[str]:
        """Take in what the views hold meanwhile."""
        position = self._projection.position
        end = PartitionLink(position.batch, position.batch_hash) if position.batch else PartitionLink()
        while end.number < self._goal.batch and (
            page := await self._journal.read(end.number, _BATCHES_AT_ONCE)
        ):
            for batch in page:
                end = verify(batch, end)
                for finding in self.take_in(batch):
                    yield finding


def _counted(mongo: Mongo, views: Collection[_ViewsCheck], note: Note) -> Iterator[str]:
    """Yield where there are more rows, or fewer, than there should be."""
    there = counts(mongo.sync_database)
    moving = 0
    for each in views:
        yield from each.miscounted(there)
        moving += not each.stands_still()
    if moving:
        note(
            f"the views of {moving} partitions go on, so their rows were not counted; stop the venue for that"
        )
    known = {each.stream for each in views}
    for name, stream in there:
        if stream not in known:
            yield f"{name}: the views hold rows of {stream}, which is no partition of this venue"
