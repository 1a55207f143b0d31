"""The life of an order as a table.

An order arrives; the venue denies it, or accepts it, and from then on it is open until one of four
things ends it. The table below is the whole machine: what is not in it cannot happen. The views take
every status from it, and the diagram in ``docs/life-of-an-order.md`` is drawn from it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pricetime.records import Reason


class OrderState(StrEnum):
    """Where an order is in its life."""

    ARRIVING = "arriving"
    DENIED = "denied"
    OPEN = "open"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Happening(StrEnum):
    """What can happen to an order."""

    DENY = "deny"
    ACCEPT = "accept"
    FILL_PART = "fill part"
    FILL_ALL = "fill all"
    CANCEL = "cancel"
    EXPIRE = "expire"


TRANSITIONS: Final = {
    OrderState.ARRIVING: {
        Happening.DENY: OrderState.DENIED,
        Happening.ACCEPT: OrderState.OPEN,
    },
    OrderState.OPEN: {
        Happening.FILL_PART: OrderState.PARTIALLY_FILLED,
        Happening.FILL_ALL: OrderState.FILLED,
        Happening.CANCEL: OrderState.CANCELLED,
        Happening.EXPIRE: OrderState.EXPIRED,
    },
    OrderState.PARTIALLY_FILLED: {
        Happening.FILL_PART: OrderState.PARTIALLY_FILLED,
        Happening.FILL_ALL: OrderState.FILLED,
        Happening.CANCEL: OrderState.CANCELLED,
        Happening.EXPIRE: OrderState.EXPIRED,
    },
    OrderState.DENIED: {},
    OrderState.FILLED: {},
    OrderState.CANCELLED: {},
    OrderState.EXPIRED: {},
}

HAPPENING_OF_CLOSE: Final = {
    Reason.FILLED: Happening.FILL_ALL,
    Reason.CANCELLED: Happening.CANCEL,
    Reason.SELF_TRADE: Happening.CANCEL,
    Reason.INSUFFICIENT_FUNDS: Happening.CANCEL,
    Reason.IOC: Happening.EXPIRE,
    Reason.FOK: Happening.EXPIRE,
}
"""What an ORDER_CLOSED event of each reason does to its order."""

CLOSED_STATE: Final = {
    reason: TRANSITIONS[OrderState.OPEN][happening] for reason, happening in HAPPENING_OF_CLOSE.items()
}
"""The state that an order ends in, by the reason of its ORDER_CLOSED event."""
