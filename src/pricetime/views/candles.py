"""Candles of every interval, from one second to one day.

A trade changes only the bar of its stock's current second. When that second ends, or the changes are
taken, the bar is merged into the candles of all intervals. Merging bars gives what merging trades gives,
so candles do not depend on when changes are taken.
"""

from __future__ import annotations

from typing import Final

from pricetime.ports import Candle, ViewStore
from pricetime.records import Event
from pricetime.views.capped import capped
from pricetime.views.working import Working

SECOND_NS: Final = 1_000_000_000
INTERVALS_S: Final = (1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400)
_CANDLES_KEPT: Final = 100_000


class _Bar:
    """Open, high, low, close, volume from ``start_ns`` on."""

    __slots__ = ("close", "high", "low", "open", "start_ns", "trades", "volume")

    def __init__(
        self, start_ns: int, open_: int, high: int, low: int, close: int, volume: int, trades: int
    ) -> None:
        self.start_ns = start_ns
        self.open = open_
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume
        self.trades = trades

    def add(self, price: int, quantity: int) -> None:
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.close = price
        self.volume = capped(self.volume + quantity)
        self.trades += 1

    def merge(self, later: _Bar) -> None:
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.volume = capped(self.volume + later.volume)
        self.trades += later.trades

    def from_(self, start_ns: int) -> _Bar:
        """Return the same bar as the beginning of a longer interval."""
        return _Bar(start_ns, self.open, self.high, self.low, self.close, self.volume, self.trades)

    def row(self) -> Candle:
        return Candle(self.start_ns, self.open, self.high, self.low, self.close, self.volume, self.trades)


class Candles:
    """The candles of all stocks."""

    def __init__(self, store: ViewStore) -> None:
        self._store = store
        self._bars: dict[int, _Bar] = {}
        """Of each stock that traded since the last merge: what its current second has seen since."""
        self._current: Working[tuple[int, int], _Bar | None] = Working(self._load, _CANDLES_KEPT)
        """By stock and interval: its newest candle."""
        self._changed: dict[tuple[int, int, int], _Bar] = {}

    def missing(self, stock: int, time_ns: int) -> list[tuple[int, int, int]]:
        """Return the candles, by stock, interval and start, that a trade would have to load."""
        return [
            (stock, interval_s, time_ns - time_ns % (interval_s * SECOND_NS))
            for _, interval_s in self._current.missing((stock, interval_s) for interval_s in INTERVALS_S)
        ]

    def traded(self, event: Event) -> None:
        """Take in a TRADED."""
        bar = self._bars.get(event.stock)
        price = event.price
        if bar is not None and event.time_ns - bar.start_ns < SECOND_NS:
            bar.add(price, event.quantity)
            return
        if bar is not None:
            self._merge(event.stock, bar)
        start_ns = event.time_ns - event.time_ns % SECOND_NS
        self._bars[event.stock] = _Bar(start_ns, price, price, price, price, event.quantity, 1)

    def take(self) -> dict[tuple[int, int, int], Candle]:
        """Return the candles that have changed, by stock, interval and start, and begin anew."""
        for stock, bar in self._bars.items():
            self._merge(stock, bar)
        self._bars = {}
        taken, self._changed = self._changed, {}
        self._current.take()
        return {key: bar.row() for key, bar in taken.items()}

    def _merge(self, stock: int, bar: _Bar) -> None:
        for interval_s in INTERVALS_S:
            start_ns = bar.start_ns - bar.start_ns % (interval_s * SECOND_NS)
            candle = self._current[stock, interval_s]
            if candle is not None and candle.start_ns == start_ns:
                candle.merge(bar)
            else:
                candle = self._current[stock, interval_s] = bar.from_(start_ns)
            self._changed[stock, interval_s, start_ns] = candle

    def _load(self, key: tuple[int, int]) -> _Bar | None:
        row = self._store.newest_candle(*key)
        if row is None:
            return None
        return _Bar(row.start_ns, row.open, row.high, row.low, row.close, row.volume, row.trades)
