"""Which messages are to be applied next: those of a source in the order of their numbers, else as they came.

A message that comes before its turn is kept, unacknowledged, until those before it have come. A batch is
bounded in messages and in bytes; what is beyond waits for the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from pricetime.errors import BrokerFailed
from pricetime.ports import Delivery, Message
from pricetime.rules.partitions import Address
from pricetime.settings import Settings


@dataclass(frozen=True)
class PartitionLimits:
    """The bounds of a partition's batches and of what it remembers."""

    batch_limit: int
    """Messages in a batch, and out of turn at once."""
    batch_bytes: int
    """Of the records that come in with a batch; a message that is larger is a batch of its own."""
    snapshot_every: int
    """Batches between two snapshots."""
    services_limit: int
    """Services whose messages are known again."""
    requests_limit: int
    """Commands whose requests are known."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the limits that are set."""
        return cls(
            settings.partition_batch_limit,
            settings.partition_batch_bytes,
            settings.partition_snapshot_every,
            settings.services_remembered,
            settings.requests_remembered,
        )


class Turns:
    """Deliveries whose turn has not come, and those that did not go into a batch any more."""

    def __init__(self, limits: PartitionLimits) -> None:
        self._limits = limits
        self._early: dict[tuple[Address, int], list[Delivery]] = {}
        self._postponed: list[Delivery] = []

    @property
    def has_more(self) -> bool:
        """Whether a next batch need not wait for anything to arrive."""
        return bool(self._postponed)

    def take(self, deliveries: Sequence[Delivery], heard: Mapping[Address, int]) -> _Batch:
        """Return what is to be applied now, after what was ``heard``; BrokerFailed where too many are early.

        Then the queue has to begin anew.
        """
        waiting = [*self._postponed, *deliveries]
        self._postponed = []
        batch = _Batch(self._limits, heard)
        for place, delivery in enumerate(waiting):
            if batch.is_full:
                self._postponed += waiting[place:]
                break
            self._place(delivery, batch)
        early = sum(map(len, self._early.values()))
        if early > self._limits.batch_limit:
            raise BrokerFailed(f"{early} messages have come and wait for those before them")
        return batch

    def _place(self, delivery: Delivery, batch: _Batch) -> None:
        """Put a delivery into the batch, and what has waited for it; or keep it until its turn."""
        source, number = delivery.message.source, delivery.message.number
        last = batch.last_of(source)
        if number > last + 1:
            self._early.setdefault((source, number), []).append(delivery)
            return
        batch.add(delivery)
        while next_ones := self._early.pop((source, batch.last_of(source) + 1), None):
            if batch.is_full:
                self._postponed += next_ones
                return
            for each in next_ones:
                batch.add(each)


class _Batch:
    """Messages to be applied, and deliveries that are then done with: these, and those known already."""

    def __init__(self, limits: PartitionLimits, heard: Mapping[Address, int]) -> None:
        self.messages: list[Message] = []
        self.done: list[Delivery] = []
        self._limits = limits
        self._heard = heard
        self._reached: dict[Address, int] = {}
        self._bytes = 0

    @property
    def is_full(self) -> bool:
        """Whether nothing more goes into it."""
        return len(self.messages) >= self._limits.batch_limit or self._bytes >= self._limits.batch_bytes

    def last_of(self, source: Address) -> int:
        """Return the number of a source's last message, this batch included."""
        return self._reached.get(source) or self._heard.get(source, 0)

    def add(self, delivery: Delivery) -> None:
        """Add the next message of a source, or pass over one that is known."""
        message = delivery.message
        self.done.append(delivery)
        if message.number == self.last_of(message.source) + 1:
            self._reached[message.source] = message.number
            self.messages.append(message)
            self._bytes += len(message.records)
