"""What can be said against an order by looking at nothing but it and its stock's tick; and how it is said."""

from __future__ import annotations

from pricetime.records import OrderType, Reason, Side, TimeInForce
from pricetime.rules.money import MAX_MONEY, MAX_QUANTITY
from pricetime.rules.order import BUY, MARKET, POST_ONLY, Order

SELL = int(Side.SELL)
LIMIT = int(OrderType.LIMIT)
GTC, FOK = int(TimeInForce.GTC), int(TimeInForce.FOK)


class Denial(Exception):
    """A command may not be. Raised before anything has changed."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def judge_fields(order: Order) -> None:
    """Deny an order whose codes mean nothing, or nothing together."""
    if (
        order.side not in (BUY, SELL)
        or order.order_type not in (LIMIT, MARKET)
        or not GTC <= order.time_in_force <= FOK
        or order.flags not in (0, POST_ONLY)
        or not 0 <= order.self_trade <= 3
    ):
        raise Denial(Reason.INVALID_FIELD)
    if order.flags & POST_ONLY and (order.order_type == MARKET or order.time_in_force != GTC):
        raise Denial(Reason.INVALID_FIELD)


def judge_price(order_type: int, price: int, quantity: int, tick: int) -> None:
    """Deny a price and quantity that no order of a stock with this tick may have."""
    if not 0 < quantity <= MAX_QUANTITY:
        raise Denial(Reason.INVALID_QUANTITY)
    if order_type == MARKET:
        if price:
            raise Denial(Reason.INVALID_PRICE)
        return
    if not 0 < price <= MAX_MONEY:
        raise Denial(Reason.INVALID_PRICE)
    if price % tick:
        raise Denial(Reason.OFF_TICK)
    if price * quantity > MAX_MONEY:
        raise Denial(Reason.VALUE_TOO_LARGE)
