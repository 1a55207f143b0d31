"""The read side of the views in SQLite: every query of ``ports.Views``, on one connection a thread.

Each query uses an index and is bounded by its limit. Rows leave SQLite as one JSON text, made with Python
free for other threads, and become structs in one step: fetched row by row, a long list would wait for its
turn in Python at every row. A statement sees the views as of one save.

``SqliteViewStore`` may replace the file by an empty one, so a connection is opened anew where the path
leads to another file than before.
"""

from __future__ import annotations

import binascii
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec

from pricetime.adapters.sqlite_times import first_since
from pricetime.errors import ViewsBehind, ViewsDamaged
from pricetime.ports import (
    LATEST_NS,
    Balance,
    Candle,
    CommandRow,
    Depth,
    DepthLevel,
    ExecutionRow,
    HoldingRow,
    OrderRow,
    Row,
    StockRow,
    TradeRow,
    ViewPosition,
    WalletRow,
    WealthChange,
)

MAX_INTEGER: Final = 2**63 - 1
_SECOND_NS: Final = 1_000_000_000
_BUSY_TIMEOUT_S: Final = 5.0
_STATEMENTS_KEPT: Final = 256

_R = TypeVar("_R", bound=Row)
T = TypeVar("T")


class _Kind(Generic[_R]):
    """Rows of one type: the columns that they are made of, and how their JSON becomes structs."""

    def __init__(self, row: type[_R], columns: str) -> None:
        self.head = f"SELECT json_group_array(json_array({columns})) FROM "  # noqa: S608 - constants
        # SQLite has no booleans: where not strict, 0 and 1 are read as such.
        self.decoder = msgspec.json.Decoder(list[row], strict=False)  # type: ignore[valid-type]


_ORDERS: Final = _Kind(
    OrderRow,
    """number, account, stock, side, order_type, time_in_force, post_only, cut, price, quantity, filled,
    value, status, reason, executions, sole_trade, coalesce(client_id, 'AAAAAAAAAAAAAAAAAAAAAA=='),
    created_ns, updated_ns""",
)
_EXECUTIONS: Final = _Kind(
    ExecutionRow,
    """id >> 1, account, order_number, stock, side, order_type, price, quantity, amount, fee, maker, sole,
    time_ns""",
)
_TRADES: Final = _Kind(TradeRow, "id >> 1, stock, side, price, quantity, time_ns")
_WALLET: Final = _Kind(WalletRow, "event, account, kind, amount, order_number, stock, sole, time_ns")
_CHANGES: Final = _Kind(WealthChange, "start_ns, stock, shares, money, movements")
_BALANCES: Final = _Kind(Balance, "free, held")
_HOLDINGS: Final = _Kind(HoldingRow, "stock, free, held, cost, realised")
_STOCKS: Final = _Kind(
    StockRow,
    """stock, tick, halted, last,
    coalesce((SELECT max(price) FROM levels AS l WHERE l.stock = s.stock AND side = 1 AND price > 0), 0),
    coalesce((SELECT min(price) FROM levels AS l WHERE l.stock = s.stock AND side = 2 AND price > 0), 0),
    day_open, day_high, day_low, day_volume, day_start_ns, shares, last_trade_ns""",
)
_CANDLES: Final = _Kind(Candle, "start_ns, open, high, low, close, volume, trades")
_LEVELS: Final = _Kind(DepthLevel, "price, quantity, orders")
_COMMANDS: Final = _Kind(
    CommandRow, "sequence, time_ns, actor, account, kind, stock, order_number, quantity, amount, reason"
)

_COMMAND_FROM: Final = "SELECT sequence, time_ns FROM commands WHERE sequence >= ? ORDER BY sequence LIMIT 1"

# A movement of money is a side of a trade or a transfer; both have ids that are twice their event.
_TRADED: Final = """SELECT id, id >> 1 AS event, account, iif(side = 1, 'buy', 'sell') AS kind,
    iif(side = 1, amount + fee, amount - fee) AS amount, order_number, stock, sole, time_ns
    FROM executions INDEXED BY executions_of_account"""
_TRANSFERRED: Final = """SELECT id, id >> 1, account, kind, amount, 0, 0, 0, time_ns
    FROM transfers INDEXED BY transfers_of_account"""

