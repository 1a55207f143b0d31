"""The simulated market as a whole: its users, its traders, and somebody who looks at the prices for them.

Every number that the market draws comes from one seed. Users are registered at the first run and log in
at later ones; their passwords are made from a secret that whoever owns the venue's folder keeps.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

from pricetime.client import ApiError, AsyncClient, BadAnswer, Conflict, NoAnswer, Retry
from pricetime.sim.market import Market, open_market
from pricetime.sim.trader import Trader
from pricetime.sim.traders import LEVELS, LargeTrader, Maker, NoiseTrader, TrendFollower

DEFAULT_RATE: Final = 40.0
GUEST: Final = "demo"

_LOOK_EVERY_S: Final = 0.5
_RETRY: Final = Retry(tries=3, total_s=10.0)
_GUEST_MONEY: Final = Decimal(100_000)
_GUEST_SHARES: Final = 100


@dataclass(frozen=True, slots=True)
class Kind:
    """Traders of one kind: how many, their part of all orders (0: they come rarely), orders an action."""

    trader: type[Trader]
    count: int
    part: float
    orders_each: int = 1


KINDS: Final = (
    Kind(Maker, 2, 0.60, orders_each=2 * LEVELS),
    Kind(NoiseTrader, 4, 0.30),
    Kind(TrendFollower, 3, 0.10),
    Kind(LargeTrader, 1, 0.0),
)
_RARELY_S: Final = 60.0


class Simulation:
    """A market on the venue at ``url``. ``rate`` is orders a second, all traders together."""

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        seed: int = 1,
        rate: float = DEFAULT_RATE,
        kinds: Sequence[Kind] = KINDS,
    ) -> None:
        self._url = url
        self._secret = secret
        self._seed = seed
        self._rate = rate
        self._kinds = kinds
        self._door = AsyncClient(url, retry=_RETRY, connections=64)
        self.market = Market(())
        self.traders: list[Trader] = []

    async def open(self) -> None:
        """Register or log in everybody, list the stocks, and fund the guest; ApiError, NoAnswer."""
        clients = await self._users()
        guest = await self.enter(GUEST)
        self.market = await open_market(guest, self._seed)
        await self._fund(guest)
        for kind in self._kinds:
            for number in range(kind.count):
                name = f"{kind.trader.__name__.lower()}-{number + 1}"
                random = Random(f"{self._seed}:{name}")  # noqa: S311 - a game
                self.traders.append(kind.trader(clients[name], self.market, random, self._pace(kind)))
        for trader in self.traders:  # the makers first
            await trader.begin()
        await self.market.look(self._door, 0.0)

    async def run(self) -> None:
        """Trade until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look())
            for trader in self.traders:
                group.create_task(trader.live())

    async def close(self) -> None:
        """Close the connections."""
        await self._door.close()

    def password_of(self, user_name: str) -> str:
        """Return a user's password."""
        return hashlib.blake2b(f"{self._secret}:{user_name}".encode(), digest_size=8).hexdigest()

    @property
    def placed(self) -> int:
        """Return how many orders were placed."""
        return sum(trader.placed for trader in self.traders)

    @property
    def refusals(self) -> Counter[str]:
        """Return how often what was refused."""
        return sum((trader.refusals for trader in self.traders), Counter())

    async def enter(self, user_name: str) -> AsyncClient:
        """Return a client of a user, registered if need be; they share their connections."""
        password = self.password_of(user_name)
        client = AsyncClient(self._url, retry=_RETRY, http=self._door.http, credentials=(user_name, password))
        with contextlib.suppress(Conflict):  # registered in an earlier run
            await client.register(user_name, password, user_name.replace("-", " ").title())
        await client.login(user_name, password)
        return client

    async def _users(self) -> dict[str, AsyncClient]:
        names = [f"{kind.trader.__name__.lower()}-{n + 1}" for kind in self._kinds for n in range(kind.count)]
        clients = await asyncio.gather(*(self.enter(name) for name in names))
        return dict(zip(names, clients, strict=True))

    def _pace(self, kind: Kind) -> float:
        if kind.part == 0:
            return 1 / _RARELY_S
        return self._rate * kind.part / kind.count / kind.orders_each

    async def _fund(self, guest: AsyncClient) -> None:
        """Give a guest who has nothing money and some shares of the first stocks."""
        if Decimal((await guest.wallet()).total) == 0:
            await guest.deposit(_GUEST_MONEY)
        if not (await guest.portfolio()).holdings:
            for instrument in self.market.instruments[:3]:
                await guest.grant_shares(instrument.stock, _GUEST_SHARES)

    async def _look(self) -> None:
        """Keep the market's quotes fresh; a look that fails is left out."""
        before = time.monotonic()
        while True:
            now = time.monotonic()
            try:
                await self.market.look(self._door, now - before)
                before = now
            except (ApiError, NoAnswer, BadAnswer):
                pass
            await asyncio.sleep(_LOOK_EVERY_S)


async def simulate(simulation: Simulation, opened: Callable[[], None]) -> None:
    """Open the market, say so, and run it until cancelled."""
    try:
        await simulation.open()
        opened()
        await simulation.run()
    finally:
        await simulation.close()
