"""The witness: a sceptic who sees nothing but events, and says where they break the rules of the market.

From the events alone it keeps who owns what and which orders stand in which line, and finds

* an answer that is missing, doubled or numbered wrongly;
* an order filled while one with priority waits: on the same side, of another account than the one it
  trades with, at a better price or at the same price and earlier (waiting market orders stand first);
* a trade at another price than the rules', beyond a limit, with oneself, or of more than is left;
* money or shares that appear or vanish, and balances below zero.

``compare`` holds a snapshot against what the events have told: an event that was never sent shows here.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator

import numpy as np

from pricetime.records import CommandKind, Event, EventKind, Flag, OrderType, Side, iter_events
from pricetime.records.state import Tables, read_snapshot

_BUY, _MARKET = int(Side.BUY), int(OrderType.MARKET)
_ANSWERS = (int(EventKind.ACCEPTED), int(EventKind.DENIED))


class Seen:
    """An open order as the events have told of it; ``line`` is where it stands, None while it does not."""

    __slots__ = ("account", "limit", "line", "number", "quantity", "remaining", "side", "stock")

    def __init__(self, event: Event) -> None:
        self.number = event.order
        self.account = event.account
        self.stock = event.stock
        self.side = event.side
        self.limit = 0 if event.order_type == _MARKET else event.price
        self.quantity = self.remaining = event.quantity
        self.line: dict[int, Seen] | None = None


class Standing:
    """One side of a book: the line at market, and a line for each price, ``prices`` ascending."""

    def __init__(self, side: int) -> None:
        self.side = side
        self.market: dict[int, Seen] = {}
        self.lines: dict[int, dict[int, Seen]] = {}
        self.prices: list[int] = []

    def append(self, order: Seen) -> None:
        """Let an order stand at the back of its line."""
        line = self.market if not order.limit else self.lines.get(order.limit)
        if line is None:
            line = self.lines[order.limit] = {}
            insort(self.prices, order.limit)
        line[order.number] = order
        order.line = line

    def remove(self, order: Seen) -> None:
        """Take an order out of its line."""
        line, order.line = order.line, None
        assert line is not None, "the order stands here"
        del line[order.number]
        if not line and order.limit:
            del self.lines[order.limit]
            del self.prices[bisect_left(self.prices, order.limit)]

    def best(self) -> int:
        """Return the best price that an order stands at, or 0."""
        if not self.prices:
            return 0
        return self.prices[-1] if self.side == _BUY else self.prices[0]

    def in_priority(self) -> Iterator[Seen]:
        """Yield the orders, the first to trade first."""
        yield from self.market.values()
        for price in reversed(self.prices) if self.side == _BUY else self.prices:
            yield from self.lines[price].values()

    def ahead_of(self, order: Seen, against: int) -> Seen | None:
        """Return the first order that another account than ``against`` has ahead of ``order``, or None."""
        for first in self._until(order):
            if first is order:
                return None
            if first.account != against:
                return first
        return order

    def _until(self, order: Seen) -> Iterator[Seen]:
        yield from self.market.values()
        for price in reversed(self.prices) if self.side == _BUY else self.prices:
            yield from self.lines[price].values()
            if price == order.limit:
                return


class Witness:
    """Reads events in order; ``faults`` collects a sentence for each thing that must not be."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.number = 0
        self.sequence = 0
        self.trades = 0
        self.orders: dict[int, Seen] = {}
        self.books: dict[int, tuple[Standing, Standing]] = {}
        self.last: dict[int, int] = {}
        """Price of the last trade of each stock that has traded."""
        self.money: dict[int, tuple[int, int]] = {}
        """Of each account: money free and held."""
        self.shares: dict[tuple[int, int], tuple[int, int]] = {}
        """Of each account and stock: shares free and held."""
        self._due: dict[int, int] = {}
        """What came in and has not been seen yet in a balance: of money under 0, of shares by stock."""
        self._happened: dict[int, Callable[[Event], None]] = {
            EventKind.ACCEPTED: self._accepted,
            EventKind.DENIED: lambda _: None,
            EventKind.ORDER_OPENED: self._opened,
            EventKind.TRADED: self._traded,
            EventKind.ORDER_CLOSED: self._closed,
            EventKind.BALANCE_CHANGED: self._balance_changed,
            EventKind.HOLDING_CHANGED: self._holding_changed,
        }

    def see(self, events: bytes) -> None:
        """Read a batch of events."""
        for event in iter_events(events):
            self.number += 1
            self._expect(event.number == self.number, event, f"event {event.number} is not {self.number}")
            if event.kind in _ANSWERS:
                self._settle()
                self.sequence += 1
            self._expect(event.sequence == self.sequence, event, "its command is not the one at hand")
            try:
                self._happened[event.kind](event)
            except KeyError:
                self._expect(False, event, "it tells of an order that is not open")
        self._settle()

    def standing(self, stock: int) -> tuple[Standing, Standing]:
        """Return the buys and the sells of a stock."""
        book = self.books.get(stock)
        if book is None:
            book = self.books[stock] = (Standing(_BUY), Standing(int(Side.SELL)))
        return book

    def compare(self, snapshot: bytes) -> list[str]:
        """Return a sentence for each way in which a snapshot is not the state that the events told of."""
        tables = read_snapshot(snapshot)
        faults = []
        if tables.header["sequence"] != self.sequence or tables.header["event_number"] != self.number:
            faults.append("the snapshot stands at another command or event than the events")
        if dict(_pairs(tables.accounts, "account")) != self.money:
            faults.append("the events told of other balances than the snapshot's")
        told = {key: shares for key, shares in self.shares.items() if shares != (0, 0)}
        if dict(_pairs(tables.holdings, "account", "stock")) != told:
            faults.append("the events told of other holdings than the snapshot's")
        standing = [
            (order.number, order.remaining)
            for _, book in sorted(self.books.items())
            for side in book
            for order in side.in_priority()
        ]
        if tables.orders[["order", "remaining"]].tolist() != standing:
            faults.append("the events told of other orders, or in another line, than the snapshot's")
        return faults + _conserved(tables)

    # --------------------------------------------------------------------------- one event each

    def _accepted(self, event: Event) -> None:
        if event.flags & Flag.REPEATED:
            return
        if event.command == CommandKind.PLACE_ORDER:
            self._expect(event.order not in self.orders, event, "an order is placed twice")
            self.orders[event.order] = Seen(event)
        elif event.command == CommandKind.AMEND_ORDER:
            self._amended(event)
        elif event.command == CommandKind.OPEN_ACCOUNT:
            self.money[event.account] = (0, 0)
        elif event.command == CommandKind.DEPOSIT:
            self._due[0] = event.amount
        elif event.command == CommandKind.WITHDRAW:
            self._due[0] = -event.amount
        elif event.command == CommandKind.GRANT_SHARES:
            self._due[event.stock] = event.quantity

    def _amended(self, event: Event) -> None:
        order = self.orders[event.order]
        filled = order.quantity - order.remaining
        limit = 0 if event.order_type == _MARKET else event.price
        if limit != order.limit or event.quantity > order.quantity:
            self._side(order).remove(order)  # and enters again at the back
        order.limit, order.quantity, order.remaining = limit, event.quantity, event.quantity - filled

    def _opened(self, event: Event) -> None:
        order = self.orders[event.order]
        self._expect(order.remaining == event.remaining, event, "another remainder than is left rests")
        if order.line is None:
            self._side(order).append(order)

    def _traded(self, event: Event) -> None:
        taker, maker = self.orders[event.order], self.orders[event.maker_order]
        self.trades += 1
        self._judge_trade(event, taker, maker)
        for order, left in ((taker, event.remaining), (maker, event.maker_remaining)):
            order.remaining -= event.quantity
            self._expect(order.remaining == left >= 0, event, f"order {order.number} has another remainder")
            if not order.remaining and order.line is not None:
                self._side(order).remove(order)
        self.last[event.stock] = event.price

    def _judge_trade(self, event: Event, taker: Seen, maker: Seen) -> None:
        expect = self._expect
        expect(event.quantity > 0 and event.amount == event.price * event.quantity, event, "a wrong amount")
        expect(taker.account != maker.account, event, "an account trades with itself")
        expect(maker.line is not None, event, f"order {maker.number} trades and does not rest")
        named = maker.limit or taker.limit
        expect(
            named in (0, event.price), event, "a trade at another price than its maker's, or the limit it met"
        )
        for order, other in ((maker, taker), (taker, maker)):
            if order.limit:
                better = event.price <= order.limit if order.side == _BUY else event.price >= order.limit
                expect(better, event, f"a price beyond the limit of order {order.number}")
            if order.line is not None and (first := self._side(order).ahead_of(order, other.account)):
                expect(False, event, f"order {order.number} is filled while order {first.number} waits")

    def _closed(self, event: Event) -> None:
        order = self.orders.pop(event.order)
        self._expect(order.remaining == event.remaining, event, "another remainder than is left is given up")
        if order.line is not None:
            self._side(order).remove(order)

    def _balance_changed(self, event: Event) -> None:
        self._move(0, event.amount + event.held - sum(self.money.get(event.account, (0, 0))))
        self.money[event.account] = (event.amount, event.held)
        self._expect(event.amount >= 0 and event.held >= 0, event, "a balance below zero")

    def _holding_changed(self, event: Event) -> None:
        key = (event.account, event.stock)
        self._move(event.stock, event.quantity + event.held - sum(self.shares.get(key, (0, 0))))
        self.shares[key] = (event.quantity, event.held)
        self._expect(event.quantity >= 0 and event.held >= 0, event, "a holding below zero")

    # ------------------------------------------------------------------------------------- helpers

    def _side(self, order: Seen) -> Standing:
        bids, asks = self.standing(order.stock)
        return bids if order.side == _BUY else asks

    def _move(self, asset: int, amount: int) -> None:
        self._due[asset] = self._due.get(asset, 0) - amount

    def _settle(self) -> None:
        """At the end of a command all that came in is in a balance, and nothing else is."""
        if any(self._due.values()):
            self.faults.append(f"command {self.sequence} made or lost money or shares: {self._due}")
        self._due.clear()

    def _expect(self, holds: bool, event: Event, otherwise: str) -> None:
        if not holds:
            self.faults.append(f"event {event.number} of command {event.sequence}: {otherwise}")


