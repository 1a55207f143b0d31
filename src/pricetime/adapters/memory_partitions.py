"""Broker, journals and snapshots of partitions in memory: a whole venue in parts within one event loop.

It is for tests, experiments and a first look; all is gone with the process. Queues give out in order, to the
consumer that came last, and again what the one before has not acknowledged.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from itertools import count

from pricetime.errors import BrokerFailed, JournalFenced
from pricetime.ports import Delivery, Message, PartitionBatch, PartitionSnapshot
from pricetime.records.routing import Address


class MemoryBroker:
    """Queues by address; it is the ``Outputs`` of everybody, and ``consume`` gives ``Inputs``."""

    def __init__(self) -> None:
        self._queues: dict[Address, MemoryQueue] = defaultdict(MemoryQueue)

    async def publish(self, messages: Sequence[Message]) -> None:
        """Put messages into the queues of their destinations."""
        for message in messages:
            self._queues[message.destination].put(message)

    def consume(self, address: Address) -> MemoryInputs:
        """Return the queue of an address for its host; whoever had it before has it no more."""
        return MemoryInputs(self._queues[address])


class MemoryQueue:
    """Messages in order, those given out and not acknowledged, and whose turn it is."""

    def __init__(self) -> None:
        self.messages: deque[Message] = deque()
        self.given_out: dict[int, Message] = {}
        self.consumer: MemoryInputs | None = None
        self.arrived = asyncio.Event()
        self.tags = count(1)

    def put(self, message: Message) -> None:
        """Add a message at the back."""
        self.messages.append(message)
        self.arrived.set()

    def hand_to(self, consumer: MemoryInputs) -> None:
        """Give out to this consumer from now on, beginning with what the one before did not acknowledge."""
        self.consumer = consumer
        self.messages.extendleft(reversed(self.given_out.values()))
        self.given_out.clear()
        self.arrived.set()


class MemoryInputs:
    """One consumer of a queue."""

    def __init__(self, queue: MemoryQueue) -> None:
        self._queue = queue
        self._is_awake = False
        queue.hand_to(self)

    async def receive(self, limit: int) -> Sequence[Delivery]:
        """Return up to ``limit`` messages, the first awaited; BrokerFailed once another has the queue."""
        queue = self._queue
        while queue.consumer is self and not queue.messages and not self._is_awake:
            queue.arrived.clear()
            await queue.arrived.wait()
        self._refuse_where_replaced()
        self._is_awake = False
        deliveries: list[Delivery] = []
        while queue.messages and len(deliveries) < limit:
            tag, message = next(queue.tags), queue.messages.popleft()
            queue.given_out[tag] = message
            deliveries.append(Delivery(tag, message))
        return deliveries

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Forget messages; BrokerFailed where another has the queue."""
        self._refuse_where_replaced()
        for delivery in deliveries:
            self._queue.given_out.pop(delivery.tag, None)

    def wake(self) -> None:
        """Let ``receive`` return."""
        self._is_awake = True
        self._queue.arrived.set()

    def _refuse_where_replaced(self) -> None:
        if self._queue.consumer is not self:
            raise BrokerFailed("another consumer has this queue now")


class MemoryPartitionJournal:
    """The journal of one partition, shared by all of its hosts."""

    def __init__(self) -> None:
        self.batches: list[PartitionBatch] = []

    async def append(self, batch: PartitionBatch) -> None:
        """Add a batch; JournalFenced where there is one of its number."""
        if batch.number <= len(self.batches):
            raise JournalFenced
        assert batch.number == len(self.batches) + 1, "batches are numbered without a gap"
        self.batches.append(batch)

    async def read(self, after: int, limit: int) -> Sequence[PartitionBatch]:
        """Return up to ``limit`` batches with numbers above ``after``."""
        return self.batches[after : after + limit]


class MemoryPartitionSnapshots:
    """The newest snapshot of one partition, shared by all of its hosts."""

    def __init__(self) -> None:
        self._snapshots: list[PartitionSnapshot] = []

    async def save(self, snapshot: PartitionSnapshot) -> None:
        """Keep a snapshot instead of the one before; one that is older is not kept."""
        if not self._snapshots or snapshot.batch > self._snapshots[0].batch:
            self._snapshots = [snapshot]

    async def newest_first(self) -> Sequence[PartitionSnapshot]:
        """Return the snapshot."""
        return list(self._snapshots)
