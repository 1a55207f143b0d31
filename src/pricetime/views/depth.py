"""Depth: how much rests at each price of each side, and how much waits at market (price 0)."""

from __future__ import annotations

from pricetime.ports import DepthLevel, ViewStore
from pricetime.views.working import Working


class _Level:
    __slots__ = ("orders", "quantity")

    def __init__(self, quantity: int, orders: int) -> None:
        self.quantity = quantity
        self.orders = orders


class Depths:
    """The levels of all books."""

    def __init__(self, store: ViewStore, limit: int) -> None:
        self._store = store
        self._levels: Working[tuple[int, int, int], _Level] = Working(self._load, limit)

    def add(self, stock: int, side: int, price: int, quantity: int) -> None:
        """Let one more order rest at a price."""
        level = self._levels.touch((stock, side, price))
        level.quantity += quantity
        level.orders += 1

    def remove(self, stock: int, side: int, price: int, quantity: int, *, leaves: bool) -> None:
        """Take shares of one order from a level; with ``leaves``, the order as well."""
        level = self._levels.touch((stock, side, price))
        level.quantity -= quantity
        level.orders -= leaves

    def take(self) -> dict[tuple[int, int, int], DepthLevel]:
        """Return the levels that have changed, by stock, side and price, and begin anew."""
        return {
            key: DepthLevel(key[2], level.quantity, level.orders)
            for key, level in self._levels.take().items()
        }

    def _load(self, key: tuple[int, int, int]) -> _Level:
        row = self._store.level(*key)
        return _Level(0, 0) if row is None else _Level(row.quantity, row.orders)
