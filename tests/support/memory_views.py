"""Stores of views in memory: tables that streams share, and the position of each stream."""

from __future__ import annotations

from typing import Any

from pricetime.errors import ViewsFenced
from pricetime.ports import (
    Candle,
    DepthLevel,
    HoldingRow,
    OrderRow,
    StockRow,
    ViewChanges,
    ViewPosition,
    Wanted,
)


class Tables:
    """Rows by key, shared by all streams of a venue."""

    def __init__(self) -> None:
        self.orders: dict[int, OrderRow] = {}
        self.executions: dict[tuple[int, bool], Any] = {}
        self.transfers: dict[int, Any] = {}
        self.balances: dict[int, Any] = {}
        self.holdings: dict[tuple[int, int], HoldingRow] = {}
        self.stocks: dict[int, StockRow] = {}
        self.candles: dict[tuple[int, int, int], Candle] = {}
        self.levels: dict[tuple[int, int, int], DepthLevel] = {}
        self.commands: dict[int, Any] = {}
        self.shares: dict[tuple[int, str], int] = {}
        self.positions: dict[str, ViewPosition] = {}


class MemoryViewStore:
    """The store of one stream."""

    def __init__(self, tables: Tables, stream: str) -> None:
        self._tables = tables
        self._stream = stream
        self._seen = ViewPosition()
        self.saves = 0
        self.wanted: list[Wanted] = []

    def checkpoint(self) -> ViewPosition:
        self._seen = self._tables.positions.get(self._stream, ViewPosition())
        return self._seen

    def order(self, order: int) -> OrderRow | None:
        return self._tables.orders.get(order)

    def holding(self, account: int, stock: int) -> HoldingRow | None:
        return self._tables.holdings.get((account, stock))

    def level(self, stock: int, side: int, price: int) -> DepthLevel | None:
        return self._tables.levels.get((stock, side, price))

    def stock(self, stock: int) -> StockRow | None:
        return self._tables.stocks.get(stock)

    def newest_candle(self, stock: int, interval_s: int) -> Candle | None:
        starts = [key for key in self._tables.candles if key[:2] == (stock, interval_s)]
        return self._tables.candles[max(starts)] if starts else None

    def prefetch(self, wanted: Wanted) -> None:
        """Note what is wanted."""
        self.wanted.append(wanted)

    def shares(self, stock: int) -> int:
        return self._tables.shares.get((stock, self._stream), 0)

    def save(self, changes: ViewChanges) -> None:
        tables = self._tables
        if tables.positions.get(self._stream, ViewPosition()) != self._seen:
            raise ViewsFenced
        tables.orders.update((row.order, row) for row in changes.orders)
        tables.executions.update(((row.trade, row.maker), row) for row in changes.executions)
        tables.transfers.update((row.id, row) for row in changes.transfers)
        tables.balances.update(changes.balances)
        tables.holdings.update(changes.holdings)
        tables.stocks.update((row.stock, row) for row in changes.stocks)
        tables.candles.update(changes.candles)
        tables.levels.update(changes.levels)
        for key in [key for key in changes.levels if not tables.levels[key].orders]:
            del tables.levels[key]
        tables.commands.update((row.sequence, row) for row in changes.commands)
        tables.shares.update(((stock, self._stream), count) for stock, count in changes.shares.items())
        tables.positions[self._stream] = self._seen = changes.position
        self.saves += 1

    def clear(self) -> None:
        """Throw everything away: for tests with one stream."""
        for table in vars(self._tables).values():
            table.clear()
        self._seen = ViewPosition()

    def close(self) -> None:
        """There is nothing to close."""
