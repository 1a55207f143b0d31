"""Snapshots taken while the venue works, without stalling it.

Writing a snapshot of a large venue takes seconds, which the event loop does not have. So another process
builds it: it recovers the venue from the snapshot before and the journal, like any restart, and saves
the state at the journal's end. That costs the venue nothing but a share of the machine, and every
snapshot has proved that the journal replays.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import structlog

from pricetime.ports import Batch, Journal, Snapshot, Snapshots
from pricetime.records.state import hash_of_state
from pricetime.runtime.recovery import recover
from pricetime.runtime.venue import Venue

_log = structlog.get_logger(__name__)


def take_snapshot(journal: Journal, snapshots: Snapshots, venue_type: type[Venue]) -> Snapshot | None:
    """Save and return the state at the journal's end; None where the journal is empty."""
    venue, last = recover(journal, snapshots, venue_type)
    if last is None:
        return None
    snapshot = snapshot_of(venue, last.number, last.hash)
    snapshots.save(snapshot)
    return snapshot


def snapshot_of(venue: Venue, batch: int, batch_hash: bytes) -> Snapshot:
    """Return the venue's state, which is the one after this batch."""
    state = venue.snapshot()
    return Snapshot(
        batch=batch,
        batch_hash=batch_hash,
        sequence=venue.sequence,
        state=state,
        state_hash=hash_of_state(state),
    )


class Snapshotting:
    """Starts ``command`` (a program that calls ``take_snapshot``) every so many commands.

    ``count`` goes into ``Sequencer.on_batch``. ``after`` is the sequence of the newest snapshot at the
    start. At most one program runs at a time, for ``timeout_s`` seconds at most; where it fails, the log
    says so and the next is tried after as many commands again.
    """

    def __init__(self, command: Sequence[str], *, every: int, after: int, timeout_s: float = 600.0) -> None:
        self.taken = 0
        self.failed = 0
        self._command = command
        self._every = every
        self._last = after
        self._timeout_s = timeout_s
        self._run: asyncio.Task[None] | None = None

    def count(self, batch: Batch) -> None:
        """Count a durable batch, and start the program when a snapshot is due."""
        due = batch.last_sequence - self._last >= self._every
        if due and (self._run is None or self._run.done()):
            self._last = batch.last_sequence
            self._run = asyncio.get_running_loop().create_task(self._take())

    async def stop(self) -> None:
        """End a program that is running; what it has not finished is not missed."""
        if self._run is not None:
            self._run.cancel()
            await asyncio.wait([self._run])

    async def _take(self) -> None:
        process = None
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
            )
            async with asyncio.timeout(self._timeout_s):
                _, complaint = await process.communicate()
            self._note(process.returncode, complaint.decode(errors="replace").strip())
        except (OSError, TimeoutError) as error:
            self._note(None, repr(error))
        finally:
            if process is not None and process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    def _note(self, status: int | None, complaint: str) -> None:
        if status == 0:
            self.taken += 1
            _log.info("a snapshot was taken", up_to=self._last)
        else:
            self.failed += 1
            _log.error("a snapshot failed", status=status, error=complaint[-1_000:])
