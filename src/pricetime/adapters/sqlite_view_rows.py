"""Rows of the views as the values of SQLite's columns, for who writes them and for who compares them."""

from __future__ import annotations

import binascii

from pricetime.adapters.sqlite_views_schema import Values
from pricetime.ports import Candle, CommandRow, ExecutionRow, OrderRow, StockRow, ViewChanges
from pricetime.records import NO_CLIENT_ID


def values_of(changes: ViewChanges) -> dict[str, list[Values]]:
    """Return the rows by table; a level without orders is none."""
    return {
        "orders": [_order(row) for row in changes.orders],
        "executions": [_execution(row) for row in changes.executions],
        "transfers": [
            (2 * row.id, row.account, row.kind, row.amount, row.time_ns) for row in changes.transfers
        ],
        "balances": [(account, row.free, row.held) for account, row in changes.balances.items()],
        "holdings": [
            (*key, row.free, row.held, row.cost, row.realised) for key, row in changes.holdings.items()
        ],
        "stocks": [_stock(row) for row in changes.stocks],
        "candles": [_candle(key, row) for key, row in changes.candles.items()],
        "levels": [(*key, row.quantity, row.orders) for key, row in changes.levels.items() if row.orders],
        "commands": [_command(row) for row in changes.commands],
        "moments": list(changes.moments.items()),
    }


def _order(row: OrderRow) -> Values:
    return (
        row.order,
        row.account,
        row.stock,
        int(row.side),
        int(row.order_type),
        int(row.time_in_force),
        int(row.post_only),
        int(row.cut),
        row.price,
        row.quantity,
        row.filled,
        row.value,
        row.status,
        int(row.reason),
        row.executions,
        row.sole_trade,
        None if row.client_id == NO_CLIENT_ID else binascii.b2a_base64(row.client_id, newline=False).decode(),
        row.created_ns,
        row.updated_ns,
    )


def _execution(row: ExecutionRow) -> Values:
    return (
        2 * row.trade + row.maker,
        row.account,
        row.order,
        row.stock,
        int(row.side),
        int(row.order_type),
        row.price,
        row.quantity,
        row.amount,
        row.fee,
        int(row.maker),
        int(row.sole),
        row.time_ns,
    )


def _stock(row: StockRow) -> Values:
    return (
        row.stock,
        row.tick,
        int(row.halted),
        row.last,
        row.day_open,
        row.day_high,
        row.day_low,
        row.day_volume,
        row.day_start_ns,
        row.shares,
        row.last_trade_ns,
    )


def _candle(key: tuple[int, int, int], row: Candle) -> Values:
    return (*key, row.open, row.high, row.low, row.close, row.volume, row.trades)


def _command(row: CommandRow) -> Values:
    return (
        row.sequence,
        row.time_ns,
        row.actor,
        row.account,
        row.kind,
        row.stock,
        row.order,
        row.quantity,
        row.amount,
        int(row.reason),
    )
