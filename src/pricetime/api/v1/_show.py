"""Rows of integers to the structs of ``schema``: decimals, names of codes, times.

Only here do the integers of the venue become text for ``/v1``.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final, cast

from pricetime import schema
from pricetime.api.times import DAY_NS, time_us
from pricetime.api.v1._wealth import Point
from pricetime.ports import (
    AuditEntry,
    Balance,
    Candle,
    CommandRow,
    Depth,
    DepthLevel,
    ExecutionRow,
    HoldingRow,
    OrderRow,
    PendingUser,
    Sign,
    StockRow,
    TradeRow,
    User,
    WalletRow,
)
from pricetime.records import NO_CLIENT_ID, OrderType, Reason, SelfTrade, Side, TimeInForce
from pricetime.rules.money import MAX_MONEY
from pricetime.rules.money import show as _money

SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}
TYPES: Final = {"limit": OrderType.LIMIT, "market": OrderType.MARKET}
TIMES_IN_FORCE: Final = {"gtc": TimeInForce.GTC, "ioc": TimeInForce.IOC, "fok": TimeInForce.FOK}
SELF_TRADES: Final = {policy.name.lower(): policy for policy in SelfTrade}


def _names(codes: type[IntEnum]) -> Mapping[int, Any]:
    """Return the names of codes; typed loosely, because each goes into a Literal of its own."""
    return {code.value: code.name.lower() for code in codes}


SIDE_NAMES: Final = _names(Side)
TYPE_NAMES: Final = _names(OrderType)
TIME_IN_FORCE_NAMES: Final = _names(TimeInForce)
REASON_NAMES: Final = _names(Reason)
money: Final = _money
"""Ten-thousandths to a decimal string."""

_QUIET_REASONS: Final = frozenset({Reason.NONE, Reason.FILLED})


time: Final = time_us
"""Nanoseconds since 1970 to RFC 3339 in UTC with microseconds."""


def price(amount: int) -> str | None:
    """Return a price, or None for 0: there is none."""
    return money(amount) if amount else None


def _id(number: int) -> str | None:
    return str(number) if number else None


def ratio(dividend: int, divisor: int) -> int:
    """Return the quotient of two positive integers, rounded half up."""
    return (2 * dividend + divisor) // (2 * divisor)


def client_order_id(client_id: bytes) -> str | None:
    """Return a client id as a UUID."""
    return None if client_id == NO_CLIENT_ID else str(uuid.UUID(bytes=client_id))


def reason(code: int) -> str | None:
    """Return why an order closed; None while it is open, and where it was filled."""
    return None if code in _QUIET_REASONS else cast("str", REASON_NAMES[code])


# ------------------------------------------------------------------------------------------ orders


def order(row: OrderRow) -> schema.Order:
    """Return an order as it stands in the views."""
    return schema.Order(**_order_fields(row))


def order_with_executions(row: OrderRow, executions: list[schema.Execution]) -> schema.OrderWithExecutions:
    """Return an order with its executions."""
    return schema.OrderWithExecutions(**_order_fields(row), executions=executions)


def _order_fields(row: OrderRow) -> dict[str, Any]:
    return {
        "order": str(row.order),
        "client_order_id": client_order_id(row.client_id),
        "stock": str(row.stock),
        "side": SIDE_NAMES[row.side],
        "type": TYPE_NAMES[row.order_type],
        "time_in_force": TIME_IN_FORCE_NAMES[row.time_in_force],
        "post_only": row.post_only,
        "price": price(row.price),
        "quantity": row.quantity,
        "filled_quantity": row.filled,
        "remaining_quantity": row.quantity - row.filled,
        "average_price": money(ratio(row.value, row.filled)) if row.filled else None,
        "status": row.status,
        "reason": reason(row.reason),
        "cut": row.cut,
        "created_at": time(row.created_ns),
        "updated_at": time(row.updated_ns),
    }


def execution(row: ExecutionRow) -> schema.Execution:
    """Return one side of a trade."""
    return schema.Execution(
        trade=str(row.trade),
        order=str(row.order),
        stock=str(row.stock),
        side=SIDE_NAMES[row.side],
        price=money(row.price),
        quantity=row.quantity,
        amount=money(row.amount),
        fee=money(row.fee),
        maker=row.maker,
        time=time(row.time_ns),
    )


# ---------------------------------------------------------------------------- wallet and portfolio


def wallet(balance: Balance) -> schema.Wallet:
    """Return money free, held and together."""
    return schema.Wallet(
        available=money(balance.free), held=money(balance.held), total=money(balance.free + balance.held)
    )


def signed(row: WalletRow) -> int:
    """Return a movement of money, negative where it left the wallet."""
    return -row.amount if row.kind in ("buy", "withdrawal") else row.amount


def wallet_transaction(row: WalletRow) -> schema.WalletTransaction:
    """Return one movement of money."""
    return schema.WalletTransaction(
        id=str(row.id),
        kind=cast("Any", row.kind),
        amount=money(signed(row)),
        order=_id(row.order),
        stock=_id(row.stock),
        time=time(row.time_ns),
    )


def is_shown(row: HoldingRow) -> bool:
    """Return whether a portfolio shows a holding: where shares or a profit are left of it."""
    return bool(row.free or row.held or row.realised)


def holding(row: HoldingRow, name: str, last: int) -> schema.Holding:
    """Return the shares of one stock. ``last`` is its last price, 0 where it has none."""
    shares = row.free + row.held
    return schema.Holding(
        stock=str(row.stock),
        name=name,
        available=row.free,
        held=row.held,
        average_cost=money(ratio(row.cost, shares) if shares else 0),
        last_price=price(last),
        market_value=money(shares * last) if last else None,
        realised_profit=money(row.realised),
        unrealised_profit=money(shares * last - row.cost) if last else None,
    )


# ------------------------------------------------------------------------------------------ market


def stock(row: StockRow, name: str, now_ns: int) -> schema.Stock:
    """Return a stock and its market. A day that is over shows no trades."""
    today = row.day_open > 0 and row.day_start_ns == now_ns - now_ns % DAY_NS
    return schema.Stock(
        stock=str(row.stock),
        name=name,
        tick_size=money(row.tick),
        halted=row.halted,
        last_price=price(row.last),
        best_bid=price(row.best_bid),
        best_ask=price(row.best_ask),
        day_open=price(row.day_open) if today else None,
        day_high=price(row.day_high) if today else None,
        day_low=price(row.day_low) if today else None,
        day_volume=row.day_volume if today else 0,
        day_change=money(row.last - row.day_open) if today else None,
        shares_listed=row.shares,
    )


def stock_price(row: StockRow, name: str) -> schema.Price:
    """Return the price of a stock that has one."""
    return schema.Price(
        stock=str(row.stock),
        name=name,
        price=money(row.last or row.best_ask),
        last_trade_at=time(row.last_trade_ns) if row.last_trade_ns else None,
    )


def book(number: int, depth: Depth) -> schema.Book:
    """Return the depth of a stock."""
    return schema.Book(
        stock=str(number),
        event=depth.event,
        bids=[level(row) for row in depth.bids],
        asks=[level(row) for row in depth.asks],
        market_buy_quantity=depth.market_buy,
        market_sell_quantity=depth.market_sell,
    )


def level(row: DepthLevel) -> schema.Level:
    """Return one level of a book."""
    return schema.Level(price=money(row.price), quantity=row.quantity, orders=row.orders)


def trade(row: TradeRow) -> schema.Trade:
    """Return a trade on the tape."""
    return schema.Trade(
        trade=str(row.trade),
        price=money(row.price),
        quantity=row.quantity,
        side=SIDE_NAMES[row.side],
        time=time(row.time_ns),
    )


def candle(row: Candle) -> schema.CandleView:
    """Return one interval that had a trade."""
    return schema.CandleView(
        start=time(row.start_ns),
        open=money(row.open),
        high=money(row.high),
        low=money(row.low),
        close=money(row.close),
        volume=row.volume,
        trades=row.trades,
    )


def wealth(point: Point) -> schema.WealthPoint:
    """Return what an account had at a time."""
    equity = point.cash + point.value
    return schema.WealthPoint(
        time=time(point.time_ns),
        cash=money(point.cash),
        market_value=money(point.value),
        equity=money(equity),
        profit=money(equity - point.deposited),
    )


# ------------------------------------------------------------------------------------ users, admin


def user(row: User) -> schema.UserView:
    """Return a user without anything secret."""
    return schema.UserView(
        account=str(row.account),
        user_name=row.user_name,
        name=row.name,
        role=cast("schema.RoleName", row.role),
        created_at=time(row.created_ns),
        disabled=row.disabled,
    )


def registered(row: User | PendingUser) -> schema.Registered:
    """Return a user who has just registered."""
    return schema.Registered(
        account=str(row.account) if isinstance(row, User) else None,
        user_name=row.user_name,
        name=row.name,
        role=cast("schema.RoleName", row.role),
        created_at=time(row.created_ns),
    )


def command_audit(row: CommandRow) -> schema.CommandAudit:
    """Return a command of the audit. Of one that was denied, the amount is what was asked for."""
    return schema.CommandAudit(
        sequence=str(row.sequence),
        time=time(row.time_ns),
        actor=str(row.actor),
        account=str(row.account),
        kind=row.kind,
        stock=_id(row.stock),
        order=_id(row.order),
        quantity=row.quantity,
        amount=money(min(row.amount, MAX_MONEY)),
        denied=None if row.reason is Reason.NONE else REASON_NAMES[row.reason],
    )


def user_audit(row: AuditEntry) -> schema.UserAudit:
    """Return something a user did to users or sessions."""
    return schema.UserAudit(
        id=str(row.id),
        time=time(row.time_ns),
        actor=str(row.actor),
        action=row.action,
        subject=row.subject,
        detail=row.detail,
    )


def engine(sign: Sign) -> schema.Engine:
    """Return a host of partitions."""
    return schema.Engine(
        host=sign.name,
        kind=cast("schema.HostKindName", sign.kind),
        state="leaving" if sign.is_leaving else "serving",
        partitions=list(sign.partitions),
        batches=sign.batches,
        records=sign.records,
        cpu_ms=int(sign.cpu_s * 1_000),
        lag_ms=round(sign.lag_s * 1_000, 1),
        waiting=sign.waiting,
        at=time(sign.time_ns),
    )
