"""The state of a partition as tables of fixed-size records: its snapshot, as ``state`` lays out the venue."""

from __future__ import annotations

from typing import Final

from pricetime.records.fields import COMMAND_FIELDS, Field, struct_of
from pricetime.records.state import (
    ACCOUNT_FIELDS,
    CLIENT_ID_FIELDS,
    HOLDING_FIELDS,
    LIMIT_FIELDS,
    ORDER_FIELDS,
    STOCK_FIELDS,
    Layout,
)

_PLACE: Final = (
    Field("number", "q", "of the partition among its kind"),
    Field("ledgers", "q", "of the venue"),
    Field("books", "q", "of the venue"),
    Field("time_ns", "q", "of the last record applied"),
    Field("event_number", "q", "of the last event"),
)
PASSING_FIELDS: Final = (
    Field("stock", "q", "its number"),
    Field("shares", "q", "that sellers here gave and buyers here did not get"),
)
UNDERWAY_FIELDS: Final = (
    Field("asset", "q", "of what is brought: 0 money, else a stock"),
    Field("brought", "q", "held beside the hold of the order"),
    Field("spends_all", "q", "1 where all free money went with it"),
    *COMMAND_FIELDS,
)
UNDERWAY: Final = struct_of(UNDERWAY_FIELDS)
PASSING: Final = struct_of(PASSING_FIELDS)

LEDGER_HEADER_FIELDS: Final = (
    *_PLACE,
    Field("money", "q", "deposited here less withdrawn here"),
    Field("passing_money", "q", "that buyers here paid and sellers here did not get"),
    *LIMIT_FIELDS,
    Field("accounts", "q", "rows of the table"),
    Field("holdings", "q", "rows of the table"),
    Field("stocks", "q", "rows of the table"),
    Field("passing", "q", "rows of the table"),
    Field("orders", "q", "rows of the table: the copies, by number"),
    Field("client_ids", "q", "rows of the table"),
    Field("underway", "q", "rows of the table, an account's in the order of their leaving"),
    Field("waiting", "q", "rows of the table, an account's in the order of their arrival"),
)
BOOK_HEADER_FIELDS: Final = (
    *_PLACE,
    Field("stocks", "q", "rows of the table"),
    Field("orders", "q", "rows of the table, in the order in which they would trade"),
)

LEDGER: Final = Layout(
    b"PTLEDGE1",
    LEDGER_HEADER_FIELDS,
    {
        "accounts": ACCOUNT_FIELDS,
        "holdings": HOLDING_FIELDS,
        "stocks": STOCK_FIELDS,
        "passing": PASSING_FIELDS,
        "orders": ORDER_FIELDS,
        "client_ids": CLIENT_ID_FIELDS,
        "underway": UNDERWAY_FIELDS,
        "waiting": COMMAND_FIELDS,
    },
)
BOOK: Final = Layout(b"PTBOOKS1", BOOK_HEADER_FIELDS, {"stocks": STOCK_FIELDS, "orders": ORDER_FIELDS})
