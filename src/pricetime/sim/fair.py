"""What a stock is worth in the eyes of the makers: a wandering opinion, never money.

The logarithm of the value wanders and is drawn back to an anchor (an Ornstein-Uhlenbeck process); the
anchor itself wanders slowly, so that the market trends for minutes and yet stays in sight of where it
began for days. Trades pull the value a little: who moves the price moves the opinion.
"""

from __future__ import annotations

import math
from random import Random
from typing import Final

_VOLATILITY: Final = 0.0006  # of the value, per square root of a second: some 0.5% a minute
_ANCHOR_VOLATILITY: Final = 0.0002
_PULL_PER_S: Final = 1 / 180
_ANCHOR_PULL_PER_S: Final = 1 / 3_600
_IMPACT: Final = 0.02  # of the way to the last price, each second
_RANGE: Final = 4.0  # the anchor stays within a quarter and four times the start


class FairValue:
    """The value of one stock in ticks, moved by ``step``."""

    def __init__(self, home_ticks: int, start_ticks: int, random: Random) -> None:
        self._home = math.log(home_ticks)
        self._anchor = self._value = math.log(start_ticks)
        self._random = random

    @property
    def ticks(self) -> float:
        """Return the value now."""
        return math.exp(self._value)

    def step(self, seconds: float, last_ticks: int | None) -> None:
        """Let ``seconds`` pass, in which the stock traded at ``last_ticks`` last."""
        root = math.sqrt(seconds)
        self._anchor += (self._home - self._anchor) * _ANCHOR_PULL_PER_S * seconds
        self._anchor += self._random.gauss(0, _ANCHOR_VOLATILITY * root)
        self._value += (self._anchor - self._value) * _PULL_PER_S * seconds
        self._value += self._random.gauss(0, _VOLATILITY * root)
        if last_ticks:
            self._value += (math.log(last_ticks) - self._value) * min(1.0, _IMPACT * seconds)
        low, high = self._home - math.log(_RANGE), self._home + math.log(_RANGE)
        self._anchor = min(max(self._anchor, low), high)
        self._value = min(max(self._value, low), high)
