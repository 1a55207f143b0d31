"""The stocks' side of the market: the books, and what only they can judge.

It is given orders for which everything is held already. What an amend may need besides is *brought*: money
or shares that are free, or set aside, for it. Nothing here asks an account, so a book never waits.

The embedded venue calls it and ``clearing`` directly; in a venue of partitions it is the inside of each
book partition.
"""

from __future__ import annotations

from pricetime.records import Command, Reason
from pricetime.rules.book import Book, BookListener
from pricetime.rules.judgement import LIMIT, SELL, Denial, judge_price
from pricetime.rules.money import MAX_TOTAL
from pricetime.rules.order import BUY, MARKET, POST_ONLY, Order


class Matching:
    """The books of a venue, or of one book partition."""

    def __init__(self, books: dict[int, Book]) -> None:
        self.books = books

    def list_stock(self, stock: int, tick: int) -> None:
        """Open the book of a stock."""
        self.books[stock] = Book(stock, tick)

    def set_halted(self, command: Command, halted: bool) -> None:
        """Stop orders from entering and changing, or let them again."""
        self._book(command.stock).halted = halted

    # ----------------------------------------------------------------------------------- judgement

    def judge_order(self, order: Order) -> None:
        """Deny an order, right in itself and paid for, that its book cannot take."""
        book = self._book(order.stock)
        if book.halted:
            raise Denial(Reason.STOCK_HALTED)
        if order.side == BUY and order.order_type == MARKET and book.cannot_afford_any(order):
            raise Denial(Reason.INSUFFICIENT_FUNDS)
        if book.side(order.side).quantity + order.quantity > MAX_TOTAL:
            raise Denial(Reason.SHARE_LIMIT)
        if order.flags & POST_ONLY and book.would_take(order):
            raise Denial(Reason.WOULD_TAKE)

    def judge_amend(self, order: Order, price: int, quantity: int, brought: int) -> None:
        """Deny an amend of a resting order to this price and quantity, with so much to hold besides."""
        book = self.books[order.stock]
        if book.halted:
            raise Denial(Reason.STOCK_HALTED)
        judge_price(order.order_type, price, quantity, book.tick)
        remaining = quantity - order.filled
        if remaining <= 0:
            raise Denial(Reason.INVALID_QUANTITY)
        if book.side(order.side).quantity + remaining - order.remaining > MAX_TOTAL:
            raise Denial(Reason.SHARE_LIMIT)
        if order.side == SELL:
            if brought + order.remaining < remaining:
                raise Denial(Reason.INSUFFICIENT_SHARES)
        elif self._could_not_pay(order, price, quantity, brought):
            raise Denial(Reason.INSUFFICIENT_FUNDS)
        if order.post_only and price != order.price and book.would_take(order.repriced(price)):
            raise Denial(Reason.WOULD_TAKE)

    def _could_not_pay(self, buy: Order, price: int, quantity: int, brought: int) -> bool:
        """Return whether a buy, so amended, wants more than there is or spends less than a tick."""
        remaining = quantity - buy.filled
        if buy.order_type == LIMIT:
            return brought + buy.hold() < remaining * price
        enters_again = quantity > buy.quantity
        budget = brought + buy.budget if enters_again else buy.budget * remaining // buy.remaining
        return budget < self.books[buy.stock].tick

    def _book(self, stock: int) -> Book:
        book = self.books.get(stock)
        if book is None:
            raise Denial(Reason.UNKNOWN_STOCK)
        return book

    # ------------------------------------------------------------------------------------- changes

    def enter(self, order: Order, listener: BookListener) -> None:
        """Let an order trade with what stands, then rest or close."""
        self.books[order.stock].enter(order, listener)

    def cancel(self, order: Order, listener: BookListener) -> None:
        """Take a resting order off its book."""
        self.books[order.stock].remove(order)
        listener.closed(order, Reason.CANCELLED)

    def amend(self, order: Order, price: int, quantity: int, brought: int) -> bool:
        """Change a resting order; return whether it has lost its place and has to enter again.

        Fewer shares at the same price keep their place. Anything else leaves the book, and a market buy has
        all that was brought to spend.
        """
        if price == order.price and quantity <= order.quantity:
            self.books[order.stock].reduce(order, quantity - order.filled)
            order.quantity = quantity
            return False
        self.books[order.stock].remove(order)
        order.remaining = quantity - order.filled
        order.price, order.quantity = price, quantity
        if order.side == BUY and order.order_type == MARKET:
            order.budget += brought
        return True
