"""From what is on disk to a venue in memory: the newest good snapshot, then the batches after it.

Every batch replayed must follow in the chain and give, through the rules, exactly the events that were
journaled; so each restart also proves that the rules are deterministic. A snapshot saves time and proves
nothing: one that is damaged, or is of another journal, is left out with a warning. One of a batch that
the journal does not have means that the journal has lost its end, which is never passed over.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

import structlog

from pricetime.errors import JournalTampered, JournalTorn, RecordError, SnapshotError
from pricetime.ports import Batch, Journal, Snapshot, Snapshots
from pricetime.records import EVENT_BYTES
from pricetime.runtime.chain import follow, link_of
from pricetime.runtime.venue import Venue

V = TypeVar("V", bound=Venue)
ProgressCallback = Callable[[int, int], None]
"""Called with the sequence of the snapshot to begin with (0: none), then with the last one replayed; and each
time with the sequence to be reached."""

_PAGE_BYTES: Final = 4_000_000
_PAGE_BATCHES: Final = 64
_AHEAD: Final = 2  # pages
_READERS: Final = 2
_log = structlog.get_logger(__name__)


def recover(
    journal: Journal,
    snapshots: Snapshots | None,
    venue_type: type[V],
    *,
    until: int | None = None,
    progress: ProgressCallback | None = None,
) -> tuple[V, Batch | None]:
    """Return the venue after the journal's last batch (or batch ``until``), and that batch.

    Without ``snapshots``, or where none is good, everything is replayed from batch 1. JournalTorn and
    JournalTampered name the batch that cannot be trusted.
    """
    newest = journal.last()
    end = (newest.number if newest else 0) if until is None else until
    venue, last = from_snapshot(journal, snapshots, venue_type, end)
    tell = progress or (lambda _done, _goal: None)
    goal = newest.last_sequence if newest else 0
    tell(venue.sequence, goal)
    for batch in batches_after(journal, last, end):
        replay(venue, batch)
        last = batch
        tell(batch.last_sequence, goal)
    return venue, last


def batches_after(journal: Journal, last: Batch | None, until: int | None = None) -> Iterator[Batch]:
    """Yield the batches after ``last`` up to ``until`` or the end; raise where one does not follow on."""
    link = link_of(last)
    for page in _pages(journal, link.number, until):
        for batch in page:
            link = follow(batch, link)
            yield batch
    if until is not None and link.number < until:
        raise JournalTorn(f"batch {link.number + 1} is missing; the journal should reach batch {until}")


def _pages(journal: Journal, after: int, until: int | None) -> Iterator[Sequence[Batch]]:
    """Yield the batches after a number page by page; while one page is worked on, threads read the next.

    Reading ahead is a guess: that the journal goes on. A page that was not there, or could not be read, is
    read again in its turn, and what is wrong with it is found then.
    """
    end = sys.maxsize if until is None else until
    ahead: deque[tuple[int, Future[Sequence[Batch]]]] = deque()
    size, asked = 1, after
    with ThreadPoolExecutor(_READERS, thread_name_prefix="journal") as readers:
        while after < end:
            page: Sequence[Batch] = ()
            if ahead:
                size, guess = ahead.popleft()
                page = () if guess.exception() else guess.result()
            page = page or journal.read(after, size)
            if not page:
                return
            after += len(page)
            if len(page) < size or not ahead:
                ahead.clear()
                asked = after
            while len(ahead) < _AHEAD and asked < end:
                size = min(_page_size(page[-1]), end - asked)
                ahead.append((size, readers.submit(journal.read, asked, size)))
                asked += size
            yield page


def _page_size(batch: Batch) -> int:
    """Return how many batches like this one make a page."""
    return max(1, min(_PAGE_BATCHES, _PAGE_BYTES // (len(batch.commands) + len(batch.events))))


def replay(venue: Venue, batch: Batch) -> None:
    """Apply a journaled batch; JournalTampered where the rules give other events than it holds."""
    try:
        events = venue.apply(batch.commands)
    except RecordError as error:
        raise JournalTampered(f"batch {batch.number} holds what are no commands: {error}") from error
    if events != batch.events:
        first = next(
            (at for at, (here, there) in enumerate(zip(events, batch.events, strict=False)) if here != there),
            min(len(events), len(batch.events)),
        )
        number = batch.last_event - len(batch.events) // EVENT_BYTES + first // EVENT_BYTES + 1
        raise JournalTampered(
            f"batch {batch.number}: its commands give other events than it holds, from event {number} on. "
            "Either it was written under other rules or it is not what was written."
        )


def from_snapshot(
    journal: Journal, snapshots: Snapshots | None, venue_type: type[V], end: int
) -> tuple[V, Batch | None]:
    """Return the venue of the newest good snapshot up to batch ``end``, and its batch; or an empty one.

    JournalTorn where there is a snapshot of a batch that the journal does not have.
    """
    for snapshot in snapshots.newest_first() if snapshots else ():
        if snapshot.batch > end:
            newest = journal.last()
            if newest is not None and newest.number >= snapshot.batch:
                continue  # a running venue goes on
            raise JournalTorn(
                f"batch {end + 1} is missing: the journal ends at batch {end}, but there is a snapshot of "
                f"batch {snapshot.batch}. If the journal is meant to end there, move the snapshots away."
            )
        try:
            return _restored(snapshot, journal, venue_type)
        except SnapshotError as error:
            _log.warning("a snapshot is left out", batch=snapshot.batch, error=str(error))
    return venue_type(), None


def _restored(snapshot: Snapshot, journal: Journal, venue_type: type[V]) -> tuple[V, Batch]:
    [batch] = journal.read(snapshot.batch - 1, 1)
    if batch.hash != snapshot.batch_hash or batch.last_sequence != snapshot.sequence:
        raise SnapshotError("it is of another journal: the hashes of its batch differ")
    venue = venue_type.restore(snapshot.state)
    if (venue.sequence, venue.event_number) != (batch.last_sequence, batch.last_event):
        raise SnapshotError("it holds another state than it says")
    return venue, batch
