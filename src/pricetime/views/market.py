"""The market: stocks with last price and the day's prices, and shares in existence. A day is a UTC day."""

from __future__ import annotations

from typing import Final

from pricetime.errors import ViewsDamaged
from pricetime.ports import PartitionViewStore, StockRow, ViewStore
from pricetime.records import Event
from pricetime.views.capped import capped
from pricetime.views.working import Working

DAY_NS: Final = 86_400 * 1_000_000_000
_STOCKS_KEPT: Final = 100_000


class _Stock:
    __slots__ = (
        "day_high",
        "day_low",
        "day_open",
        "day_start_ns",
        "day_volume",
        "halted",
        "last",
        "last_trade_ns",
        "number",
        "shares",
        "tick",
    )

    def __init__(self, row: StockRow) -> None:
        self.number = row.stock
        self.tick = row.tick
        self.halted = row.halted
        self.last = row.last
        self.day_open = row.day_open
        self.day_high = row.day_high
        self.day_low = row.day_low
        self.day_volume = row.day_volume
        self.day_start_ns = row.day_start_ns
        self.shares = row.shares
        self.last_trade_ns = row.last_trade_ns

    def row(self) -> StockRow:
        return StockRow(
            stock=self.number,
            tick=self.tick,
            halted=self.halted,
            last=self.last,
            best_bid=0,
            best_ask=0,
            day_open=self.day_open,
            day_high=self.day_high,
            day_low=self.day_low,
            day_volume=self.day_volume,
            day_start_ns=self.day_start_ns,
            shares=self.shares,
            last_trade_ns=self.last_trade_ns,
        )


class Stocks:
    """Every listed stock."""

    def __init__(self, store: ViewStore) -> None:
        self._store = store
        self._stocks: Working[int, _Stock] = Working(self._load, _STOCKS_KEPT)

    def listed(self, event: Event) -> None:
        """Take in an ACCEPTED of LIST_STOCK."""
        row = StockRow(event.stock, event.price, False, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        self._stocks.add(event.stock, _Stock(row))

    def halted(self, event: Event) -> None:
        """Take in an ACCEPTED of HALT_STOCK."""
        self._stocks.touch(event.stock).halted = True

    def resumed(self, event: Event) -> None:
        """Take in an ACCEPTED of RESUME_STOCK."""
        self._stocks.touch(event.stock).halted = False

    def granted(self, event: Event) -> None:
        """Take in an ACCEPTED of GRANT_SHARES."""
        self._stocks.touch(event.stock).shares += event.quantity

    def traded(self, event: Event) -> None:
        """Take in a TRADED."""
        stock, price = self._stocks.touch(event.stock), event.price
        stock.last = price
        stock.last_trade_ns = event.time_ns
        if event.time_ns - stock.day_start_ns >= DAY_NS:
            stock.day_start_ns = event.time_ns - event.time_ns % DAY_NS
            stock.day_open = stock.day_high = stock.day_low = price
            stock.day_volume = 0
        if price > stock.day_high:
            stock.day_high = price
        elif price < stock.day_low:
            stock.day_low = price
        stock.day_volume = capped(stock.day_volume + event.quantity)

    def take(self) -> list[StockRow]:
        """Return the stocks that have changed and begin anew."""
        return [stock.row() for stock in self._stocks.take().values()]

    def _load(self, number: int) -> _Stock:
        row = self._store.stock(number)
        if row is None:
            raise ViewsDamaged(f"the views do not hold stock {number}, which the journal goes on about")
        return _Stock(row)


class Shares:
    """Shares in existence of each stock, as far as one ledger has granted them."""

    def __init__(self, store: PartitionViewStore) -> None:
        self._shares: Working[int, int] = Working(store.shares, _STOCKS_KEPT)

    def granted(self, event: Event) -> None:
        """Take in an ACCEPTED of GRANT_SHARES."""
        self._shares.add(event.stock, self._shares[event.stock] + event.quantity)

    def take(self) -> dict[int, int]:
        """Return the sums that have changed, by stock, and begin anew."""
        return self._shares.take()
