"""A broker and a store that fail: what is not confirmed may be lost or there, what is given out comes again.

They keep what real ones promise (RabbitMQ's quorum queues with one active consumer, a database with unique
keys and majority writes) and nothing more:

* a message is in its queue when the publisher is told so; when he is not, it may be there or not, or twice;
* a queue gives out in order, and what was not acknowledged again to the next consumer, first or somewhere
  among the others;
* a batch is appended once under its number; when the host is told of a failure, it may be there or not.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import count

from tests.simulation.partitions.stage import Stage

from pricetime.errors import BrokerFailed, JournalFailed, JournalFenced
from pricetime.ports import Delivery, Message, PartitionBatch, PartitionSnapshot
from pricetime.rules.partitions import EVENTS, Address


class Queue:
    """The messages for one address."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.given_out: dict[int, Message] = {}
        self.consumer: SimulatedInputs | None = None

    @property
    def is_empty(self) -> bool:
        return not self.messages and not self.given_out


class SimulatedBroker:
    """All queues. ``trouble`` is the chance that a message is lost or its confirmation is."""

    def __init__(self, stage: Stage, dice: random.Random, on_told: Callable[[Message], None]) -> None:
        self.stage = stage
        self.dice = dice
        self.trouble = 0.0
        self.repeats = 0.0
        self.queues: dict[Address, Queue] = defaultdict(Queue)
        self.tags = count(1)
        self._on_told = on_told

    async def publish(self, messages: Sequence[Message]) -> None:
        """Send messages one by one, in an order of their own for each destination."""
        for message in self.dice.sample(messages, len(messages)):
            await self.stage.step(f"publishes {message.source} to {message.destination} {message.number}")
            if self.dice.random() < self.trouble:
                if self.dice.random() < 0.5:
                    self._put(message)
                raise BrokerFailed
            self._put(message)
            if self.dice.random() < self.repeats:
                self._put(message)
        await self.stage.step("is confirmed")

    def consume(self, address: Address) -> SimulatedInputs:
        """Let a new consumer have a queue, beginning with what was not acknowledged."""
        queue = self.queues[address]
        returned, behind = list(queue.given_out.values()), self.dice.random() < 0.6
        queue.given_out.clear()
        if not behind:
            queue.messages[:0] = returned
        for message in returned if behind else ():
            queue.messages.insert(self.dice.randint(0, len(queue.messages)), message)
        queue.consumer = SimulatedInputs(self, queue)
        return queue.consumer

    def _put(self, message: Message) -> None:
        if message.destination == EVENTS:
            self._on_told(message)
        else:
            self.queues[message.destination].messages.append(message)


class SimulatedInputs:
    """One consumer of a queue."""

    def __init__(self, broker: SimulatedBroker, queue: Queue) -> None:
        self._broker = broker
        self._queue = queue
        self._is_awake = False

    async def receive(self, limit: int) -> Sequence[Delivery]:
        queue = self._queue
        await self._broker.stage.step("receives", self._has_reason)
        self._refuse_where_replaced()
        if self._is_awake:
            self._is_awake = False
            return []
        size = min(limit, 1 + int(self._broker.dice.random() * 4))
        given, queue.messages = queue.messages[:size], queue.messages[size:]
        deliveries = [Delivery(next(self._broker.tags), message) for message in given]
        queue.given_out |= {delivery.tag: delivery.message for delivery in deliveries}
        return deliveries

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        await self._broker.stage.step(f"acknowledges {len(deliveries)}")
        self._refuse_where_replaced()
        for delivery in deliveries:
            self._queue.given_out.pop(delivery.tag, None)

    def wake(self) -> None:
        self._is_awake = True

    def _has_reason(self) -> bool:
        """Return whether ``receive`` has something to return, or to say."""
        return bool(self._queue.messages) or self._queue.consumer is not self or self._is_awake

    def _refuse_where_replaced(self) -> None:
        if self._queue.consumer is not self:
            raise BrokerFailed("another consumer has this queue now")


class SimulatedJournal:
    """The journal of one partition; all of its hosts write to it. ``trouble`` is the chance of a failure."""

    def __init__(
        self, stage: Stage, dice: random.Random, on_append: Callable[[PartitionBatch], None]
    ) -> None:
        self.batches: dict[int, PartitionBatch] = {}
        self.trouble = 0.0
        self._stage = stage
        self._dice = dice
        self._on_append = on_append

    async def append(self, batch: PartitionBatch) -> None:
        await self._stage.step(f"appends {batch.partition} {batch.number}")
        if self._is_taken(batch.number):
            raise JournalFenced
        fails = self._dice.random() < self.trouble
        if not fails or self._dice.random() < 0.5:
            self.batches[batch.number] = batch
            self._on_append(batch)
        if fails:
            raise JournalFailed
        await self._stage.step("has appended")

    async def read(self, after: int, limit: int) -> Sequence[PartitionBatch]:
        await self._stage.step(f"reads after {after}")
        numbers = range(after + 1, min(after + limit, len(self.batches)) + 1)
        return [self.batches[number] for number in numbers]

    def _is_taken(self, number: int) -> bool:
        return number in self.batches


class SimulatedSnapshots:
    """The newest snapshot of one partition."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._newest: list[PartitionSnapshot] = []

    async def save(self, snapshot: PartitionSnapshot) -> None:
        await self._stage.step(f"saves a snapshot after {snapshot.batch}")
        if not self._newest or snapshot.batch > self._newest[0].batch:
            self._newest = [snapshot]

    async def newest_first(self) -> Sequence[PartitionSnapshot]:
        await self._stage.step("looks for a snapshot")
        return self._newest
