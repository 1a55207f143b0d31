"""The accounts' side of the market: what accounts own, hold, have open, and remember.

It judges whatever an account decides (does it exist, can it pay, has it room), holds what an order may need
before the order goes to its book, and settles what the book reports. It never looks into a book: of a
stock it knows the tick and whether it is halted.

The embedded venue calls it and ``matching`` directly; in a venue of partitions it is the inside of each
ledger, which keeps its own copy of an open order, brought up to date by what the book reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pricetime.records import NO_CLIENT_ID, Command, Flag, Reason
from pricetime.records.commands import MOST, Limits, limits_of
from pricetime.rules.judgement import FOK, SELL, Denial, judge_fields, judge_price
from pricetime.rules.ledger import Account, Ledger
from pricetime.rules.memory import ClientIds, Remembered, content_of
from pricetime.rules.money import MAX_MONEY, MAX_QUANTITY, MAX_TOTAL
from pricetime.rules.order import BUY, MARKET, Order
from pricetime.rules.outbox import Outbox

CUT, REPEATED = int(Flag.CUT), int(Flag.REPEATED)
MONEY = 0
"""As an asset; a stock's shares are the asset of its number."""


def asset_of(order: Order) -> int:
    """Return what an order holds: a buy money, a sell shares."""
    return MONEY if order.side == BUY else order.stock


class Listed(Protocol):
    """What an account's side knows of a stock."""

    tick: int
    halted: bool


class Listing:
    """That, where the book is elsewhere."""

    def __init__(self, tick: int, halted: bool = False) -> None:
        self.tick = tick
        self.halted = halted


