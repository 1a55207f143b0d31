"""What all simulated traders share: a user, a purse that never runs dry or over, and a pace.

A trader acts at random moments with a given mean rate, one action at a time; an action that the venue
refuses is counted and forgotten, and one that it cannot answer makes the trader wait. So the load on
the venue is bounded by the pace, and falls where the venue is slow.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from decimal import Decimal
from random import Random
from typing import Final

from pricetime.client import ApiError, AsyncClient, BadAnswer, NoAnswer
from pricetime.schema import SideName
from pricetime.sim.market import Instrument, Market

_COUNT_EVERY: Final = 40
"""Actions between two looks into the purse."""

_PAUSE_S: Final = 1.0


class Trader(ABC):
    """One simulated user. ``pace`` is actions a second."""

    shares_each: int
    """Shares of each stock that it wants to have at hand."""

    def __init__(self, client: AsyncClient, market: Market, random: Random, pace: float) -> None:
        self.client = client
        self.market = market
        self.random = random
        self.shares: dict[str, int] = {}
        self.refusals: Counter[str] = Counter()
        self.placed = 0
        self._pace = pace

    @abstractmethod
    async def act(self, instrument: Instrument) -> None:
        """Do one thing in one stock; count what is placed in ``placed``."""

    async def begin(self) -> None:
        """Get ready to trade: a full purse, and no orders left from an earlier run."""
        await self.client.cancel_orders()
        await self.fill_purse()

    async def live(self) -> None:
        """Trade until cancelled, after ``begin``."""
        actions = 0
        while True:
            try:
                actions += 1
                if actions % _COUNT_EVERY == 0:
                    await self.fill_purse()
                await self.act(self.random.choice(self.market.instruments))
            except ApiError as error:
                await self._refused(error)
            except (NoAnswer, BadAnswer) as error:
                self.refusals[str(error)] += 1
                await asyncio.sleep(_PAUSE_S)
            await asyncio.sleep(self.random.expovariate(self._pace))

    async def take(self, instrument: Instrument, side: SideName, quantity: int, *, slack: float) -> None:
        """Take from the other side at once, up to ``slack`` (a part of the price) beyond the best."""
        best = instrument.ask if side == "buy" else instrument.bid
        if best is None:
            return
        low, high = instrument.sane_range()
        ticks = min(int(best * (1 + slack)) + 1, high) if side == "buy" else max(int(best * (1 - slack)), low)
        order = await self.client.place_order(
            instrument.stock, side, quantity, instrument.price(ticks), time_in_force="ioc"
        )
        self.placed += 1
        self.note(instrument, side, order.filled_quantity)

    def note(self, instrument: Instrument, side: SideName, filled: int) -> None:
        """Remember what a fill did to the shares at hand, until the purse is looked into again."""
        change = filled if side == "buy" else -filled
        self.shares[instrument.stock] = self.shares.get(instrument.stock, 0) + change

    async def fill_purse(self) -> None:
        """Bring money and shares to where this trader wants them, and money no further."""
        wallet, portfolio = await self.client.wallet(), await self.client.portfolio()
        held = {each.stock: each for each in portfolio.holdings}
        wanted = Decimal(0)
        for instrument in self.market.instruments:
            wanted += instrument.value(self.shares_each)
            holding = held.get(instrument.stock)
            total = holding.available + holding.held if holding else 0
            if total < self.shares_each // 2:
                granted = self.shares_each - total
                await self.client.grant_shares(instrument.stock, granted)
                total += granted
            self.shares[instrument.stock] = total
        await self._fill_wallet(Decimal(wallet.available), wanted.quantize(Decimal("0.01")))

    async def _fill_wallet(self, free: Decimal, wanted: Decimal) -> None:
        if free < wanted / 2:
            await self.client.deposit(wanted - free)
        elif free > wanted * 4:
            await self.client.withdraw(free - wanted)

    async def _refused(self, error: ApiError) -> None:
        self.refusals[error.code] += 1
        if error.status == 429 or error.status >= 500:
            await asyncio.sleep(error.retry_after_s or _PAUSE_S)
