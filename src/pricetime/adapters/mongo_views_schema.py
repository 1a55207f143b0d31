"""The collections of the views in MongoDB, in the shape of ``mongo_schema``.

What is written often has few indexes, each for one kind of query of ``ports.Views``; where the ``_id`` is a
text, rows are found by the range of it that they make up (``mongo_view_rows``). Lists of an account over
several stocks are ordered by time and then by number, because the numbers of trades are in order within a
book only. All indexes ascend; they are walked both ways. What grows with the accounts is sharded by account,
the market by stock.
"""

from __future__ import annotations

from typing import Final

from pricetime.adapters.mongo_schema import Collection, Index, Keys

POSITIONS: Final = "view_positions"
WRITERS: Final = "view_writers"
ORDERS: Final = "orders"
EXECUTIONS: Final = "executions"
TRANSFERS: Final = "transfers"
BALANCES: Final = "balances"
HOLDINGS: Final = "holdings"
STOCKS: Final = "stocks"
SHARES: Final = "shares"
CANDLES: Final = "candles"
LEVELS: Final = "levels"
COMMANDS: Final = "commands"

_BY_ACCOUNT: Final[Keys] = (("account", "hashed"),)
_BY_STOCK: Final[Keys] = (("stock", "hashed"),)

VIEW_COLLECTIONS: Final = (
    Collection(POSITIONS, "how far the views are with each partition; the fence between followers"),
    Collection(WRITERS, "the sessions of each partition's followers"),
    Collection(
        ORDERS,
        "orders as they stand; `_id` is the order",
        _BY_ACCOUNT,
        (
            Index((("account", 1), ("_id", 1))),
            Index((("account", 1), ("stock", 1), ("_id", 1))),
            Index((("account", 1), ("is_open", 1), ("_id", 1)), only={"is_open": True}),
            Index((("account", 1), ("client_id", 1), ("_id", 1)), only={"client_id": {"$exists": True}}),
        ),
    ),
    Collection(
        EXECUTIONS,
        "sides of trades; `_id` is twice the trade, plus 1 for the maker",
        _BY_ACCOUNT,
        (
            Index((("account", 1), ("time_ns", 1), ("_id", 1))),
            Index((("account", 1), ("stock", 1), ("_id", 1))),
            Index((("order", 1), ("_id", 1))),
            Index((("stock", 1), ("_id", 1)), only={"maker": False}),
        ),
    ),
    Collection(
        TRANSFERS,
        "deposits and withdrawals; `_id` is twice the event",
        _BY_ACCOUNT,
        (Index((("account", 1), ("time_ns", 1), ("_id", 1))),),
    ),
    Collection(BALANCES, "money; `_id` is the account", (("_id", "hashed"),)),
    Collection(HOLDINGS, "shares of accounts; `_id` is account and stock", _BY_ACCOUNT),
    Collection(STOCKS, "listed stocks; `_id` is the stock"),
    Collection(SHARES, "shares that each ledger has granted of a stock", (), (Index((("stock", 1),)),)),
    Collection(CANDLES, "candles; `_id` is stock, interval and start", _BY_STOCK),
    Collection(LEVELS, "what rests at each price; `_id` is stock, side and price", _BY_STOCK),
    Collection(
        COMMANDS,
        "the audit of commands; `_id` is the sequence",
        _BY_ACCOUNT,
        (
            Index((("time_ns", 1), ("_id", 1))),
            Index((("account", 1), ("time_ns", 1), ("_id", 1))),
            Index((("kind", 1), ("time_ns", 1), ("_id", 1))),
            Index((("account", 1), ("kind", 1), ("time_ns", 1), ("_id", 1)), only={"kind": "grant_shares"}),
            Index((("time_ns", 1), ("_id", 1), ("is_denied", 1)), only={"is_denied": True}),
        ),
    ),
)
