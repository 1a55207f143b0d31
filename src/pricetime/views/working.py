"""Working state: rows that the projection is changing, read from the store when first needed.

It is a cache, so losing it loses nothing: after every save it may be trimmed to a limit, and what is
needed again is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Working(dict[K, V], Generic[K, V]):
    """Rows by key. A key that is not there is loaded, and stays."""

    def __init__(self, load: Callable[[K], V], limit: int) -> None:
        super().__init__()
        self._load = load
        self._limit = limit
        self.touched: dict[K, V] = {}
        """The rows that have changed since the last save."""

    def __missing__(self, key: K) -> V:
        value = self._load(key)
        self[key] = value
        return value

    def missing(self, keys: Iterable[K]) -> list[K]:
        """Return those keys that would have to be loaded."""
        return [key for key in keys if key not in self]

    def touch(self, key: K) -> V:
        """Return a row in order to change it."""
        value = self.touched[key] = self[key]
        return value

    def add(self, key: K, value: V) -> None:
        """Put a row in the place of the one that a store may hold."""
        self[key] = self.touched[key] = value

    def take(self, is_done: Callable[[V], bool] | None = None) -> dict[K, V]:
        """Return the rows that have changed and begin anew; forget those that are done with, or too many."""
        taken, self.touched = self.touched, {}
        if is_done is not None:
            for key in [key for key, value in taken.items() if is_done(value)]:
                self.pop(key, None)
        if len(self) > self._limit:
            self._forget_older_half()
        return taken

    def _forget_older_half(self) -> None:
        for key in list(self)[: len(self) // 2]:
            del self[key]
