"""The views in SQLite against the rows that they should hold."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from pricetime.adapters.sqlite_views import open_for_reading, trouble_of
from pricetime.adapters.sqlite_views_schema import FORMAT, UPSERTS, Values
from pricetime.ports import ViewPosition

_AT_ONCE: Final = 512  # rows


class SqliteViewCheck:
    """Compares what the file ``path`` holds; for one thread.

    It stays with the file that it has opened, should that be replaced meanwhile. All methods raise
    ViewsDamaged where SQLite finds the file damaged, ViewsBehind where it cannot be read for now.
    """

    def __init__(self, path: Path) -> None:
        with _failing():
            self._connection = open_for_reading(path)

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def is_of_this_format(self) -> bool:
        """Return whether the rows mean what this version means by them."""
        with _failing():
            (found,) = self._connection.execute("PRAGMA user_version").fetchone()
        return bool(found == FORMAT)

    def position(self) -> ViewPosition:
        """Return the last batch that the views hold."""
        with _failing():
            meta = dict(self._connection.execute("SELECT name, value FROM meta"))
        return ViewPosition(
            meta.get("batch", 0), bytes.fromhex(meta.get("batch_hash", "")), meta.get("event", 0)
        )

    def hold(self) -> ViewPosition:
        """Read everything from now on as of this moment, and return where the views stand at it.

        As long as that lasts, the journal of SQLite (WAL) keeps all that is written.
        """
        with _failing():
            self._connection.execute("BEGIN")
        return self.position()

    def differences(self, table: str, expected: Sequence[Values]) -> Iterator[str]:
        """Yield a sentence for each row of a table that is missing or another than in ``expected``."""
        for start in range(0, len(expected), _AT_ONCE):
            yield from self._compared(table, expected[start : start + _AT_ONCE])

    def counts(self) -> dict[str, int]:
        """Return how many rows there are, by table."""
        with _failing():
            return {
                table: self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - constants
                for table in UPSERTS
            }

    def _compared(self, table: str, expected: Sequence[Values]) -> Iterator[str]:
        key = UPSERTS[table].key
        width = key.count(",") + 1
        keys = [row[:width] for row in expected]
        places = ", ".join([f"({', '.join('?' * width)})"] * len(keys))
        with _failing():
            cursor = self._connection.execute(
                f"""WITH wanted ({key}) AS (VALUES {places})
                SELECT {table}.* FROM wanted CROSS JOIN {table} USING ({key})""",  # noqa: S608 - constants
                tuple(itertools.chain.from_iterable(keys)),
            )
            columns = [name for name, *_ in cursor.description]
            found = {row[:width]: row for row in cursor}
        for row in expected:
            held = found.get(row[:width])
            if held != row:
                yield f"{_named(key, row)}: {_difference(columns, held, row)}"


@contextlib.contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise trouble_of(error) from error


def _named(key: str, row: Values) -> str:
    return ", ".join(f"{name} {value!r}" for name, value in zip(key.split(", "), row, strict=False))


def _difference(columns: Sequence[str], held: Sequence[Any] | None, expected: Values) -> str:
    if held is None:
        return "the views do not hold it"
    return "; ".join(
        f"the views hold {name} {there!r}, the journal {here!r}"
        for name, there, here in zip(columns, held, expected, strict=True)
        if there != here
    )
