"""The kinds of simulated traders: makers, trend followers, noise, and who trades rarely but much.

Each looks at an ``Instrument`` and decides with plain functions of numbers, then tells the venue. Nobody
lets orders pile up: makers replace all of theirs in a stock, noise traders keep few, the others take
at once or not at all.
"""

from __future__ import annotations

from collections import deque
from random import Random
from typing import Final, NamedTuple

from pricetime.client import AsyncClient, new_order
from pricetime.schema import SideName
from pricetime.sim.market import HISTORY, Instrument, Market
from pricetime.sim.trader import Trader

_DISTANCES: Final = (0.0006, 0.0011, 0.0018, 0.0028, 0.0045, 0.0075)
"""Of a maker's quotes from the middle, in parts of the price. The last is out of everybody's reach, so that
no side of a book is ever swept empty by the traders themselves."""

LEVELS: Final = len(_DISTANCES)
_SKEW: Final = 0.0004  # of the price, for each whole stock of shares too many or too few
_FAST: Final = 5
_SLOW: Final = 40
_TREND: Final = 0.0008  # of the price between fast and slow mean: a trend
_OPEN_LIMIT: Final = 12  # resting orders of a noise trader
_LARGE_SHARE: Final = 0.6  # of the shares at hand in a large order


class Quote(NamedTuple):
    """An order to come: where, how much, at how many ticks."""

    side: SideName
    quantity: int
    ticks: int


def ladder(fair_ticks: float, surplus: float, random: Random) -> list[Quote]:
    """Return a maker's quotes around a fair value, moved down where it has a ``surplus`` of shares.

    ``surplus`` is in multiples of what the maker wants to hold; bids are below every ask.
    """
    middle = fair_ticks * (1 - _SKEW * max(-5.0, min(5.0, surplus)))
    quotes = []
    for level, part in enumerate(_DISTANCES):
        distance = middle * part
        quantity = random.randint(10, 60) * (level + 1)
        bid, ask = int(middle - distance), int(middle + distance) + 1
        quotes.append(Quote("buy", quantity, max(1, bid - level)))
        quotes.append(Quote("sell", quantity, max(2, ask + level)))
    return quotes


def trend(history: deque[int]) -> float:
    """Return how far the mean of the latest prices is from the mean of many, as a part of the price."""
    if len(history) < _SLOW:
        return 0.0
    prices = list(history)
    fast, slow = sum(prices[-_FAST:]) / _FAST, sum(prices[-_SLOW:]) / _SLOW
    return (fast - slow) / slow


class Maker(Trader):
    """Quotes both sides of a stock, replacing its earlier quotes there."""

    shares_each = 5_000

    async def begin(self) -> None:
        """Quote every stock, so that there is a market when the others come."""
        await self.fill_purse()
        for instrument in self.market.instruments:
            await self.act(instrument)

    async def act(self, instrument: Instrument) -> None:
        """Take the old quotes away and put new ones."""
        surplus = self.shares.get(instrument.stock, self.shares_each) / self.shares_each - 1
        quotes = ladder(instrument.fair.ticks, surplus, self.random)
        await self.client.cancel_orders(stock=instrument.stock)
        orders = [
            new_order(
                instrument.stock, each.side, each.quantity, instrument.price(each.ticks), post_only=True
            )
            for each in quotes
        ]
        placed = await self.client.place_orders(orders)
        self.placed += len(orders)
        for outcome in placed.outcomes:
            if outcome.problem is not None:
                self.refusals[outcome.problem.code] += 1


class TrendFollower(Trader):
    """Buys what rises and sells what falls, within what it can hold."""

    shares_each = 800

    async def act(self, instrument: Instrument) -> None:
        """Follow a trend, or take back some of an earlier bet where there is none."""
        slope, held = trend(instrument.history), self.shares.get(instrument.stock, 0)
        side: SideName = "buy" if slope > 0 else "sell"
        if abs(slope) < _TREND:
            side = "sell" if held > self.shares_each else "buy"
        if side == "buy" and held > 3 * self.shares_each:
            return
        quantity = self.random.randint(5, 60)
        await self.take(instrument, side, quantity, slack=0.001)


class NoiseTrader(Trader):
    """Does anything: at market, across the spread, or resting nearby for a while."""

    shares_each = 1_000

    def __init__(self, client: AsyncClient, market: Market, random: Random, pace: float) -> None:
        super().__init__(client, market, random, pace)
        self._resting: deque[str] = deque()

    async def act(self, instrument: Instrument) -> None:
        """Do one of these."""
        held = self.shares.get(instrument.stock, 0)
        side: SideName = "sell" if self.random.random() < min(0.8, held / (2 * self.shares_each)) else "buy"
        quantity = max(1, int(self.random.lognormvariate(2.5, 0.9)))
        kind = self.random.random()
        low, high = instrument.sane_range()
        best = instrument.ask if side == "buy" else instrument.bid
        if kind < 0.25 and best is not None and low <= best <= high:
            order = await self.client.place_order(instrument.stock, side, quantity, time_in_force="ioc")
            self.placed += 1
            self.note(instrument, side, order.filled_quantity)
        elif kind < 0.6:
            await self.take(instrument, side, quantity, slack=0.0003)
        else:
            await self._rest(instrument, side, quantity)

    async def _rest(self, instrument: Instrument, side: SideName, quantity: int) -> None:
        best = instrument.bid if side == "buy" else instrument.ask
        low, high = instrument.sane_range()
        near = min(max(best or round(instrument.fair.ticks), low), high)
        away = int(near * abs(self.random.gauss(0, 0.0012)))
        ticks = near - away if side == "buy" else near + away
        order = await self.client.place_order(instrument.stock, side, quantity, instrument.price(ticks))
        self.placed += 1
        self._resting.append(order.order)
        if len(self._resting) > _OPEN_LIMIT:
            await self.client.cancel_order(self._resting.popleft())


class LargeTrader(Trader):
    """Comes rarely, and takes through several levels when it does."""

    shares_each = 2_000

    async def act(self, instrument: Instrument) -> None:
        """Take much at once."""
        held = self.shares.get(instrument.stock, 0)
        side: SideName = "sell" if held > self.shares_each else "buy"
        quantity = int(self.shares_each * _LARGE_SHARE * self.random.random()) + 50
        await self.take(instrument, side, quantity, slack=0.004)


assert _SLOW <= HISTORY, "the slow mean fits into what is remembered"
