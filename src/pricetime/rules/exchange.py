"""The venue: commands in, events out. It composes accounts and books, and is all of the truth.

    command ──> judge (pure: may it be?) ──> ledger holds ──> book matches ──> ledger settles ──> events
                     clearing, matching         clearing         matching         clearing

``apply`` is deterministic: time, sequence and ids arrive on the commands, so the same commands give the
same events and the same state wherever they are applied. A command that is denied changes nothing but
what its account remembers of client ids.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from pricetime.errors import RecordError
from pricetime.records import Command, CommandKind, Reason, check_commands, iter_commands
from pricetime.records.commands import Limits
from pricetime.records.state import hash_of_state
from pricetime.rules import state
from pricetime.rules.book import Book
from pricetime.rules.clearing import Clearing
from pricetime.rules.judgement import Denial
from pricetime.rules.matching import Matching
from pricetime.rules.order import BUY, Order
from pricetime.rules.outbox import Outbox


class Venue:
    """The reference venue."""

    def __init__(self) -> None:
        self.sequence = 0
        self.time_ns = 0
        self.outbox = Outbox()
        self.books: dict[int, Book] = {}
        self.matching = Matching(self.books)
        self.clearing = Clearing(self.outbox, self.books)
        self._handlers: dict[int, Callable[[Command], None]] = {
            CommandKind.OPEN_ACCOUNT: self.clearing.open_account,
            CommandKind.LIST_STOCK: self._list_stock,
            CommandKind.DEPOSIT: self.clearing.deposit,
            CommandKind.WITHDRAW: self.clearing.withdraw,
            CommandKind.GRANT_SHARES: self.clearing.grant_shares,
            CommandKind.PLACE_ORDER: self._place_order,
            CommandKind.AMEND_ORDER: self._amend_order,
            CommandKind.CANCEL_ORDER: self._cancel_order,
            CommandKind.CANCEL_ALL: self._cancel_all,
            CommandKind.HALT_STOCK: self._halt_stock,
            CommandKind.RESUME_STOCK: self._resume_stock,
            CommandKind.SET_LIMITS: self._set_limits,
        }

    @property
    def event_number(self) -> int:
        """Number of the last event."""
        return self.outbox.number

    @property
    def limits(self) -> Limits:
        """How much the venue keeps."""
        return self.clearing.limits

    def begin_at(self, sequence: int, time_ns: int, event_number: int) -> None:
        """Let the next command be the one after ``sequence``, and the next event after ``event_number``."""
        self.sequence, self.time_ns = sequence, time_ns
        self.outbox.number = event_number

    def apply(self, commands: bytes) -> bytes:
        """Apply a batch of stamped commands and return the batch of events.

        RecordError, and nothing applied, where the bytes are no commands; RecordError, and nothing
        applied from there on, where a sequence is not the one after the last.
        """
        check_commands(commands)
        for command in iter_commands(commands):
            if command.sequence != self.sequence + 1:
                raise RecordError(f"command {command.sequence} cannot follow command {self.sequence}")
            self._apply(command)
        return self.outbox.take()

    def validate(self, command: bytes) -> bytes:
        """Judge one PLACE_ORDER and change nothing.

        The answer is one ACCEPTED event with the quantity after a cut and what it would hold, or one
        DENIED event.
        """
        if check_commands(command) != 1:
            raise RecordError("one command is judged at a time")
        [order_command] = iter_commands(command)
        outbox = Outbox()
        outbox.begin(order_command)
        try:
            order = self._judge_order(order_command)
            outbox.accepted_order(order, order_command.client_id, order.hold())
        except Denial as denial:
            outbox.answered(order_command, reason=denial.reason)
        return outbox.take()

    def snapshot(self) -> bytes:
        """Return the whole state; equal states give equal bytes."""
        return state.write(self)

    @classmethod
    def restore(cls, snapshot: bytes) -> Self:
        """Return the venue whose snapshot this is; SnapshotError where it is none."""
        venue = cls()
        state.read(venue, snapshot)
        return venue

    def state_hash(self) -> bytes:
        """Return 32 bytes that are equal for equal states."""
        return hash_of_state(self.snapshot())

    def check(self) -> list[str]:
        """Return a sentence for each invariant of the whole that does not hold."""
        return self.clearing.ledger.check() + state.check_holds(self.clearing)

    # ------------------------------------------------------------------------------------ commands

    def _apply(self, command: Command) -> None:
        self.sequence = command.sequence
        self.time_ns = command.time_ns
        outbox, clearing = self.outbox, self.clearing
        outbox.begin(command)
        remembers = clearing.memory_of(command) is not None
        if remembers and clearing.answers_again(command):
            return
        reason = Reason.NONE
        try:
            handler = self._handlers.get(command.kind)
            if handler is None:
                raise Denial(Reason.INVALID_FIELD)
            handler(command)
        except Denial as denial:
            reason = denial.reason
            outbox.answered(command, reason=reason)
        if remembers:
            clearing.remember(command, reason)
        outbox.changes()

    def _list_stock(self, command: Command) -> None:
        self.clearing.judge_listing(command)
        self.matching.list_stock(command.stock, command.price)
        self.clearing.ledger.shares[command.stock] = 0
        self.outbox.answered(command)

    def _halt_stock(self, command: Command) -> None:
        self.matching.set_halted(command, True)
        self.outbox.answered(command)

    def _resume_stock(self, command: Command) -> None:
        self.matching.set_halted(command, False)
        self.outbox.answered(command)

    def _set_limits(self, command: Command) -> None:
        self.clearing.set_limits(command)
        self.outbox.answered(command)

    def _judge_order(self, command: Command) -> Order:
        """Return the order that a PLACE_ORDER makes, cut to the wallet; Denial where it may not be."""
        order = self.clearing.judge_order(command)
        self.matching.judge_order(order)
        return order

    def _place_order(self, command: Command) -> None:
        order = self._judge_order(command)
        self.clearing.take_in(order)
        self.outbox.accepted_order(order, command.client_id)
        self.matching.enter(order, self)

    def _cancel_order(self, command: Command) -> None:
        order = self.clearing.own_order(command)
        self.outbox.answered(command)
        self.matching.cancel(order, self)

    def _cancel_all(self, command: Command) -> None:
        orders = self.clearing.own_orders(command)
        self.outbox.answered(command)
        for order in orders:
            self.matching.cancel(order, self)

    def _amend_order(self, command: Command) -> None:
        order = self.clearing.own_order(command)
        price = command.price or order.price
        quantity = command.quantity or order.quantity
        free, held = self.clearing.free_for(order), order.hold()
        self.matching.judge_amend(order, price, quantity, free)
        enters_again = self.matching.amend(order, price, quantity, free)
        self.clearing.change_hold(order, order.hold() - held)
        self.outbox.accepted_order(order, command.client_id)
        if enters_again:
            self.matching.enter(order, self)
        else:
            self.outbox.opened(order)

    # ------------------------------------------------------------------------- what the book reports

    def traded(self, taker: Order, maker: Order, price: int, quantity: int) -> None:
        """Settle a trade in the same step (see ``BookListener``)."""
        self.outbox.traded(taker, maker, price, quantity)
        buy, sell = (taker, maker) if taker.side == BUY else (maker, taker)
        self.clearing.bought(buy, price, quantity)
        self.clearing.sold(sell, price, quantity)

    def closed(self, order: Order, reason: Reason) -> None:
        """Give back what an ended order still holds, and say so."""
        self.clearing.closed(order)
        self.outbox.closed(order, reason)

    def opened(self, order: Order, given_back: int) -> None:
        """Say that an order rests; a market buy's budget is fixed now, and what is over goes back."""
        if given_back:
            self.clearing.change_hold(order, -given_back)
        self.outbox.opened(order)
