"""The partitions alone: no journal, no network, one core of the processor; and hosts of them over memory.

A ledger and a book are led through the mix together, a batch at a time, and what each of them was sent is
kept. Then each is given that again by itself: the compiled partitions all of it, the reference the beginning.
A host is given it as messages of one command, or of what a book told of one batch, and journals in memory.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from bench._flows import BATCH, MIX, Flow, cut, mix
from bench._recorder import SETUP_BATCH
from bench._table import Result
from pricetime.adapters.memory_partitions import (
    MemoryBroker,
    MemoryPartitionJournal,
    MemoryPartitionSnapshots,
)
from pricetime.ports import Message
from pricetime.records.routing import Address, Input, Output, Room, Topology
from pricetime.runtime.implementations import RULES, pick_parts
from pricetime.runtime.partition import PartitionHost
from pricetime.runtime.partition_turns import PartitionLimits
from pricetime.runtime.venue import Partition, Parts
from pricetime.settings import Settings

COMMANDS: Final = 300_000
RULES_COMMANDS: Final = 40_000
HOST_COMMANDS: Final = 40_000
CHECKED: Final = 20_000
PASSES: Final = 3
TOPOLOGY: Final = Topology(1, 1)
LEDGER, BOOK = TOPOLOGY.addresses()
SERVICE: Final = Address(Room.SERVICE, 1)
NAMES: Final = {LEDGER: "ledger", BOOK: "book"}
Batches = list[list[Input]]


@dataclass
class Taken:
    """What a partition was sent: to prepare it, and what is measured."""

    setup: Batches = field(default_factory=list)
    measured: Batches = field(default_factory=list)

    def prepared(self, parts: Parts, address: Address) -> Partition:
        partition = parts.of(address)(address.number, TOPOLOGY)
        for inputs in self.setup:
            partition.apply(inputs)
        return partition

    def beginning(self, commands: int) -> Taken:
        """Return it up to so many of the clients' commands."""
        return Taken(self.setup, self.measured[: commands // BATCH])


def recorded(flow: Flow) -> dict[Address, Taken]:
    """Lead both partitions through a flow; what the book tells, the ledger hears with the next batch."""
    taken = {address: Taken() for address in NAMES}
    parts = pick_parts("compiled")
    pair = {address: parts.of(address)(address.number, TOPOLOGY) for address in NAMES}
    told: list[Input] = []

    def lead(batch: bytes, kept: dict[Address, Batches]) -> None:
        kept[LEDGER].append([*told, Input(SERVICE, batch)])
        kept[BOOK].append(_between(LEDGER, BOOK, pair[LEDGER].apply(kept[LEDGER][-1])))
        told[:] = _between(BOOK, LEDGER, pair[BOOK].apply(kept[BOOK][-1]))

    for batch in cut(flow.setup, SETUP_BATCH):
        lead(batch, {address: each.setup for address, each in taken.items()})
    for batch in cut(flow.commands, BATCH):
        lead(batch, {address: each.measured for address, each in taken.items()})
    return taken


def _between(source: Address, destination: Address, outputs: Iterable[Output]) -> list[Input]:
    return [Input(source, output.records) for output in outputs if output.destination == destination]


def assert_same(address: Address, taken: Taken) -> None:
    """Hold core and rules against each other on the beginning."""
    first, second = (taken.prepared(parts, address) for parts in (RULES.parts, pick_parts("compiled")))
    for inputs in taken.beginning(CHECKED).measured:
        assert first.apply(inputs) == second.apply(inputs), f"core and rules differ in a {NAMES[address]}"
    assert first.snapshot() == second.snapshot()


def seconds_of_pass(address: Address, taken: Taken, parts: Parts) -> float:
    """Return the seconds of processor time that a fresh, prepared partition needs for all it was sent."""
    partition = taken.prepared(parts, address)
    started = time.process_time()
    for inputs in taken.measured:
        partition.apply(inputs)
    return time.process_time() - started


def per_command_s(address: Address, taken: Taken, parts: Parts) -> float:
    """Return the median over passes of the seconds for one command of a client."""
    seconds = statistics.median(seconds_of_pass(address, taken, parts) for _ in range(PASSES))
    return seconds / (len(taken.measured) * BATCH)


async def host_seconds(address: Address, taken: Taken, parts: Parts) -> float:
    """Return the seconds of processor time that a host needs for all that its partition was sent."""
    broker = MemoryBroker()
    host = PartitionHost(
        address,
        TOPOLOGY,
        broker.consume(address),
        broker,
        MemoryPartitionJournal(),
        MemoryPartitionSnapshots(),
        PartitionLimits.of(Settings(partition_snapshot_every=1_000_000)),
        parts,
    )
    await host.take_over()
    numbers: dict[Address, int] = {}
    began = 0.0
    for place, inputs in enumerate([*taken.setup, *taken.measured]):
        if place == len(taken.setup):
            began = time.process_time()
        for source, records in inputs:
            is_of_clients = source == SERVICE and place >= len(taken.setup)
            for part in cut(records, 1) if is_of_clients else [records]:
                number = numbers[source] = numbers.get(source, 0) + 1
                await broker.publish([Message(source, address, number, part)])
        await host.serve_once()
    return time.process_time() - began


def main() -> list[Result]:
    taken = recorded(mix(commands=COMMANDS))
    compiled = pick_parts("compiled")
    rows = []
    for address, name in NAMES.items():
        assert_same(address, taken[address])
        core_s = per_command_s(address, taken[address], compiled)
        rules_s = per_command_s(address, taken[address].beginning(RULES_COMMANDS), RULES.parts)
        rows.append(
            Result(
                name=f"partitions: {name}",
                value=1 / core_s,
                unit="commands/s",
                workload=f"the part of the {name}, of one ledger and one book, in {COMMANDS:,} commands, "
                f"{MIX}, one stock, 1,000 orders resting, batches of {BATCH}; "
                f"median of {PASSES} passes on one core",
                baseline=1 / rules_s,
                baseline_is=f"the reference rules on the first {RULES_COMMANDS:,} commands of it",
            )
        )
    return [*rows, *(_host(name, address, taken[address]) for address, name in NAMES.items())]


def _host(name: str, address: Address, taken: Taken) -> Result:
    beginning = taken.beginning(HOST_COMMANDS)
    commands = len(beginning.measured) * BATCH
    core_s, rules_s = (
        statistics.median(asyncio.run(host_seconds(address, beginning, parts)) for _ in range(PASSES))
        for parts in (pick_parts("compiled"), RULES.parts)
    )
    return Result(
        name=f"partitions: host of a {name}",
        value=core_s / commands * 1e6,
        unit="µs/command",
        workload=f"processor time of a host for the first {HOST_COMMANDS:,} of them, each client's command a "
        f"message, {BATCH} to a batch; chained, journaled and published in memory",
        at_most=True,
        baseline=rules_s / commands * 1e6,
        baseline_is="the same host of the reference rules",
    )


assert COMMANDS % BATCH == RULES_COMMANDS % BATCH == HOST_COMMANDS % BATCH == CHECKED % BATCH == 0
