"""Prices at the ends of intervals."""

from __future__ import annotations

from pricetime.api.v1._times import prices_at
from pricetime.ports import Candle


def candle(start: int, close: int) -> Candle:
    return Candle(start, close, close, close, close, 1, 1)


def test_prices_stay_until_the_next_candle_has_ended_and_are_0_before_the_first():
    candles = [candle(20, 7), candle(30, 8), candle(60, 9)]
    assert list(prices_at(candles, [10, 20, 30, 40, 50, 60, 70])) == [0, 0, 7, 8, 8, 8, 9]
    assert list(prices_at([], [10, 20])) == [0, 0]