_CHANGED: Final = """(SELECT time_ns - time_ns % :interval AS start_ns, stock, sum(shares) AS shares,
    sum(money) AS money, count(*) AS movements FROM (
    SELECT * FROM (SELECT time_ns, stock, iif(side = 1, quantity, -quantity) AS shares,
        iif(side = 1, -amount - fee, amount - fee) AS money
        FROM executions INDEXED BY executions_of_account
        WHERE account = :account AND id >= :first ORDER BY id DESC LIMIT :limit)
    UNION ALL SELECT * FROM (SELECT time_ns, 0, 0, iif(kind = 'deposit', amount, -amount)
        FROM transfers INDEXED BY transfers_of_account
        WHERE account = :account AND id >= :first ORDER BY id DESC LIMIT :limit)
    UNION ALL SELECT * FROM (SELECT time_ns, stock, quantity, 0
        FROM commands INDEXED BY commands_of_account_of_kind
        WHERE account = :account AND kind = 'grant_shares' AND reason = 0
        ORDER BY sequence DESC LIMIT :limit)
    ) WHERE time_ns >= :start GROUP BY 1, 2 ORDER BY 1 DESC)"""

_SIDE_OF_DEPTH: Final = """(SELECT json_group_array(json_array(price, quantity, orders)) FROM (
    SELECT price, quantity, orders FROM levels WHERE stock = :stock AND side = {side} AND price > 0
    ORDER BY price {direction} LIMIT :levels))"""
_AT_MARKET: Final = """coalesce((SELECT quantity FROM levels
    WHERE stock = :stock AND side = {side} AND price = 0), 0)"""
_DEPTH: Final = f"""SELECT json_array(coalesce((SELECT value FROM meta WHERE name = 'event'), 0),
    json({_SIDE_OF_DEPTH.format(side=1, direction="DESC")}),
    json({_SIDE_OF_DEPTH.format(side=2, direction="ASC")}),
    {_AT_MARKET.format(side=1)}, {_AT_MARKET.format(side=2)})"""  # noqa: S608 - constants
_DEPTH_DECODER: Final = msgspec.json.Decoder(Depth)


