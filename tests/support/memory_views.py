"""Stores of views in memory that remember how they were used."""

from __future__ import annotations

from pricetime.adapters import memory_views
from pricetime.adapters.memory_views import Tables
from pricetime.ports import ViewChanges, Wanted

__all__ = ["MemoryViewStore", "Tables"]


class MemoryViewStore(memory_views.MemoryViewStore):
    """Counts saves, and notes what is wanted."""

    def __init__(self, tables: Tables, stream: str) -> None:
        super().__init__(tables, stream)
        self.saves = 0
        self.wanted: list[Wanted] = []

    def prefetch(self, wanted: Wanted) -> None:
        self.wanted.append(wanted)

    def save(self, changes: ViewChanges) -> None:
        super().save(changes)
        self.saves += 1
