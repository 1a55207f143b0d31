"""A venue in parts and the venue in one piece, side by side, with the journals that views are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from random import Random

from pricetime.adapters.memory import MemoryJournal
from pricetime.oracle.generator import Generator
from pricetime.oracle.parted import Parted, PartedTrial
from pricetime.oracle.scenarios import SCENARIOS
from pricetime.ports import Message, PartitionBatch
from pricetime.records import Command, CommandKind, command_array, event_array
from pricetime.rules import Venue
from pricetime.rules.partitions import Address, Input, Output, Room, Topology
from pricetime.runtime.chain import link_of
from pricetime.runtime.chain import seal as seal_batch
from pricetime.runtime.partition import Post, empty_partition
from pricetime.runtime.partition_chain import PartitionLink, seal

TICK_NS = 7_000_000_000
"""From one command to the next: minutes have several, and a program is a few hours long."""


class JournaledVenue(Venue):
    """The venue in one piece; each command is a batch."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = MemoryJournal()

    def apply(self, commands: bytes) -> bytes:
        events = super().apply(commands)
        self.journal.append(seal_batch(link_of(self.journal.last()), commands, events))
        return events


class JournaledParts(Parted):
    """The venue in parts; each message is a batch of its partition's journal."""

    def __init__(self, topology: Topology) -> None:
        super().__init__(topology)
        self.journals: dict[Address, list[PartitionBatch]] = {address: [] for address in topology.addresses()}
        self._posts = {address: Post(1) for address in topology.addresses()}
        self._numbers = {address: count(1) for address in topology.addresses()}
        self._sources: dict[tuple[Address, Address], int] = {}

    def deliver(self, address: Address, delivered: Input) -> list[Output]:
        outputs = super().deliver(address, delivered)
        pair = (delivered.source, address)
        number = self._sources[pair] = self._sources.get(pair, 0) + 1
        inputs = (Message(delivered.source, address, number, delivered.records),)
        messages = tuple(self._posts[address].address(address, outputs))
        journal = self.journals[address]
        journal.append(seal(_end(journal), address, inputs, messages))
        return outputs

    def joined(self, address: Address, size: int) -> list[PartitionBatch]:
        """Return a journal as it would be had up to ``size`` messages come together each time.

        What answers a command cannot come together with it: the command leaves when its batch is journaled.
        """
        partition, post = empty_partition(address, self.topology), Post(1)
        journal: list[PartitionBatch] = []
        for some in _together([batch.inputs[0] for batch in self.journals[address]], size):
            outputs = partition.apply([Input(message.source, message.records) for message in some])
            journal.append(seal(_end(journal), address, some, tuple(post.address(address, outputs))))
        return journal


class JournaledTrial(PartedTrial):
    """Both, led through programs one command at a time."""

    venue: JournaledVenue
    parts: JournaledParts

    def __init__(self, topology: Topology) -> None:
        super().__init__(topology, tick_ns=TICK_NS)
        self.venue = JournaledVenue()
        self.parts = JournaledParts(topology)

    def fitted(self, command: Command) -> Command:
        """Return a command as the API would send it: in an account's name, an order without a number."""
        command = super().fitted(command)._replace(actor=command.account)
        return command._replace(order=0) if command.kind == CommandKind.PLACE_ORDER else command

    def send(self, commands: Iterable[Command]) -> None:
        """Let both carry out commands, which must give the same."""
        for command in commands:
            difference, _ = self._apply(command)
            assert difference is None

    def follow(self, scenario: str, seed: int) -> None:
        """Lead both through a program of a scenario."""
        for step in Generator(SCENARIOS[scenario], Random(seed), self.witness).program():
            assert self.do(step) is None


def _end(journal: list[PartitionBatch]) -> PartitionLink:
    return PartitionLink(journal[-1].number, journal[-1].hash) if journal else PartitionLink()


def _together(inputs: Iterable[Message], size: int) -> Iterator[tuple[Message, ...]]:
    some: list[Message] = []
    sent: set[int] = set()
    for message in inputs:
        is_of_book = message.source.room == Room.BOOK
        records = event_array(message.records) if is_of_book else command_array(message.records)
        sequences = set(records["sequence"].tolist())
        if len(some) == size or (is_of_book and sequences & sent):
            yield tuple(some)
            some, sent = [], set()
        some.append(message)
        sent |= sequences
    yield tuple(some)
