"""A ledger partition: it owns accounts, lets nothing reach a book that is not paid for, and settles.

    command ──> judge ──> hold ──> order to its book         (under way until the book answers)
    events of a book ──> settle, give back ──> what waited

It answers what ends here and all that is denied, by whomever: a book that denies tells the ledger alone.
What a book accepts, the book itself tells to everybody.

Invariants:

1. Whatever a book may take is held here before the order leaves for it.
2. Of each of its open orders it has a copy, which lags behind the book by what is on its way and by
   nothing else. So a hold is never less than what the book may still report as spent.
3. The events of one command arrive from a book together.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from operator import attrgetter
from typing import Self

from pricetime.records import Command, CommandKind, Event, EventKind, Flag, Reason, iter_commands, iter_events
from pricetime.records.routing import (
    EVENTS,
    ROUND,
    Address,
    Input,
    Output,
    Room,
    Topology,
)
from pricetime.records.state import hash_of_state
from pricetime.rules.clearing import Clearing, Listing, asset_of
from pricetime.rules.judgement import Denial
from pricetime.rules.money import MAX_TOTAL
from pricetime.rules.order import BUY, MARKET, POST_ONLY, Order
from pricetime.rules.outbox import Outbox
from pricetime.rules.partitions import state
from pricetime.rules.partitions.line import Line, Underway
from pricetime.rules.partitions.outgoing import Outgoing
from pricetime.rules.state import check_holds

_ANSWERS = (EventKind.ACCEPTED, EventKind.DENIED)
_TRIAL = int(Flag.TRIAL)


def is_trial(command: Command) -> bool:
    """Return whether an order is only to be judged."""
    return command.kind == CommandKind.PLACE_ORDER and command.flags & ~POST_ONLY == _TRIAL


class LedgerPartition:
    """One ledger of a venue: number ``number`` of ``topology.ledgers``.

    Each ledger may take in its even share of all the money and all the shares that can be counted, since
    in the end everything could come together in one account.
    """

    def __init__(self, number: int, topology: Topology) -> None:
        self.address = Address(Room.LEDGER, number)
        self.topology = topology
        self.time_ns = 0
        self.stocks: dict[int, Listing] = {}
        self.outbox = Outbox(topology.first_number_of(self.address), topology.partitions)
        self.clearing = Clearing(self.outbox, self.stocks, MAX_TOTAL // topology.ledgers)
        self.lines: dict[int, Line] = {}
        """Of accounts that have anything under way or waiting."""
        self._outgoing = Outgoing()
        clearing = self.clearing
        self._ends_here: dict[int, Callable[[Command], None]] = {
            CommandKind.OPEN_ACCOUNT: self._open_account,
            CommandKind.DEPOSIT: clearing.deposit,
            CommandKind.WITHDRAW: clearing.withdraw,
            CommandKind.GRANT_SHARES: clearing.grant_shares,
            CommandKind.CANCEL_ALL: self._cancel_all,
        }
        self._goes_on: dict[int, Callable[[Command], Underway]] = {
            CommandKind.PLACE_ORDER: self._place_order,
            CommandKind.AMEND_ORDER: self._amend_order,
            CommandKind.CANCEL_ORDER: self._cancel_order,
        }
        self._notes: dict[int, Callable[[Command], None]] = {
            CommandKind.LIST_STOCK: self._list_stock,
            CommandKind.HALT_STOCK: self._halt_stock,
            CommandKind.RESUME_STOCK: self._resume_stock,
            CommandKind.SET_LIMITS: clearing.set_limits,
        }
        self._heard: dict[int, Callable[[Event], None]] = {
            EventKind.ACCEPTED: self._accepted,
            EventKind.DENIED: self._denied,
            EventKind.TRADED: self._traded,
            EventKind.ORDER_OPENED: self._opened,
            EventKind.ORDER_CLOSED: self._closed,
        }

    def apply(self, inputs: list[Input]) -> list[Output]:
        """Apply clients' commands, commands on their round, and events of books."""
        for source, records in inputs:
            if source.room == Room.BOOK:
                for _, events in groupby(iter_events(records), key=attrgetter("sequence")):
                    self._hear(list(events))
            else:
                for command in iter_commands(records):
                    self._take(command, judged=source.room == Room.LEDGER)
        self._outgoing.send(EVENTS, self.outbox.take())
        return self._outgoing.take()

    def snapshot(self) -> bytes:
        """Return the whole state; equal states give equal bytes."""
        return state.write_ledger(self)

    @classmethod
    def restore(cls, snapshot: bytes) -> Self:
        """Return the partition whose snapshot this is; SnapshotError where it is none."""
        header, tables = state.read_ledger(snapshot)
        partition = cls(header["number"], Topology(header["ledgers"], header["books"]))
        state.fill_ledger(partition, header, tables)
        return partition

    def state_hash(self) -> bytes:
        """Return 32 bytes that are equal for equal states."""
        return hash_of_state(self.snapshot())

    def check(self) -> list[str]:
        """Return a sentence for each invariant of the ledger that does not hold."""
        brought = (
            (account, each.asset, each.brought)
            for account, line in self.lines.items()
            for each in line.underway.values()
        )
        return self.clearing.ledger.check() + check_holds(self.clearing, brought)

    # ------------------------------------------------------------------------------------ commands

    def _take(self, command: Command, *, judged: bool) -> None:
        if command.kind in ROUND:
            self._go_round(command, judged=judged)
            return
        if is_trial(command):
            self._judge_only(command)
            return
        line = self.lines.get(command.account)
        if line is None or not line.must_wait(command, needs_money=self._needs_money(command)):
            self._execute(command)
        elif self._has_room(command, line):
            line.waiting.append(command)
        else:
            self._deny(self._begin(command), Reason.TOO_MANY_OPEN_ORDERS, remembers=False)

    def _judge_only(self, command: Command) -> None:
        """Answer a PLACE_ORDER as it would be answered now, as far as its ledger knows; change nothing."""
        command = self._begin(command)
        try:
            order = self.clearing.judge_order(command._replace(flags=command.flags & ~_TRIAL))
        except Denial as denial:
            self.outbox.answered(command, reason=denial.reason, flags=_TRIAL)
            return
        order.flags |= _TRIAL
        self.outbox.accepted_order(order, command.client_id, order.hold())

    def _needs_money(self, command: Command) -> bool:
        """Return whether it matters to a command how much money is free."""
        if command.kind == CommandKind.PLACE_ORDER:
            return command.side == BUY
        if command.kind == CommandKind.AMEND_ORDER:
            order = self.clearing.orders.get(command.order)
            return order is not None and order.side == BUY
        return command.kind == CommandKind.WITHDRAW

    def _has_room(self, command: Command, line: Line) -> bool:
        """Return whether one more may wait; what waits counts as if it were an open order."""
        is_open = len(self.clearing.open_orders.get(command.account, ()))
        return is_open + len(line.waiting) < self.clearing.limits.open_orders

    def _begin(self, command: Command) -> Command:
        """Let what follows be of this command; its time is never before that of the last one."""
        self.time_ns = max(self.time_ns, command.time_ns)
        command = command._replace(time_ns=self.time_ns)
        self.outbox.begin(command)
        return command

    def _execute(self, command: Command) -> None:
        command = self._begin(command)
        if self.clearing.answers_again(command):
            return
        remembers = self.clearing.memory_of(command) is not None
        try:
            if (goes_on := self._goes_on.get(command.kind)) is not None:
                self._go_on_with(command, goes_on)
                return
            if (ends_here := self._ends_here.get(command.kind)) is None:
                raise Denial(Reason.INVALID_FIELD)
            ends_here(command)
        except Denial as denial:
            self._deny(command, denial.reason, remembers=remembers)
            return
        if remembers:
            self.clearing.remember(command, Reason.NONE)
        self.outbox.changes()

    def _go_on_with(self, command: Command, goes_on: Callable[[Command], Underway]) -> None:
        """Send a command on to its book; two of one sequence could not be told apart."""
        if (line := self.lines.get(command.account)) and command.sequence in line.underway:
            raise Denial(Reason.INVALID_FIELD)
        underway = goes_on(command)
        self.lines.setdefault(command.account, Line()).underway[command.sequence] = underway
        self.outbox.changes()

    def _deny(self, command: Command, reason: Reason, *, remembers: bool = True) -> None:
        self.outbox.answered(command, reason=reason)
        if remembers:
            self.clearing.remember(command, reason)

    def _send(self, stock: int, command: Command) -> None:
        self._outgoing.send(self.topology.book_of(stock), command.pack())

    def _open_account(self, command: Command) -> None:
        """Open an account of this ledger; another's would never be found again."""
        if self.topology.ledger_of(command.account) != self.address:
            raise Denial(Reason.INVALID_FIELD)
        self.clearing.open_account(command)

    # ------------------------------------------------------------------------- orders on to their book

    def _place_order(self, command: Command) -> Underway:
        """Hold what the order may need, and send it on with that: a market buy with all free money."""
        order = self.clearing.judge_order(command)
        self.clearing.take_in(order)
        self._send(
            order.stock, command._replace(flags=order.flags, quantity=order.quantity, amount=order.hold())
        )
        return Underway(command, spends_all=order.side == BUY and order.order_type == MARKET)

    def _amend_order(self, command: Command) -> Underway:
        """Hold what the change may need, as far as it is there; the book judges whether it is enough."""
        order = self.clearing.own_order(command)
        spends_all = order.order_type == MARKET and order.side == BUY and command.quantity > order.quantity
        free = self.clearing.free_for(order)
        brought = free if spends_all else min(free, _wanted(order, command))
        self.clearing.change_hold(order, brought)
        self._send(order.stock, command._replace(amount=brought))
        return Underway(command, asset_of(order), brought, spends_all)

    def _cancel_order(self, command: Command) -> Underway:
        order = self.clearing.own_order(command)
        self._send(order.stock, command)
        return Underway(command)

    def _cancel_all(self, command: Command) -> None:
        """Answer, and send a cancel of each order after it; one that has ended meanwhile is passed over."""
        orders = self.clearing.own_orders(command)
        self.outbox.answered(command)
        for order in orders:
            self._send(order.stock, command._replace(order=order.number))

    # ------------------------------------------------------------------------------------ the round

    def _go_round(self, command: Command, *, judged: bool) -> None:
        command = self._begin(command)
        try:
            if not judged and command.kind == CommandKind.LIST_STOCK:
                self.clearing.judge_listing(command)
            self._notes[command.kind](command)
        except Denial as denial:
            self.outbox.answered(command, reason=denial.reason)
            return
        following = self.address.number + 1
        if following < self.topology.ledgers:
            self._outgoing.send(Address(Room.LEDGER, following), command.pack())
        elif command.kind == CommandKind.SET_LIMITS:
            self.outbox.answered(command)
        else:
            self._send(command.stock, command)

    def _list_stock(self, command: Command) -> None:
        self.stocks[command.stock] = Listing(command.price)
        self.clearing.ledger.shares[command.stock] = 0

    def _halt_stock(self, command: Command) -> None:
        self.clearing.stock(command).halted = True

    def _resume_stock(self, command: Command) -> None:
        self.clearing.stock(command).halted = False

    # ------------------------------------------------------------------------- what a book reports

    def _hear(self, events: list[Event]) -> None:
        """Take in what a book reports of one command, and then let go on what has waited for it."""
        first = events[0]
        self.time_ns = max(self.time_ns, first.time_ns)
        self.outbox.begin_with(first.command, first.sequence, self.time_ns)
        for event in events:
            self._heard[event.kind](event)
        if first.kind in _ANSWERS:
            del self.lines[first.account].underway[first.sequence]
        self.outbox.changes()
        if first.kind in _ANSWERS:
            self._go_on(first.account)

    def _go_on(self, account: int) -> None:
        """Let go on what waits, up to the first that has to wait longer."""
        line = self.lines[account]
        while line.waiting:
            command = line.waiting[0]
            if line.is_held_up(command, needs_money=self._needs_money(command)):
                return
            self._execute(line.waiting.popleft())
        if not line.underway:
            del self.lines[account]

    def _accepted(self, event: Event) -> None:
        underway = self.lines[event.account].underway[event.sequence]
        self.clearing.remember(underway.command, Reason.NONE)
        if event.command == CommandKind.AMEND_ORDER:
            self._amended(event, underway)

    def _amended(self, event: Event, underway: Underway) -> None:
        """Change the copy as the book has; what was brought joins the hold, or goes back."""
        order = self.clearing.orders[event.order]
        held = order.hold() + underway.brought
        if underway.spends_all:
            order.budget += underway.brought
        order.price, order.quantity, order.remaining = event.price, event.quantity, event.remaining
        self.clearing.change_hold(order, order.hold() - held)

    def _denied(self, event: Event) -> None:
        """Give back what was held for it, and deny it in the name of the book."""
        underway = self.lines[event.account].underway[event.sequence]
        if event.command == CommandKind.PLACE_ORDER:
            self.clearing.closed(self.clearing.orders[event.order])
        elif event.command == CommandKind.AMEND_ORDER:
            self.clearing.hold(event.account, underway.asset, -underway.brought)
        self._deny(underway.command, Reason(event.reason))

    def _traded(self, event: Event) -> None:
        """Settle the halves of the trade that belong to accounts of this ledger."""
        for account, number in ((event.account, event.order), (event.maker_account, event.maker_order)):
            if self.topology.ledger_of(account) != self.address:
                continue
            order = self.clearing.orders[number]
            order.remaining -= event.quantity
            if order.side != BUY:
                self.clearing.sold(order, event.price, event.quantity)
                continue
            if order.order_type == MARKET:
                order.budget -= event.amount
            self.clearing.bought(order, event.price, event.quantity)

    def _opened(self, event: Event) -> None:
        """Take note of the budget that is left to a market buy which waits now; the rest goes back."""
        order = self.clearing.orders[event.order]
        given_back = order.hold() - event.held
        if given_back:
            order.budget -= given_back
            self.clearing.change_hold(order, -given_back)

    def _closed(self, event: Event) -> None:
        self.clearing.closed(self.clearing.orders[event.order])


def _wanted(order: Order, command: Command) -> int:
    """Return what an amend may need beside the hold of its order, at most.

    The order may trade before its book hears of the amend. With r shares left of which k trade meanwhile,
    of which then r' - k are wanted at p' instead of r - k at p, the need is (r' - k)p' - (r - k)p: it is
    greatest where k is 0 or, for a lower price, where k is r.
    """
    price = command.price or order.price
    remaining = (command.quantity or order.quantity) - order.filled
    if order.side != BUY:
        return max(0, remaining - order.remaining)
    if order.order_type == MARKET:
        return 0
    return max(0, remaining * price - order.hold(), (remaining - order.remaining) * price)
