"""What ``pricetime check`` proves about the journals of a venue in parts.

Each partition's journal is replayed from batch 1 through the rules, all of them side by side in the order of
time. On the way: every hash and all outputs as journaled, each message of each source once and in order, what
one partition heard as the other has sent it, the snapshots at their batches. At the end, over all partitions:
conservation of money and shares with what is on its way, and each order the same in its ledger and its book.

A venue may run meanwhile. ``ends`` says up to which batches: those of the ledgers were looked up before those
of the books, so whatever a ledger has heard of a book, the book is known to have sent. Of what a ledger or
book has heard of a ledger, the rest is looked up afterwards.
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from pricetime.errors import JournalError, JournalTampered
from pricetime.ports import Message, PartitionBatch, PartitionJournal, PartitionSnapshot
from pricetime.records import Command, Event, iter_commands, iter_events
from pricetime.rules.partitions import EVENTS, Address, BookPartition, LedgerPartition, Room, Topology
from pricetime.rules.partitions.check import check_conservation, check_copies, in_flight
from pricetime.runtime.partition import Post, carried_out, empty_partition, is_sound
from pricetime.runtime.partition_chain import PartitionLink, verify

_PAGE: Final = 100  # batches
_FINDINGS_LIMIT: Final = 100  # of one comparison; more of the same helps nobody
_ALL_SERVICES: Final = 2**63

OnBatch = Callable[[PartitionBatch], Iterable[str]]
"""Is called with each batch that is as it should be; returns what is wrong elsewhere, as in the views."""


@dataclass(frozen=True)
class Stored:
    """What the database has of one partition."""

    journal: PartitionJournal
    end: int
    """The number of the newest batch that is to be looked at."""
    snapshots: tuple[PartitionSnapshot, ...] = ()


class PartitionsCheck:
    """One check of all partitions."""

    def __init__(self, topology: Topology, stored: Mapping[Address, Stored], on_batch: OnBatch) -> None:
        self.total = sum(each.end for each in stored.values())
        """Batches to be looked at."""
        self.on_the_way = 0
        """Messages that were sent and not heard, as of the ends."""
        self._topology = topology
        self._parts = {address: _Part(address, topology, stored[address]) for address in stored}
        self._pairs: dict[tuple[Address, Address], _Pair] = {}
        self._on_batch = on_batch

    async def run(self, progress: Callable[[int, int], None]) -> AsyncIterator[str]:
        """Yield a sentence for each thing that is wrong; DatabaseFailed or JournalFailed where it is away."""
        done = 0
        async for part in self._in_order_of_time():
            for finding in self._take_in(part, part.page.popleft()):
                yield finding
            done += 1
            progress(done, self.total)
        for part in self._parts.values():
            for finding in part.at_the_end():
                yield finding
        async for finding in self._never_sent():
            yield finding
        for finding in self._over_all():
            yield finding

    def is_whole(self, address: Address) -> bool:
        """Return whether a journal was followed to its end."""
        return not self._parts[address].broken

    async def _in_order_of_time(self) -> AsyncIterator[_Part]:
        """Yield the partition whose next batch is the oldest, as long as there are any.

        So what one has sent and the other has not heard yet stays little.
        """
        waiting: list[tuple[int, Address]] = []
        for address, part in self._parts.items():
            if await part.has_next():
                heapq.heappush(waiting, (part.next_time_ns, address))
        while waiting:
            _, address = heapq.heappop(waiting)
            part = self._parts[address]
            yield part
            if await part.has_next():
                heapq.heappush(waiting, (part.next_time_ns, address))

    def _take_in(self, part: _Part, batch: PartitionBatch) -> Iterator[str]:
        yield from part.follow(batch)
        if part.broken:
            return
        for message in batch.inputs:
            if message.source.room != Room.SERVICE:
                yield from self._pair(message.source, part.address).hear(message)
        for message in batch.outputs:
            if message.destination != EVENTS:
                yield from self._pair(part.address, message.destination).send(message)
        yield from self._on_batch(batch)

    def _pair(self, source: Address, destination: Address) -> _Pair:
        return self._pairs.setdefault((source, destination), _Pair())

    async def _never_sent(self) -> AsyncIterator[str]:
        """Yield what was heard and never sent; what a running venue has sent since the end is looked up."""
        for (source, destination), pair in self._pairs.items():
            sender, heard = self._parts[source], tuple(pair.heard)
            if not heard or sender.broken:
                continue
            async for message in sender.sent_later(destination, heard[-1].number):
                for finding in pair.send(message):
                    yield finding
            if pair.heard:
                number = pair.heard[0].number
                yield f"{destination} has heard message {number} of {source}, whose journal ends without it"
            pair.heard.extendleft(reversed(heard[: len(heard) - len(pair.heard)]))

    def _over_all(self) -> Iterator[str]:
        """Yield what does not hold over all partitions at the ends of their journals."""
        self.on_the_way = sum(len(pair.sent) for pair in self._pairs.values())
        if any(part.broken for part in self._parts.values()):
            return  # what one lacks would be missing everywhere
        machines = [part.partition for part in self._parts.values()]
        ledgers = [each for each in machines if isinstance(each, LedgerPartition)]
        books = [each for each in machines if isinstance(each, BookPartition)]
        flights = [
            in_flight(self._topology, destination, b"".join(message.records for message in pair.sent))
            for (source, destination), pair in self._pairs.items()
            if source.room == Room.BOOK
        ]
        orders, sequences = _moving(self._pairs.values())
        yield from islice(check_conservation(ledgers, flights), _FINDINGS_LIMIT)
        yield from islice(check_copies(ledgers, books, orders), _FINDINGS_LIMIT)
        yield from islice(_unanswered(ledgers, sequences), _FINDINGS_LIMIT)


class _Part:
    """One partition, and how far its journal was followed."""

    def __init__(self, address: Address, topology: Topology, stored: Stored) -> None:
        self.address = address
        self.partition = empty_partition(address, topology)
        self.page: deque[PartitionBatch] = deque()
        """What was read and not followed yet."""
        self.next_time_ns = 0
        """Of the first of them."""
        self.broken = ""
        """What is wrong with the journal, so that nothing can be said of what comes after."""
        self._end = PartitionLink()
        self._goal = stored.end
        self._journal = stored.journal
        self._post = Post(_ALL_SERVICES)
        self._snapshots = {snapshot.batch: snapshot for snapshot in stored.snapshots}

    async def has_next(self) -> bool:
        """Return whether there is a next batch before the end, which is read then."""
        if not self.page and not self.broken and self._end.number < self._goal:
            try:
                limit = min(_PAGE, self._goal - self._end.number)
                self.page.extend(await self._journal.read(self._end.number, limit))
            except JournalTampered as error:
                self.broken = str(error)
            else:
                if not self.page:
                    self.broken = f"batch {self._end.number + 1} of {self.address} is missing"
        if self.broken or not self.page:
            return False
        self.next_time_ns = _time_of(self.page[0])
        return True

    def follow(self, batch: PartitionBatch) -> Iterator[str]:
        """Replay a batch; yield what is wrong with its snapshot, if there is one."""
        try:
            self._replay(batch)
        except JournalError as error:
            self.broken = str(error)
            return
        if (snapshot := self._snapshots.pop(batch.number, None)) is not None:
            yield from self._compared(snapshot)

    def _replay(self, batch: PartitionBatch) -> None:
        end = verify(batch, self._end)
        where = f"batch {batch.number} of {self.address}"
        for source, numbers in _numbers_of(batch).items():
            last = self._post.heard.get(source, 0)
            if numbers != list(range(last + 1, last + 1 + len(numbers))):
                raise JournalTampered(f"{where} takes messages {numbers} of {source} after message {last}")
        if carried_out(self.partition, self._post, batch.inputs) != batch.outputs:
            raise JournalTampered(f"{where} gives other outputs than it holds")
        self._end = end

    def _compared(self, snapshot: PartitionSnapshot) -> Iterator[str]:
        name = f"the snapshot of batch {snapshot.batch} of {self.address}"
        if snapshot.batch_hash != self._end.hash:
            yield f"{name} is of another journal: the hashes of its batch differ"
        if snapshot.state != self.partition.snapshot():
            yield f"{name} holds another state than a replay of the journal ends in there"
        if not self._is_counted(snapshot):
            yield f"{name} counts other messages than the journal holds"

    def _is_counted(self, snapshot: PartitionSnapshot) -> bool:
        """Return whether a snapshot counts the messages so far; only services are forgotten in time."""
        heard = dict(snapshot.heard)
        partitions = {source for source in self._post.heard if source.room != Room.SERVICE}
        return (
            partitions <= heard.keys()
            and heard.items() <= self._post.heard.items()
            and dict(snapshot.sent) == self._post.sent
        )

    def at_the_end(self) -> Iterator[str]:
        """Yield what is wrong with the journal as a whole, and with the partition at its end."""
        if self.broken:
            yield self.broken
            return
        for number in sorted(self._snapshots):
            lost = self._end.number + 1
            yield f"batch {lost} of {self.address} is missing, for there is a snapshot of batch {number}"
        for fault in islice(self.partition.check(), _FINDINGS_LIMIT):
            yield f"after batch {self._end.number} of {self.address}: {fault}"

    async def sent_later(self, destination: Address, last: int) -> AsyncIterator[Message]:
        """Yield what was sent to a destination after the end, up to the message of a number."""
        end = self._end
        while page := await self._journal.read(end.number, _PAGE):
            for batch in page:
                end = verify(batch, end)
                for message in batch.outputs:
                    if message.destination == destination:
                        yield message
                        if message.number >= last:
                            return


class _Pair:
    """What goes from one partition to one other: what only one of them has in its journal so far."""

    def __init__(self) -> None:
        self.sent: deque[Message] = deque()
        self.heard: deque[Message] = deque()

    def send(self, message: Message) -> Iterator[str]:
        """Take in a message of the sender's journal; yield a finding where another was heard."""
        if self.heard:
            yield from _difference(message, self.heard.popleft())
        else:
            self.sent.append(message)

    def hear(self, message: Message) -> Iterator[str]:
        """Take in a message of the receiver's journal; yield a finding where another was sent."""
        if self.sent:
            yield from _difference(self.sent.popleft(), message)
        else:
            self.heard.append(message)


