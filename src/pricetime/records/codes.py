"""The small numbers inside records, and their names.

Reasons come in bands: below 20 why an order closed, from 20 why a command was denied. One reason,
``INSUFFICIENT_FUNDS``, is both: a market buy may run out of money before it starts or on the way.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag


class CommandKind(IntEnum):
    """What a command asks for."""

    OPEN_ACCOUNT = 1
    LIST_STOCK = 2
    DEPOSIT = 3
    WITHDRAW = 4
    GRANT_SHARES = 5
    PLACE_ORDER = 6
    AMEND_ORDER = 7
    CANCEL_ORDER = 8
    CANCEL_ALL = 9
    HALT_STOCK = 10
    RESUME_STOCK = 11
    SET_LIMITS = 12


class EventKind(IntEnum):
    """What has happened. Each command is answered by exactly one ACCEPTED or DENIED, its first event."""

    ACCEPTED = 1
    DENIED = 2
    ORDER_OPENED = 3
    TRADED = 4
    ORDER_CLOSED = 5
    BALANCE_CHANGED = 6
    HOLDING_CHANGED = 7


class Side(IntEnum):
    """Which side of the book an order stands on."""

    NONE = 0
    BUY = 1
    SELL = 2


class OrderType(IntEnum):
    """Whether an order names its worst price."""

    NONE = 0
    LIMIT = 1
    MARKET = 2


class TimeInForce(IntEnum):
    """How long an order lives: till cancelled, at once or never in part, at once and whole or never."""

    NONE = 0
    GTC = 1
    IOC = 2
    FOK = 3


class SelfTrade(IntEnum):
    """What an incoming order does where it meets an order of its own account."""

    SKIP = 0
    CANCEL_NEWEST = 1
    CANCEL_OLDEST = 2
    CANCEL_BOTH = 3


class Flag(IntFlag):
    """Bits of the ``flags`` byte."""

    NONE = 0
    POST_ONLY = 1
    REPEATED = 2
    CUT = 4
    TRIAL = 8
    """Of a command to a venue in parts: only judge it. Of its answer: nothing was done."""


class Reason(IntEnum):
    """Why an order closed or a command was denied."""

    NONE = 0

    FILLED = 1
    CANCELLED = 2
    IOC = 3
    FOK = 4
    SELF_TRADE = 5

    INVALID_FIELD = 20
    INVALID_QUANTITY = 21
    INVALID_PRICE = 22
    INVALID_AMOUNT = 23
    OFF_TICK = 24
    VALUE_TOO_LARGE = 25

    UNKNOWN_ACCOUNT = 30
    UNKNOWN_STOCK = 31
    ORDER_NOT_OPEN = 32
    NOT_OWNER = 33
    ACCOUNT_EXISTS = 34
    STOCK_EXISTS = 35

    INSUFFICIENT_FUNDS = 40
    INSUFFICIENT_SHARES = 41

    STOCK_HALTED = 50
    WOULD_TAKE = 51

    TOO_MANY_OPEN_ORDERS = 60
    MONEY_LIMIT = 61
    SHARE_LIMIT = 62
    VENUE_FULL = 63

    CLIENT_ID_REUSED = 70
