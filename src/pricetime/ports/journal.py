"""The truth, and snapshots that shorten the way through it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from pricetime.ports.base import Row


class Batch(Row, frozen=True):
    """One batch of the journal: what was asked and what happened, chained to the batch before.

    ``hash`` is SHA-256 over ``previous_hash``, the number, and the lengths and bytes of commands and
    events (``runtime.chain``).
    """

    number: int
    first_sequence: int
    last_sequence: int
    last_event: int
    time_ns: int
    commands: bytes
    events: bytes
    previous_hash: bytes
    hash: bytes


class Journal(Protocol):
    """The truth: an append-only list of batches. One writer; readers in any thread."""

    def append(self, batch: Batch) -> None:
        """Make a batch durable before returning; JournalFailed where that cannot be."""
        ...

    def read(self, after: int = 0, limit: int = 1_000) -> Sequence[Batch]:
        """Return up to ``limit`` batches with numbers above ``after``, in order."""
        ...

    def last(self) -> Batch | None:
        """Return the newest batch."""
        ...

    def batches_up_to(self, event: int) -> int:
        """Return the number of the last batch that ends with ``event`` or before it; 0: there is none."""
        ...

    def close(self) -> None:
        """Release the files; safe to call twice."""
        ...


class Snapshot(Row, frozen=True):
    """The venue's state after a batch."""

    batch: int
    batch_hash: bytes
    sequence: int
    state: bytes
    state_hash: bytes


class Snapshots(Protocol):
    """Snapshots, newest first, kept two deep. Losing them all loses nothing but time."""

    def save(self, snapshot: Snapshot) -> None:
        """Keep a snapshot durably and drop all but the newest two."""
        ...

    def newest_first(self) -> Iterator[Snapshot]:
        """Yield the readable snapshots; a damaged one is left out with a warning."""
        ...
