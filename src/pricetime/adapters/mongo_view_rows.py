"""Rows of the views as documents of MongoDB, and back: a field of a document for each field of a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec

from pricetime.ports import (
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
    WalletRow,
)
from pricetime.records import NO_CLIENT_ID, Reason, Side

Document = dict[str, Any]
R = TypeVar("R", bound=Row)

_AS_THEY_ARE: Final = (bytes,)
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
    """Return a stock without what other streams and the levels tell."""
    document = _STOCK.document(row)
    for elsewhere in ("best_bid", "best_ask", "shares"):
        del document[elsewhere]
    return document


def stock_row(document: Document, *, best_bid: int = 0, best_ask: int = 0, shares: int = 0) -> StockRow:
    """Return the stock of a document."""
    return _STOCK.row({**document, "best_bid": best_bid, "best_ask": best_ask, "shares": shares})


def command_document(row: CommandRow) -> Document:
    """Return a command of the audit; whether it is denied is there for an index."""
    document = COMMAND.document(row)
    if row.reason is not Reason.NONE:
        document["is_denied"] = True
    return document
