"""What handlers reach of the running venue. ``services/wiring.py`` fills it, and nobody else does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pricetime.api.page import Page
from pricetime.ports import Accounts, Clock, Journal, StockName
from pricetime.settings import Settings

if TYPE_CHECKING:
    from pricetime.identity import Identity
    from pricetime.runtime.progress import Progress
    from pricetime.runtime.reader import Reader
    from pricetime.runtime.sequencer import Sequencer
    from pricetime.runtime.verification import Verification
    from pricetime.telemetry import Metrics


class StockDirectory:
    """Names of stock numbers and back, in memory over ``Accounts``.

    A name is given before the stock is listed, so a number known here may not be listed yet: the rules
    and the views tell. Names never change and are never taken back.
    """

    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock
        self._names: dict[int, str] = {}
        self._numbers: dict[str, int] = {}

    async def load(self) -> None:
        """Read every name; call it once, before serving."""
        for row in await self._accounts.stock_names():
            self._remember(row)

    def name_of(self, stock: int) -> str:
        """Return a stock's name, or its number as text where it has none."""
        return self._names.get(stock) or str(stock)

    def number_of(self, name: str) -> int | None:
        """Return the number that a name was given."""
        return self._numbers.get(name)

    async def number_for(self, name: str) -> int:
        """Return the number of a name, durably giving it the next free one where it is new."""
        if (known := self._numbers.get(name)) is not None:
            return known
        row = await self._accounts.name_stock(name, self._clock.now_ns())
        self._remember(row)
        return row.stock

    def _remember(self, row: StockName) -> None:
        self._names[row.stock] = row.name
        self._numbers[row.name] = row.stock


@dataclass(kw_only=True)
class Services:
    """The running venue: one per server."""

    settings: Settings
    clock: Clock
    sequencer: Sequencer
    journal: Journal
    verification: Verification
    reader: Reader
    progress: Progress
    identity: Identity
    accounts: Accounts
    stocks: StockDirectory
    metrics: Metrics
    page: Page
    views_alive: Callable[[], bool]
    rules: str
    """Which rules run, for people: ``reference``."""
    started_ns: int