def _pairs(table: np.ndarray[tuple[int], np.dtype[np.void]], *key: str) -> Iterator[tuple[object, object]]:
    for row in table[[*key, "free", "held"]].tolist():
        yield (row[0] if len(key) == 1 else row[:2]), row[-2:]


def _conserved(tables: Tables) -> list[str]:
    """Return a sentence for each asset of a snapshot of which there is more or less than came in."""
    faults = []
    money = sum(free + held for _, free, held in tables.accounts.tolist())
    if money != tables.header["money"]:
        faults.append(f"accounts hold {money} of money; {tables.header['money']} came in")
    shares: dict[int, int] = {}
    for _, stock, free, held in tables.holdings.tolist():
        shares[stock] = shares.get(stock, 0) + free + held
    for stock, _, _, listed, _ in tables.stocks.tolist():
        if shares.get(stock, 0) != listed:
            faults.append(f"accounts hold {shares.get(stock, 0)} shares of {stock}; {listed} came in")
    holds: dict[tuple[int, int], int] = {}
    for side, _, _, _, _, account, stock, *_, held in tables.orders.tolist():
        key = (account, 0 if side == _BUY else stock)
        holds[key] = holds.get(key, 0) + held
    told = {(account, 0): held for account, _, held in tables.accounts.tolist() if held}
    told |= {(account, stock): held for account, stock, _, held in tables.holdings.tolist() if held}
    if told != holds:
        faults.append("what accounts have on hold is not what their open orders hold")
    return faults
