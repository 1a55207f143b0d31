"""Journal, snapshots and clock in memory: for tests, experiments and a first look, gone with the process."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from pricetime.errors import JournalTorn
from pricetime.ports import Batch, Snapshot
from pricetime.runtime.chain import START, link_of, verify

_SNAPSHOTS_KEPT: Final = 2


class MemoryJournal:
    """A list of batches, verified like a journal on disk."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def append(self, batch: Batch) -> None:
        """Add a batch; JournalTorn or JournalTampered where it does not follow on the last one."""
        verify(batch, link_of(self.last()))
        self.batches.append(batch)

    def read(self, after: int = 0, limit: int = 1_000) -> Sequence[Batch]:
        """Return up to ``limit`` batches with numbers above ``after``; raise where the chain is broken."""
        batches = self.batches[after : after + limit]
        if after > len(self.batches):
            raise JournalTorn(f"batch {after} is missing; the journal ends at batch {len(self.batches)}")
        link = link_of(self.batches[after - 1]) if after else START
        for batch in batches:
            link = verify(batch, link)
        return batches

    def last(self) -> Batch | None:
        """Return the newest batch."""
        return self.batches[-1] if self.batches else None

    def batches_up_to(self, event: int) -> int:
        """Return the number of the last batch that ends with ``event`` or before it; 0: there is none."""
        return bisect_right(self.batches, event, key=lambda batch: batch.last_event)

    def close(self) -> None:
        """Do nothing; there are no files."""


class MemorySnapshots:
    """The newest two snapshots."""

    def __init__(self) -> None:
        self._snapshots: list[Snapshot] = []

    def save(self, snapshot: Snapshot) -> None:
        """Keep a snapshot and drop all but the newest two."""
        newest = sorted([*self._snapshots, snapshot], key=lambda kept: kept.batch, reverse=True)
        self._snapshots = newest[:_SNAPSHOTS_KEPT]

    def newest_first(self) -> Iterator[Snapshot]:
        """Yield the snapshots."""
        yield from self._snapshots


class DrivenClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now_ns: int = 1_750_000_000_000_000_000) -> None:
        self.time_ns = now_ns

    def now_ns(self) -> int:
        """Return the time set, in nanoseconds since 1970 in UTC."""
        return self.time_ns

    def advance(self, seconds: float) -> None:
        """Move the clock by ``seconds``, backwards where negative."""
        self.time_ns += round(seconds * 1_000_000_000)
