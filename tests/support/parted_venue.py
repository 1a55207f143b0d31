"""A venue in parts within one event loop: its partitions in memory, and notices in an order of the test's.

It is the ``Outputs`` of a dispatcher: what is published goes to the ledgers at once. ``settle`` lets all
messages travel, and ``notices`` are what the views would tell, in the order of ``order``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import count
from typing import Final

from pricetime.ports import Message, Notice, PartitionBatch
from pricetime.rules.partitions import EVENTS, Address, Input, Topology
from pricetime.runtime.notices import notice_of
from pricetime.runtime.partition import empty_partition

SMALL: Final = Topology(2, 2)


class PartedVenue:
    """Partitions that apply one message a batch."""

    def __init__(self, topology: Topology = SMALL) -> None:
        self.topology = topology
        self.partitions = {address: empty_partition(address, topology) for address in topology.addresses()}
        self.published: list[Message] = []
        self.told: deque[Notice] = deque()
        self._queue: deque[Message] = deque()
        self._batches = {address: count(1) for address in topology.addresses()}
        self._sent: dict[tuple[Address, Address], int] = {}

    async def publish(self, messages: Sequence[Message]) -> None:
        """Take messages from a service."""
        self.published += messages
        self._queue.extend(messages)

    def step(self) -> None:
        """Let the oldest message be applied."""
        message = self._queue.popleft()
        address = message.destination
        outputs = []
        for output in self.partitions[address].apply([Input(message.source, message.records)]):
            pair = (address, output.destination)
            self._sent[pair] = self._sent.get(pair, 0) + 1
            sent = Message(address, output.destination, self._sent[pair], output.records)
            outputs.append(sent)
            if output.destination != EVENTS:
                self._queue.append(sent)
        batch = PartitionBatch(address, next(self._batches[address]), (message,), tuple(outputs), b"", b"")
        self.told.append(notice_of(batch))

    def settle(self) -> list[Notice]:
        """Let all messages travel, and return the notices that are not taken yet."""
        while self._queue:
            self.step()
        told = list(self.told)
        self.told.clear()
        return told
