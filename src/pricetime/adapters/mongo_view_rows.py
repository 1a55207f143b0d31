"""Rows of the views as documents of MongoDB, and back: a field of a document for each field of a row.

Holdings, candles and levels have texts for ids, made so that those of an account, of an interval or of a side
of a book are a range, in order. So they need no index beside that of the ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec

from pricetime.adapters.mongo_views_schema import (
    BALANCES,
    CANDLES,
    COMMANDS,
    EXECUTIONS,
    HOLDINGS,
    LEVELS,
    ORDERS,
    SHARES,
    TRANSFERS,
)
from pricetime.ports import (
    LATEST_NS,
    Balance,
    Candle,
    CommandRow,
    DepthLevel,
    ExecutionRow,
    HoldingRow,
    OrderRow,
    Row,
    StockRow,
    TradeRow,
    ViewChanges,
    WalletRow,
)
from pricetime.records import NO_CLIENT_ID, Reason, Side

Document = dict[str, Any]
R = TypeVar("R", bound=Row)

_AS_THEY_ARE: Final = (bytes,)
_AFTER_DOT: Final = "/"
_SECOND_NS: Final = 1_000_000_000
_SECOND_DIGITS: Final = 10
_PRICE_DIGITS: Final = 19
_BUY: Final = int(Side.BUY)


class Form(Generic[R]):
    """Documents of one type of row; ``key`` names the field of the row that is the ``_id``, if one is."""

    def __init__(self, row: type[R], *, key: str = "") -> None:
        self._row = row
        self._names = tuple("_id" if name == key else name for name in row.__struct_fields__)

    def document(self, row: R) -> Document:
        """Return the fields of a row, codes as numbers."""
        return dict(zip(self._names, msgspec.to_builtins(row, builtin_types=_AS_THEY_ARE), strict=True))

    def row(self, document: Mapping[str, Any]) -> R:
        """Return the row of a document."""
        return msgspec.convert([document[name] for name in self._names], self._row)


EXECUTION: Final = Form(ExecutionRow)
COMMAND: Final = Form(CommandRow, key="sequence")
BALANCE: Final = Form(Balance)
HOLDING: Final = Form(HoldingRow)
CANDLE: Final = Form(Candle)
LEVEL: Final = Form(DepthLevel)
TRADE: Final = Form(TradeRow)
_ORDER: Final = Form(OrderRow, key="order")
_STOCK: Final = Form(StockRow, key="stock")


def order_document(row: OrderRow) -> Document:
    """Return an order; whether it is open, and its client id if it has one, are there for indexes."""
    document = _ORDER.document(row)
    if row.client_id == NO_CLIENT_ID:
        del document["client_id"]
    if row.reason is Reason.NONE:
        document["is_open"] = True
    return document


def order_row(document: Document) -> OrderRow:
    """Return the order of a document."""
    return _ORDER.row({"client_id": NO_CLIENT_ID, **document})


def execution_document(row: ExecutionRow) -> Document:
    """Return a side of a trade."""
    return {"_id": 2 * row.trade + row.maker, **EXECUTION.document(row)}


def transfer_document(row: WalletRow) -> Document:
    """Return a deposit or withdrawal; its ``_id`` can be merged with those of executions."""
    return {
        "_id": 2 * row.id,
        "account": row.account,
        "kind": row.kind,
        "amount": row.amount,
        "time_ns": row.time_ns,
    }


def wallet_row(document: Document) -> WalletRow:
    """Return the movement of money that a transfer or a side of a trade is."""
    number, account, amount = document["_id"] >> 1, document["account"], document["amount"]
    kind, time_ns = document.get("kind"), document["time_ns"]
    if kind is not None:
        return WalletRow(number, account, kind, amount, 0, 0, False, time_ns)
    kind, paid = ("buy", amount + document["fee"]), ("sell", amount - document["fee"])
    name, money = kind if document["side"] == _BUY else paid
    return WalletRow(
        number, account, name, money, document["order"], document["stock"], document["sole"], time_ns
    )


def stock_document(row: StockRow) -> Document:
    """Return a stock without what levels and other streams tell."""
    document = _STOCK.document(row)
    for elsewhere in ("best_bid", "best_ask", "shares"):
        del document[elsewhere]
    return document


def stock_row(document: Document, *, shares: int = 0) -> StockRow:
    """Return the stock of a document."""
    return _STOCK.row({"best_bid": 0, "best_ask": 0, **document, "shares": shares})


def command_document(row: CommandRow) -> Document:
    """Return a command of the audit; whether it is denied is there for an index."""
    document = COMMAND.document(row)
    if row.reason is not Reason.NONE:
        document["is_denied"] = True
    return document


def holding_key(account: int, stock: int) -> str:
    """Return the id of a holding."""
    return f"{account}.{stock}"


def holdings_of(account: int) -> Document:
    """Return the condition on the ids of an account's holdings."""
    return _beginning_with(f"{account}.")


def candle_key(stock: int, interval_s: int, start_ns: int) -> str:
    """Return the id of a candle, which starts at a whole second; those of an interval are in order."""
    return f"{stock}.{interval_s}.{start_ns // _SECOND_NS:0{_SECOND_DIGITS}}"


def candles_of(stock: int, interval_s: int, start_ns: int = 0, end_ns: int = LATEST_NS) -> Document:
    """Return the condition on the ids of candles with start <= start_ns < end."""
    first, last = (
        candle_key(stock, interval_s, max(0, bound_ns) + _SECOND_NS - 1) for bound_ns in (start_ns, end_ns)
    )
    return {"$gte": first, "$lt": last}


def level_key(stock: int, side: int, price: int) -> str:
    """Return the id of a level; those of a side are in the order of their prices."""
    return f"{stock}.{side}.{price:0{_PRICE_DIGITS}}"


def levels_of(stock: int, side: int) -> Document:
    """Return the condition on the ids of a side's levels, without what waits at market."""
    return {"$gt": level_key(stock, side, 0), "$lt": f"{stock}.{side}{_AFTER_DOT}"}


def all_levels_of(stock: int) -> Document:
    """Return the condition on the ids of all levels of a stock."""
    return _beginning_with(f"{stock}.")


def _beginning_with(text: str) -> Document:
    """Return the condition on texts that begin with one that ends with a dot."""
    return {"$gte": text, "$lt": text[:-1] + _AFTER_DOT}


def documents_of(changes: ViewChanges, stream: str) -> dict[str, Iterable[Document]]:
    """Return the documents that changes are of, by collection; without stocks, which are put together."""
    return {
        ORDERS: map(order_document, changes.orders),
        EXECUTIONS: map(execution_document, changes.executions),
        TRANSFERS: map(transfer_document, changes.transfers),
        BALANCES: ({"_id": account, **BALANCE.document(row)} for account, row in changes.balances.items()),
        HOLDINGS: (
            {"_id": holding_key(*key), "account": key[0], **HOLDING.document(row)}
            for key, row in changes.holdings.items()
        ),
        SHARES: (
            {"_id": f"{stock}.{stream}", "stock": stock, "shares": shares}
            for stock, shares in changes.shares.items()
        ),
        CANDLES: (
            {"_id": candle_key(*key), "stock": key[0], **CANDLE.document(row)}
            for key, row in changes.candles.items()
        ),
        LEVELS: (
            {"_id": level_key(*key), "stock": key[0], "side": key[1], **LEVEL.document(row)}
            for key, row in changes.levels.items()
        ),
        COMMANDS: map(command_document, changes.commands),
    }
