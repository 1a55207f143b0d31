"""Writes to a SQLite database by one thread, committed together.

While one group is being made durable, the next gathers; so a write waits for at most two commits, and a
thousand writes cost a few.

Invariants: a coroutine that writes returns after its write is on the disk. One that fails fails alone:
each write stands in its own savepoint, or as a row in a statement of many that is taken apart when it
fails. Where the group itself cannot be committed, none of it happened, and every writer in it is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from pricetime.errors import AccountsFailed, QueueFull

T = TypeVar("T")

GROUP_LIMIT: Final = 1_000
"""Writes in one transaction, so that another process that wants to write gets its turn."""

_AT_ONCE: Final = (64, 16, 4, 1)
"""Rows of one statement. A statement costs this thread several turns at Python, however many rows it has."""

Row: TypeAlias = tuple[object, ...]


class Log(NamedTuple):
    """A table that only grows: ``insert`` is ``INSERT INTO …`` up to its columns."""

    insert: str
    columns: int

    def statement(self, rows: int) -> str:
        """Return the statement that appends so many rows."""
        row = f"({', '.join('?' * self.columns)})"
        return f"{self.insert} VALUES {', '.join([row] * rows)}"


Work: TypeAlias = Callable[[sqlite3.Connection], T]


class _Write(NamedTuple):
    work: Work[Any]
    row: Row | None
    """What the work appends to the log, where that is all it does."""
    done: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class _Outcome(NamedTuple):
    done: asyncio.Future[Any]
    result: Any
    error: BaseException | None


class GroupCommit:
    """The writing side of a database. It owns the connection, which must commit by itself only when told."""

    def __init__(self, connection: sqlite3.Connection, *, log: Log, queue_limit: int) -> None:
        self._connection = connection
        self._log = log
        self._queue_limit = queue_limit
        self._unfinished = 0
        self._closed = False
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="accounts", daemon=True)
        self._thread.start()

    async def write(self, work: Work[T]) -> T:
        """Return what ``work`` returned, once it is durable; QueueFull, AccountsFailed, or its own error."""
        return await self._queued(work)

    async def append(self, row: Row) -> None:
        """Append a row to the log; return and raise as ``write`` does."""
        await self._queued(lambda connection: connection.execute(self._log.statement(1), row), row)

    def _queued(self, work: Work[T], row: Row | None = None) -> asyncio.Future[T]:
        if self._closed:
            raise AccountsFailed("The users' database is closed.")
        if self._unfinished >= self._queue_limit:
            raise QueueFull("Too many changes to users wait. Try again in a moment.")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._unfinished += 1
        self._queue.put(_Write(work, row, done, loop))
        return done

    def close(self) -> None:
        """Write what is queued, then close the connection; safe to call twice."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()

    def _run(self) -> None:
        going_on = True
        while going_on:
            group, going_on = self._gather()
            if group:
                self._tell(group[0].loop, self._commit(group))
        self._connection.close()

    def _gather(self) -> tuple[list[_Write], bool]:
        """Wait for a write; return it with all that wait behind it, and whether to go on afterwards."""
        group: list[_Write] = []
        with contextlib.suppress(queue.Empty):
            while len(group) < GROUP_LIMIT:
                write = self._queue.get(block=not group)
                if write is None:
                    return group, False
                group.append(write)
        return group, True

    def _commit(self, group: list[_Write]) -> list[_Outcome]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes = [self._attempt(write.done, write.work) for write in group if write.row is None]
            outcomes += self._append([write for write in group if write.row is not None])
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - this thread must not die: everybody would wait for ever
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            return [_Outcome(write.done, None, failure(error)) for write in group]
        return outcomes

    def _append(self, group: list[_Write]) -> list[_Outcome]:
        """Append the rows of a group with few statements; where that fails, one by one."""
        if group:
            together = self._attempt(group[0].done, lambda connection: self._append_all(connection, group))
            if together.error is None:
                return [_Outcome(write.done, None, None) for write in group]
        return [self._attempt(write.done, write.work) for write in group]

    def _append_all(self, connection: sqlite3.Connection, group: list[_Write]) -> None:
        at = 0
        for size in _AT_ONCE:
            while len(group) - at >= size:
                values = itertools.chain.from_iterable(write.row or () for write in group[at : at + size])
                connection.execute(self._log.statement(size), tuple(values))
                at += size

    def _attempt(self, done: asyncio.Future[Any], work: Work[Any]) -> _Outcome:
        self._connection.execute("SAVEPOINT one")
        try:
            outcome = _Outcome(done, work(self._connection), None)
        except Exception as error:
            if not self._connection.in_transaction:
                raise  # SQLite gave the whole group up (the disk is full), so nobody's write has happened.
            self._connection.execute("ROLLBACK TO one")
            outcome = _Outcome(done, None, failure(error))
        self._connection.execute("RELEASE one")
        return outcome

    def _tell(self, loop: asyncio.AbstractEventLoop, outcomes: list[_Outcome]) -> None:
        with contextlib.suppress(RuntimeError):  # The loop was closed, so nobody waits any more.
            loop.call_soon_threadsafe(self._resolve, outcomes)

    def _resolve(self, outcomes: list[_Outcome]) -> None:
        self._unfinished -= len(outcomes)
        for done, result, error in outcomes:
            if done.done():
                continue
            if error is None:
                done.set_result(result)
            else:
                done.set_exception(error)


def failure(error: BaseException) -> BaseException:
    """Return the error to raise for one that SQLite or a write raised."""
    if isinstance(error, sqlite3.Error):
        return AccountsFailed(f"The users' database cannot be used: {error}. See to its disk and its file.")
    return error
