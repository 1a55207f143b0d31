"""What a service has heard lately, as a journal of its own: for streams and feeds that come back.

It has as many bytes of events as it is given, newest first to keep. It is no truth: what is forgotten here
is in the journals of the partitions, and who needs it begins anew from the views.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from pricetime.errors import Conflict
from pricetime.ports import Batch
from pricetime.records import EVENT_BYTES


class HeardJournal:
    """Batches in the order in which one service has heard of them. Its events count from ``position``."""

    def __init__(self, position: int, bytes_limit: int) -> None:
        self.position = position
        self.number = 0
        self._start = position
        self._bytes_limit = bytes_limit
        self._bytes = 0
        self._batches: list[Batch] = []

    def hear(self, events: bytes, time_ns: int) -> Batch:
        """Add what was heard and return it as a batch."""
        self.number += 1
        self.position += len(events) // EVENT_BYTES
        batch = Batch(self.number, 0, 0, self.position, time_ns, b"", events, b"", b"")
        self._batches.append(batch)
        self._bytes += len(events)
        if self._bytes > self._bytes_limit:
            self._forget()
        return batch

    def _forget(self) -> None:
        """Forget the older half, so that forgetting costs little a batch."""
        kept = self._batches[len(self._batches) // 2 :]
        if self._batches[0] is not kept[0]:
            self._start = self._batches[len(self._batches) - len(kept) - 1].last_event
        self._batches = kept
        self._bytes = sum(len(batch.events) for batch in kept)

    def append(self, batch: Batch) -> None:
        """Refuse: what is heard comes by ``hear``."""
        raise NotImplementedError

    def read(self, after: int = 0, limit: int = 1_000) -> Sequence[Batch]:
        """Return up to ``limit`` batches with numbers above ``after``; Conflict where some are forgotten."""
        batches = self._batches
        if not batches or after >= batches[-1].number:
            return ()
        place = after + 1 - batches[0].number
        if place < 0:
            raise _forgotten()
        return batches[place : place + limit]

    def last(self) -> Batch | None:
        """Return the newest batch."""
        return self._batches[-1] if self._batches else None

    def batches_up_to(self, event: int) -> int:
        """Return the number of the last batch that ends with ``event`` or before; Conflict: forgotten."""
        batches, start = self._batches, self._start
        if event < start:
            raise _forgotten()
        place = bisect_right(batches, event, key=lambda batch: batch.last_event)
        return self.number - len(batches) + place

    def close(self) -> None:
        """Do nothing: there are no files."""


def _forgotten() -> Conflict:
    return Conflict(
        "The events since then are not remembered here. Read your orders by the API, then connect without "
        "`after`.",
        code="resume_too_far",
    )
