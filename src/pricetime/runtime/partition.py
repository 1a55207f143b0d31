"""The host of one partition: what makes a deterministic machine durable, and movable between hosts.

::

    input queue ──> heard before? ──> apply ──> append to the journal ──> publish ──> acknowledge
                     by source and     the        fenced by the batch's    until       the queue may
                     number            machine    number                   confirmed   forget

One batch after the other; while one is on its way, the next gathers in the queue, so batches grow as the
load does.

Invariants:

1. Nothing leaves before the journal has it.
2. An input is acknowledged when the journal has it and all that it gave rise to is confirmed.
3. A message is applied once, and those of a source in the order of their numbers without a gap, however
   often and in whatever order they are delivered.
4. A batch is appended only when the outputs of the one before are confirmed. So whoever takes over has
   only those of the newest batch to publish again.
5. Of two hosts that both believe they have the partition, one fails to append; it steps down and has
   told nobody anything.
6. Whatever a port fails at, the host ends: memory may be ahead of the journal. The next one, here or
   elsewhere, begins with what the journal has.

A host may stand by: it has replayed the journal and waits for a queue that another one consumes. When the
first message comes, that one has gone, so what it journaled meanwhile is read before anything is applied.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Final

import structlog

from pricetime.errors import JournalTampered, PricetimeError, RecordError, SnapshotError
from pricetime.ports import (
    Delivery,
    Inputs,
    Message,
    Outputs,
    PartitionBatch,
    PartitionJournal,
    PartitionSnapshot,
    PartitionSnapshots,
)
from pricetime.records import check_commands, check_events
from pricetime.records.routing import Address, Input, Output, Room, Topology
from pricetime.runtime.implementations import RULES
from pricetime.runtime.partition_chain import PartitionLink, seal, verify
from pricetime.runtime.partition_turns import PartitionLimits, Turns
from pricetime.runtime.requests import Requests
from pricetime.runtime.venue import Partition, Parts

_PAGE: Final = 100  # batches
_log = structlog.get_logger(__name__)


class Post:
    """What has been heard of each source, and sent to each destination: the numbers of messages.

    Services come and go, each with an address of its own, so of them only the ``services_limit`` heard last
    are remembered; of partitions all.
    """

    def __init__(
        self,
        services_limit: int,
        heard: Iterable[tuple[Address, int]] = (),
        sent: Iterable[tuple[Address, int]] = (),
    ) -> None:
        self.heard = dict(heard)
        self.sent = dict(sent)
        self._services_limit = services_limit

    def is_next(self, message: Message) -> bool:
        """Return whether a message is the one after the last that was heard of its source."""
        return message.number == self.heard.get(message.source, 0) + 1

    def hear(self, message: Message) -> None:
        """Remember a message as applied."""
        known = self.heard.pop(message.source, None)
        self.heard[message.source] = message.number  # which stands last now
        if known is None and message.source.room == Room.SERVICE:
            services = [source for source in self.heard if source.room == Room.SERVICE]
            for forgotten in services[: -self._services_limit]:
                del self.heard[forgotten]

    def address(self, source: Address, outputs: Iterable[Output]) -> Iterator[Message]:
        """Yield outputs as messages, each with the next number of its destination."""
        for destination, records in outputs:
            number = self.sent[destination] = self.sent.get(destination, 0) + 1
            yield Message(source, destination, number, records)


class PartitionHost:
    """Hosts the partition at ``address``. ``run`` ends after ``stop``, or with an exception; then for good.

    ``on_batch`` is awaited with each batch as soon as the journal has it.
    """

    def __init__(
        self,
        address: Address,
        topology: Topology,
        inputs: Inputs,
        outputs: Outputs,
        journal: PartitionJournal,
        snapshots: PartitionSnapshots,
        limits: PartitionLimits,
        parts: Parts,
        on_batch: Callable[[PartitionBatch], Awaitable[None]] | None = None,
    ) -> None:
        self.address = address
        self._topology = topology
        self._inputs = inputs
        self._outputs = outputs
        self._journal = journal
        self._snapshots = snapshots
        self._limits = limits
        self._parts = parts
        self._on_batch = on_batch
        self._turns = Turns(limits)
        self._requests = Requests(limits.requests_limit)
        self.stands_by = False
        """Whether the journal has been taken in, so that what arrives is served."""
        self._is_active = False
        self._is_stopping = False

    async def run(self) -> None:
        """Take the partition over and serve it until ``stop``, a failing port, or another host's batch."""
        await self.take_over()
        while not self._is_stopping:
            await self.serve_once()

    def stop(self) -> None:
        """Let ``run`` end when the batch under way is through."""
        self._is_stopping = True
        self._inputs.wake()

    # ------------------------------------------------------------------------------------ take over

    async def take_over(self) -> None:
        """Come to the state of the journal's end, and publish again what may not have left."""
        await self._restore()
        newest = await self._catch_up() or await self._last_batch()
        if newest is not None:
            await self._publish(newest)
        self.stands_by = True

    async def _catch_up(self) -> PartitionBatch | None:
        """Replay what the journal has beyond the end that is known; return the last of it."""
        newest = None
        while page := await self._journal.read(self._end.number, _PAGE):
            for newest in page:
                self._replay(newest)
                await asyncio.sleep(0)  # others in this process go on meanwhile
        return newest

    async def _restore(self) -> None:
        """Begin with the newest good snapshot, or with an empty partition."""
        for snapshot in await self._snapshots.newest_first():
            page = await self._journal.read(snapshot.batch - 1, 1)
            try:
                if not page or page[0].hash != snapshot.batch_hash:
                    raise SnapshotError("it is of a batch that the journal does not have")
                self._partition = self._restored(snapshot)
            except SnapshotError as error:
                _log.warning("a snapshot is left out", partition=str(self.address), error=str(error))
                continue
            self._post = Post(self._limits.services_limit, snapshot.heard, snapshot.sent)
            self._end = PartitionLink(snapshot.batch, snapshot.batch_hash)
            return
        self._partition = empty_partition(self.address, self._topology, self._parts)
        self._post, self._end = Post(self._limits.services_limit), PartitionLink()

    def _restored(self, snapshot: PartitionSnapshot) -> Partition:
        partition: Partition = self._parts.of(self.address).restore(snapshot.state)
        if (partition.address, partition.topology) != (self.address, self._topology):
            raise SnapshotError("it is of another partition, or of a venue with other partitions")
        return partition

    def _replay(self, batch: PartitionBatch) -> None:
        """Apply a journaled batch; JournalTampered where it does not give what it gave."""
        end = verify(batch, self._end)
        if self._apply(batch.inputs) != batch.outputs:
            raise JournalTampered(f"batch {batch.number} of {self.address} gives other outputs than it holds")
        self._end = end
        self._requests.hear(batch.inputs)

    async def _last_batch(self) -> PartitionBatch | None:
        page = await self._journal.read(self._end.number - 1, 1) if self._end.number else ()
        return page[0] if page else None

    # ---------------------------------------------------------------------------------------- serve

    async def serve_once(self) -> None:
        """Wait for input and bring one batch all the way; nothing that was heard before is applied again."""
        taken = self._turns.take(await self._receive(), self._post.heard)
        messages = tuple(taken.messages)
        if messages:
            batch = seal(self._end, self.address, messages, self._apply(messages))
            await self._journal.append(batch)
            self._end = PartitionLink(batch.number, batch.hash)
            self._requests.hear(messages)
            if self._on_batch is not None:
                await self._on_batch(batch)
            await self._publish(batch)
        await self._inputs.acknowledge(taken.done)
        if messages and self._end.number % self._limits.snapshot_every == 0:
            await self._save_snapshot()

    async def _publish(self, batch: PartitionBatch) -> None:
        """Publish what a batch gave rise to; each message names the requests that it goes back to."""
        await self._outputs.publish(self._requests.named(batch.outputs))

    async def _save_snapshot(self) -> None:
        """Save a snapshot; where that fails, the next take-over replays more."""
        try:
            await self._snapshots.save(self.snapshot())
        except PricetimeError as error:
            _log.warning("a snapshot is not saved", partition=str(self.address), error=str(error))

    async def _receive(self) -> Sequence[Delivery]:
        """Return what has arrived; with the first, this host has the queue, and another had it until now."""
        if self._turns.has_more:
            return ()
        deliveries = await self._inputs.receive(self._limits.batch_limit)
        if deliveries and not self._is_active:
            newest = await self._catch_up()
            if newest is not None:
                await self._publish(newest)
            self._is_active = True
        return deliveries

    def _apply(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        return carried_out(self._partition, self._post, messages)

    def snapshot(self) -> PartitionSnapshot:
        """Return the partition as it is after the journal's last batch."""
        return PartitionSnapshot(
            self.address,
            self._end.number,
            self._end.hash,
            self._partition.snapshot(),
            tuple(self._post.heard.items()),
            tuple(self._post.sent.items()),
        )


def carried_out(partition: Partition, post: Post, messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Apply messages and return what they give rise to; one that holds no records is passed over."""
    for message in messages:
        assert post.is_next(message), "those of a source are applied in order and once"
        post.hear(message)
    outputs = partition.apply(
        [Input(message.source, message.records) for message in messages if is_sound(message)]
    )
    return tuple(post.address(partition.address, outputs))


def empty_partition(address: Address, topology: Topology, parts: Parts = RULES.parts) -> Partition:
    """Return the partition of an address before its first batch; the reference can be looked into."""
    return parts.of(address)(address.number, topology)


def is_sound(message: Message) -> bool:
    """Return whether a message holds the kind of records that its source sends."""
    try:
        check = check_events if message.source.room == Room.BOOK else check_commands
        return check(message.records) > 0
    except RecordError as error:
        _log.error("a message is passed over", source=str(message.source), error=str(error))
        return False
