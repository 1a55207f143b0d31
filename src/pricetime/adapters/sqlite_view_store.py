"""The write side of the views in SQLite: one connection, one transaction a save.

The file may be thrown away at any time, so a commit does not wait for the disk (WAL, synchronous NORMAL):
after a power cut the views are a few batches behind, and whole. A file of another format, or one that
SQLite finds damaged, is replaced by an empty one, to be filled again from the journal.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import structlog

from pricetime.adapters import sqlite_view_rows as rows
from pricetime.adapters import sqlite_views_schema as schema
from pricetime.adapters.sqlite_views import MAX_INTEGER, SqliteViews, is_damage
from pricetime.errors import ViewsDamaged
from pricetime.ports import (
    Candle,
    DepthLevel,
    HoldingRow,
    OrderRow,
    StockRow,
    ViewChanges,
    ViewPosition,
)

_log = structlog.get_logger(__name__)
_BUSY_TIMEOUT_S: Final = 5.0
_STATEMENTS_KEPT: Final = 256
_CHECKPOINT_PAGES: Final = 8_000  # about 32 MB: a page that changes often moves into the file once
_CACHE_KIB: Final = 65_536


class SqliteViewStore:
    """Writes the views in the file ``path``, which is made where it is missing or cannot be used.

    For one thread at a time. Make it before the first ``SqliteViews`` of the same path is read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reads = SqliteViews(path)
        self._writer: sqlite3.Connection | None = self._open()

    # --------------------------------------------------------------------------------------- reads

    def position(self) -> int:
        """Return the number of the last event that the views hold."""
        return self._reads.position()

    def checkpoint(self) -> ViewPosition:
        """Return the last batch that the views hold."""
        return self._reads.checkpoint()

    def order(self, order: int) -> OrderRow | None:
        """Return an order, open or closed."""
        return self._reads.order(order)

    def holding(self, account: int, stock: int) -> HoldingRow | None:
        """Return what an account holds or held of one stock."""
        return self._reads.holding(account, stock)

    def level(self, stock: int, side: int, price: int) -> DepthLevel | None:
        """Return one level, or with price 0 what waits at market."""
        return self._reads.level(stock, side, price)

    def stock(self, stock: int) -> StockRow | None:
        """Return a listed stock."""
        return self._reads.stock(stock)

    def newest_candle(self, stock: int, interval_s: int) -> Candle | None:
        """Return a stock's newest candle of an interval."""
        candles = self._reads.candles(stock, interval_s, 0, MAX_INTEGER, limit=1)
        return candles[0] if candles else None

    # -------------------------------------------------------------------------------------- writes

    def save(self, changes: ViewChanges) -> None:
        """Store rows and position in one transaction; ViewsDamaged where SQLite finds the file damaged."""
        with self._transaction() as writer:
            for table, values in rows.values_of(changes).items():
                schema.UPSERTS[table].write(writer, values)
            schema.delete_levels(writer, [key for key, level in changes.levels.items() if not level.orders])
            schema.UPSERT_META.write(writer, _position(changes.position))

    def clear(self) -> None:
        """Replace the file by an empty one; readers find the new one by themselves."""
        self.close()
        _throw_away(self._path)
        self._writer = self._open()

    def close(self) -> None:
        """Release the file; safe to call twice."""
        self._reads.close()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    # --------------------------------------------------------------------------------- connections

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        assert self._writer is not None, "the store is closed"
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                raise ViewsDamaged(f"The views cannot be written: {error}. {ViewsDamaged()}") from error
            raise

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(_Unusable):
            return _prepared(self._path)
        _throw_away(self._path)
        return _prepared(self._path)


class _Unusable(Exception):
    """The file is damaged or of another format."""


def _prepared(path: Path) -> sqlite3.Connection:
    """Return a connection for writing to views of this format."""
    connection = sqlite3.connect(
        path,
        timeout=_BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS_KEPT,
    )
    try:
        _check_format(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        return connection
    except sqlite3.DatabaseError as error:
        connection.close()
        if not is_damage(error):
            raise
        _log.warning("The views are damaged. They are made anew from the journal.", path=str(path))
        raise _Unusable from error
    except BaseException:
        connection.close()
        raise


def _check_format(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables in an empty file; _Unusable where the tables are of another format."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables == 0:
        connection.executescript(f"BEGIN; {schema.SCHEMA}; PRAGMA user_version = {schema.FORMAT}; COMMIT;")
    elif found != schema.FORMAT:
        _log.warning(
            "The views have another format. They are made anew from the journal.",
            path=str(path),
            found=found,
            expected=schema.FORMAT,
        )
        raise _Unusable


def _throw_away(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _position(position: ViewPosition) -> list[schema.Values]:
    return [
        ("batch", position.batch),
        ("batch_hash", position.batch_hash.hex()),
        ("event", position.event),
    ]
