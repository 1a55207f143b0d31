"""The venue: commands in, events out. It composes the ledger and the books, and is all of the truth.

    command ──> judge (pure: may it be?) ──> ledger holds ──> book matches ──> ledger settles ──> events

``apply`` is deterministic: time, sequence and ids arrive on the commands, so the same commands give the
same events and the same state wherever they are applied. A command that is denied changes nothing but
what its account remembers of client ids.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from pricetime.errors import RecordError
from pricetime.records import (
    NO_CLIENT_ID,
    Command,
    CommandKind,
    Flag,
    Reason,
    check_commands,
    iter_commands,
)
from pricetime.records.commands import MOST, Limits, limits_of
from pricetime.records.state import hash_of_state
from pricetime.rules import state
from pricetime.rules.book import FOK, GTC, LIMIT, SELL, Book
from pricetime.rules.ledger import Account, Ledger
from pricetime.rules.memory import ClientIds, Remembered, content_of
from pricetime.rules.money import MAX_MONEY, MAX_QUANTITY, MAX_TOTAL
from pricetime.rules.order import BUY, MARKET, POST_ONLY, Order
from pricetime.rules.outbox import Outbox

CUT, REPEATED = int(Flag.CUT), int(Flag.REPEATED)


class Denial(Exception):
    """A command may not be. Raised before anything has changed."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Venue:
    """The reference venue."""

    def __init__(self) -> None:
        self.sequence = 0
        self.time_ns = 0
        self.limits = Limits()
        self.ledger = Ledger()
        self.books: dict[int, Book] = {}
        self.orders: dict[int, Order] = {}
        self.open_orders: dict[int, dict[int, Order]] = {}
        """Of each account: its open orders by number."""
        self.client_ids: dict[int, ClientIds] = {}
        self._outbox = Outbox()
        self._handlers: dict[int, Callable[[Command], None]] = {
            CommandKind.OPEN_ACCOUNT: self._open_account,
            CommandKind.LIST_STOCK: self._list_stock,
            CommandKind.DEPOSIT: self._deposit,
            CommandKind.WITHDRAW: self._withdraw,
            CommandKind.GRANT_SHARES: self._grant_shares,
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
        return self._outbox.number

    def begin_at(self, sequence: int, time_ns: int, event_number: int) -> None:
        """Let the next command be the one after ``sequence``, and the next event after ``event_number``."""
        self.sequence, self.time_ns = sequence, time_ns
        self._outbox.number = event_number

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
        return self._outbox.take()

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
        return self.ledger.check() + state.check_holds(self)

    # ------------------------------------------------------------------------------------ commands

    def _apply(self, command: Command) -> None:
        self.sequence = command.sequence
        self.time_ns = command.time_ns
        outbox = self._outbox
        outbox.begin(command)
        memory = self._memory_of(command)
        if memory is not None and (answer := memory.get(command.client_id)) is not None:
            if answer.content == content_of(command):
                outbox.answered(command, reason=answer.reason, order=answer.order, flags=REPEATED)
            else:
                outbox.answered(command, reason=Reason.CLIENT_ID_REUSED)
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
        if memory is not None:
            memory.remember(command.client_id, Remembered(content_of(command), reason, command.order))
        outbox.changes()

    def _memory_of(self, command: Command) -> ClientIds | None:
        """Return what the account remembers, where the command carries an id and the account exists."""
        if command.client_id == NO_CLIENT_ID or command.account not in self.ledger.accounts:
            return None
        memory = self.client_ids.get(command.account)
        if memory is None:
            memory = self.client_ids[command.account] = ClientIds(self.limits.client_ids)
        return memory

    def _open_account(self, command: Command) -> None:
        if command.account <= 0:
            raise Denial(Reason.INVALID_FIELD)
        if command.account in self.ledger.accounts:
            raise Denial(Reason.ACCOUNT_EXISTS)
        if len(self.ledger.accounts) >= self.limits.accounts:
            raise Denial(Reason.VENUE_FULL)
        self.ledger.open(command.account)
        self.open_orders[command.account] = {}
        self._outbox.answered(command)

    def _list_stock(self, command: Command) -> None:
        if command.stock <= 0:
            raise Denial(Reason.INVALID_FIELD)
        if not 0 < command.price <= MAX_MONEY:
            raise Denial(Reason.INVALID_PRICE)
        if command.stock in self.books:
            raise Denial(Reason.STOCK_EXISTS)
        if len(self.books) >= self.limits.stocks:
            raise Denial(Reason.VENUE_FULL)
        self.books[command.stock] = Book(command.stock, command.price)
        self.ledger.shares[command.stock] = 0
        self._outbox.answered(command)

    def _deposit(self, command: Command) -> None:
        account = self._account(command)
        if not 0 < command.amount <= MAX_MONEY:
            raise Denial(Reason.INVALID_AMOUNT)
        if not self.ledger.deposit(account, command.amount):
            raise Denial(Reason.MONEY_LIMIT)
        self._outbox.answered(command)
        self._outbox.touch(account)

    def _withdraw(self, command: Command) -> None:
        account = self._account(command)
        if not 0 < command.amount <= MAX_MONEY:
            raise Denial(Reason.INVALID_AMOUNT)
        if not self.ledger.withdraw(account, command.amount):
            raise Denial(Reason.INSUFFICIENT_FUNDS)
        self._outbox.answered(command)
        self._outbox.touch(account)

    def _grant_shares(self, command: Command) -> None:
        account = self._account(command)
        self._book(command)
        if not 0 < command.quantity <= MAX_QUANTITY:
            raise Denial(Reason.INVALID_QUANTITY)
        if not self.ledger.grant(account, command.stock, command.quantity):
            raise Denial(Reason.SHARE_LIMIT)
        self._outbox.answered(command)
        self._outbox.touch_holding(account, command.stock)

    def _halt_stock(self, command: Command) -> None:
        self._book(command).halted = True
        self._outbox.answered(command)

    def _resume_stock(self, command: Command) -> None:
        self._book(command).halted = False
        self._outbox.answered(command)

    def _set_limits(self, command: Command) -> None:
        limits = limits_of(command)
        if not all(1 <= limit <= MOST for limit in limits):
            raise Denial(Reason.INVALID_FIELD)
        self.limits = limits
        for memory in self.client_ids.values():
            memory.limit_to(limits.client_ids)
        self._outbox.answered(command)

    def _place_order(self, command: Command) -> None:
        order = self._judge_order(command)
        self._hold(order)
        self._outbox.accepted_order(order, command.client_id)
        self.orders[order.number] = self.open_orders[order.account][order.number] = order
        self.books[order.stock].enter(order, self)

    def _cancel_order(self, command: Command) -> None:
        order = self._own_order(command)
        self._outbox.answered(command)
        self._cancel(order)

    def _cancel_all(self, command: Command) -> None:
        self._account(command)
        if command.stock:
            self._book(command)
        self._outbox.answered(command)
        for _, order in sorted(self.open_orders[command.account].items()):
            if command.stock in (0, order.stock):
                self._cancel(order)

    def _cancel(self, order: Order) -> None:
        self.books[order.stock].remove(order)
        self.closed(order, Reason.CANCELLED)

    def _amend_order(self, command: Command) -> None:
        order = self._own_order(command)
        price = command.price or order.price
        quantity = command.quantity or order.quantity
        self._judge_amend(order, price, quantity)
        if price == order.price and quantity <= order.quantity:
            self._reduce(order, quantity, command)
        else:
            self._reenter(order, price, quantity, command)

    def _reduce(self, order: Order, quantity: int, command: Command) -> None:
        """Leave the order in its place with fewer shares."""
        held = order.hold()
        self.books[order.stock].reduce(order, quantity - order.filled)
        order.quantity = quantity
        self._change_hold(order, order.hold() - held)
        self._outbox.accepted_order(order, command.client_id)
        self._outbox.opened(order)

    def _reenter(self, order: Order, price: int, quantity: int, command: Command) -> None:
        """Take the order off the book and let it enter anew, at the back."""
        book = self.books[order.stock]
        book.remove(order)
        self._change_hold(order, -order.hold())
        order.remaining = quantity - order.filled
        order.price, order.quantity = price, quantity
        self._hold(order)
        self._outbox.accepted_order(order, command.client_id)
        book.enter(order, self)

    # ----------------------------------------------------------------------------------- judgement

    def _account(self, command: Command) -> Account:
        account = self.ledger.accounts.get(command.account)
        if account is None:
            raise Denial(Reason.UNKNOWN_ACCOUNT)
        return account

    def _book(self, command: Command) -> Book:
        book = self.books.get(command.stock)
        if book is None:
            raise Denial(Reason.UNKNOWN_STOCK)
        return book

    def _own_order(self, command: Command) -> Order:
        order = self.orders.get(command.order)
        self._account(command)
        if order is None:
            raise Denial(Reason.ORDER_NOT_OPEN)
        if order.account != command.account:
            raise Denial(Reason.NOT_OWNER)
        return order

    def _judge_order(self, command: Command) -> Order:
        """Return the order that a PLACE_ORDER makes, cut to the wallet; Denial where it may not be."""
        account = self._account(command)
        book = self._book(command)
        order = Order(
            command.order,
            command.account,
            command.stock,
            command.side,
            command.order_type,
            command.time_in_force,
            command.flags,
            command.self_trade,
            command.price,
            command.quantity,
        )
        self._judge_fields(order)
        if order.number in self.orders:
            raise Denial(Reason.INVALID_FIELD)
        self._judge_price(order.order_type, order.price, order.quantity, book)
        if book.halted:
            raise Denial(Reason.STOCK_HALTED)
        if len(self.open_orders[account.number]) >= self.limits.open_orders:
            raise Denial(Reason.TOO_MANY_OPEN_ORDERS)
        if len(self.orders) >= self.limits.orders:
            raise Denial(Reason.VENUE_FULL)
        self._judge_funds(order, account, book)
        if book.side(order.side).quantity + order.quantity > MAX_TOTAL:
            raise Denial(Reason.SHARE_LIMIT)
        if order.flags & POST_ONLY and book.would_take(order):
            raise Denial(Reason.WOULD_TAKE)
        return order

    def _judge_fields(self, order: Order) -> None:
        if (
            order.side not in (BUY, SELL)
            or order.order_type not in (LIMIT, MARKET)
            or not GTC <= order.time_in_force <= FOK
            or order.flags not in (0, POST_ONLY)
            or not 0 <= order.self_trade <= 3
        ):
            raise Denial(Reason.INVALID_FIELD)
        if order.flags & POST_ONLY and (order.order_type == MARKET or order.time_in_force != GTC):
            raise Denial(Reason.INVALID_FIELD)

    def _judge_price(self, order_type: int, price: int, quantity: int, book: Book) -> None:
        if not 0 < quantity <= MAX_QUANTITY:
            raise Denial(Reason.INVALID_QUANTITY)
        if order_type == MARKET:
            if price:
                raise Denial(Reason.INVALID_PRICE)
            return
        if not 0 < price <= MAX_MONEY:
            raise Denial(Reason.INVALID_PRICE)
        if price % book.tick:
            raise Denial(Reason.OFF_TICK)
        if price * quantity > MAX_MONEY:
            raise Denial(Reason.VALUE_TOO_LARGE)

    def _judge_funds(self, order: Order, account: Account, book: Book) -> None:
        """Give a market buy its budget, cut a limit buy to the wallet; Denial where nothing is left."""
        if order.side == SELL:
            if account.free_shares(order.stock) < order.quantity:
                raise Denial(Reason.INSUFFICIENT_SHARES)
        elif order.order_type == MARKET:
            order.budget = account.free
            if order.budget < book.tick or book.cannot_afford_any(order):
                raise Denial(Reason.INSUFFICIENT_FUNDS)
        elif account.free < order.quantity * order.price:
            affordable = account.free // order.price
            if not affordable or order.time_in_force == FOK:
                raise Denial(Reason.INSUFFICIENT_FUNDS)
            order.quantity = order.remaining = affordable
            order.flags |= CUT

    def _judge_amend(self, order: Order, price: int, quantity: int) -> None:
        book = self.books[order.stock]
        if book.halted:
            raise Denial(Reason.STOCK_HALTED)
        self._judge_price(order.order_type, price, quantity, book)
        remaining = quantity - order.filled
        if remaining <= 0:
            raise Denial(Reason.INVALID_QUANTITY)
        if book.side(order.side).quantity + remaining - order.remaining > MAX_TOTAL:
            raise Denial(Reason.SHARE_LIMIT)
        account = self.ledger.accounts[order.account]
        if order.side == SELL:
            if account.free_shares(order.stock) + order.remaining < remaining:
                raise Denial(Reason.INSUFFICIENT_SHARES)
        elif self._could_not_pay(order, account, price, quantity):
            raise Denial(Reason.INSUFFICIENT_FUNDS)
        if order.post_only and price != order.price and book.would_take(order.repriced(price)):
            raise Denial(Reason.WOULD_TAKE)

    def _could_not_pay(self, buy: Order, account: Account, price: int, quantity: int) -> bool:
        """Return whether a buy, so amended, wants more than there is or spends less than a tick."""
        remaining = quantity - buy.filled
        if buy.order_type == LIMIT:
            return account.free + buy.hold() < remaining * price
        enters_again = quantity > buy.quantity
        budget = account.free + buy.budget if enters_again else buy.budget * remaining // buy.remaining
        return budget < self.books[buy.stock].tick

    # ------------------------------------------------------------------------------------ the hold

    def _hold(self, order: Order) -> None:
        """Hold what an arriving order may need: a market buy all free money, until it rests."""
        if order.side == BUY and order.order_type == MARKET:
            order.budget = self.ledger.accounts[order.account].free
        self._change_hold(order, order.hold())

    def _change_hold(self, order: Order, amount: int) -> None:
        """Hold ``amount`` more for an order, or with a negative amount give back."""
        account = self.ledger.accounts[order.account]
        if order.side == BUY:
            self.ledger.hold_money(account, amount)
            self._outbox.touch(account)
        else:
            self.ledger.hold_shares(account, order.stock, amount)
            self._outbox.touch_holding(account, order.stock)

    # ------------------------------------------------------------------------- what the book reports

    def traded(self, taker: Order, maker: Order, price: int, quantity: int) -> None:
        """Settle a trade in the same step (see ``BookListener``)."""
        buy, sell = (taker, maker) if taker.side == BUY else (maker, taker)
        buyer, seller = self.ledger.accounts[buy.account], self.ledger.accounts[sell.account]
        amount = price * quantity
        held = amount if buy.order_type == MARKET else buy.price * quantity
        self.ledger.settle(buyer, seller, taker.stock, quantity, amount, held)
        outbox = self._outbox
        outbox.traded(taker, maker, price, quantity)
        outbox.touch(buyer)
        outbox.touch(seller)
        outbox.touch_holding(buyer, taker.stock)
        outbox.touch_holding(seller, taker.stock)

    def closed(self, order: Order, reason: Reason) -> None:
        """Give back what an ended order still holds, and forget it."""
        if held := order.hold():
            self._change_hold(order, -held)
        del self.orders[order.number]
        del self.open_orders[order.account][order.number]
        self._outbox.closed(order, reason)

    def opened(self, order: Order, given_back: int) -> None:
        """Say that an order rests; a market buy's budget is fixed now, and what is over goes back."""
        if given_back:
            self._change_hold(order, -given_back)
        self._outbox.opened(order)
