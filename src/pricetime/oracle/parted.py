"""The venue in parts, held against the venue in one piece: the same programs, the same market.

The parts are joined by an in-memory broker that delivers everything in order. One command after the other
goes in, each when everything that the one before gave rise to has been delivered; then all of this is
compared with what ``rules.Venue`` made of the same command:

* its answer, with the same reason, and the order events of each stock, in order;
* what accounts were told last of their balances and holdings;
* after every batch the state: accounts, holdings, stocks, orders in their lines, and client ids, put
  together from the parts, byte for byte.

What parts do otherwise than one piece is taken out of a program beforehand (``fitted``); it is listed in
``docs/partitions.md``.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from pricetime.oracle.program import Do, Step, stamp
from pricetime.oracle.trial import Comparison, Difference
from pricetime.oracle.witness import Witness
from pricetime.records import (
    NO_CLIENT_ID,
    Command,
    CommandKind,
    Event,
    EventKind,
    Flag,
    event_to_json,
    iter_events,
)
from pricetime.records.commands import MOST, Limits, limits_of, set_limits
from pricetime.records.routing import ROUND
from pricetime.rules import Venue
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
from pricetime.rules.partitions.check import check_conservation, check_copies
from pricetime.rules.partitions.ledger import is_trial
from pricetime.runtime.venue import Partition

_TICK_NS: Final = 1_000
_UNUSED: Final = 2**62 + 2**61
"""Order numbers from here on are of no program."""
_MOST_DEPOSITED: Final = 10**15
_TELLS_HOLDING = (EventKind.BALANCE_CHANGED, EventKind.HOLDING_CHANGED)


class Parted:
    """A venue in parts, and what is on its way between them."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.ledgers = [LedgerPartition(number, topology) for number in range(topology.ledgers)]
        self.books = [BookPartition(number, topology) for number in range(topology.books)]
        self._under_way: deque[tuple[Address, Input]] = deque()

    def apply(self, command: Command) -> bytes:
        """Deliver a command and all that it gives rise to; return the events that everybody is told."""
        service = Address(Room.SERVICE, 1)
        self._under_way.append((self.topology.entry_of(command), Input(service, command.pack())))
        told = []
        while self._under_way:
            address, delivered = self._under_way.popleft()
            for output in self.deliver(address, delivered):
                if output.destination == EVENTS:
                    told.append(output.records)
                else:
                    self._under_way.append((output.destination, Input(address, output.records)))
        return b"".join(told)

    def deliver(self, address: Address, delivered: Input) -> list[Output]:
        """Let a partition apply what it is sent, and return what it sends."""
        return self._partition(address).apply([delivered])

    def _partition(self, address: Address) -> Partition:
        return self.ledgers[address.number] if address.room == Room.LEDGER else self.books[address.number]

    def restore(self) -> None:
        """Let every part go on from its own snapshot."""
        self.ledgers = [LedgerPartition.restore(each.snapshot()) for each in self.ledgers]
        self.books = [BookPartition.restore(each.snapshot()) for each in self.books]

    def check(self) -> list[str]:
        """Return a sentence for whatever does not hold in a part, or over all of them."""
        parts: list[Partition] = [*self.ledgers, *self.books]
        own = [fault for part in parts for fault in part.check()]
        return own + check_conservation(self.ledgers, ()) + check_copies(self.ledgers, self.books)

    def whole(self) -> Venue:
        """Return the venue that the parts make together."""
        venue = Venue()
        clearing = venue.clearing
        clearing.limits = self.ledgers[0].clearing.limits
        for part in self.ledgers:
            ledger = part.clearing.ledger
            clearing.ledger.accounts |= ledger.accounts
            clearing.ledger.money += ledger.money
            clearing.client_ids |= part.clearing.client_ids
            for stock, shares in ledger.shares.items():
                clearing.ledger.shares[stock] = clearing.ledger.shares.get(stock, 0) + shares
        for book in self.books:
            venue.books |= book.books
            clearing.orders |= book.orders
        return venue


