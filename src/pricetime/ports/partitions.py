"""What the host of a partition needs: queues in and out, a journal that fences, snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pricetime.ports.base import Row
from pricetime.records.routing import Address


class Message(Row, frozen=True):
    """A batch of records from one party to one other; ``number`` counts those of this pair, from 1."""

    source: Address
    destination: Address
    number: int
    records: bytes
    requests: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """For logs alone: request ids, each with the sequences of its commands (``runtime/requests.py``)."""

    @property
    def said(self) -> tuple[Address, Address, int, bytes]:
        """All that a message says to rules, journals and checks."""
        return self.source, self.destination, self.number, self.records


class Delivery(Row, frozen=True):
    """A message as a queue has given it out; by its tag it is acknowledged."""

    tag: int
    message: Message


class Inputs(Protocol):
    """The input queue of one partition. It may give a message out again, but loses none that is confirmed."""

    async def receive(self, limit: int) -> Sequence[Delivery]:
        """Return what has arrived, at most ``limit``, and wait where nothing has; BrokerFailed."""
        ...

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Let the queue forget these; BrokerFailed."""
        ...

    def wake(self) -> None:
        """Let ``receive`` return with nothing, now or when it is next called."""
        ...


class Outputs(Protocol):
    """The way to all queues."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return when the broker has confirmed all: none will be lost any more; BrokerFailed otherwise."""
        ...


class PartitionBatch(Row, frozen=True):
    """One batch of a partition's journal: what came in, what it gave rise to, chained to the batch before."""

    partition: Address
    number: int
    inputs: tuple[Message, ...]
    outputs: tuple[Message, ...]
    previous_hash: bytes
    hash: bytes


class PartitionJournal(Protocol):
    """The truth of one partition: an append-only list of batches. It is the fence between hosts."""

    async def append(self, batch: PartitionBatch) -> None:
        """Make a batch durable before returning.

        JournalFenced where there is a batch of this number already; JournalFailed where it may or may not
        be durable.
        """
        ...

    async def read(self, after: int, limit: int) -> Sequence[PartitionBatch]:
        """Return up to ``limit`` batches with numbers above ``after``, in order."""
        ...


class PartitionSnapshot(Row, frozen=True):
    """A partition after a batch: its state, the last message heard of each source, and of each sent."""

    partition: Address
    batch: int
    batch_hash: bytes
    state: bytes
    heard: tuple[tuple[Address, int], ...]
    sent: tuple[tuple[Address, int], ...]


class PartitionSnapshots(Protocol):
    """Snapshots of one partition. Losing them all loses nothing but time."""

    async def save(self, snapshot: PartitionSnapshot) -> None:
        """Keep a snapshot; older ones may go, all but one."""
        ...

    async def newest_first(self) -> Sequence[PartitionSnapshot]:
        """Return the readable snapshots."""
        ...
