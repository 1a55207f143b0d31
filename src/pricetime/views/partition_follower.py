"""Keeps the views of one partition in step with its journal, and tells everybody what they hold.

::

    pushed batches ──┐
                     ├─> verify ──> project ──> save rows and position ──> notices
    the journal ─────┘   the chain              one transaction, fenced

What is pushed is a short cut: batches that continue the position are taken at once. The journal is the truth,
and is read when the follower begins, where what is pushed leaves a gap, and where nothing is for a while.

Invariants:

1. A notice is published when the views hold its batch, and those of a partition in order without a gap.
2. Whoever begins to follow publishes the notices of the last batches again, for the one before may have
   saved them and told nobody. A save has no more batches than that.
3. Of two that follow one partition, one fails to save (ViewsFenced), and has told nobody.
4. Whatever a port fails at, the follower ends, since its memory may be ahead of the store. The next one
   begins with what the store has.
5. Views that are damaged, or of another journal, are made anew: of this partition only, and once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from pricetime.errors import JournalError, ViewsDamaged
from pricetime.ports import (
    NoticeSender,
    PartitionBatch,
    PartitionJournal,
    PartitionViewStore,
    ViewPosition,
)
from pricetime.records.routing import Address, Topology
from pricetime.runtime.notices import notice_of
from pricetime.runtime.partition_chain import PartitionLink, verify
from pricetime.views.partition_projection import PartitionProjection

TOLD_AGAIN: Final = 100
"""Batches whose notices are published again by whoever begins to follow."""
_PUSHED_LIMIT: Final = 4 * TOLD_AGAIN
_EVENTS_A_SAVE: Final = 20_000
_LOOK_S: Final = 1.0
_log = structlog.get_logger(__name__)


class PartitionFollower:
    """Follows the partition at ``address``. ``run`` ends after ``stop``, or with an exception; then for good.

    ``batch_limit`` bounds the events of a save, a batch more; ``look_s`` is how long nothing may be pushed
    before the journal is read. ``on_save`` is called with the batches that the views hold now.
    """

    def __init__(
        self,
        address: Address,
        topology: Topology,
        journal: PartitionJournal,
        store: PartitionViewStore,
        notices: NoticeSender,
        *,
        batch_limit: int = _EVENTS_A_SAVE,
        look_s: float = _LOOK_S,
        on_save: Callable[[Sequence[PartitionBatch]], None] = lambda _: None,
    ) -> None:
        self._address = address
        self._topology = topology
        self._journal = journal
        self._store = store
        self._notices = notices
        self._batch_limit = batch_limit
        self._look_s = look_s
        self._on_save = on_save
        self._pushed: dict[int, PartitionBatch] = {}
        self._woken = asyncio.Event()
        self._is_stopping = False
        self._has_more = True
        """Whether the journal may hold more than was read or pushed."""
        self._told = 0
        """The last batch that everybody has been told."""
        self._projection: PartitionProjection | None = None

    @property
    def position(self) -> ViewPosition:
        """The last batch that the views hold."""
        return ViewPosition() if self._projection is None else self._projection.position

    def hear(self, batch: PartitionBatch) -> None:
        """Take a pushed batch, to be taken in by ``run``."""
        if len(self._pushed) >= _PUSHED_LIMIT:
            self._pushed.clear()
            self._has_more = True
        self._pushed[batch.number] = batch
        self._woken.set()

    def stop(self) -> None:
        """Let ``run`` end when the save under way is through."""
        self._is_stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Follow until ``stop``, a failing port, or another follower's save."""
        projection = await self._take_over()
        try:
            await self._follow(projection)
        except ViewsDamaged as damage:
            _log.warning("views are damaged and made anew", partition=str(self._address), damage=str(damage))
            await self._follow(await self._anew())

    # ------------------------------------------------------------------------------------ take over

    async def _take_over(self) -> PartitionProjection:
        """Begin where the store is, and publish again the notices that may not have left."""
        position = await asyncio.to_thread(self._store.checkpoint)
        if position.batch and not await self._is_in_journal(position):
            _log.warning("views are of another journal and made anew", partition=str(self._address))
            return await self._anew()
        await self._tell_again(position.batch)
        return await asyncio.to_thread(self._projected)

    async def _is_in_journal(self, position: ViewPosition) -> bool:
        if position.batch < 0:
            return False
        page = await self._journal.read(position.batch - 1, 1)
        return bool(page) and (page[0].number, page[0].hash) == (position.batch, position.batch_hash)

    async def _tell_again(self, last: int) -> None:
        self._told = max(0, last - TOLD_AGAIN)
        while self._told < last:
            page = await self._journal.read(self._told, last - self._told)
            await self._tell(page)

    async def _anew(self) -> PartitionProjection:
        """Throw away what the store has of this partition. What everybody knows is not told once more."""
        await asyncio.to_thread(self._store.clear)
        self._has_more = True
        return await asyncio.to_thread(self._projected)

    def _projected(self) -> PartitionProjection:
        return PartitionProjection(self._address, self._topology, self._store)

    # --------------------------------------------------------------------------------------- follow

    async def _follow(self, projection: PartitionProjection) -> None:
        self._projection = projection
        while not self._is_stopping:
            after = projection.position.batch
            batches: Sequence[PartitionBatch] = self._take_pushed(after)
            is_pushed = bool(batches)
            if not batches and self._has_more:
                batches = await self._read(after)
            if batches:
                await self._take_in(projection, batches, is_pushed=is_pushed)
            else:
                await self._wait()

    async def _read(self, after: int) -> Sequence[PartitionBatch]:
        """Return what the journal has next; what was pushed before and is not there never was."""
        pushed = list(self._pushed)
        batches = await self._journal.read(after, TOLD_AGAIN)
        self._has_more = bool(batches)
        if not batches:
            for number in pushed:
                self._pushed.pop(number, None)
        return batches

    def _take_pushed(self, after: int) -> list[PartitionBatch]:
        """Return the pushed batches that continue a position; where others were pushed, there is a gap."""
        batches: list[PartitionBatch] = []
        while len(batches) < TOLD_AGAIN and (batch := self._pushed.pop(after + 1, None)) is not None:
            batches.append(batch)
            after = batch.number
        if not batches and self._pushed:
            self._pushed = {number: batch for number, batch in self._pushed.items() if number > after}
            self._has_more = self._has_more or bool(self._pushed)
        return batches

    async def _wait(self) -> None:
        """Wait until something is pushed; where nothing is for a while, look at the journal."""
        try:
            async with asyncio.timeout(self._look_s):
                await self._woken.wait()
        except TimeoutError:
            self._has_more = True
        self._woken.clear()

    async def _take_in(
        self, projection: PartitionProjection, batches: Sequence[PartitionBatch], *, is_pushed: bool
    ) -> None:
        """Project and save batches, then tell everybody; what was pushed and is wrong is read again."""
        while batches and not self._is_stopping:
            try:
                count = await asyncio.to_thread(self._save_some, projection, batches)
            except JournalError as error:
                if not is_pushed:
                    raise
                _log.warning("what was pushed is left out", partition=str(self._address), error=str(error))
                self._has_more = True
                return
            saved, batches = batches[:count], batches[count:]
            self._on_save(saved)
            await self._tell(saved)

    def _save_some(self, projection: PartitionProjection, batches: Sequence[PartitionBatch]) -> int:
        """Project batches up to the limit of a save, save, and return how many they were.

        JournalError where the first does not continue the chain; nothing is done then.
        """
        count = 0
        position = projection.position
        end = PartitionLink(position.batch, position.batch_hash) if position.batch else PartitionLink()
        for batch in batches:
            try:
                end = verify(batch, end)
            except JournalError:
                if count:
                    break  # it is the first of the next save
                raise
            projection.project(batch)
            count += 1
            if projection.events >= self._batch_limit:
                break
        self._store.save(projection.take())
        return count

    async def _tell(self, batches: Sequence[PartitionBatch]) -> None:
        """Publish the notices of batches that the views hold, but for those that were told."""
        if notices := [notice_of(batch) for batch in batches if batch.number > self._told]:
            await self._notices.publish(notices)
            self._told = notices[-1].batch
