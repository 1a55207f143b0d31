"""A book partition: it owns stocks, and matches what ledgers send it, in the order in which it arrives.

    order, amend, cancel ──> judge what only a book can ──> match ──> everybody is told

It asks nobody and waits for nobody: all that an order may need is held already and named on it. What it
accepts it tells to everybody, and to the ledgers of both sides of each trade; what it denies it tells to the
account's ledger, which gives back what it holds and denies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from pricetime.records import Command, CommandKind, EventKind, Reason, iter_commands, iter_events
from pricetime.records.fields import EVENT_BYTES
from pricetime.records.routing import EVENTS, ROUND, Address, Input, Output, Room, Topology
from pricetime.records.state import hash_of_state
from pricetime.rules.book import Book
from pricetime.rules.judgement import Denial
from pricetime.rules.matching import Matching
from pricetime.rules.order import Order
from pricetime.rules.outbox import Outbox
from pricetime.rules.partitions import state
from pricetime.rules.partitions.outgoing import Outgoing

_DENIED, _TRADED = int(EventKind.DENIED), int(EventKind.TRADED)


class BookPartition:
    """The books of the stocks whose number modulo ``topology.books`` is ``number``."""

    def __init__(self, number: int, topology: Topology) -> None:
        self.address = Address(Room.BOOK, number)
        self.topology = topology
        self.time_ns = 0
        self.outbox = Outbox(topology.first_number_of(self.address), topology.partitions)
        self.books: dict[int, Book] = {}
        self.matching = Matching(self.books)
        self.orders: dict[int, Order] = {}
        """The resting orders by number."""
        self._outgoing = Outgoing()
        self._handlers: dict[int, Callable[[Command], None]] = {
            CommandKind.LIST_STOCK: self._list_stock,
            CommandKind.HALT_STOCK: self._halt_stock,
            CommandKind.RESUME_STOCK: self._resume_stock,
            CommandKind.PLACE_ORDER: self._place_order,
            CommandKind.AMEND_ORDER: self._amend_order,
            CommandKind.CANCEL_ORDER: self._cancel_order,
            CommandKind.CANCEL_ALL: self._cancel_one_of_all,
        }

    def apply(self, inputs: list[Input]) -> list[Output]:
        """Apply commands of ledgers."""
        for _, records in inputs:
            for command in iter_commands(records):
                self._execute(command)
        self._address(self.outbox.take())
        return self._outgoing.take()

    def snapshot(self) -> bytes:
        """Return the whole state; equal states give equal bytes."""
        return state.write_book(self)

    @classmethod
    def restore(cls, snapshot: bytes) -> Self:
        """Return the partition whose snapshot this is; SnapshotError where it is none."""
        header, tables = state.read_book(snapshot)
        partition = cls(header["number"], Topology(header["ledgers"], header["books"]))
        state.fill_book(partition, header, tables)
        return partition

    def state_hash(self) -> bytes:
        """Return 32 bytes that are equal for equal states."""
        return hash_of_state(self.snapshot())

    def check(self) -> list[str]:
        """Return a sentence for each resting order that has nothing left, or a hold below nothing."""
        return [
            f"order {number} rests with {order.remaining} shares and a hold of {order.hold()}"
            for number, order in self.orders.items()
            if order.remaining <= 0 or order.hold() < 0
        ]

    def _address(self, events: bytes) -> None:
        """Send each event to those whom it concerns."""
        for at, event in enumerate(iter_events(events)):
            record = events[at * EVENT_BYTES : (at + 1) * EVENT_BYTES]
            if event.kind != _DENIED:
                self._outgoing.send(EVENTS, record)
            if event.command not in ROUND:
                ledgers = {self.topology.ledger_of(event.account)}
                if event.kind == _TRADED:
                    ledgers.add(self.topology.ledger_of(event.maker_account))
                for ledger in ledgers:
                    self._outgoing.send(ledger, record)

    # ------------------------------------------------------------------------------------ commands

    def _execute(self, command: Command) -> None:
        self.time_ns = max(self.time_ns, command.time_ns)
        command = command._replace(time_ns=self.time_ns)
        self.outbox.begin(command)
        try:
            self._handlers[command.kind](command)
        except Denial as denial:
            self.outbox.answered(command, reason=denial.reason)

    def _list_stock(self, command: Command) -> None:
        self.matching.list_stock(command.stock, command.price)
        self.outbox.answered(command)

    def _halt_stock(self, command: Command) -> None:
        self.matching.set_halted(command, True)
        self.outbox.answered(command)

    def _resume_stock(self, command: Command) -> None:
        self.matching.set_halted(command, False)
        self.outbox.answered(command)

    def _place_order(self, command: Command) -> None:
        """Let an order enter; its ``amount`` is what its ledger holds for it, a market buy's budget."""
        order = Order.of(command)
        order.budget = command.amount
        if order.number in self.orders:
            raise Denial(Reason.INVALID_FIELD)
        self.matching.judge_order(order)
        self.orders[order.number] = order
        self.outbox.accepted_order(order, command.client_id)
        self.matching.enter(order, self)

    def _amend_order(self, command: Command) -> None:
        """Change an order; ``amount`` is what its ledger has set aside for it beside its hold."""
        order = self._order(command)
        price = command.price or order.price
        quantity = command.quantity or order.quantity
        self.matching.judge_amend(order, price, quantity, command.amount)
        enters_again = self.matching.amend(order, price, quantity, command.amount)
        self.outbox.accepted_order(order, command.client_id)
        if enters_again:
            self.matching.enter(order, self)
        else:
            self.outbox.opened(order)

    def _cancel_order(self, command: Command) -> None:
        order = self._order(command)
        self.outbox.answered(command)
        self.matching.cancel(order, self)

    def _cancel_one_of_all(self, command: Command) -> None:
        """Cancel one order of a CANCEL_ALL, which its ledger has answered; it may have ended meanwhile."""
        if (order := self.orders.get(command.order)) is not None:
            self.matching.cancel(order, self)

    def _order(self, command: Command) -> Order:
        order = self.orders.get(command.order)
        if order is None:
            raise Denial(Reason.ORDER_NOT_OPEN)
        return order

    # ------------------------------------------------------------------------- what the book reports

    def traded(self, taker: Order, maker: Order, price: int, quantity: int) -> None:
        """Tell of a trade (see ``BookListener``)."""
        self.outbox.traded(taker, maker, price, quantity)

    def closed(self, order: Order, reason: Reason) -> None:
        """Forget an order that has ended, and tell of it."""
        del self.orders[order.number]
        self.outbox.closed(order, reason)

    def opened(self, order: Order, given_back: int) -> None:  # noqa: ARG002 - the event names what is left
        """Tell that an order rests, and what it holds now; its ledger gives back the rest."""
        self.outbox.opened(order)
