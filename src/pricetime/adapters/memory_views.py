"""Stores of views in memory: tables that streams share, and the position of each stream.

For tests, and for checking what a database holds: ``take_settled`` gives away the rows that no later batch
can change, so that what is kept stays as small as the venue's state.
"""

from __future__ import annotations

from pricetime.errors import ViewsFenced
from pricetime.ports import (
    Balance,
    Candle,
    CommandRow,
    DepthLevel,
    ExecutionRow,
    HoldingRow,
    OrderRow,
    StockRow,
    ViewChanges,
    ViewPosition,
    WalletRow,
    Wanted,
)
from pricetime.records import Reason


class Tables:
    """Rows by key, shared by all streams of a venue."""

    def __init__(self) -> None:
        self.orders: dict[int, OrderRow] = {}
        self.executions: dict[tuple[int, bool], ExecutionRow] = {}
        self.transfers: dict[int, WalletRow] = {}
        self.balances: dict[int, Balance] = {}
        self.holdings: dict[tuple[int, int], HoldingRow] = {}
        self.stocks: dict[int, StockRow] = {}
        self.candles: dict[tuple[int, int, int], Candle] = {}
        self.levels: dict[tuple[int, int, int], DepthLevel] = {}
        self.commands: dict[int, CommandRow] = {}
        self.moments: dict[int, int] = {}
        self.shares: dict[tuple[int, str], int] = {}
        self.positions: dict[str, ViewPosition] = {}


class MemoryViewStore:
    """``ports.PartitionViewStore`` of one stream."""

    def __init__(self, tables: Tables, stream: str) -> None:
        self._tables = tables
        self._stream = stream
        self._seen = ViewPosition()

    def checkpoint(self) -> ViewPosition:
        """Return the last batch that the views hold of this stream."""
        self._seen = self._tables.positions.get(self._stream, ViewPosition())
        return self._seen

    def order(self, order: int) -> OrderRow | None:
        """Return an order."""
        return self._tables.orders.get(order)

    def holding(self, account: int, stock: int) -> HoldingRow | None:
        """Return what an account holds or held of one stock."""
        return self._tables.holdings.get((account, stock))

    def level(self, stock: int, side: int, price: int) -> DepthLevel | None:
        """Return one level, or with price 0 what waits at market."""
        return self._tables.levels.get((stock, side, price))

    def stock(self, stock: int) -> StockRow | None:
        """Return a listed stock."""
        return self._tables.stocks.get(stock)

    def newest_candle(self, stock: int, interval_s: int) -> Candle | None:
        """Return a stock's newest candle of an interval."""
        starts = [key for key in self._tables.candles if key[:2] == (stock, interval_s)]
        return self._tables.candles[max(starts)] if starts else None

    def prefetch(self, wanted: Wanted) -> None:
        """Do nothing: all is here."""

    def shares(self, stock: int) -> int:
        """Return how many shares of a stock this stream's ledger has granted."""
        return self._tables.shares.get((stock, self._stream), 0)

    def save(self, changes: ViewChanges) -> None:
        """Keep rows and position; ViewsFenced where another has moved the position."""
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
        tables.moments.update(changes.moments)
        tables.shares.update(((stock, self._stream), count) for stock, count in changes.shares.items())
        tables.positions[self._stream] = self._seen = changes.position

    def clear(self) -> None:
        """Throw everything away: for tables with one stream."""
        for table in vars(self._tables).values():
            table.clear()
        self._seen = ViewPosition()

    def close(self) -> None:
        """There is nothing to close."""

    def take_settled(self) -> ViewChanges:
        """Return the rows that no later batch can change, and forget them."""
        tables = self._tables
        newest = {(stock, interval_s): start_ns for stock, interval_s, start_ns in sorted(tables.candles)}
        closed = [number for number, row in tables.orders.items() if row.reason is not Reason.NONE]
        past = [key for key in tables.candles if newest[key[:2]] != key[2]]
        settled = ViewChanges(
            position=self._seen,
            orders=[tables.orders.pop(number) for number in closed],
            executions=[*tables.executions.values()],
            transfers=[*tables.transfers.values()],
            candles={key: tables.candles.pop(key) for key in past},
            commands=[*tables.commands.values()],
            moments=dict(tables.moments),
        )
        for table in (tables.executions, tables.transfers, tables.commands, tables.moments):
            table.clear()
        return settled

    def rest(self) -> ViewChanges:
        """Return the rows that may still change: for tables with one stream."""
        tables = self._tables
        return ViewChanges(
            position=self._seen,
            orders=[*tables.orders.values()],
            balances=tables.balances,
            holdings=tables.holdings,
            stocks=[*tables.stocks.values()],
            candles=tables.candles,
            levels=tables.levels,
            shares={stock: count for (stock, _), count in tables.shares.items()},
        )
