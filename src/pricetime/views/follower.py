"""The follower: a thread that keeps a store of views in step with the journal.

    journal.read ──> Projection ──> store.save (rows and position, one transaction) ──> progress

Each batch takes effect exactly once, because the position is stored with the rows. The thread sleeps
until it is woken and never polls. What stops it stays in ``failure``, for ``/readyz`` to show.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Final

import structlog

from pricetime.errors import JournalTorn, ViewsDamaged
from pricetime.ports import Journal, ViewPosition, ViewStore
from pricetime.views.projection import Projection

_log = structlog.get_logger(__name__)
_BATCHES_A_READ: Final = 32
_EVENTS_A_SAVE: Final = 20_000
_WHO_KNOWS: Final = 2**63 - 1

ProgressCallback = Callable[[int], None]


class Follower:
    """Follows ``journal`` and calls ``progress`` with the number of the last event after each save."""

    def __init__(
        self,
        journal: Journal,
        store: ViewStore,
        progress: ProgressCallback,
        *,
        batch_limit: int = _EVENTS_A_SAVE,
    ) -> None:
        self._journal = journal
        self._store = store
        self._progress = progress
        self._batch_limit = batch_limit
        self._woken = threading.Event()
        self._stopping = False
        self._newest = 0
        self._goal = 0
        self._thread = threading.Thread(target=self._run, name="views", daemon=True)
        self.position = 0
        """The number of the last event that the views hold."""
        self.failure: Exception | None = None
        """What stopped the thread, if anything did."""

    @property
    def lag(self) -> int:
        """Events that are in the journal, as far as is known, and not yet in the views."""
        return max(0, self._newest - self.position)

    def is_alive(self) -> bool:
        """Return whether the thread is running."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread; it begins with all that the journal holds after the views' position."""
        self._thread.start()

    def wake(self, newest_event: int = 0) -> None:
        """Say that the journal has grown, up to ``newest_event``. For any thread."""
        if newest_event > self._newest:
            self._newest = newest_event
        self._woken.set()

    def stop(self) -> None:
        """End the thread after the save under way, and wait for it. The rest waits for the next start."""
        self._stopping = True
        self._woken.set()
        self.join()

    def join(self) -> None:
        """Wait until the thread has ended, because it was stopped or has failed."""
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        for _ in self.steps():
            self._woken.wait()

    def steps(self) -> Iterator[None]:
        """Follow the journal, and yield whenever there is nothing to do until ``wake``: the thread's body."""
        try:
            yield from self._follow(resume(self._journal, self._store))
        except ViewsDamaged as damage:
            yield from self._follow_anew(damage)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is logged, kept and shown
            self._fail(error)

    def _follow_anew(self, damage: ViewsDamaged) -> Iterator[None]:
        """Make damaged views anew, once: damage to new views is a failure."""
        try:
            _log.warning("The views are damaged. They are made anew from the journal.", damage=str(damage))
            self._store.clear()
            yield from self._follow(Projection(self._store))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is logged, kept and shown
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self.failure = error
        _log.error("The views have stopped. Restart, or run `pricetime rebuild`.", exc_info=error)

    def _follow(self, projection: Projection) -> Iterator[None]:
        newest = self._journal.last()
        self._newest = max(self._newest, newest.last_event if newest is not None else 0)
        self._goal = max(self._goal, self._newest)
        self._report(projection.position)
        while True:
            self._woken.clear()  # before looking what there is to do: whatever comes later wakes again
            if self._stopping:
                return
            if not self._catch_up(projection) or self.position >= self._goal:
                yield

    def _catch_up(self, projection: Projection) -> bool:
        """Project and save what can be read at once; return whether there was any."""
        batches = self._journal.read(projection.position.batch, _BATCHES_A_READ)
        for batch in batches:
            projection.project(batch)
            if projection.events >= self._batch_limit:
                self._save(projection)
                if self._stopping:
                    break
        if projection.events:
            self._save(projection)
        return bool(batches)

    def _save(self, projection: Projection) -> None:
        self._store.save(projection.take())
        self._report(projection.position)

    def _report(self, position: ViewPosition) -> None:
        self.position = position.event
        self._progress(position.event)


def resume(journal: Journal, store: ViewStore) -> Projection:
    """Return a projection that goes on where the store is; a store of another journal is cleared first."""
    position = store.checkpoint()
    if position.batch and not _is_in(journal, position):
        _log.warning("The views are not of this journal. They are made anew from it.", batch=position.batch)
        store.clear()
    return Projection(store)


def rebuild(
    journal: Journal,
    store: ViewStore,
    progress: ProgressCallback | None = None,
    *,
    batch_limit: int = _EVENTS_A_SAVE,
) -> int:
    """Make the views anew from the whole journal and return the number of the last event.

    ``progress`` is called with the number of the last event after each save.
    """
    store.clear()
    projection = Projection(store)
    while batches := journal.read(projection.position.batch, _BATCHES_A_READ):
        for batch in batches:
            projection.project(batch)
            if projection.events >= batch_limit:
                _save_and_tell(projection, store, progress)
    _save_and_tell(projection, store, progress)
    return projection.position.event


def _save_and_tell(projection: Projection, store: ViewStore, progress: ProgressCallback | None) -> None:
    store.save(projection.take())
    if progress is not None:
        progress(projection.position.event)


def _is_in(journal: Journal, position: ViewPosition) -> bool:
    """Return whether the journal holds the very batch of a position."""
    newest = journal.last()
    if newest is None or newest.number < position.batch:
        return False
    try:
        batches = journal.read(position.batch - 1, 1)
    except JournalTorn:
        return False
    return bool(batches) and batches[0].hash == position.batch_hash
