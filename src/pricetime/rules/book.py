"""The order book of one stock: price-time priority, and nothing about wallets.

An order enters, trades with what stands on the other side, and then rests or closes. The book tells a
``BookListener`` what happened, in order, as it happens; the listener settles. A market buy brings its
budget with it, so the book never asks anybody anything.

Priority on a side: orders that wait at market, oldest first; then limit orders, best price first, at
one price oldest first.

Cost: an order leaves in constant time; finding and making a price level is logarithmic in the number of
levels. Matching touches the orders it trades with, and the taker's own orders that it skips, of which
an account has at most ``open_orders_limit``.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Protocol

from pricetime.records import OrderType, Reason, SelfTrade, Side, TimeInForce
from pricetime.rules.order import BUY, MARKET, Order, Queue

SELL = int(Side.SELL)
LIMIT = int(OrderType.LIMIT)
GTC, IOC, FOK = int(TimeInForce.GTC), int(TimeInForce.IOC), int(TimeInForce.FOK)
SKIP, CANCEL_NEWEST = int(SelfTrade.SKIP), int(SelfTrade.CANCEL_NEWEST)
CANCEL_OLDEST = int(SelfTrade.CANCEL_OLDEST)


class BookListener(Protocol):
    """Who wants to know what happens in a book."""

    def traded(self, taker: Order, maker: Order, price: int, quantity: int) -> None:
        """Settle a trade of two orders whose remainders and budgets are already less."""

    def closed(self, order: Order, reason: Reason) -> None:
        """Take note that an order has ended with what it has left unexecuted."""

    def opened(self, order: Order, given_back: int) -> None:
        """Take note that an order rests; a market buy's budget is less by ``given_back`` now."""


class BookSide:
    """One side: the queue at market, and a queue for each price that somebody rests at.

    ``keys`` is a heap of prices, the best on top (negated for buys). A price whose queue has emptied
    stays in the heap until it comes to the top or until such prices are the greater part of it.
    """

    def __init__(self, side: int) -> None:
        self.sign = -1 if side == BUY else 1
        self.market = Queue(0)
        self.levels: dict[int, Queue] = {}
        self.keys: list[int] = []
        self.known: set[int] = set()
        self.quantity = 0

    def append(self, order: Order) -> None:
        """Let an order stand at the back of its price."""
        self.quantity += order.remaining
        if order.order_type == MARKET:
            self.market.append(order)
            return
        level = self.levels.get(order.price)
        if level is None:
            level = self.levels[order.price] = Queue(order.price)
            self._know(order.price * self.sign)
        level.append(order)

    def remove(self, order: Order) -> None:
        """Take an order off this side."""
        queue = order.queue
        assert queue is not None, "the order stands in this book"
        queue.remove(order)
        self.quantity -= order.remaining
        if queue.head is None and queue is not self.market:
            del self.levels[queue.price]

    def best(self) -> int:
        """Return the best price that somebody rests at, or 0."""
        keys, levels, sign = self.keys, self.levels, self.sign
        while keys:
            if keys[0] * sign in levels:
                return keys[0] * sign
            self.known.discard(heappop(keys))
        return 0

    def levels_from_best(self) -> Iterator[Queue]:
        """Yield the price levels, best first; the one just yielded may vanish meanwhile.

        Levels that stay are set aside to reach the next, and put back when the caller has enough.
        """
        aside = []
        try:
            while price := self.best():
                yield self.levels[price]
                if price in self.levels:
                    aside.append(heappop(self.keys))
        finally:
            for key in aside:
                heappush(self.keys, key)

    def _know(self, key: int) -> None:
        if key in self.known:
            return
        self.known.add(key)
        heappush(self.keys, key)
        if len(self.keys) > 2 * len(self.levels) + 64:
            self.keys = [price * self.sign for price in self.levels]
            self.known = set(self.keys)
            heapify(self.keys)