class Clearing:
    """All accounts of a venue, or of one ledger partition.

    ``stocks`` is read and never changed here. ``most`` is the most money, and the most shares of a stock,
    that may come in.
    """

    def __init__(self, outbox: Outbox, stocks: Mapping[int, Listed], most: int = MAX_TOTAL) -> None:
        self.limits = Limits()
        self.ledger = Ledger(most)
        self.stocks = stocks
        self.orders: dict[int, Order] = {}
        """The open orders by number."""
        self.open_orders: dict[int, dict[int, Order]] = {}
        """Of each account: its open orders by number."""
        self.client_ids: dict[int, ClientIds] = {}
        self.outbox = outbox

    # ------------------------------------------------------------------- commands that end in the ledger

    def open_account(self, command: Command) -> None:
        """Open an account, empty."""
        if command.account <= 0:
            raise Denial(Reason.INVALID_FIELD)
        if command.account in self.ledger.accounts:
            raise Denial(Reason.ACCOUNT_EXISTS)
        if len(self.ledger.accounts) >= self.limits.accounts:
            raise Denial(Reason.VENUE_FULL)
        self.ledger.open(command.account)
        self.open_orders[command.account] = {}
        self.outbox.answered(command)

    def deposit(self, command: Command) -> None:
        """Bring money in."""
        account = self.account(command)
        if not 0 < command.amount <= MAX_MONEY:
            raise Denial(Reason.INVALID_AMOUNT)
        if not self.ledger.deposit(account, command.amount):
            raise Denial(Reason.MONEY_LIMIT)
        self.outbox.answered(command)
        self.outbox.touch(account)

    def withdraw(self, command: Command) -> None:
        """Take free money out."""
        account = self.account(command)
        if not 0 < command.amount <= MAX_MONEY:
            raise Denial(Reason.INVALID_AMOUNT)
        if not self.ledger.withdraw(account, command.amount):
            raise Denial(Reason.INSUFFICIENT_FUNDS)
        self.outbox.answered(command)
        self.outbox.touch(account)

    def grant_shares(self, command: Command) -> None:
        """Bring shares in."""
        account = self.account(command)
        self.stock(command)
        if not 0 < command.quantity <= MAX_QUANTITY:
            raise Denial(Reason.INVALID_QUANTITY)
        if not self.ledger.grant(account, command.stock, command.quantity):
            raise Denial(Reason.SHARE_LIMIT)
        self.outbox.answered(command)
        self.outbox.touch_holding(account, command.stock)

    def set_limits(self, command: Command) -> None:
        """Set how much is kept from now on."""
        limits = limits_of(command)
        if not all(1 <= limit <= MOST for limit in limits):
            raise Denial(Reason.INVALID_FIELD)
        self.limits = limits
        for memory in self.client_ids.values():
            memory.limit_to(limits.client_ids)

    def judge_listing(self, command: Command) -> None:
        """Deny a LIST_STOCK that may not be."""
        if command.stock <= 0:
            raise Denial(Reason.INVALID_FIELD)
        if not 0 < command.price <= MAX_MONEY:
            raise Denial(Reason.INVALID_PRICE)
        if command.stock in self.stocks:
            raise Denial(Reason.STOCK_EXISTS)
        if len(self.stocks) >= self.limits.stocks:
            raise Denial(Reason.VENUE_FULL)

    # ---------------------------------------------------------------------------------- client ids

    def memory_of(self, command: Command) -> ClientIds | None:
        """Return what the account remembers, where the command carries an id and the account exists."""
        if command.client_id == NO_CLIENT_ID or command.account not in self.ledger.accounts:
            return None
        memory = self.client_ids.get(command.account)
        if memory is None:
            memory = self.client_ids[command.account] = ClientIds(self.limits.client_ids)
        return memory

    def answers_again(self, command: Command) -> bool:
        """Answer a command whose client id is remembered; return whether it is."""
        memory = self.memory_of(command)
        if memory is None or (answer := memory.get(command.client_id)) is None:
            return False
        if answer.content == content_of(command):
            self.outbox.answered(command, reason=answer.reason, order=answer.order, flags=REPEATED)
        else:
            self.outbox.answered(command, reason=Reason.CLIENT_ID_REUSED)
        return True

    def remember(self, command: Command, reason: Reason) -> None:
        """Remember how a command with a client id was answered; an account just opened remembers nothing."""
        memory = self.memory_of(command)
        if memory is not None:
            memory.remember(command.client_id, Remembered(content_of(command), reason, command.order))

    # ----------------------------------------------------------------------------------- judgement

    def account(self, command: Command) -> Account:
        """Return the account of a command."""
        account = self.ledger.accounts.get(command.account)
        if account is None:
            raise Denial(Reason.UNKNOWN_ACCOUNT)
        return account

    def stock(self, command: Command) -> Listed:
        """Return the stock of a command."""
        stock = self.stocks.get(command.stock)
        if stock is None:
            raise Denial(Reason.UNKNOWN_STOCK)
        return stock

    def own_order(self, command: Command) -> Order:
        """Return the open order that a command of its owner means."""
        order = self.orders.get(command.order)
        self.account(command)
        if order is None:
            raise Denial(Reason.ORDER_NOT_OPEN)
        if order.account != command.account:
            raise Denial(Reason.NOT_OWNER)
        return order

    def own_orders(self, command: Command) -> list[Order]:
        """Return the open orders that a CANCEL_ALL means, by number."""
        self.account(command)
        if command.stock:
            self.stock(command)
        return [
            order
            for _, order in sorted(self.open_orders[command.account].items())
            if command.stock in (0, order.stock)
        ]

    def judge_order(self, command: Command) -> Order:
        """Return the order that a PLACE_ORDER makes, cut to the wallet; Denial where the account cannot."""
        account = self.account(command)
        stock = self.stock(command)
        order = Order.of(command)
        judge_fields(order)
        if order.number in self.orders:
            raise Denial(Reason.INVALID_FIELD)
        judge_price(order.order_type, order.price, order.quantity, stock.tick)
        if stock.halted:
            raise Denial(Reason.STOCK_HALTED)
        if len(self.open_orders[account.number]) >= self.limits.open_orders:
            raise Denial(Reason.TOO_MANY_OPEN_ORDERS)
        if len(self.orders) >= self.limits.orders:
            raise Denial(Reason.VENUE_FULL)
        self._judge_funds(order, account, stock.tick)
        return order

    def _judge_funds(self, order: Order, account: Account, tick: int) -> None:
        """Give a market buy its budget, cut a limit buy to the wallet; Denial where nothing is left."""
        if order.side == SELL:
            if account.free_shares(order.stock) < order.quantity:
                raise Denial(Reason.INSUFFICIENT_SHARES)
        elif order.order_type == MARKET:
            order.budget = account.free
            if order.budget < tick:
                raise Denial(Reason.INSUFFICIENT_FUNDS)
        elif account.free < order.quantity * order.price:
            affordable = account.free // order.price
            if not affordable or order.time_in_force == FOK:
                raise Denial(Reason.INSUFFICIENT_FUNDS)
            order.quantity = order.remaining = affordable
            order.flags |= CUT

    # ------------------------------------------------------------------------------------ the hold

    def free_for(self, order: Order) -> int:
        """Return what an order's account has free of what the order holds: money, or shares of its stock."""
        account = self.ledger.accounts[order.account]
        return account.free if order.side == BUY else account.free_shares(order.stock)

    def take_in(self, order: Order) -> None:
        """Hold what an arriving order may need, and count it among the open ones."""
        self.change_hold(order, order.hold())
        self.orders[order.number] = self.open_orders[order.account][order.number] = order

    def change_hold(self, order: Order, amount: int) -> None:
        """Hold ``amount`` more for an order, or with a negative amount give back."""
        self.hold(order.account, asset_of(order), amount)

    def hold(self, number: int, asset: int, amount: int) -> None:
        """Hold ``amount`` more of an account's asset, or with a negative amount give back."""
        account = self.ledger.accounts[number]
        if asset == MONEY:
            self.ledger.hold_money(account, amount)
            self.outbox.touch(account)
        else:
            self.ledger.hold_shares(account, asset, amount)
            self.outbox.touch_holding(account, asset)

    # ------------------------------------------------------------------------- what a book reports

    def bought(self, buy: Order, price: int, quantity: int) -> None:
        """Settle the buyer's half of a trade."""
        account, amount = self.ledger.accounts[buy.account], price * quantity
        held = amount if buy.order_type == MARKET else buy.price * quantity
        self.ledger.settle_buy(account, buy.stock, quantity, amount, held)
        self.outbox.touch(account)
        self.outbox.touch_holding(account, buy.stock)

    def sold(self, sell: Order, price: int, quantity: int) -> None:
        """Settle the seller's half of a trade."""
        account = self.ledger.accounts[sell.account]
        self.ledger.settle_sell(account, sell.stock, quantity, price * quantity)
        self.outbox.touch(account)
        self.outbox.touch_holding(account, sell.stock)

    def closed(self, order: Order) -> None:
        """Give back what an ended order still holds, and forget it."""
        if held := order.hold():
            self.change_hold(order, -held)
        del self.orders[order.number]
        del self.open_orders[order.account][order.number]
