"""What ``pricetime check`` and ``pricetime replay --verify`` prove about a venue's data.

The journal is replayed from batch 1 through the rules. On the way: every hash and every event as
journaled, the snapshots at their batches, the views where they stand. At the end: conservation of money
and shares. A finding is a sentence that says where it breaks; no finding means that all of this holds.

A venue may run meanwhile. What is compared is read first and the journal to its end afterwards, so the
journal can only be further than what is compared with it, never behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from pricetime.errors import CheckFailed, JournalError, SnapshotError, ViewsDamaged
from pricetime.ports import Batch, Journal, Snapshot, Snapshots, Views
from pricetime.runtime.chain import START, Link, link_of
from pricetime.runtime.check_views import differences
from pricetime.runtime.recovery import ProgressCallback, batches_after, from_snapshot, recover, replay
from pricetime.runtime.venue import Venue

_FINDINGS_LIMIT: Final = 100  # of one comparison; more of the same helps nobody

Note = Callable[[str], None]
OnBatch = Callable[[Batch], Iterable[str]]
"""Is called with each batch that is as it should be; returns what is wrong elsewhere, as in rows of views."""


def check(
    journal: Journal,
    snapshots: Snapshots,
    views: Views | None,
    venue_type: type[Venue],
    *,
    damage: Iterable[str] = (),
    on_batch: OnBatch | None = None,
    progress: ProgressCallback | None = None,
    note: Note = lambda _: None,
) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong.

    ``damage`` is what the storage itself complains about, yielded first. ``note`` is told what could not be
    compared, which is no finding: views that are empty, or that a running venue changed meanwhile.
    """
    yield from damage
    at_batch = {snapshot.batch: snapshot for snapshot in snapshots.newest_first()}
    watch = None if views is None else _ViewsWatch(views)
    venue, link = venue_type(), START
    try:
        goal = _goal(journal)
        for batch in batches_after(journal, None):
            replay(venue, batch)
            link = link_of(batch)
            if batch.number in at_batch:
                yield from _snapshot_findings(at_batch.pop(batch.number), venue, batch.hash, venue_type)
            if on_batch is not None:
                yield from on_batch(batch)
            if watch is not None:
                yield from watch.look(venue)
            if progress is not None:
                progress(link.sequence, max(goal, link.sequence))
    except JournalError as error:
        yield str(error)
        return
    yield from _lost_end(link, at_batch, watch)
    yield from (f"after batch {link.number}: {finding}" for finding in islice(venue.check(), _FINDINGS_LIMIT))
    if watch is not None and not watch.compared:
        note(watch.excuse())


def _goal(journal: Journal) -> int:
    try:
        newest = journal.last()
    except JournalError:
        return 0  # the replay will come to it and name the batch
    return newest.last_sequence if newest else 0


def _snapshot_findings(
    snapshot: Snapshot, venue: Venue, batch_hash: bytes, venue_type: type[Venue]
) -> Iterator[str]:
    name = f"the snapshot of batch {snapshot.batch}"
    if snapshot.batch_hash != batch_hash:
        yield f"{name} is of another journal: the hashes of its batch differ"
    if snapshot.state_hash != venue.state_hash():
        yield f"{name} holds another state than a replay of the journal ends in there"
    try:
        restored_hash = venue_type.restore(snapshot.state).state_hash()
    except SnapshotError as error:
        yield f"{name} cannot be restored: {error}"
    else:
        if restored_hash != snapshot.state_hash:
            yield f"{name} restores to another state than it was taken of"


def _lost_end(link: Link, snapshots_left: Iterable[int], watch: _ViewsWatch | None) -> Iterator[str]:
    """Yield what is known of batches that the journal does not have any more."""
    for number in sorted(snapshots_left):
        yield f"batch {link.number + 1} is missing, for there is a snapshot of batch {number}"
    if watch is not None and watch.first_position > link.event:
        yield (
            f"batch {link.number + 1} is missing: the views hold event {watch.first_position}, "
            f"but the journal ends with event {link.event} in batch {link.number}"
        )


class _ViewsWatch:
    """Compares the views with the venue at the moment of the replay when both stand at the same event."""

    def __init__(self, views: Views) -> None:
        self.compared = False
        self.first_position = self._goal = views.position()
        self._views = views

    def look(self, venue: Venue) -> list[str]:
        """Return the differences if this is the moment, else nothing."""
        if self.compared or not 0 < self._goal <= venue.event_number:
            return []
        position = self._views.position()
        if position < venue.event_number:
            self.compared = True
            return [f"the views stand at event {position}, which is not the end of a batch"]
        found = []
        if position == venue.event_number:
            found = self._differences(venue)
            self._goal = self._views.position()
            self.compared = self._goal == position
        self._goal = max(self._goal, position)
        # Where the views have moved on, what was found may be half of one state and half of the next.
        return found if self.compared else []

    def _differences(self, venue: Venue) -> list[str]:
        found: list[str] = []
        try:
            found.extend(islice(differences(venue.snapshot(), self._views), _FINDINGS_LIMIT))
        except ViewsDamaged as error:
            found.append(str(error))
        return found

    def excuse(self) -> str:
        """Return why there was no such moment."""
        if self.first_position == 0:
            return "the views are empty and were not compared; `pricetime rebuild` fills them"
        return "the views changed while they were compared; stop the venue to check them"


class Replayed(NamedTuple):
    """What a full replay went through, and the state in which it ended."""

    batches: int
    commands: int
    events: int
    state_hash: bytes


def verify_replay(
    journal: Journal,
    snapshots: Snapshots,
    venue_type: type[Venue],
    *,
    progress: ProgressCallback | None = None,
) -> Replayed:
    """Replay from batch 1, and from the newest snapshot to the same batch, and return where both end.

    Where there is no good snapshot there is only one way to go. JournalTorn and JournalTampered name the
    batch where the journal breaks; CheckFailed: the two end in different states.
    """
    newest = journal.last()
    end = newest.number if newest else 0
    short_cut = _from_snapshot(journal, snapshots, venue_type, end)
    venue, last = recover(journal, None, venue_type, until=end, progress=progress)
    link, state_hash = link_of(last), venue.state_hash()
    if short_cut not in (None, state_hash):
        raise CheckFailed(f"after batch {link.number} a replay from the snapshot ends in another state")
    return Replayed(link.number, link.sequence, link.event, state_hash)


def _from_snapshot(journal: Journal, snapshots: Snapshots, venue_type: type[Venue], end: int) -> bytes | None:
    """Return the hash of the state that a start from the newest snapshot ends in; None: there is none."""
    venue, last = from_snapshot(journal, snapshots, venue_type, end)
    if last is None:
        return None
    for batch in batches_after(journal, last, end):
        replay(venue, batch)
    return venue.state_hash()
