"""The thread that gives batches to the journal, one after the other, beside the event loop.

The sequencer's own end of the disk: it hands a batch over and hears on its loop what became of it. A
simulation puts a writer of its own in this place (``Writer``), on a simulated disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Protocol

import structlog

from pricetime.ports import Batch, Journal

_log = structlog.get_logger(__name__)


class Writer(Protocol):
    """Writes batches in order, off the event loop on which it is started and told what to write."""

    def start(self, written: Callable[[Batch], None], failed: Callable[[Exception], None]) -> None:
        """Begin. Each durable batch goes to ``written``; after the first ``failed`` nothing is written."""
        ...

    def write(self, batch: Batch) -> None:
        """Take a batch and return at once."""
        ...

    async def stop(self) -> None:
        """Write what was taken and end. Safe to call twice, and before the start."""
        ...


class WriterThread:
    """The writer of a real journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._batches: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)

    def start(self, written: Callable[[Batch], None], failed: Callable[[Exception], None]) -> None:
        """Start the thread."""
        self._loop = asyncio.get_running_loop()
        self._written, self._failed = written, failed
        self._thread.start()

    def write(self, batch: Batch) -> None:
        """Put a batch into the queue of the thread."""
        self._batches.put(batch)

    async def stop(self) -> None:
        """End the thread after what is in its queue."""
        self._batches.put(None)
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while (batch := self._batches.get()) is not None:
            try:
                self._journal.append(batch)
            except Exception as error:  # noqa: BLE001 - whatever it is, nothing may be answered after it
                _log.exception("the journal failed", batch=batch.number)
                self._tell(self._failed, error)
                return
            self._tell(self._written, batch)

    def _tell(self, callback: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed without stop()
            self._loop.call_soon_threadsafe(callback, *args)
