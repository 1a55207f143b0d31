"""A small venue in parts over a broker in memory, and any journals: hosts come and go, a service asks.

::

    service ── message ──> MemoryBroker ──> PartitionHost ── batch ──> a journal of the test's choice
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

import pytest

from pricetime.adapters.memory_partitions import MemoryBroker
from pricetime.errors import JournalFenced
from pricetime.ports import Message, PartitionBatch, PartitionJournal, PartitionSnapshots
from pricetime.records import Command, Event, EventKind, commands, iter_events
from pricetime.rules.partitions import EVENTS, Address, Room, Topology
from pricetime.runtime.implementations import pick_parts
from pricetime.runtime.partition import PartitionHost
from pricetime.runtime.partition_turns import PartitionLimits
from pricetime.settings import Settings, load

TOPOLOGY = Topology(ledgers=2, books=2)
LEDGER = TOPOLOGY.addresses()[0]
SERVICE = Address(Room.SERVICE, 1)
MINE = [account for account in range(1, 99) if TOPOLOGY.ledger_of(account) == LEDGER]
"""Accounts of that ledger."""

JournalT = TypeVar("JournalT", bound=PartitionJournal)


def limits(**options: int) -> PartitionLimits:
    return replace(PartitionLimits.of(Settings()), **options)


class Place(Generic[JournalT]):
    """A venue in parts, its broker and its store; hosts come and go."""

    def __init__(
        self,
        journal: Callable[[Address], JournalT],
        snapshots: Callable[[Address], PartitionSnapshots],
    ) -> None:
        self.broker = MemoryBroker()
        self.events = self.broker.consume(EVENTS)
        self.journals = {address: journal(address) for address in TOPOLOGY.addresses()}
        self.snapshots = {address: snapshots(address) for address in TOPOLOGY.addresses()}
        self.hosts: dict[Address, asyncio.Task[None]] = {}
        self._sent: dict[Address, int] = {}
        self._sequence = 0

    def host(self, address: Address, **options: int) -> PartitionHost:
        return PartitionHost(
            address,
            TOPOLOGY,
            self.broker.consume(address),
            self.broker,
            self.journals[address],
            self.snapshots[address],
            limits(**options),
            pick_parts(load().core),
        )

    def start(self, address: Address, **options: int) -> None:
        self.hosts[address] = asyncio.create_task(self.host(address, **options).run())

    async def kill(self, address: Address) -> None:
        task = self.hosts.pop(address)
        task.cancel()
        await asyncio.wait([task])

    def message(self, command: Command) -> Message:
        """Return the next message of the service, with one command in it."""
        self._sequence += 1
        stamped = command._replace(sequence=self._sequence, time_ns=self._sequence)
        if command.side:
            stamped = stamped._replace(order=self._sequence)
        entry = TOPOLOGY.entry_of(command)
        number = self._sent[entry] = self._sent.get(entry, 0) + 1
        return Message(SERVICE, entry, number, stamped.pack())

    async def ask(self, command: Command) -> Event:
        """Send a command and return its answer."""
        await self.broker.publish([self.message(command)])
        return await self.answer()

    async def answer(self) -> Event:
        """Return the next answer that everybody is told."""
        while True:
            for event in await self.told():
                if event.kind in (EventKind.ACCEPTED, EventKind.DENIED):
                    return event

    async def told(self) -> list[Event]:
        """Return the events of the next message to everybody."""
        [delivery] = await asyncio.wait_for(self.events.receive(1), 10)
        return list(iter_events(delivery.message.records))


class Gate:
    """A journal that a host comes to and does not get into until the gate is opened."""

    def __init__(self, journal: PartitionJournal) -> None:
        self._journal = journal
        self.reached, self.opened = asyncio.Event(), asyncio.Event()

    async def read(self, after: int, limit: int) -> Sequence[PartitionBatch]:
        return await self._journal.read(after, limit)

    async def append(self, batch: PartitionBatch) -> None:
        self.reached.set()
        await self.opened.wait()
        await self._journal.append(batch)


async def filled(place: Place[Any], count: int, **options: int) -> PartitionHost:
    """Return a host that has opened so many accounts, each in a batch of its own."""
    host = place.host(LEDGER, **options)
    await host.take_over()
    for account in MINE[:count]:
        await place.broker.publish([place.message(commands.open_account(account))])
        await host.serve_once()
    return host


async def see_the_later_append_fenced(place: Place[Any]) -> None:
    """Let a second host take over while the first appends: that one steps down, and has told nobody."""
    first = await filled(place, 1)
    gate = first._journal = Gate(place.journals[LEDGER])
    await place.broker.publish([place.message(commands.deposit(MINE[0], 5))])
    late = asyncio.create_task(first.serve_once())
    await gate.reached.wait()
    second = place.host(LEDGER)  # which takes the queue over, and what was not acknowledged
    await second.take_over()
    await second.serve_once()
    gate.opened.set()
    with pytest.raises(JournalFenced):
        await late
    told = [each.message.number for each in await place.events.receive(99)]
    assert told == [1, 1, 2]  # the second published again what might not have left
    assert len(await place.journals[LEDGER].read(0, 99)) == 2
