"""The tables of the views in SQLite, and how rows are written to them.

Fat rows are appended in the order of their ids, so writing touches few pages; each index serves one query
of ``ports.Views`` and holds nothing else. Many rows go into one statement: between two statements a
thread may wait milliseconds for its next turn in Python while others are busy. A change of a table, an
index or the meaning of a column is a new ``FORMAT``: the views are then thrown away and made anew.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Sequence
from typing import Final

FORMAT: Final = 2

SCHEMA: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;

CREATE TABLE orders (
    number INTEGER PRIMARY KEY, account INTEGER, stock INTEGER, side INTEGER, order_type INTEGER,
    time_in_force INTEGER, post_only INTEGER, cut INTEGER, price INTEGER, quantity INTEGER,
    filled INTEGER, value INTEGER, status TEXT, reason INTEGER, executions INTEGER,
    sole_trade INTEGER, client_id TEXT, created_ns INTEGER, updated_ns INTEGER
);
CREATE INDEX orders_of_account ON orders (account);
CREATE INDEX orders_of_account_in_stock ON orders (account, stock);
CREATE INDEX orders_open ON orders (account) WHERE reason = 0;
CREATE INDEX orders_open_in_stock ON orders (account, stock) WHERE reason = 0;
CREATE INDEX orders_by_client_id ON orders (account, client_id) WHERE client_id IS NOT NULL;

-- id: twice the trade, plus 1 for the maker's side
CREATE TABLE executions (
    id INTEGER PRIMARY KEY, account INTEGER, order_number INTEGER, stock INTEGER, side INTEGER,
    order_type INTEGER, price INTEGER, quantity INTEGER, amount INTEGER, fee INTEGER, maker INTEGER,
    sole INTEGER, time_ns INTEGER
);
CREATE INDEX executions_of_account ON executions (account);
CREATE INDEX executions_of_account_in_stock ON executions (account, stock);
CREATE INDEX executions_of_order ON executions (order_number);
CREATE INDEX executions_on_tape ON executions (stock) WHERE maker = 0;

-- id: twice the event, to be merged with executions
CREATE TABLE transfers (
    id INTEGER PRIMARY KEY, account INTEGER, kind TEXT, amount INTEGER, time_ns INTEGER
);
CREATE INDEX transfers_of_account ON transfers (account);

CREATE TABLE balances (account INTEGER PRIMARY KEY, free INTEGER, held INTEGER);

CREATE TABLE holdings (
    account INTEGER, stock INTEGER, free INTEGER, held INTEGER, cost INTEGER, realised INTEGER,
    PRIMARY KEY (account, stock)
) WITHOUT ROWID;

CREATE TABLE stocks (
    stock INTEGER PRIMARY KEY, tick INTEGER, halted INTEGER, last INTEGER, day_open INTEGER,
    day_high INTEGER, day_low INTEGER, day_volume INTEGER, day_start_ns INTEGER, shares INTEGER,
    last_trade_ns INTEGER
);

CREATE TABLE candles (
    stock INTEGER, interval_s INTEGER, start_ns INTEGER, open INTEGER, high INTEGER, low INTEGER,
    close INTEGER, volume INTEGER, trades INTEGER, PRIMARY KEY (stock, interval_s, start_ns)
) WITHOUT ROWID;

-- price 0: what waits at market
CREATE TABLE levels (
    stock INTEGER, side INTEGER, price INTEGER, quantity INTEGER, orders INTEGER,
    PRIMARY KEY (stock, side, price)
) WITHOUT ROWID;

CREATE TABLE commands (
    sequence INTEGER PRIMARY KEY, time_ns INTEGER, actor INTEGER, account INTEGER, kind TEXT,
    stock INTEGER, order_number INTEGER, quantity INTEGER, amount INTEGER, reason INTEGER
);
CREATE INDEX commands_of_account ON commands (account);
CREATE INDEX commands_of_kind ON commands (kind);
CREATE INDEX commands_of_account_of_kind ON commands (account, kind);
CREATE INDEX denials ON commands (sequence) WHERE reason <> 0;
CREATE INDEX denials_of_account ON commands (account) WHERE reason <> 0;
CREATE INDEX denials_of_kind ON commands (kind) WHERE reason <> 0;
CREATE INDEX denials_of_account_of_kind ON commands (account, kind) WHERE reason <> 0;

CREATE TABLE moments (second INTEGER PRIMARY KEY, event INTEGER);
"""

