"""The stocks of the simulated market and what everybody in it can see: quotes and recent prices.

Prices are whole ticks in here and become decimal strings on their way out, so that no float ever is a
price. One task asks the venue for the quotes; the traders look at what it saw last.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from random import Random
from typing import Final, NamedTuple

from pricetime.client import AsyncClient, Conflict
from pricetime.schema import Stock
from pricetime.sim.fair import FairValue

_SANE: Final = 0.02  # of the fair value

HISTORY: Final = 90
"""Looks at the market that trend followers remember."""


class Listing(NamedTuple):
    """A stock of the simulated market before it is listed."""

    name: str
    price: Decimal
    tick: Decimal


LISTINGS: Final = tuple(
    Listing(name, Decimal(price), Decimal("0.01"))
    for name, price in (
        ("Alderpoint", "42.50"),
        ("Brightwater", "118.00"),
        ("Copperline", "23.75"),
        ("Driftmark", "67.20"),
        ("Eastgate", "310.00"),
        ("Fernhill", "12.40"),
        ("Graystone", "154.60"),
        ("Harborview", "88.90"),
    )
)


class Instrument:
    """One stock as the traders see it."""

    def __init__(self, stock: Stock, listing: Listing, random: Random) -> None:
        self.stock = stock.stock
        self.name = stock.name
        self._tick = Decimal(stock.tick_size)
        self.home = self._ticks(listing.price)
        self.last: int | None = None
        self.bid: int | None = None
        self.ask: int | None = None
        self.history: deque[int] = deque(maxlen=HISTORY)
        self.see(stock)
        self.fair = FairValue(self.home, self.last or self.home, random)

    def see(self, stock: Stock) -> None:
        """Take in the stock's quotes."""
        self.last, self.bid, self.ask = (
            None if price is None else self._ticks(Decimal(price))
            for price in (stock.last_price, stock.best_bid, stock.best_ask)
        )
        if self.last is not None:
            self.history.append(self.last)

    def sane_range(self) -> tuple[int, int]:
        """Return the lowest and the highest price, in ticks, at which a trader deals at all.

        It keeps a thin book, or a guest's bid far from the market, from giving the stock away.
        """
        return round(self.fair.ticks * (1 - _SANE)), round(self.fair.ticks * (1 + _SANE))

    def price(self, ticks: int) -> str:
        """Return a price as the venue wants it; never less than one tick."""
        return format(max(1, ticks) * self._tick, "f")

    def value(self, quantity: int) -> Decimal:
        """Return what ``quantity`` shares are worth now, for filling a purse."""
        return quantity * (self.last or self.home) * self._tick

    def _ticks(self, price: Decimal) -> int:
        return int(price / self._tick)


class Market:
    """All stocks, kept up to date by ``look``."""

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        self.instruments = list(instruments)
        self._by_stock = {each.stock: each for each in self.instruments}

    async def look(self, client: AsyncClient, seconds: float) -> None:
        """Take in the quotes of all stocks; ``seconds`` have passed since the last look."""
        async for stock in client.every_stock():
            if instrument := self._by_stock.get(stock.stock):
                instrument.see(stock)
        for instrument in self.instruments:
            instrument.fair.step(seconds, instrument.last)


async def open_market(client: AsyncClient, seed: int) -> Market:
    """Return the market, its stocks listed where they are not yet."""
    found = {stock.name: stock async for stock in client.every_stock()}
    instruments = []
    for listing in LISTINGS:
        stock = found.get(listing.name) or await _list(client, listing)
        instruments.append(Instrument(stock, listing, Random(f"{seed}:{listing.name}")))  # noqa: S311 - a game
    return Market(instruments)


async def _list(client: AsyncClient, listing: Listing) -> Stock:
    try:
        return await client.create_stock(listing.name, tick_size=listing.tick)
    except Conflict:  # an earlier try got through, though its answer did not
        async for stock in client.every_stock():
            if stock.name == listing.name:
                return stock
        raise
