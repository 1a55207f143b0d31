"""A journal on the simulated disk, and the writer that works on it in steps instead of in a thread.

The journal is a log of records, each with its length and a checksum, one batch a record, synced one by
one, like the log of SQLite. At the start a record that is not whole is cut off, if it is the last; what is
whole is synced before anybody is told of it, because a process that was killed may have left it unsynced.
"""

from __future__ import annotations

import asyncio
import random
import struct
import zlib
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence

import msgspec
from tests.simulation.disk import Disk

from pricetime.errors import JournalFailed, JournalTorn
from pricetime.ports import Batch, Journal
from pricetime.runtime.chain import START, Link, link_of, verify

JOURNAL = "data/journal"
_HEAD = struct.Struct("<4sII")
_MAGIC = b"\xffPTJ"
_NUMBERS = struct.Struct("<6q32s32s")  # five columns, the length of the commands, both hashes
HEAD_BYTES = _NUMBERS.size


def records(log: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Yield the records of a log: where each ends, what it holds, and whether that is what was written."""
    at = 0
    while at + _HEAD.size <= len(log):
        magic, length, checksum = _HEAD.unpack_from(log, at)
        body = log[at + _HEAD.size : at + _HEAD.size + length]
        if magic != _MAGIC or len(body) < length:
            return
        at += _HEAD.size + length
        yield at, body, checksum == _checksum(body)


def record(body: bytes) -> bytes:
    return _HEAD.pack(_MAGIC, len(body), _checksum(body)) + body


def _checksum(body: bytes) -> int:
    return zlib.crc32(body, 1)  # not 0, so that zeros are no whole record of nothing


def _encode(batch: Batch) -> bytes:
    *numbers, commands, events, previous_hash, own_hash = msgspec.structs.astuple(batch)
    return _NUMBERS.pack(*numbers, len(commands), previous_hash, own_hash) + commands + events


def _decode(body: bytes) -> Batch:
    *numbers, length, previous_hash, own_hash = _NUMBERS.unpack_from(body)
    records = body[_NUMBERS.size :]
    return Batch(*numbers, records[:length], records[length:], previous_hash, own_hash)


class SimulatedJournal:
    """The journal, for the writer in steps and for readers, who see what is synced."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._bodies: list[bytes] = []
        self._events: list[int] = []
        self._has_failed = False
        if not disk.exists(JOURNAL):
            disk.create(JOURNAL)
        self._open()
        self._sync_found()

    def _open(self) -> None:
        log, end = self._disk.read(JOURNAL), 0
        for after, body, is_whole in records(log):
            if not self._accepts(is_whole):
                break
            self._add(body)
            end = after
        if any(whole for _, _, whole in records(log[log.find(_MAGIC, end + 1) :])):
            raise JournalTorn(f"batch {len(self._bodies) + 1} is damaged, and there is another after it")
        if end < len(log):
            self._disk.truncate(JOURNAL, end)

    def _accepts(self, is_whole: bool) -> bool:
        return is_whole

    def _sync_found(self) -> None:
        self._disk.sync(JOURNAL)
        self._disk.sync_folder(JOURNAL.rpartition("/")[0])

    def _verify(self, batch: Batch, after: Link) -> Link:
        return verify(batch, after)

    def append(self, batch: Batch) -> None:
        for _ in self.steps_of(batch):
            pass

    def steps_of(self, batch: Batch) -> Iterator[None]:
        """Append a batch in steps, between which others work."""
        if self._has_failed or batch.number != len(self._bodies) + 1:
            raise JournalFailed(f"batch {batch.number} cannot follow batch {len(self._bodies)}")
        body = _encode(batch)
        try:
            self._disk.append(JOURNAL, record(body))
            yield
            self._sync()
            yield
        except OSError as error:
            self._has_failed = True
            raise JournalFailed(str(error)) from error
        self._add(body)

    def _sync(self) -> None:
        self._disk.sync(JOURNAL)

    def _add(self, body: bytes) -> None:
        self._bodies.append(body)
        self._events.append(_decode(body).last_event)

    def read(self, after: int = 0, limit: int = 1_000) -> Sequence[Batch]:
        if after > len(self._bodies):
            raise JournalTorn(f"batch {after} is missing; the journal ends at batch {len(self._bodies)}")
        link = link_of(_decode(self._bodies[after - 1])) if after else START
        batches = [_decode(body) for body in self._bodies[after : after + limit]]
        for batch in batches:
            link = self._verify(batch, link)
        return batches

    def last(self) -> Batch | None:
        return _decode(self._bodies[-1]) if self._bodies else None

    def batches_up_to(self, event: int) -> int:
        return bisect_right(self._events, event)

    def close(self) -> None:
        """Do nothing: nothing is held."""


def batches_of(disk: Disk) -> list[Batch]:
    """Return every batch that the bytes on the disk make up, unverified."""
    return [_decode(body) for _, body, _ in records(disk.read(JOURNAL))]


class SimulatedWriter:
    """The sequencer's writer: each step of an append takes the time that the disk takes for it."""

    def __init__(self, journal: Journal, dice: random.Random, step_s: float) -> None:
        self._journal = journal
        self._dice = dice
        self._step_s = step_s
        self._batches: deque[Batch] = deque()
        self._idle = asyncio.Event()
        self._idle.set()

    def start(self, written: Callable[[Batch], None], failed: Callable[[Exception], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._written, self._failed = written, failed

    def write(self, batch: Batch) -> None:
        self._batches.append(batch)
        if self._idle.is_set():
            self._idle.clear()
            self._begin(self._batches.popleft())

    async def stop(self) -> None:
        await self._idle.wait()

    def _begin(self, batch: Batch) -> None:
        assert isinstance(self._journal, SimulatedJournal)
        self._soon(self._step, batch, self._journal.steps_of(batch))

    def _soon(self, callback: Callable[..., None], *args: object) -> None:
        self._loop.call_later(self._dice.expovariate(1 / self._step_s), callback, *args)

    def _step(self, batch: Batch, steps: Iterator[None]) -> None:
        try:
            next(steps)
        except StopIteration:
            self._end(batch)
        except Exception as error:  # noqa: BLE001 - the sequencer is told, whatever it is
            self._batches.clear()
            self._idle.set()
            self._loop.call_soon_threadsafe(self._failed, error)
        else:
            self._soon(self._step, batch, steps)

    def _end(self, batch: Batch) -> None:
        self._tell(batch)
        if self._batches:
            self._begin(self._batches.popleft())
        else:
            self._idle.set()

    def _tell(self, batch: Batch) -> None:
        self._loop.call_soon_threadsafe(self._written, batch)