class Book:
    """The book of one stock. ``last`` is the price of the last trade, 0 before the first."""

    def __init__(self, stock: int, tick: int) -> None:
        self.stock = stock
        self.tick = tick
        self.last = 0
        self.halted = False
        self.bids = BookSide(BUY)
        self.asks = BookSide(SELL)

    def enter(self, order: Order, listener: BookListener) -> None:
        """Let an order trade with what stands, then rest or close."""
        if order.order_type == LIMIT and not self.last:
            self._trade_waiting(order.price, listener)
        if order.time_in_force == FOK and not self._fills_whole(order):
            listener.closed(order, Reason.FOK)
            return
        if self._match(order, listener):
            self._rest(order, listener)

    def remove(self, order: Order) -> None:
        """Take a resting order off the book."""
        self.side(order.side).remove(order)

    def reduce(self, order: Order, remaining: int) -> None:
        """Leave a resting order in its place with fewer shares; a waiting buy's budget shrinks alike."""
        assert 0 < remaining <= order.remaining, "a reduction leaves something and adds nothing"
        assert order.queue is not None, "the order stands in this book"
        given_up = order.remaining - remaining
        order.budget = order.budget * remaining // order.remaining
        order.remaining = remaining
        order.queue.quantity -= given_up
        self.side(order.side).quantity -= given_up

    def restore(self, order: Order) -> None:
        """Stand an order from a snapshot at the back of its queue."""
        self.side(order.side).append(order)

    def would_take(self, order: Order) -> bool:
        """Return whether the order, entering now, would trade with another account."""
        return any(
            maker.account != order.account and self._price_of_trade(order, maker)
            for maker in self._standing_against(order)
        )

    def cannot_afford_any(self, order: Order) -> bool:
        """Return whether an arriving market buy meets a seller first, and cannot pay him one share."""
        for maker in self._standing_against(order):
            if maker.account != order.account:
                return order.budget < self._price_of_trade(order, maker)
            if order.self_trade not in (SKIP, CANCEL_OLDEST):
                return False
        return False

    def orders(self) -> Iterator[Order]:
        """Yield the resting orders, buys before sells, on each side in order of priority."""
        for side in (self.bids, self.asks):
            yield from side.market
            for level in side.levels_from_best():
                yield from level

    # ------------------------------------------------------------------------------------- matching

    def _match(self, taker: Order, listener: BookListener) -> bool:
        """Trade an arriving order with what stands; return whether a rest of it is still alive."""
        for maker in self._standing_against(taker):
            if maker.account == taker.account:
                if taker.self_trade == SKIP:
                    continue
                if not self._prevent_self_trade(taker, maker, listener):
                    return False
                continue
            price = self._price_of_trade(taker, maker)
            if not price:
                return True
            self._trade(taker, maker, price, listener)
            if not taker.remaining:
                listener.closed(taker, Reason.FILLED)
                return False
            if self._out_of_money(taker, maker):
                listener.closed(taker, Reason.INSUFFICIENT_FUNDS)
                return False
        return True

    def _trade(self, taker: Order, maker: Order, price: int, listener: BookListener) -> None:
        """Trade what both sides can, and close the maker where he is done or cannot pay one share more."""
        quantity = min(taker.remaining, maker.remaining)
        buyer = taker if taker.side == BUY else maker
        if buyer.order_type == MARKET:
            quantity = min(quantity, buyer.budget // price)
            buyer.budget -= quantity * price
        if quantity:
            self._execute(taker, quantity)
            self._execute(maker, quantity)
            self.last = price
            listener.traded(taker, maker, price, quantity)
        if not maker.remaining:
            self.remove(maker)
            listener.closed(maker, Reason.FILLED)
        elif self._out_of_money(maker, taker):
            self.remove(maker)
            listener.closed(maker, Reason.INSUFFICIENT_FUNDS)

    def _execute(self, order: Order, quantity: int) -> None:
        order.remaining -= quantity
        if order.queue is not None:
            order.queue.quantity -= quantity
            self.side(order.side).quantity -= quantity

    def _out_of_money(self, order: Order, met: Order) -> bool:
        """Return whether a market buy that has just met a seller has to end for want of money.

        It has, where the seller still has shares, which are then too dear for it, and where its budget
        is less than the smallest price.
        """
        if order.side != BUY or order.order_type != MARKET or not order.remaining:
            return False
        return met.remaining > 0 or order.budget < self.tick

    def _trade_waiting(self, price: int, listener: BookListener) -> None:
        """Let orders that wait at market on both sides trade at the first price that anybody names."""
        if self.bids.market.head is None or self.asks.market.head is None:
            return
        for buyer in self.bids.market:
            for seller in self.asks.market:
                if seller.account == buyer.account:
                    continue
                maker, taker = (buyer, seller) if buyer.number < seller.number else (seller, buyer)
                self._trade(taker, maker, price, listener)
                if not taker.remaining or self._out_of_money(taker, maker):
                    self.remove(taker)
                    listener.closed(taker, Reason.INSUFFICIENT_FUNDS if taker.remaining else Reason.FILLED)
                if buyer.queue is None:
                    break

    def _rest(self, order: Order, listener: BookListener) -> None:
        if order.time_in_force == IOC:
            listener.closed(order, Reason.IOC)
            return
        arriving_with = order.budget
        if order.order_type == MARKET and order.side == BUY and self.last:
            order.budget = min(order.budget, order.remaining * self.last)
        self.side(order.side).append(order)
        listener.opened(order, arriving_with - order.budget)

    def _prevent_self_trade(self, taker: Order, maker: Order, listener: BookListener) -> bool:
        """Cancel what the taker's policy names; return whether the taker is still alive."""
        if taker.self_trade != CANCEL_NEWEST:
            self.remove(maker)
            listener.closed(maker, Reason.SELF_TRADE)
        if taker.self_trade == CANCEL_OLDEST:
            return True
        listener.closed(taker, Reason.SELF_TRADE)
        return False

    def _fills_whole(self, taker: Order) -> bool:
        """Return whether what stands would fill the order whole, its own account's orders left out."""
        wanted, budget = taker.remaining, taker.budget
        spends = taker.side == BUY and taker.order_type == MARKET
        if wanted > (self.asks if taker.side == BUY else self.bids).quantity:
            return False
        for maker in self._standing_against(taker):
            if maker.account == taker.account:
                if taker.self_trade in (SKIP, CANCEL_OLDEST):
                    continue
                return False
            price = self._price_of_trade(taker, maker)
            if not price:
                return False
            quantity = min(wanted, maker.remaining)
            if maker.side == BUY and maker.order_type == MARKET:
                quantity = min(quantity, maker.budget // price)
            wanted -= quantity
            budget -= quantity * price
            if spends and budget < 0:
                return False
            if not wanted:
                return True
        return False

    def _standing_against(self, taker: Order) -> Iterator[Order]:
        """Yield the other side's orders that the order may trade with, in order of priority."""
        opposite = self.asks if taker.side == BUY else self.bids
        if opposite.market.head is not None:
            yield from opposite.market
        worst = 0 if taker.order_type == MARKET else taker.price
        for level in opposite.levels_from_best():
            if worst and (level.price > worst if taker.side == BUY else level.price < worst):
                return
            yield from level

    def _price_of_trade(self, taker: Order, maker: Order) -> int:
        """Return the price that two orders would trade at, or 0 where there is none.

        The maker's limit; where he waits at market, the taker's. Two market orders trade at the last
        price; before the first trade, at the best limit behind the maker, the price that the taker
        would have had from it.
        """
        if maker.order_type == LIMIT:
            return maker.price
        if taker.order_type == LIMIT:
            return taker.price
        return self.last or self.side(maker.side).best()

    def side(self, side: int) -> BookSide:
        """Return the buys or the sells."""
        return self.bids if side == BUY else self.asks
