"""Two implementations of the partitions side by side: the same records into both, the same out of both.

The partitions of a venue are joined by queues that keep the order of each source and no other: which one
takes what next, and how much at once, is drawn. So amends meet trades, answers come late, and much waits.
After every batch the two twins must have sent the same messages and be in the same state, byte for byte; now
and then each goes on from the other's snapshot.
"""

from __future__ import annotations

from collections import deque
from random import Random
from typing import Final

from pricetime.errors import SnapshotError
from pricetime.oracle.program import Do, Step, stamp
from pricetime.oracle.trial import Comparison, Difference
from pricetime.oracle.witness import Witness
from pricetime.records import Command, Flag, command_to_json, event_to_json, iter_commands, iter_events
from pricetime.records.routing import EVENTS, ROUND, Address, Input, Output, Room, Topology
from pricetime.records.state import hash_of_state
from pricetime.rules import Venue
from pricetime.runtime.venue import Partition, Parts

_TICK_NS: Final = 1_000
_COMPARED_BYTES: Final = 5_000
"""Up to here a state is compared after every batch, a larger one now and then."""
_CROWDED: Final = 300
"""With more messages on their way some are delivered first; what waits is gone through again and again."""
_UNUSED: Final = 2**62 + 2**61
"""Order numbers from here on are of no program."""


class Twins:
    """One partition, twice."""

    def __init__(
        self, parts: tuple[Parts, Parts], address: Address, topology: Topology, random: Random
    ) -> None:
        self._random = random
        self._compared_bytes = 0
        self.types = tuple(each.of(address) for each in parts)
        self.pair: list[Partition] = [each(address.number, topology) for each in self.types]

    def apply(self, inputs: list[Input]) -> tuple[list[Output], Difference | None]:
        """Let both apply a batch; return what the first sends, and where they differ."""
        try:
            first, second = (part.apply(inputs) for part in self.pair)
        except Exception as error:  # noqa: BLE001 - whatever a faulty twin raises is what we look for
            return [], Difference(f"a twin of {self.pair[0].address} raises {error!r}")
        if first != second:
            return [], _between(self.pair[0].address, first, second)
        if self._random.random() * self._compared_bytes > _COMPARED_BYTES:
            return first, None
        return first, self.compare_states()

    def swap(self) -> Difference | None:
        """Let each go on from the other's snapshot."""
        snapshots = [part.snapshot() for part in reversed(self.pair)]
        try:
            self.pair = [each.restore(state) for each, state in zip(self.types, snapshots, strict=True)]
        except SnapshotError as error:
            return Difference(f"a snapshot cannot be restored: {error!r}")
        return self.compare_states()

    def compare_states(self) -> Difference | None:
        """Return where their states differ, or what is wrong with them."""
        first, second = (part.snapshot() for part in self.pair)
        self._compared_bytes = len(first)
        address = self.pair[0].address
        if first != second:
            return Difference(f"the twins of {address} are in other states")
        if any(part.state_hash() != hash_of_state(first) for part in self.pair):
            return Difference(f"a state hash of {address} is not that of its snapshot")
        for part in self.pair:
            if faults := part.check():
                return Difference(f"check of {address} finds: {faults[0]}")
        return None