class PartedTrial(Comparison):
    """The reference and a venue in parts, led through one program, ``tick_ns`` from command to command."""

    def __init__(self, topology: Topology, *, tick_ns: int = _TICK_NS) -> None:
        self.venue = Venue()
        self.parts = Parted(topology)
        self._tick_ns = tick_ns
        self.witness = Witness()
        self.commands = self.restores = 0
        self._waiting: list[Command] = []
        self._told: dict[tuple[int, int], tuple[int, int]] = {}

    def do(self, step: Step) -> Difference | None:
        """Do one step and compare; steps that are not of the venue as a whole do nothing."""
        if step.do == Do.SEND:
            self._waiting += step.commands()
            return None
        waiting, self._waiting = self._waiting, []
        events = []
        for command in waiting:
            difference, told = self._apply(command)
            if difference:
                return difference
            events.append(told)
        self.witness.see(b"".join(events))
        if step.do in (Do.RESTORE, Do.SWAP):
            self.parts.restore()
            self.restores += 1
        return self._compare_states()

    def _apply(self, command: Command) -> tuple[Difference | None, bytes]:
        sequence = self.venue.sequence
        stamped = stamp(self.fitted(command), sequence, (sequence + 1) * self._tick_ns)
        self.commands += 1
        whole = self.venue.apply(stamped.pack())
        return self._compare_events(whole, self.parts.apply(stamped)), whole

    def fitted(self, command: Command) -> Command:
        """Return a command without what a venue in parts does not do, or does by part."""
        if command.kind in ROUND:
            command = command._replace(client_id=NO_CLIENT_ID)
        if command.kind == CommandKind.SET_LIMITS and all(1 <= limit <= MOST for limit in limits_of(command)):
            limits, free = limits_of(command), Limits()
            return set_limits(*limits._replace(orders=free.orders, accounts=free.accounts))
        if command.kind == CommandKind.DEPOSIT and self.parts.topology.ledgers > 1:
            command = command._replace(amount=min(command.amount, _MOST_DEPOSITED))
        if is_trial(command):
            command = command._replace(flags=command.flags & ~Flag.TRIAL)
        order = self.venue.clearing.orders.get(command.order)
        if order is not None and self._ledger(order.account) != self._ledger(command.account):
            command = command._replace(order=_UNUSED + self.venue.sequence)
        return command

    def _ledger(self, account: int) -> Address:
        return self.parts.topology.ledger_of(account)

    # --------------------------------------------------------------------------------- comparisons

    def _compare_events(self, whole: bytes, parts: bytes) -> Difference | None:
        ours, theirs = list(iter_events(whole)), list(iter_events(parts))
        for event in theirs:
            if event.kind in _TELLS_HOLDING:
                self._told[event.account, event.stock] = _told(event)
        for event in ours:
            key = (event.account, event.stock)
            if event.kind in _TELLS_HOLDING and self._told.get(key) != _told(event):
                return Difference(
                    "what an account is told last differs", (event_to_json(event), self._told.get(key))
                )
        for one, other in zip(_by_stock(ours), _by_stock(theirs), strict=False):
            if one != other:
                return Difference("the events differ", (event_to_json(one), event_to_json(other)))
        counts = (len(_by_stock(ours)), len(_by_stock(theirs)))
        return Difference("one tells more events", counts) if counts[0] != counts[1] else None

    def _compare_states(self) -> Difference | None:
        if faults := self.parts.check():
            return Difference(f"check of the parts finds: {faults[0]}")
        whole = self.parts.whole()
        whole.begin_at(self.venue.sequence, self.venue.time_ns, self.venue.event_number)
        if whole.snapshot() != self.venue.snapshot():
            return Difference("the parts together are in another state")
        return None


def _by_stock(events: list[Event]) -> list[Event]:
    """Return the answers and the order events without their numbers; those of a stock stay in order."""
    told = [event._replace(number=0) for event in events if event.kind not in _TELLS_HOLDING]
    return sorted(told, key=lambda event: (event.kind > EventKind.DENIED, event.stock))


def _told(event: Event) -> tuple[int, int]:
    free = event.amount if event.kind == EventKind.BALANCE_CHANGED else event.quantity
    return free, event.held