class SqliteViews:
    """The views in the file ``path``, for any number of threads.

    ViewsDamaged where SQLite finds the file damaged, ViewsBehind where it cannot be read for now.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = str(path)
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._one_opens = threading.Lock()

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._one_opens:
            opened, self._opened = self._opened, []
            for connection in opened:
                connection.close()
        self._local = threading.local()

    # -------------------------------------------------------------------------------------- position

    def at_once(self, query: Callable[[], T]) -> T:
        """Return what ``query`` finds by several reads, all as of one save."""
        self._execute("BEGIN")
        connection: sqlite3.Connection = self._local.connection
        try:
            found = query()
        finally:
            connection.rollback()
        if self._local.connection is not connection:
            raise ViewsBehind("The views were made anew meanwhile. Try again in a moment.")
        return found

    def position(self) -> int:
        """Return the number of the last event that the views hold."""
        event: int = self._value("SELECT value FROM meta WHERE name = 'event'") or 0
        return event

    def checkpoint(self) -> ViewPosition:
        """Return the last batch that the views hold."""
        batch = self._value("SELECT value FROM meta WHERE name = 'batch'")
        batch_hash = self._value("SELECT value FROM meta WHERE name = 'batch_hash'")
        return ViewPosition(batch or 0, bytes.fromhex(batch_hash or ""), self.position())

    # ------------------------------------------------------------------------- orders and executions

    def order(self, order: int) -> OrderRow | None:
        """Return an order, open or closed."""
        return _first(self._rows(_ORDERS, "orders WHERE number = ?", (_bounded(order),)))

    def order_by_client_id(self, account: int, client_id: bytes) -> OrderRow | None:
        """Return the newest order of an account that came with a client id."""
        text = binascii.b2a_base64(client_id, newline=False).decode()
        rows = """(SELECT * FROM orders INDEXED BY orders_by_client_id
            WHERE account = ? AND client_id = ? ORDER BY number DESC LIMIT 1)"""
        return _first(self._rows(_ORDERS, rows, (_bounded(account), text)))

    def orders(
        self, account: int, *, stock: int = 0, open_only: bool = False, before: int = 0, limit: int
    ) -> Sequence[OrderRow]:
        """Return an account's orders, newest first."""
        index = ("orders_open" if open_only else "orders_of_account") + ("_in_stock" if stock else "")
        rows = f"""(SELECT * FROM orders INDEXED BY {index}
            WHERE account = :account AND number < :before
            {"AND stock = :stock" if stock else ""} {"AND reason = 0" if open_only else ""}
            ORDER BY number DESC LIMIT :limit)"""  # noqa: S608 - no text from outside
        return self._rows(
            _ORDERS,
            rows,
            {"account": account, "stock": _bounded(stock), "before": _upper(before), "limit": limit},
        )

    def orders_oldest_first(self, account: int, *, limit: int) -> Sequence[OrderRow]:
        """Return an account's first ``limit`` orders by creation."""
        rows = """(SELECT * FROM orders INDEXED BY orders_of_account
            WHERE account = ? ORDER BY number LIMIT ?)"""
        return self._rows(_ORDERS, rows, (account, limit))

    def executions_of(self, order: int, *, limit: int) -> Sequence[ExecutionRow]:
        """Return an order's executions, oldest first."""
        rows = """(SELECT * FROM executions INDEXED BY executions_of_order
            WHERE order_number = ? ORDER BY id LIMIT ?)"""
        return self._rows(_EXECUTIONS, rows, (_bounded(order), limit))

    def executions(
        self, account: int, *, stock: int = 0, before: int = 0, limit: int
    ) -> Sequence[ExecutionRow]:
        """Return an account's executions, newest first."""
        index = "executions_of_account" + ("_in_stock" if stock else "")
        rows = f"""(SELECT * FROM executions INDEXED BY {index}
            WHERE account = :account AND id < :before {"AND stock = :stock" if stock else ""}
            ORDER BY id DESC LIMIT :limit)"""  # noqa: S608 - no text from outside
        return self._rows(
            _EXECUTIONS,
            rows,
            {"account": account, "stock": _bounded(stock), "before": _upper(2 * before), "limit": limit},
        )

    def executions_oldest_first(self, account: int, *, limit: int) -> Sequence[ExecutionRow]:
        """Return an account's first ``limit`` executions."""
        rows = """(SELECT * FROM executions INDEXED BY executions_of_account
            WHERE account = ? ORDER BY id LIMIT ?)"""
        return self._rows(_EXECUTIONS, rows, (account, limit))

    # ------------------------------------------------------------------------------ money and shares

    def wallet_rows(self, account: int, *, before: int = 0, limit: int) -> Sequence[WalletRow]:
        """Return an account's movements of money, newest first."""
        condition = "WHERE account = :account AND id < :before ORDER BY id DESC LIMIT :limit"
        rows = f"""(SELECT * FROM (SELECT * FROM ({_TRADED} {condition})
            UNION ALL SELECT * FROM ({_TRANSFERRED} {condition})) ORDER BY id DESC LIMIT :limit)"""  # noqa: S608 - constants
        return self._rows(_WALLET, rows, {"account": account, "before": _upper(2 * before), "limit": limit})

    def wallet_trades_oldest_first(self, account: int, *, limit: int) -> Sequence[WalletRow]:
        """Return an account's first ``limit`` buys and sells, oldest first, without deposits."""
        rows = f"({_TRADED} WHERE account = ? ORDER BY id LIMIT ?)"
        return self._rows(_WALLET, rows, (account, limit))

    def statement(self, account: int, start_ns: int, end_ns: int, *, limit: int) -> Sequence[WalletRow]:
        """Return movements of money with start <= time < end, oldest first."""
        first, last = self._events_between(start_ns, end_ns)
        condition = """WHERE account = :account AND id >= :first AND id < :last
            AND time_ns >= :start AND time_ns < :end ORDER BY id LIMIT :limit"""
        rows = f"""(SELECT * FROM (SELECT * FROM ({_TRADED} {condition})
            UNION ALL SELECT * FROM ({_TRANSFERRED} {condition})) ORDER BY id LIMIT :limit)"""  # noqa: S608 - constants
        parameters = {
            "account": account,
            "first": 2 * first,
            "last": _upper(2 * last),
            "start": _bounded(start_ns),
            "end": _bounded(end_ns),
            "limit": limit,
        }
        return self._rows(_WALLET, rows, parameters)

    def wealth_changes(
        self, account: int, interval_s: int, start_ns: int, *, limit: int
    ) -> Sequence[WealthChange]:
        """Return what intervals from ``start_ns`` on changed in an account, newest first."""
        first, _ = self._events_between(start_ns, start_ns)
        parameters = {
            "account": account,
            "interval": interval_s * _SECOND_NS,
            "first": 2 * first,
            "start": _bounded(start_ns),
            "limit": limit,
        }
        return self._rows(_CHANGES, _CHANGED, parameters)

    def balance(self, account: int) -> Balance:
        """Return an account's money; zeros where it never had any."""
        rows = self._rows(_BALANCES, "balances WHERE account = ?", (account,))
        return rows[0] if rows else Balance(0, 0)

    def holdings(self, account: int) -> Sequence[HoldingRow]:
        """Return what an account holds or held, by stock."""
        rows = "(SELECT * FROM holdings WHERE account = ? ORDER BY stock LIMIT -1)"
        return self._rows(_HOLDINGS, rows, (account,))

    def holding(self, account: int, stock: int) -> HoldingRow | None:
        """Return what an account holds or held of one stock."""
        return _first(self._rows(_HOLDINGS, "holdings WHERE account = ? AND stock = ?", (account, stock)))

    # -------------------------------------------------------------------------------------- market

    def stock(self, stock: int) -> StockRow | None:
        """Return a listed stock."""
        return _first(self._rows(_STOCKS, "stocks AS s WHERE stock = ?", (_bounded(stock),)))

    def stocks(self) -> Sequence[StockRow]:
        """Return every listed stock, by number."""
        return self._rows(_STOCKS, "(SELECT * FROM stocks ORDER BY stock LIMIT -1) AS s", ())

    def depth(self, stock: int, levels: int) -> Depth:
        """Return the best ``levels`` levels of each side."""
        text = self._value(_DEPTH, {"stock": _bounded(stock), "levels": levels})
        return _decoded(_DEPTH_DECODER, text)

    def level(self, stock: int, side: int, price: int) -> DepthLevel | None:
        """Return one level, or with price 0 what waits at market."""
        rows = "levels WHERE stock = ? AND side = ? AND price = ?"
        return _first(self._rows(_LEVELS, rows, (stock, side, price)))

    def trades(self, stock: int, *, before: int = 0, limit: int) -> Sequence[TradeRow]:
        """Return the tape of a stock, newest first."""
        rows = """(SELECT * FROM executions INDEXED BY executions_on_tape
            WHERE stock = ? AND maker = 0 AND id < ? ORDER BY id DESC LIMIT ?)"""
        return self._rows(_TRADES, rows, (_bounded(stock), _upper(2 * before), limit))

    def candles(
        self, stock: int, interval_s: int, start_ns: int, end_ns: int, *, limit: int
    ) -> Sequence[Candle]:
        """Return the candles with start <= start_ns < end, oldest first; the last ``limit`` of them."""
        rows = """(SELECT * FROM candles WHERE stock = ? AND interval_s = ?
            AND start_ns >= ? AND start_ns < ? ORDER BY start_ns DESC LIMIT ?)"""
        parameters = (_bounded(stock), interval_s, _bounded(start_ns), _bounded(end_ns), limit)
        newest_first = self._rows(_CANDLES, rows, parameters)
        newest_first.reverse()
        return newest_first

    # --------------------------------------------------------------------------------------- audit

    def audit(
        self,
        *,
        account: int = 0,
        actor: int = 0,
        kind: str = "",
        denied_only: bool = False,
        start_ns: int = 0,
        end_ns: int = LATEST_NS,
        before: int = 0,
        limit: int,
    ) -> Sequence[CommandRow]:
        """Return the audit of commands with start <= time < end, newest first."""
        index = (
            ("denials" if denied_only else "commands")
            + ("_of_account" if account else "")
            + ("_of_kind" if kind else "")
        )
        rows = f"""(SELECT * FROM commands {"" if index == "commands" else f"INDEXED BY {index}"}
            WHERE sequence >= :after AND sequence < :before {"AND reason <> 0" if denied_only else ""}
            {"AND account = :account" if account else ""} {"AND kind = :kind" if kind else ""}
            {"AND actor = :actor" if actor else ""}
            ORDER BY sequence DESC LIMIT :limit)"""  # noqa: S608 - no text from outside
        parameters = {
            "account": _bounded(account),
            "actor": _bounded(actor),
            "kind": kind,
            "after": self._first_command(start_ns) if start_ns > 0 else 0,
            "before": min(_upper(before), self._first_command(end_ns) if end_ns < LATEST_NS else MAX_INTEGER),
            "limit": limit,
        }
        return self._rows(_COMMANDS, rows, parameters)

    def _first_command(self, time_ns: int) -> int:
        """Return the sequence from which on commands are of a time or later."""
        newest = self._value("SELECT max(sequence) FROM commands") or 0
        return first_since(lambda sequence: self._execute(_COMMAND_FROM, (sequence,)), newest, time_ns)

    # --------------------------------------------------------------------------------- connections

    def _events_between(self, start_ns: int, end_ns: int) -> tuple[int, int]:
        """Return bounds, first <= event < last, of the events in a span of time, up to a second too wide."""
        first = self._value(
            "SELECT event FROM moments WHERE second <= ? ORDER BY second DESC LIMIT 1",
            (_bounded(start_ns // _SECOND_NS),),
        )
        last = self._value(
            "SELECT event FROM moments WHERE second > ? ORDER BY second LIMIT 1",
            (_bounded(end_ns // _SECOND_NS),),
        )
        return first or 0, last or MAX_INTEGER

    def _rows(self, kind: _Kind[_R], rows: str, parameters: Any) -> list[_R]:
        """Return the rows of a table or of a subquery that orders and limits them."""
        return _decoded(kind.decoder, self._value(kind.head + rows, parameters))

    def _value(self, sql: str, parameters: Any = ()) -> Any:
        """Return the first column of the first row, or None."""
        row = self._execute(sql, parameters)
        return None if row is None else row[0]

    def _execute(self, sql: str, parameters: Any = ()) -> Any:
        """Return the first row, or None."""
        try:
            return self._connection().execute(sql, parameters).fetchone()
        except sqlite3.DatabaseError as error:
            raise trouble_of(error) from error
        except OSError as error:
            raise ViewsBehind(f"The views cannot be read: {error.strerror}. {ViewsBehind()}") from error

    def _connection(self) -> sqlite3.Connection:
        """Return this thread's connection to the file that is at the path now."""
        local, file = self._local, os.stat(self._name).st_ino  # noqa: PTH116 - half the time of Path.stat
        if getattr(local, "file", None) != file:
            local.connection = self._open()
            local.file = file
        connection: sqlite3.Connection = local.connection
        return connection

    def _open(self) -> sqlite3.Connection:
        connection = open_for_reading(self._path)
        with self._one_opens:
            self._opened.append(connection)
        return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Return a connection that cannot write, for one thread at a time."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=_BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS_KEPT,
    )


def trouble_of(error: sqlite3.DatabaseError) -> ViewsBehind | ViewsDamaged:
    """Return what it means that SQLite cannot read the views."""
    trouble = ViewsDamaged if is_damage(error) else ViewsBehind
    return trouble(f"The views cannot be read: {error}. {trouble()}")


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Return whether SQLite says that the file itself is wrong, rather than busy, full or closed."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _decoded(decoder: msgspec.json.Decoder[T], text: str) -> T:
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise ViewsDamaged(f"The views hold what is no row: {error}. {ViewsDamaged()}") from error


def _first(rows: Sequence[_R]) -> _R | None:
    return rows[0] if rows else None


def _bounded(value: int) -> int:
    """Return a number from outside as the nearest one that SQLite can hold; no row has either bound."""
    return max(-MAX_INTEGER, min(value, MAX_INTEGER))


def _upper(before: int) -> int:
    """Return an exclusive upper bound of ids; 0 is none."""
    return _bounded(before) if before > 0 else MAX_INTEGER