class TwinTrial(Comparison):
    """A venue of twins, led through one program; ``seed`` decides what is delivered when."""

    def __init__(self, topology: Topology, parts: tuple[Parts, Parts], seed: int) -> None:
        self.topology = topology
        self.witness = Witness()
        self.commands = self.batches = self.swaps = self.messages = 0
        self._venue = Venue()  # so that the generator knows what is going on, more or less
        self._random = Random(seed)  # noqa: S311 - it is to be drawn again
        self.twins = {
            address: Twins(parts, address, topology, self._random) for address in topology.addresses()
        }
        self._queues: dict[tuple[Address, Address], deque[bytes]] = {}
        self._owners: dict[int, Address] = {}
        self._last: Command | None = None

    def do(self, step: Step) -> Difference | None:
        """Do one step: send commands, or deliver some of what is on its way."""
        if step.do == Do.SEND:
            for command in step.commands():
                self._send(command)
            return None
        if step.do == Do.VALIDATE:
            self._send(step.command._replace(flags=step.command.flags | Flag.TRIAL))
        if step.do in (Do.RESTORE, Do.SWAP):
            return self._swap()
        difference = self._deliver(self._random.choice((0, 1, 2, 5, 20)))
        while not difference and sum(map(len, self._queues.values())) > _CROWDED:
            difference = self._deliver(20)
        return difference

    def finish(self) -> Difference | None:
        """Deliver all that is on its way."""
        while self._queues:
            if difference := self._deliver(100):
                return difference
        return self._swap()

    # ----------------------------------------------------------------------------------- what is sent

    def _send(self, command: Command) -> None:
        random, sequence = self._random, self._venue.sequence
        stamped = self._owned(stamp(command, sequence, (sequence + 1) * _TICK_NS))
        self.witness.see(self._venue.apply(stamped.pack()))
        self.commands += 1
        self._put(stamped._replace(time_ns=stamped.time_ns + random.randint(-3 * _TICK_NS, 3 * _TICK_NS)))
        if self._last is not None and random.random() < 0.01:
            self._put(self._last)
        self._last = stamped

    def _owned(self, command: Command) -> Command:
        """Return a command that names no order number which an account of another ledger has used."""
        if command.kind in ROUND or not command.order:
            return command
        ledger = self.topology.ledger_of(command.account)
        if self._owners.setdefault(command.order, ledger) != ledger:
            return command._replace(order=_UNUSED + command.sequence)
        return command

    def _put(self, command: Command) -> None:
        service = Address(Room.SERVICE, self._random.randint(1, 2))
        self._queue(service, self.topology.entry_of(command), command.pack())

    def _queue(self, source: Address, destination: Address, records: bytes) -> None:
        if destination != EVENTS:
            self._queues.setdefault((source, destination), deque()).append(records)

    # ------------------------------------------------------------------------------ what is delivered

    def _deliver(self, turns: int) -> Difference | None:
        """Let partitions take what is on its way, one batch each turn."""
        for _ in range(turns):
            if not self._queues:
                return None
            _, destination = self._random.choice(list(self._queues))
            outputs, difference = self.twins[destination].apply(self._inputs_of(destination))
            if difference:
                return difference
            self.batches += 1
            self.messages += len(outputs)
            for output in outputs:
                self._queue(destination, output.destination, output.records)
        return None

    def _inputs_of(self, destination: Address) -> list[Input]:
        """Take some of what is on its way to a partition, of each source in order."""
        random, inputs = self._random, []
        for _ in range(random.choice((1, 1, 2, 4, 30))):
            sources = [source for source, to in self._queues if to == destination]
            if not sources:
                break
            source = random.choice(sources)
            queue = self._queues[source, destination]
            inputs.append(Input(source, queue.popleft()))
            if not queue:
                del self._queues[source, destination]
        return inputs

    def _swap(self) -> Difference | None:
        self.swaps += 1
        return next(filter(None, (twins.swap() for twins in self.twins.values())), None)


def _between(source: Address, first: list[Output], second: list[Output]) -> Difference:
    """Return where what two twins send differs first."""
    for one, other in zip(first, second, strict=False):
        if one != other:
            told = zip(_told(source, one), _told(source, other), strict=False)
            sides = next(((ours, theirs) for ours, theirs in told if ours != theirs), (one, other))
            return Difference(f"the messages of {source} to {one.destination} differ", sides)
    counts = (len(first), len(second))
    return Difference(f"one twin of {source} sends more messages", counts)


def _told(source: Address, output: Output) -> list[object]:
    if source.room == Room.BOOK or output.destination == EVENTS:
        return list(map(event_to_json, iter_events(output.records)))
    return list(map(command_to_json, iter_commands(output.records)))
