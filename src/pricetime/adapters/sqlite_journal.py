"""The journal as one SQLite file: a table of batches, one transaction a batch, each synced to the disk.

One process writes, guarded by a lock on a file beside the journal; any number of others read at the same
time. SQLite's own checksums guard a commit that the power cut short, and ``sqlite_wal`` guards that nothing
older is dropped with it; the chain of hashes (``runtime.chain``) guards the rest: every batch is verified
whenever it is read.

Records hold many zeros and much that repeats, so large blobs of them are stored as Zstandard frames, a tenth
of their size; the disk is what a venue under load waits for. Small ones are stored as they are. A record
begins with its version and a frame with its magic number, so a blob tells which of the two it is.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from pricetime.adapters.packing import PACKING_ERRORS, packed, unpacked
from pricetime.adapters.sqlite_wal import has_lost_transactions
from pricetime.errors import JournalBusy, JournalError, JournalFailed, JournalTampered, JournalTorn
from pricetime.ports import Batch
from pricetime.runtime.chain import START, Link, verify

FORMAT: Final = 2
_BUSY_TIMEOUT_S: Final = 5.0
_CHECKPOINT_PAGES: Final = 4_000  # about 16 MB: fewer pauses to move the log into the file

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (
    number INTEGER PRIMARY KEY,
    first_sequence INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    commands BLOB NOT NULL,
    events BLOB NOT NULL,
    previous_hash BLOB NOT NULL,
    hash BLOB NOT NULL
);
"""
_COLUMNS: Final = (
    "number, first_sequence, last_sequence, last_event, time_ns, commands, events, previous_hash, hash"
)
_TYPES: Final = (int, int, int, int, int, bytes, bytes, bytes, bytes)
_INSERT: Final = f"INSERT INTO batches ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
_NEWEST: Final = "SELECT max(number) FROM batches"
_AFTER: Final = f"SELECT {_COLUMNS} FROM batches WHERE number > ? ORDER BY number LIMIT ?"  # noqa: S608 - constants
_LAST: Final = f"SELECT {_COLUMNS} FROM batches ORDER BY number DESC LIMIT 1"  # noqa: S608 - constants
_PACKED_FROM_BYTES: Final = 32_768  # below it, packing costs the processor more than it saves the disk

_LINK: Final = "SELECT number, last_sequence, last_event, time_ns, hash FROM batches WHERE number = ?"


