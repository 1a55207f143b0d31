"""The ends of intervals, and prices at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pricetime.ports import Candle

_SECOND_NS: Final = 1_000_000_000


def ends_before(now_ns: int, interval_s: int, count: int) -> list[int]:
    """Return the last ``count`` ends of intervals before now, oldest first."""
    interval_ns = interval_s * _SECOND_NS
    last = (now_ns - 1) // interval_ns * interval_ns
    return [last - k * interval_ns for k in range(count - 1, -1, -1)]


def prices_at(candles: Sequence[Candle], times: Sequence[int]) -> Iterator[int]:
    """Yield the last price before each of ascending times, from ascending candles that end at such times."""
    place, price = 0, 0
    for time_ns in times:
        while place < len(candles) and candles[place].start_ns < time_ns:
            price = candles[place].close
            place += 1
        yield price
