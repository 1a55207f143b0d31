"""LOBSTER files: message rows and orderbook rows, read in chunks and written one by one.

Both are CSV without a header, one row of the orderbook after each message::

    34200.004241176,1,16113575,18,5853300,1          time, type, order, size, price, direction
    5859400,200,5853300,18,5859800,200,5853000,150   ask price 1, ask size 1, bid price 1, bid size 1, …

Prices are dollars × 10,000, which is the venue's own unit. Memory is bounded: a chunk of rows at a time,
and no line is longer than ``LINE_LIMIT``. What a file has wrong is a ``LobsterError`` that names the file,
the line and the column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pricetime.errors import LobsterError

UNOCCUPIED: Final = 9_999_999_999
"""The price of a level where nobody stands (negated among the bids); every real price is below it."""
LEVELS_LIMIT: Final = 500
LINE_LIMIT: Final = 65_536
ORDER_LIMIT: Final = 2**62
_SECONDS_LIMIT: Final = 8_000_000  # above it a double does not tell nanoseconds apart
_CHUNK: Final = 10_000
_NS: Final = 1_000_000_000
_PACKED: Final = (b"\x1f\x8b", b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", b"BZh", b"\xfd7zXZ")


class MessageType(IntEnum):
    """What a message says."""

    NEW = 1
    REDUCE = 2
    DELETE = 3
    EXECUTE = 4
    EXECUTE_HIDDEN = 5
    CROSS = 6
    HALT = 7


HALTED, QUOTING, TRADING = -1, 0, 1
"""The prices of a HALT message, and what each says."""


class Message(NamedTuple):
    """One row of a message file. ``direction``: 1 a resting buy, -1 a resting sell."""

    time_ns: int
    type: int
    order: int
    size: int
    price: int
    direction: int


class BookRows(NamedTuple):
    """Rows of an orderbook file, a list a row, best level first. Keys are prices, those of bids negated."""

    ask_keys: list[list[int]]
    ask_sizes: list[list[int]]
    bid_keys: list[list[int]]
    bid_sizes: list[list[int]]


_COLUMNS: Final = ("time", "type", "order id", "size", "price", "direction")
_MESSAGE_DTYPE: Final = np.dtype([
    ("time", "f8"), ("type", "i8"), ("order", "i8"), ("size", "i8"), ("price", "i8"), ("direction", "i8"),
])  # fmt: skip


def count_rows(path: Path) -> int:
    """Return how many lines a file has; LobsterError where it is empty, packed or cannot be read."""
    count, last = 0, b"\n"
    with _open(path) as file:
        while block := file.read(1 << 20):
            count += block.count(b"\n")
            last = block[-1:]
    return count + (last != b"\n")


def levels_of(path: Path) -> int:
    """Return how many levels the rows of an orderbook file have, after its first."""
    with _open(path) as file:
        columns = file.readline(LINE_LIMIT).count(b",") + 1
    if columns % 4 or columns > 4 * LEVELS_LIMIT:
        raise LobsterError(
            f"{path}, line 1: {columns} columns; an orderbook has four for each level, "
            f"and at most {LEVELS_LIMIT} levels."
        )
    return columns // 4


def read_messages(path: Path) -> Iterator[list[Message]]:
    """Yield the messages in chunks, all but the last of the same length."""
    last_ns = 0
    for first, lines in _chunks(path):
        rows = _parsed(path, first, lines, _MESSAGE_DTYPE, _COLUMNS)[:, 0]
        _check_messages(path, first, rows)
        times = np.rint(rows["time"] * _NS).astype(np.int64)
        before = np.concatenate(([last_ns], times[:-1]))
        _refuse(
            path, first, times < before, "column 1: the time is before the last; rows stand in order of time"
        )
        last_ns = int(times[-1])
        columns = [times.tolist(), *(rows[name].tolist() for name in _MESSAGE_DTYPE.names[1:])]  # type: ignore[index]
        yield list(map(Message._make, zip(*columns, strict=True)))


def read_book(path: Path, levels: int) -> Iterator[BookRows]:
    """Yield the rows of an orderbook in chunks as long as those of ``read_messages``."""
    columns = tuple(
        f"{side} {what} {level}"
        for level in range(1, levels + 1)
        for side in ("ask", "bid")
        for what in ("price", "size")
    )
    for first, lines in _chunks(path):
        rows = _parsed(path, first, lines, np.dtype("i8"), columns)
        asks, bids = rows[:, 0::4], -rows[:, 2::4]
        ask_sizes, bid_sizes = rows[:, 1::4], rows[:, 3::4]
        for side, keys, sizes in (("ask", asks, ask_sizes), ("bid", bids, bid_sizes)):
            _refuse(path, first, np.any(sizes < 0, axis=1), f"a size of the {side} side is below zero")
            keys[sizes == 0] = UNOCCUPIED
            _refuse(
                path,
                first,
                np.any(np.abs(keys) > UNOCCUPIED, axis=1),
                f"a price of the {side} side is no price",
            )
            unordered = (np.diff(keys, axis=1) <= 0) & (keys[:, 1:] < UNOCCUPIED)
            _refuse(path, first, np.any(unordered, axis=1), f"the {side} prices are not in order, best first")
        yield BookRows(asks.tolist(), ask_sizes.tolist(), bids.tolist(), bid_sizes.tolist())


def message_line(message: Message) -> str:
    """Return a message as a line of a message file."""
    seconds, ns = divmod(message.time_ns, _NS)
    _, kind, order, size, price, direction = message
    return f"{seconds}.{ns:09d},{kind:d},{order},{size},{price},{direction}\n"


def book_line(ask_keys: list[int], ask_sizes: list[int], bid_keys: list[int], bid_sizes: list[int]) -> str:
    """Return both sides, as many levels of each, as a line of an orderbook file."""
    row = [0] * (4 * len(ask_keys))
    row[0::4], row[1::4] = ask_keys, ask_sizes
    row[2::4], row[3::4] = [-key for key in bid_keys], bid_sizes
    return ",".join(map(str, row)) + "\n"


def companion(path: Path) -> Path:
    """Return where the orderbook of a message file stands.

    ``X_message_10.csv`` has ``X_orderbook_10.csv``; a name without ``message`` gets ``_orderbook`` before its
    suffix.
    """
    before, found, after = path.name.rpartition("message")
    if found:
        return path.with_name(f"{before}orderbook{after}")
    return path.with_name(f"{path.stem}_orderbook{path.suffix}")


# ------------------------------------------------------------------------------------------ reading


def _open(path: Path) -> BinaryIO:
    try:
        file = path.open("rb")
        start = file.read(8)
        file.seek(0)
    except OSError as error:
        raise LobsterError(f"{path} cannot be read: {error.strerror}.") from None
    problem = "is empty" if not start else "is packed; unpack it first" if start.startswith(_PACKED) else None
    if problem:
        file.close()
        raise LobsterError(f"{path} {problem}.")
    return file


def _chunks(path: Path) -> Iterator[tuple[int, list[bytes]]]:
    """Yield chunks of lines, and the number of the first of each."""
    first = 1
    with _open(path) as file:
        while lines := [line for _ in range(_CHUNK) if (line := file.readline(LINE_LIMIT))]:
            for at, line in enumerate(lines):
                if line.isspace():
                    raise LobsterError(f"{path}, line {first + at} is empty.")
                if len(line) == LINE_LIMIT and not line.endswith(b"\n"):
                    raise LobsterError(f"{path}, line {first + at} is longer than {LINE_LIMIT} bytes.")
            yield first, lines
            first += len(lines)


def _parsed(
    path: Path, first: int, lines: list[bytes], dtype: np.dtype[np.generic], columns: tuple[str, ...]
) -> NDArray[Any]:
    try:
        rows = np.loadtxt(lines, dtype, delimiter=",", comments=None, ndmin=2)
    except ValueError:
        _find_unparsable(path, first, lines, dtype, columns)
        raise
    if dtype.names is None and rows.shape[1] != len(columns):
        _find_unparsable(path, first, lines, dtype, columns)
    return rows


def _find_unparsable(
    path: Path, first: int, lines: list[bytes], dtype: np.dtype[np.generic], columns: tuple[str, ...]
) -> None:
    """Raise what is wrong with the first line that cannot be read; the slow way, once there is one."""
    fractional = bool(dtype.names)
    for number, line in enumerate(lines, first):
        cells = line.decode("latin-1").strip().split(",")
        if len(cells) != len(columns):
            raise LobsterError(f"{path}, line {number}: {len(cells)} columns; it should have {len(columns)}.")
        for at, cell in enumerate(cells):
            parse: Callable[[str], float] = float if fractional and not at else _whole
            try:
                parse(cell)
            except ValueError:
                kind = "number" if parse is float else "whole number"
                raise LobsterError(
                    f"{path}, line {number}, column {at + 1} ({columns[at]}): {cell!r} is no {kind}."
                ) from None


def _whole(cell: str) -> int:
    value = int(cell)
    if not -(2**63) <= value < 2**63 or "_" in cell:
        raise ValueError
    return value


def _check_messages(path: Path, first: int, rows: NDArray[np.void]) -> None:
    time, kind = rows["time"], rows["type"]
    timely = (time >= 0) & (time < _SECONDS_LIMIT)
    _refuse(path, first, ~timely, "column 1: the time is no number of seconds after midnight")
    _refuse(path, first, (kind < 1) | (kind > 7), "column 2: the type is none of 1 to 7")
    # What happens outside the visible book carries dummies in the other columns.
    visible = kind <= MessageType.EXECUTE
    order, price = rows["order"], rows["price"]
    _refuse(path, first, visible & ((order < 1) | (order >= ORDER_LIMIT)), "column 3: this is no order's id")
    _refuse(
        path, first, visible & ((rows["size"] < 1) | (rows["size"] > 10**15)), "column 4: this is no size"
    )
    _refuse(path, first, visible & ((price < 1) | (price >= UNOCCUPIED)), "column 5: this is no price")
    _refuse(
        path, first, visible & (abs(rows["direction"]) != 1), "column 6: the direction is neither 1 nor -1"
    )


def _refuse(path: Path, first: int, wrong: NDArray[Any], what: str) -> None:
    if wrong.any():
        raise LobsterError(f"{path}, line {first + int(wrong.argmax())}, {what}.")