class SqliteJournal:
    """The journal in the file ``path``. Use ``create`` for the one writer and ``open`` for readers.

    ``append`` is for one thread; ``read`` and ``last`` are for any, on a connection of their own.
    """

    def __init__(self, path: Path, writer: sqlite3.Connection | None, lock: int | None) -> None:
        self._path = path
        self._writer = writer
        self._lock = lock
        self._reader = _connect(path, read_only=True)
        self._one_reads = threading.Lock()

    @classmethod
    def create(cls, path: Path) -> Self:
        """Return the journal for writing, made where there is none; JournalBusy where another writes."""
        lock = _take_lock(path)
        writer = None
        try:
            _sync_found(path)
            _refuse_lost_batches(path)
            with _refused(path):
                writer = _connect(path, read_only=False)
                _prepare(writer)
                return cls(path, writer, lock)
        except BaseException:
            if writer is not None:
                writer.close()
            os.close(lock)
            raise

    @classmethod
    def open(cls, path: Path) -> Self:
        """Return the journal for reading only; JournalError where there is none."""
        if not path.is_file():
            raise JournalError(f"there is no journal at {path}")
        journal = None
        with _refused(path):
            journal = cls(path, None, None)
            _check_format(journal._reader)
        return journal

    def append(self, batch: Batch) -> None:
        """Write a batch and sync it to the disk; JournalFailed where that cannot be."""
        if self._writer is None:
            raise JournalFailed(f"{self._path} is not open for writing")
        try:
            # Outside BEGIN … COMMIT a statement is its own transaction, and the thread needs Python once.
            self._writer.execute(_INSERT, self._row_of(batch))
        except (sqlite3.Error, OSError) as error:
            raise JournalFailed(
                f"batch {batch.number} could not be written: {error}. {JournalFailed()}"
            ) from error

    def read(self, after: int = 0, limit: int = 1_000) -> Sequence[Batch]:
        """Return up to ``limit`` batches with numbers above ``after``, each verified against the one before.

        JournalTorn and JournalTampered name the batch. Batches before a broken one are returned first; the
        read that begins with the broken one raises.
        """
        link, rows, broken = self._fetch(after, limit)
        batches: list[Batch] = []
        try:
            for row in rows:
                batch = self._batch_of(row, link.number + 1)
                link = verify(batch, link)
                batches.append(batch)
            if broken is not None:
                raise broken
        except (sqlite3.Error, JournalError) as error:
            if not batches:
                raise _unreadable(link.number, error) from error
        return batches

    def _fetch(self, after: int, limit: int) -> tuple[Link, list[tuple[Any, ...]], sqlite3.Error | None]:
        """Return rows as they are stored, and what broke the reading off.

        Only this is done under the lock: unpacking and verifying take far longer, and readers in several
        threads do that side by side.
        """
        rows: list[tuple[Any, ...]] = []
        with self._one_reads:
            link = self._link(after)
            try:
                rows.extend(self._reader.execute(_AFTER, (after, limit)))
            except sqlite3.Error as error:
                return link, rows, error
        return link, rows, None

    def last(self) -> Batch | None:
        """Return the newest batch, not verified."""
        with self._one_reads:
            try:
                row = self._reader.execute(_LAST).fetchone()
            except sqlite3.Error as error:
                raise JournalTorn(f"the last batch cannot be read: {error}") from error
            return None if row is None else self._batch_of(row, row[0])

    def batches_up_to(self, event: int) -> int:
        """Return the number of the last batch that ends with ``event`` or before it; 0: there is none."""
        with self._one_reads:
            (newest,) = self._reader.execute(_NEWEST).fetchone()
            low, high = 0, newest or 0
            while low < high:
                middle = (low + high + 1) // 2
                if self._link(middle).event <= event:
                    low = middle
                else:
                    high = middle - 1
        return low

    def damage(self) -> Iterator[str]:
        """Yield what is wrong with the files themselves, a sentence each. Reads them whole."""
        with self._one_reads:
            (page_bytes,) = self._reader.execute("PRAGMA page_size").fetchone()
        if has_lost_transactions(self._path, page_bytes):
            yield _lost_after(self.last())
        with self._one_reads:
            try:
                for (finding,) in self._reader.execute("PRAGMA integrity_check(20)"):
                    if finding != "ok":
                        yield f"the file {self._path.name} is damaged: {finding}"
            except sqlite3.Error as error:
                yield f"the file {self._path.name} is damaged: {error}"

    def close(self) -> None:
        """Close the files and let another process write."""
        with self._one_reads:
            self._reader.close()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _link(self, number: int) -> Link:
        """Return the link of a batch that was read and verified before."""
        if number == 0:
            return START
        try:
            row = self._reader.execute(_LINK, (number,)).fetchone()
        except sqlite3.Error as error:
            raise _unreadable(number - 1, error) from error
        if row is None:
            raise JournalTorn(f"batch {number} is missing")
        return Link(*row)

    def _row_of(self, batch: Batch) -> tuple[object, ...]:
        number, first, last, event, time_ns, commands, events, before, own = msgspec.structs.astuple(batch)
        commands, events = (packed(each, _PACKED_FROM_BYTES) for each in (commands, events))
        return number, first, last, event, time_ns, commands, events, before, own

    def _batch_of(self, row: tuple[Any, ...], expected: int) -> Batch:
        """Return a row as a batch; a damaged row may hold values of other types than were written."""
        if tuple(map(type, row)) != _TYPES:
            raise JournalTorn(f"batch {expected} is damaged: a column holds what was never written there")
        number, first, last, event, time_ns, commands, events, before, own = row
        try:
            commands, events = unpacked(commands), unpacked(events)
        except PACKING_ERRORS as error:
            raise JournalTampered(f"batch {expected} was changed: its records cannot be unpacked") from error
        return Batch(number, first, last, event, time_ns, commands, events, before, own)


def _sync_found(path: Path) -> None:
    """Make durable what a killed process left in the log; JournalFailed where that cannot be.

    It may have been killed between writing and syncing, and SQLite takes for committed what it can read. What
    is read is shown to people and goes into snapshots, so it must not be lost with the power later.
    """
    try:
        for found in (path.with_name(f"{path.name}-wal"), path.parent):
            if found.exists():
                descriptor = os.open(found, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
    except OSError as error:
        raise JournalFailed(f"{found} could not be synced: {error}. {JournalFailed()}") from error


def _refuse_lost_batches(path: Path) -> None:
    """Raise JournalTorn where SQLite would forget batches: opening the file to write would make it final."""
    if has_lost_transactions(path):
        with contextlib.closing(SqliteJournal.open(path)) as journal:
            raise JournalTorn(f"{_lost_after(journal.last())} {JournalTorn()}")


def _lost_after(last: Batch | None) -> str:
    number = last.number if last else 0
    return f"batch {number + 1} is damaged in the log beside the journal: reading stops after batch {number}."


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    mode = "ro" if read_only else "rwc"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=_BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )


def _prepare(writer: sqlite3.Connection) -> None:
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("PRAGMA synchronous = FULL")
    writer.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    writer.executescript(_SCHEMA)
    writer.execute("INSERT OR IGNORE INTO meta VALUES ('format', ?)", (FORMAT,))
    _check_format(writer)


def _check_format(connection: sqlite3.Connection) -> None:
    row = connection.execute("SELECT value FROM meta WHERE name = 'format'").fetchone()
    if row is None or row[0] != FORMAT:
        found = "none" if row is None else row[0]
        raise JournalError(
            f"the journal's format is {found}; this pricetime reads {FORMAT}. Use the one that wrote it."
        )


def _take_lock(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise JournalBusy(f"{path}: {JournalBusy()}") from None
    return lock


@contextlib.contextmanager
def _refused(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise JournalTorn(f"{path} cannot be read; reading stops before batch 1: {error}") from error


def _unreadable(number: int, error: Exception) -> JournalError:
    """Return the error of a read that broke off after batch ``number``."""
    if isinstance(error, JournalError):
        return error
    return JournalTorn(f"batch {number + 1} cannot be read; reading stops after batch {number}: {error}")
