"""What handlers reach of the running venue. ``services/wiring.py`` fills it, and nobody else does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pricetime.api.guards.rates import Rates
from pricetime.api.page import Page
from pricetime.ports import Accounts, Clock, Journal, StockName
from pricetime.settings import Settings

if TYPE_CHECKING:
    from pricetime.identity import Identity
    from pricetime.runtime.desk import Desk
    from pricetime.runtime.hosts import Hosts
    from pricetime.runtime.progress import Progress
    from pricetime.runtime.reader import Reader
    from pricetime.runtime.verification import VerificationRun
    from pricetime.telemetry import Metrics


class StockDirectory:
    """Names of stock numbers and back, in memory over ``Accounts``.

    A name is given before the stock is listed, so a number known here may not be listed yet: the rules
    and the views tell. Names never change and are never taken back. ``look_up`` finds a name that was given
    elsewhere.
    """

    def __init__(
        self, accounts: Accounts, clock: Clock, look_up: Callable[[int], str | None] = lambda _: None
    ) -> None:
        self._accounts = accounts
        self._clock = clock
        self._look_up = look_up
        self._names: dict[int, str] = {}
        self._numbers: dict[str, int] = {}

    async def load(self) -> None:
        """Read every name; call it once, before serving."""
        for row in await self._accounts.stock_names():
            self._remember(row)

    def __len__(self) -> int:
        """Return how many names are known here; at least so many have been given."""
        return len(self._names)

    def __contains__(self, name: str) -> bool:
        """Return whether a name is known here."""
        return name in self._numbers

    def name_of(self, stock: int) -> str:
        """Return a stock's name, or its number as text where it has none."""
        name = self._names.get(stock) or self._looked_up(stock)
        return str(stock) if name is None else name

    async def number_for(self, name: str) -> int:
        """Return the number of a name, durably giving it the next free one where it is new."""
        if (known := self._numbers.get(name)) is not None:
            return known
        row = await self._accounts.name_stock(name, self._clock.now_ns())
        self._remember(row)
        return row.stock

    def _looked_up(self, stock: int) -> str | None:
        """Return the name that another service has given a stock since, once for each stock."""
        name = self._look_up(stock)
        if name is not None:
            self._names[stock], self._numbers[name] = name, stock
        return name

    def _remember(self, row: StockName) -> None:
        self._names[row.stock] = row.name
        self._numbers[row.name] = row.stock


@dataclass(kw_only=True)
class Services:
    """The running venue: one per server."""

    settings: Settings
    clock: Clock
    sequencer: Desk
    journal: Journal
    verification: VerificationRun
    reader: Reader
    progress: Progress
    identity: Identity
    accounts: Accounts
    stocks: StockDirectory
    metrics: Metrics
    page: Page
    rates: Rates
    views_alive: Callable[[], bool]
    hosts: Hosts | None
    """Of partitions; None: this is the venue in one process."""
    rules: str
    """Which rules run, for people: ``reference``."""
    started_ns: int
