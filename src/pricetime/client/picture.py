"""What the messages of a stream say, put together: books, tapes, candles and an account as they stand.

A picture equals what the venue answers to the requests of the same things, at the number of the last message
of each channel. It keeps as many trades, candles and executions as a snapshot has.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from pricetime import schema

TRADES: Final = 50
CANDLES: Final = 300
EXECUTIONS: Final = 50
_OPEN: Final = ("open", "partially_filled")


class Picture:
    """Begins empty; ``take`` every message in order. Books, tapes and candles are by stock's id."""

    def __init__(self) -> None:
        self.stocks: dict[str, schema.Stock] = {}
        self.books: dict[str, schema.Book] = {}
        self.trades: dict[str, list[schema.Trade]] = {}
        """Newest first."""
        self.candles: dict[tuple[str, str], list[schema.CandleView]] = {}
        """By stock and interval, oldest first."""
        self.account: schema.AccountPicture | None = None

    def take(self, message: object) -> None:
        """Take a message; what is no snapshot or update changes nothing."""
        if isinstance(message, schema.Snapshot):
            self._begin(message)
        elif isinstance(message, schema.Update):
            self._go_on(message)

    def _begin(self, message: schema.Snapshot[Any]) -> None:
        stock, data = message.stock or "", message.data
        match message.channel:
            case "prices":
                self.stocks = {each.stock: each for each in data}
            case "depth":
                self.books[stock] = data
            case "trades":
                self.trades[stock] = data
            case "candles":
                self.candles[stock, message.interval or ""] = data
            case "account":
                self.account = data

    def _go_on(self, message: schema.Update[Any]) -> None:
        stock, data = message.stock or "", message.data
        match message.channel:
            case "prices":
                self.stocks |= {each.stock: each for each in data}
            case "depth":
                self.books[stock] = book_after(self.books[stock], data)
            case "trades":
                self.trades[stock] = [*reversed(data), *self.trades[stock]][:TRADES]
            case "candles":
                place = stock, message.interval or ""
                candles = {each.start: each for each in (*self.candles[place], *data)}
                self.candles[place] = list(candles.values())[-CANDLES:]
            case "account":
                assert self.account is not None, "a snapshot comes first"
                self.account = account_after(self.account, data)


def book_after(book: schema.Book, change: schema.DepthChange) -> schema.Book:
    """Return a book after a change."""
    return schema.Book(
        stock=book.stock,
        event=change.event,
        bids=_levels_after(book.bids, change.bids, best_first=-1),
        asks=_levels_after(book.asks, change.asks, best_first=1),
        market_buy_quantity=change.market_buy_quantity,
        market_sell_quantity=change.market_sell_quantity,
    )


def _levels_after(
    levels: Iterable[schema.Level], changes: Iterable[schema.Level], best_first: int
) -> list[schema.Level]:
    now = {each.price: each for each in (*levels, *changes)}
    left = [each for each in now.values() if each.quantity]
    return sorted(left, key=lambda level: best_first * Decimal(level.price))


def account_after(account: schema.AccountPicture, change: schema.AccountChange) -> schema.AccountPicture:
    """Return an account after a change: closed orders and holdings without shares or profit are gone."""
    orders = {each.order: each for each in (*account.orders, *change.orders)}
    holdings = {each.stock: each for each in (*account.holdings, *change.holdings)}
    return schema.AccountPicture(
        orders=sorted(
            (each for each in orders.values() if each.status in _OPEN),
            key=lambda order: -int(order.order),
        ),
        executions=[*reversed(change.executions), *account.executions][:EXECUTIONS],
        wallet=change.wallet or account.wallet,
        holdings=sorted(
            (each for each in holdings.values() if _is_shown(each)), key=lambda holding: int(holding.stock)
        ),
    )


def _is_shown(holding: schema.Holding) -> bool:
    return bool(holding.available or holding.held or Decimal(holding.realised_profit))
