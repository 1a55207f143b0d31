"""The views at one moment: what the sources read of them in one round, all as of the same event."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from functools import cache

from pricetime.ports import AS_HEARD, Views

Orders = Mapping[int, Set[int] | None]
"""The orders of accounts that events have named; None: too many to tell."""


class Moment:
    """The views in one read transaction, for one thread.

    ``stocks`` and ``orders``: what may have changed up to event ``heard``.
    """

    def __init__(
        self,
        views: Views,
        name_of: Callable[[int], str],
        now_ns: int,
        stocks: Set[int],
        orders: Orders,
        heard: int,
    ) -> None:
        self.views = views
        position = views.position()
        self.position = heard if position == AS_HEARD else position
        self.names_events = position != AS_HEARD
        """Whether a position is the number of an event, and trades are numbered in the order of them all."""
        self.name_of = name_of
        self.now_ns = now_ns
        self.stocks = stocks
        self.orders = orders
        self.stock = cache(views.stock)
        """A stock's row, read once however many ask."""

    def last_price(self, stock: int) -> int:
        """Return the price of a stock's last trade; 0 where it has none."""
        row = self.stock(stock)
        return row.last if row is not None else 0
