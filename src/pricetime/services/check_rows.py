"""What ``pricetime check`` proves about the rows of the views in a folder: each is what the journal gives.

The views are made anew in memory, batch by batch, and compared with the file: rows that can change no more as
soon as they are settled, the rest at the batch where the file stands. What is kept stays as small as the
venue's state. A venue may run meanwhile: once the batch is reached at which the file stood in the beginning,
it is read as of that moment, and the batches that it holds by then are taken in as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from pricetime.adapters.memory_views import MemoryViewStore, Tables
from pricetime.adapters.sqlite_view_check import SqliteViewCheck
from pricetime.adapters.sqlite_view_rows import values_of
from pricetime.ports import Batch, ViewChanges
from pricetime.views import Projection

_EVENTS_AT_ONCE: Final = 20_000
"""After so many, rows that are settled are compared and forgotten."""


class RowsCheck:
    """One check of all rows. Views that are empty are not compared."""

    def __init__(self, held: SqliteViewCheck, *, events_at_once: int = _EVENTS_AT_ONCE) -> None:
        self._held = held
        self._events_at_once = events_at_once
        self._goal = held.position()
        self._store = MemoryViewStore(Tables(), "views")
        self._projection = Projection(self._store)
        self._rows: Counter[str] = Counter()
        """By table: how many there should be."""
        self._wrong: Counter[str] = Counter()
        """By table: how many of them are missing or others."""
        self._first: dict[str, str] = {}
        self._is_held = False

    def take_in(self, batch: Batch) -> Iterator[str]:
        """Take in the next batch of the journal; at the one where the views stand, yield what is wrong."""
        if batch.last_event > self._goal.event:
            return
        self._projection.project(batch)
        is_there = batch.last_event == self._goal.event
        if is_there or self._projection.events >= self._events_at_once:
            self._store.save(self._projection.take())
            self._compare(self._store.take_settled())
        if is_there and not self._is_held:
            self._is_held = True
            self._goal = self._held.hold()
        if batch.last_event == self._goal.event:
            if (batch.number, batch.hash) != (self._goal.batch, self._goal.batch_hash):
                yield f"the views are of another journal: batch {batch.number} has another hash"
            self._compare(self._store.rest())
            yield from self._findings()
            self._held.close()  # a running venue's file is not held for the rest of the journal

    def _compare(self, changes: ViewChanges) -> None:
        for table, rows in values_of(changes).items():
            self._rows[table] += len(rows)
            for difference in self._held.differences(table, rows):
                self._wrong[table] += 1
                self._first.setdefault(table, difference)

    def _findings(self) -> Iterator[str]:
        for table, first in self._first.items():
            yield (
                f"{table}: {self._wrong[table]} rows of the views are not what the journal gives; "
                f"the first: {first}"
            )
        for table, rows in self._held.counts().items():
            if rows != self._rows[table]:
                yield f"{table}: the views hold {rows} rows, the journal gives {self._rows[table]}"