def _difference(sent: Message, heard: Message) -> Iterator[str]:
    if sent.said != heard.said:
        yield f"{heard.destination} has heard message {heard.number} of {heard.source} other than it was sent"


def _numbers_of(batch: PartitionBatch) -> dict[Address, list[int]]:
    numbers: dict[Address, list[int]] = defaultdict(list)
    for message in batch.inputs:
        numbers[message.source].append(message.number)
    return numbers


def _time_of(batch: PartitionBatch) -> int:
    """Return when the first record of a batch was given its time; 0 where it holds none."""
    return next((record.time_ns for message in batch.inputs for record in _records_of(message)), 0)


def _records_of(message: Message) -> Iterator[Command] | Iterator[Event]:
    if not is_sound(message):
        return iter(())
    return (iter_events if message.source.room == Room.BOOK else iter_commands)(message.records)


def _moving(pairs: Iterable[_Pair]) -> tuple[set[int], set[int]]:
    """Return the orders and the sequences of which one of two partitions does not know yet."""
    orders, sequences = set(), set()
    for message in chain.from_iterable((*pair.sent, *pair.heard) for pair in pairs):
        for record in _records_of(message):
            sequences.add(record.sequence)
            orders.add(record.order)
            if isinstance(record, Event):
                orders.add(record.maker_order)
    return orders, sequences


def _unanswered(ledgers: Iterable[LedgerPartition], moving: set[int]) -> Iterator[str]:
    """Yield a sentence for each command that a ledger has sent on and that nobody is going to answer."""
    for ledger in ledgers:
        for account, line in ledger.lines.items():
            for sequence in line.underway.keys() - moving:
                yield f"{ledger.address} waits for an answer to command {sequence} of account {account}"
