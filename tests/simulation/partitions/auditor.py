"""The auditor: follows every journal with machines of its own, and holds everybody to what was told.

As a batch is appended it must follow in its chain, hold each message of each source once and in order, and
give what it holds as outputs. What everybody is told must stand in a journal before. At any time, with
what is on its way, no money and no share is too many or missing.
"""

from __future__ import annotations

from collections import defaultdict

from pricetime.errors import JournalError
from pricetime.oracle.witness import Witness
from pricetime.ports import Message, PartitionBatch
from pricetime.records import NO_CLIENT_ID, Command, CommandKind, Event, EventKind, Flag, iter_events
from pricetime.rules.partitions import (
    EVENTS,
    Address,
    BookPartition,
    Input,
    LedgerPartition,
    Output,
    Room,
    Topology,
)
from pricetime.rules.partitions.check import check_conservation, check_copies, in_flight
from pricetime.runtime.partition import empty_partition
from pricetime.runtime.partition_chain import PartitionLink, verify
from pricetime.runtime.venue import Partition

_ANSWERS = (EventKind.ACCEPTED, EventKind.DENIED)


class BookWitness(Witness):
    """The witness of fair books, reading only what books tell."""

    def see(self, events: bytes) -> None:
        for event in iter_events(events):
            try:
                self._happened[event.kind](event)
            except KeyError:
                self._expect(False, event, "it tells of an order that is not open")


class Shadow:
    """One partition as its journal has it."""

    def __init__(self, address: Address, topology: Topology) -> None:
        self.partition: Partition = empty_partition(address, topology)
        self.end = PartitionLink()
        self.heard: dict[Address, int] = {}
        self.sent: dict[Address, list[bytes]] = defaultdict(list)
        self.witness = BookWitness()


class Auditor:
    """Of one run."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.violations: list[str] = []
        self.shadows = {address: Shadow(address, topology) for address in topology.addresses()}
        self.sent: dict[int, Command] = {}
        """Every command by its sequence."""
        self.answers: dict[int, Event] = {}
        self.is_open = False
        self._told: dict[Address, int] = {}
        self._early: dict[tuple[Address, int], bytes] = {}
        self._done_ids: dict[bytes, int] = {}

    def blame(self, kind: str, what: str) -> None:
        self.violations.append(f"{kind}: {what}")

    # -------------------------------------------------------------------------------- what happens

    def on_append(self, batch: PartitionBatch) -> None:
        """Follow a journal by one batch."""
        shadow, where = self.shadows[batch.partition], f"batch {batch.number} of {batch.partition}"
        try:
            shadow.end = verify(batch, shadow.end)
        except JournalError as error:
            self.blame("chain", str(error))
            return
        for message in batch.inputs:
            if message.number != shadow.heard.get(message.source, 0) + 1:
                self.blame(
                    "once", f"{where} applies message {message.number} of {message.source} out of turn"
                )
                return
            shadow.heard[message.source] = message.number
        outputs = shadow.partition.apply([Input(each.source, each.records) for each in batch.inputs])
        if outputs != [Output(each.destination, each.records) for each in batch.outputs]:
            self.blame("replay", f"{where} holds other outputs than its inputs give")
        for message in batch.outputs:
            sent = shadow.sent[message.destination]
            sent.append(message.records)
            if message.number != len(sent):
                self.blame("numbers", f"{where} sends message {message.number} to {message.destination}")
            if message.destination == EVENTS and batch.partition.room == Room.BOOK:
                shadow.witness.see(message.records)
                if shadow.witness.faults:
                    self.blame("fair", shadow.witness.faults[0])

    def on_told(self, message: Message) -> None:
        """Take note of what everybody is told, once."""
        journaled = self.shadows[message.source].sent[EVENTS]
        if message.number > len(journaled):
            self.blame("durable", f"{message.source} tells what its journal does not have")
            return
        if journaled[message.number - 1] != message.records:
            self.blame("durable", f"{message.source} tells other than its journal")
            return
        self._early[message.source, message.number] = message.records
        while records := self._early.pop((message.source, self._told.get(message.source, 0) + 1), None):
            self._told[message.source] = self._told.get(message.source, 0) + 1
            for event in iter_events(records):
                if event.kind in _ANSWERS:
                    self._answered(event)

    def _answered(self, event: Event) -> None:
        if event.sequence in self.answers:
            self.blame("once", f"command {event.sequence} is answered twice")
        if event.sequence not in self.sent:
            self.blame("once", f"command {event.sequence} is answered and was never sent")
        self.answers[event.sequence] = event
        is_done = event.kind == EventKind.ACCEPTED and not event.flags & Flag.REPEATED
        if is_done and event.client_id != NO_CLIENT_ID:
            if event.client_id in self._done_ids:
                self.blame("once", f"command {event.sequence} does again what its client id did")
            self._done_ids[event.client_id] = event.sequence

    # -------------------------------------------------------------------------------- what must hold

    @property
    def ledgers(self) -> list[LedgerPartition]:
        parts = [shadow.partition for shadow in self.shadows.values()]
        return [part for part in parts if isinstance(part, LedgerPartition)]

    @property
    def books(self) -> list[BookPartition]:
        parts = [shadow.partition for shadow in self.shadows.values()]
        return [part for part in parts if isinstance(part, BookPartition)]

    def check_now(self) -> None:
        """Hold all journals together against conservation, with what is on its way between them."""
        flights = []
        for source, shadow in self.shadows.items():
            for destination, messages in shadow.sent.items():
                if source.room == Room.BOOK and destination.room == Room.LEDGER:
                    heard = self.shadows[destination].heard.get(source, 0)
                    flights.append(in_flight(self.topology, destination, b"".join(messages[heard:])))
        faults = check_conservation(self.ledgers, flights)
        faults += [fault for shadow in self.shadows.values() for fault in shadow.partition.check()]
        for fault in faults:
            self.blame("conservation", fault)

    def check_end(self) -> None:
        """See, when nothing goes on any more, that everything is done and told."""
        self.check_now()
        for sequence, command in self.sent.items():
            if sequence not in self.answers:
                self.blame("lost", f"command {sequence} ({CommandKind(command.kind).name}) is not answered")
        for source, shadow in self.shadows.items():
            for destination, messages in shadow.sent.items():
                heard = self._told if destination == EVENTS else self.shadows[destination].heard
                if heard.get(source, 0) != len(messages):
                    self.blame("lost", f"{destination} has not heard everything of {source}")
        for fault in check_copies(self.ledgers, self.books):
            self.blame("conservation", fault)
        moved = {CommandKind.DEPOSIT: 1, CommandKind.WITHDRAW: -1}
        brought = sum(
            moved.get(CommandKind(event.command), 0) * event.amount
            for event in self.answers.values()
            if event.kind == EventKind.ACCEPTED and not event.flags & Flag.REPEATED
        )
        if brought != sum(part.clearing.ledger.money for part in self.ledgers):
            self.blame("once", "another sum came in than was answered")
