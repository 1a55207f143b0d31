"""Rows of the views to rows of the daytrade contract.

An order has a row, named by its id. A trade that filled an order whole by itself shows in that row; any
other adds a child row on that side. Ids are made from what they name, so that a row keeps its id and
wallet rows and stock rows name each other without a look-up: ``<trade>-b`` and ``<trade>-s`` are child
rows of the buyer and the seller, ``<trade>-wb`` and ``<trade>-ws`` their wallet rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Final

from msgspec import Raw

from pricetime.api.daytrade.bodies import (
    OrderStatus,
    OrderTypeName,
    PortfolioRow,
    PriceRow,
    StockTxRow,
    WalletTxRow,
)
from pricetime.api.daytrade.numbers import number
from pricetime.api.times import time_ms
from pricetime.ports import ExecutionRow, HoldingRow, OrderRow, StockRow, Views, WalletRow
from pricetime.records import OrderType, Side
from pricetime.rules.money import SCALE
from pricetime.rules.states import OrderState

STATUSES: Final[dict[str, OrderStatus]] = {
    OrderState.OPEN: "IN_PROGRESS",
    OrderState.PARTIALLY_FILLED: "PARTIALLY_COMPLETE",
    OrderState.FILLED: "COMPLETED",
    OrderState.CANCELLED: "CANCELLED",
    OrderState.EXPIRED: "CANCELLED",
}
_TYPES: Final[dict[int, OrderTypeName]] = {OrderType.LIMIT: "LIMIT", OrderType.MARKET: "MARKET"}
_LETTERS: Final = {Side.BUY: "b", Side.SELL: "s"}
_CENT: Final = SCALE // 100


def prices(stocks: Iterable[StockRow], name_of: Callable[[int], str]) -> list[PriceRow]:
    """Return a row for each stock that has a price: of its last trade, else its lowest resting sell."""
    named = [(name_of(row.stock), row) for row in stocks if row.last or row.best_ask]
    return [
        PriceRow(stock_id=str(row.stock), stock_name=name, current_price=number(row.last or row.best_ask))
        for name, row in sorted(named, key=itemgetter(0), reverse=True)
    ]


def portfolio(holdings: Iterable[HoldingRow], name_of: Callable[[int], str]) -> list[PortfolioRow]:
    """Return a row for each stock of which shares are free."""
    named = [(name_of(row.stock), row) for row in holdings if row.free]
    return [
        PortfolioRow(stock_id=str(row.stock), stock_name=name, quantity_owned=row.free)
        for name, row in sorted(named, key=itemgetter(0), reverse=True)
    ]


def wallet_transactions(views: Views, account: int, limit: int) -> list[WalletTxRow]:
    """Return an account's first ``limit`` executions as movements of money, oldest first."""
    return [_wallet_row(row) for row in views.wallet_trades_oldest_first(account, limit=limit)]


def _wallet_row(row: WalletRow) -> WalletTxRow:
    letter = "b" if row.kind == "buy" else "s"
    return WalletTxRow(
        wallet_tx_id=f"{row.id}-w{letter}",
        stock_tx_id=str(row.order) if row.sole else f"{row.id}-{letter}",
        is_debit=letter == "b",
        amount=number(row.amount),
        time_stamp=time_ms(row.time_ns),
    )


def stock_transactions(views: Views, account: int, limit: int) -> list[StockTxRow]:
    """Return an account's first ``limit`` orders and children by creation, oldest first.

    Within one nanosecond an order comes before executions, which cannot be older than their order.
    """
    orders = [(row.created_ns, 0, _order_row(row)) for row in views.orders_oldest_first(account, limit=limit)]
    children = [
        (row.time_ns, 1, _child_row(row))
        for row in views.executions_oldest_first(account, limit=limit)
        if not row.sole
    ]
    # Two sorted runs: the sort merges them.
    return [row for _, _, row in sorted(orders + children, key=itemgetter(0, 1))[:limit]]


def _order_row(row: OrderRow) -> StockTxRow:
    letter = _LETTERS[row.side]
    return StockTxRow(
        stock_tx_id=str(row.order),
        parent_stock_tx_id=None,
        stock_id=str(row.stock),
        wallet_tx_id=f"{row.sole_trade}-w{letter}" if row.sole_trade else None,
        order_status=STATUSES[row.status],
        is_buy=letter == "b",
        order_type=_TYPES[row.order_type],
        stock_price=_price_of(row),
        quantity=row.quantity,
        time_stamp=time_ms(row.created_ns),
    )


def _price_of(row: OrderRow) -> Raw | None:
    """Return the limit; of a market order the price of its one execution, or the average to the cent."""
    if row.order_type == OrderType.LIMIT:
        return number(row.price)
    if not row.filled:
        return None
    if row.executions == 1:
        return number(row.value // row.filled)
    shares = row.filled * _CENT
    return number((2 * row.value + shares) // (2 * shares) * _CENT)


def _child_row(row: ExecutionRow) -> StockTxRow:
    letter = _LETTERS[row.side]
    return StockTxRow(
        stock_tx_id=f"{row.trade}-{letter}",
        parent_stock_tx_id=str(row.order),
        stock_id=str(row.stock),
        wallet_tx_id=f"{row.trade}-w{letter}",
        order_status="COMPLETED",
        is_buy=letter == "b",
        order_type=_TYPES[row.order_type],
        stock_price=number(row.price),
        quantity=row.quantity,
        time_stamp=time_ms(row.time_ns),
    )