_ROWS_IN_A_STATEMENT: Final = 512

Values = tuple[int | str | bytes | None, ...]


class Upsert:
    """Writes rows into one table, replacing ``changing`` columns where a row of the key is there.

    With no ``changing`` columns the row that is there stays.
    """

    def __init__(self, table: str, key: str, columns: int, changing: Sequence[str] = ()) -> None:
        self.key = key
        self._head = f"INSERT INTO {table} VALUES "  # noqa: S608 - constants
        self._row = f"({', '.join('?' * columns)})"
        assignments = ", ".join(f"{column} = excluded.{column}" for column in changing)
        action = f"UPDATE SET {assignments}" if changing else "NOTHING"
        self._tail = f" ON CONFLICT ({key}) DO {action}"
        self._statements: dict[int, str] = {}

    def write(self, connection: sqlite3.Connection, rows: Sequence[Values]) -> None:
        """Write rows, up to 512 in one statement."""
        for start in range(0, len(rows), _ROWS_IN_A_STATEMENT):
            part = _padded(rows[start : start + _ROWS_IN_A_STATEMENT])
            connection.execute(self._statement(len(part)), tuple(itertools.chain.from_iterable(part)))

    def _statement(self, rows: int) -> str:
        statement = self._statements.get(rows)
        if statement is None:
            statement = self._head + ", ".join([self._row] * rows) + self._tail
            self._statements[rows] = statement
        return statement


def delete_levels(connection: sqlite3.Connection, keys: Sequence[Values]) -> None:
    """Delete levels by stock, side and price."""
    for start in range(0, len(keys), _ROWS_IN_A_STATEMENT):
        part = _padded(keys[start : start + _ROWS_IN_A_STATEMENT])
        values = ", ".join(["(?, ?, ?)"] * len(part))
        sql = f"DELETE FROM levels WHERE (stock, side, price) IN (VALUES {values})"  # noqa: S608 - no text from outside
        connection.execute(sql, tuple(itertools.chain.from_iterable(part)))


def _padded(rows: Sequence[Values]) -> list[Values]:
    """Return rows with the last one repeated up to a power of two.

    Writing a row twice changes nothing, and so each statement comes in ten sizes that stay prepared.
    """
    size = 1 << (len(rows) - 1).bit_length()
    return [*rows, *([rows[-1]] * (size - len(rows)))]


UPSERT_META: Final = Upsert("meta", "name", 2, ("value",))
UPSERTS: Final = {
    "orders": Upsert(
        "orders",
        "number",
        19,
        (
            "price",
            "quantity",
            "filled",
            "value",
            "status",
            "reason",
            "executions",
            "sole_trade",
            "updated_ns",
        ),
    ),
    "executions": Upsert("executions", "id", 13),
    "transfers": Upsert("transfers", "id", 5),
    "balances": Upsert("balances", "account", 3, ("free", "held")),
    "holdings": Upsert("holdings", "account, stock", 6, ("free", "held", "cost", "realised")),
    "stocks": Upsert(
        "stocks",
        "stock",
        11,
        (
            "halted",
            "last",
            "day_open",
            "day_high",
            "day_low",
            "day_volume",
            "day_start_ns",
            "shares",
            "last_trade_ns",
        ),
    ),
    "candles": Upsert(
        "candles", "stock, interval_s, start_ns", 9, ("high", "low", "close", "volume", "trades")
    ),
    "levels": Upsert("levels", "stock, side, price", 5, ("quantity", "orders")),
    "commands": Upsert("commands", "sequence", 10),
    "moments": Upsert("moments", "second", 2),
}
"""By table: all tables of rows."""
