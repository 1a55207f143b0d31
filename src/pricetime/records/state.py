"""The venue's state as tables of fixed-size records: what a snapshot is made of.

A snapshot is a header and five tables laid end to end, each in one canonical order, so that equal
states are equal bytes and the state hash is the hash of the snapshot::

    header | accounts | holdings | stocks | orders | client ids

Orders stand in the order in which they would trade: by stock, buys before sells, waiting market orders
first, then from the best price to the worst, at each price the oldest first. Accounts, holdings and
stocks ascend by number; an account's client ids stand oldest first.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pricetime.errors import SnapshotError
from pricetime.records.fields import Field, dtype_of, struct_of

MAGIC: Final = b"PTSTATE2"

LIMIT_FIELDS: Final = (
    Field("open_orders_limit", "q", "open orders that an account may have"),
    Field("client_ids_limit", "q", "client ids remembered of an account"),
    Field("orders_limit", "q", "open orders in all"),
    Field("accounts_limit", "q", "accounts in all"),
    Field("stocks_limit", "q", "stocks in all"),
)
"""How much a venue, or a ledger of it, keeps: the fields of ``commands.Limits``."""

HEADER_FIELDS: Final = (
    Field("sequence", "q", "of the last command applied"),
    Field("time_ns", "q", "of the last command applied"),
    Field("event_number", "q", "of the last event"),
    Field("money", "q", "deposited less withdrawn, ten-thousandths"),
    *LIMIT_FIELDS,
    Field("accounts", "q", "rows of the table"),
    Field("holdings", "q", "rows of the table"),
    Field("stocks", "q", "rows of the table"),
    Field("orders", "q", "rows of the table"),
    Field("client_ids", "q", "rows of the table"),
)
ACCOUNT_FIELDS: Final = (
    Field("account", "q", "its number"),
    Field("free", "q", "money free to spend"),
    Field("held", "q", "money held by open buys"),
)
HOLDING_FIELDS: Final = (
    Field("account", "q", "whose"),
    Field("stock", "q", "of which stock"),
    Field("free", "q", "shares free to sell"),
    Field("held", "q", "shares held by open sells"),
)
STOCK_FIELDS: Final = (
    Field("stock", "q", "its number"),
    Field("tick", "q", "step of its prices"),
    Field("last", "q", "price of the last trade, or 0"),
    Field("shares", "q", "all shares granted"),
    Field("halted", "q", "1 while halted"),
)
ORDER_FIELDS: Final = (
    Field("side", "B", "Side"),
    Field("order_type", "B", "OrderType"),
    Field("flags", "B", "Flag bits"),
    Field("self_trade", "B", "SelfTrade policy"),
    Field("order", "q", "its number"),
    Field("account", "q", "whose"),
    Field("stock", "q", "of which stock"),
    Field("price", "q", "limit, 0 for market"),
    Field("quantity", "q", "in all"),
    Field("remaining", "q", "unexecuted"),
    Field("held", "q", "money (buys) or shares (sells) held for the remainder"),
)
CLIENT_ID_FIELDS: Final = (
    Field("reason", "B", "0 accepted, else why denied"),
    Field("kind", "B", "CommandKind"),
    Field("side", "B", "content of the command, from here to the end"),
    Field("order_type", "B", ""),
    Field("time_in_force", "B", ""),
    Field("flags", "B", ""),
    Field("self_trade", "B", ""),
    Field("account", "q", "who remembers it"),
    Field("order", "q", "that the first command made or meant"),
    Field("actor", "q", ""),
    Field("stock", "q", ""),
    Field("price", "q", ""),
    Field("quantity", "q", ""),
    Field("amount", "q", ""),
    Field("client_id", "16s", "the id"),
)

HEADER: Final = struct_of(HEADER_FIELDS)
ACCOUNT: Final = struct_of(ACCOUNT_FIELDS)
HOLDING: Final = struct_of(HOLDING_FIELDS)
STOCK: Final = struct_of(STOCK_FIELDS)
ORDER: Final = struct_of(ORDER_FIELDS)
CLIENT_ID: Final = struct_of(CLIENT_ID_FIELDS)


class Layout:
    """A snapshot's layout: magic, a header, and tables; the header's last fields count the tables' rows."""

    def __init__(
        self, magic: bytes, header: tuple[Field, ...], tables: Mapping[str, tuple[Field, ...]]
    ) -> None:
        self.magic = magic
        self._header = struct_of(header)
        self._names = [field.name for field in header]
        self._dtypes = {name: dtype_of(fields) for name, fields in tables.items()}
        assert self._names[-len(tables) :] == list(tables), "the header ends with a count for each table"

    def write(self, header: Iterable[int], tables: Iterable[Sequence[bytes]]) -> bytes:
        """Return the snapshot with these fields, the counts left out, and these packed rows."""
        rows = list(tables)
        packed = self._header.pack(*header, *map(len, rows))
        return b"".join([self.magic, packed, *(row for table in rows for row in table)])

    def read(self, snapshot: bytes) -> tuple[dict[str, int], dict[str, NDArray[np.void]]]:
        """Return the header by name, and each table as an array of its rows, without copying.

        SnapshotError where it is none.
        """
        if not snapshot.startswith(self.magic):
            raise SnapshotError("this is no snapshot of a known version")
        try:
            values = self._header.unpack_from(snapshot, len(self.magic))
            header = dict(zip(self._names, values, strict=True))
            arrays, offset = {}, len(self.magic) + self._header.size
            for name, dtype in self._dtypes.items():
                if not 0 <= header[name] <= len(snapshot):
                    raise SnapshotError(f"this snapshot cannot have {header[name]} {name}")
                arrays[name] = np.frombuffer(snapshot, dtype, header[name], offset)
                offset += dtype.itemsize * header[name]
        except (struct.error, ValueError) as error:
            raise SnapshotError("this snapshot ends too early") from error
        if offset != len(snapshot):
            raise SnapshotError("this snapshot is longer than its header says")
        return header, arrays


VENUE: Final = Layout(
    MAGIC,
    HEADER_FIELDS,
    {
        "accounts": ACCOUNT_FIELDS,
        "holdings": HOLDING_FIELDS,
        "stocks": STOCK_FIELDS,
        "orders": ORDER_FIELDS,
        "client_ids": CLIENT_ID_FIELDS,
    },
)


@dataclass(frozen=True, slots=True)
class Tables:
    """A snapshot read back: the header's fields by name, and each table as a structured array."""

    header: dict[str, int]
    accounts: NDArray[np.void]
    holdings: NDArray[np.void]
    stocks: NDArray[np.void]
    orders: NDArray[np.void]
    client_ids: NDArray[np.void]


def hash_of_state(snapshot: bytes) -> bytes:
    """Return the state hash: BLAKE2b-256 of the snapshot."""
    return hashlib.blake2b(snapshot, digest_size=32).digest()


def read_snapshot(snapshot: bytes) -> Tables:
    """Return the tables of a snapshot, without copying; SnapshotError where it is none."""
    header, arrays = VENUE.read(snapshot)
    return Tables(header, **arrays)
