"""The one table of fields: what a command and an event look like in bytes.

Every other view of a record (the ``struct`` format, the NumPy dtype, the named tuples, the JSON
object, and the declarations of a compiled core) is made from these two tables, or proved equal to
them by a test. A change here is a new ``VERSION``.

Units: ids and sequences are counts; ``price``, ``amount``, ``fee`` and, where it is money, ``held``
are ten-thousandths of the currency unit; ``quantity`` and ``remaining`` are shares; ``time_ns`` is
nanoseconds since 1970 in UTC. All integers are little-endian and, but for the header, signed.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

import numpy as np

VERSION: Final = 1


class Field(NamedTuple):
    """One field: name, ``struct`` code (``B``: 8 bits, ``q``: 64, ``16s``: raw bytes) and meaning."""

    name: str
    code: str
    meaning: str


COMMAND_FIELDS: Final = (
    Field("version", "B", "of the record's layout"),
    Field("kind", "B", "CommandKind"),
    Field("side", "B", "Side of the order"),
    Field("order_type", "B", "OrderType"),
    Field("time_in_force", "B", "TimeInForce"),
    Field("flags", "B", "Flag bits: POST_ONLY"),
    Field("self_trade", "B", "SelfTrade policy of the order"),
    Field("reserved", "B", "0"),
    Field("sequence", "q", "stamped by the sequencer: 1, 2, 3, … over all commands"),
    Field("time_ns", "q", "stamped by the sequencer; never runs backwards"),
    Field("actor", "q", "the account on whose authority the command comes; 0 is the venue itself"),
    Field("account", "q", "the account it is about; OPEN_ACCOUNT with 0: the sequencer names it"),
    Field("stock", "q", "the stock's number; CANCEL_ALL with 0: every stock; SET_LIMITS: stocks"),
    Field("order", "q", "PLACE: stamped by the sequencer; AMEND, CANCEL: which; SET_LIMITS: of the venue"),
    Field(
        "price",
        "q",
        "limit; LIST_STOCK: the tick; AMEND: new limit, 0 keeps it; SET_LIMITS: accounts",
    ),
    Field("quantity", "q", "shares; AMEND: new total, 0 keeps it; SET_LIMITS: open orders of an account"),
    Field(
        "amount",
        "q",
        "money of DEPOSIT and WITHDRAW; SET_LIMITS: client ids remembered of an account; "
        "from a ledger to a book: what is held for the order, or set aside for the amend",
    ),
    Field("client_id", "16s", "the client's own id of this command; zeros: none"),
)

EVENT_FIELDS: Final = (
    Field("version", "B", "of the record's layout"),
    Field("kind", "B", "EventKind"),
    Field("command", "B", "CommandKind of the command that caused it"),
    Field("side", "B", "Side of the order; TRADED: of the taker"),
    Field("order_type", "B", "OrderType of the order; TRADED: of the taker"),
    Field("time_in_force", "B", "TimeInForce of the order"),
    Field("flags", "B", "Flag bits: POST_ONLY, REPEATED, CUT"),
    Field("reason", "B", "Reason: why DENIED, why ORDER_CLOSED"),
    Field("number", "q", "of the event: 1, 2, 3, … over all events"),
    Field("sequence", "q", "of the command that caused it"),
    Field("time_ns", "q", "of the command that caused it"),
    Field("account", "q", "whose order, balance or holding; TRADED: the taker's"),
    Field("stock", "q", "the stock's number"),
    Field("order", "q", "the order; TRADED: the taker's"),
    Field("price", "q", "limit of the order (0: market); TRADED: of the trade; ACCEPTED LIST_STOCK: tick"),
    Field("quantity", "q", "ACCEPTED: total of the order, or shares; TRADED: traded; HOLDING_CHANGED: free"),
    Field("remaining", "q", "shares of the order still unexecuted after this event; ORDER_CLOSED: given up"),
    Field("amount", "q", "ACCEPTED: money moved; TRADED: price x quantity; BALANCE_CHANGED: free money"),
    Field("held", "q", "BALANCE_CHANGED: money held; HOLDING_CHANGED: shares held; ORDER_OPENED: the hold"),
    Field("fee", "q", "TRADED: what the taker pays on top; 0 until fees are asked for"),
    Field("maker_account", "q", "TRADED: whose order rested"),
    Field("maker_order", "q", "TRADED: the order that rested"),
    Field("maker_remaining", "q", "TRADED: shares of the maker's order still unexecuted"),
    Field("maker_fee", "q", "TRADED: what the maker pays; 0 until fees are asked for"),
    Field("client_id", "16s", "ACCEPTED, DENIED: the client's own id of the command; zeros: none"),
)

NO_CLIENT_ID: Final = bytes(16)

_NUMPY_CODES: Final = {"B": "u1", "q": "<i8", "16s": "V16"}


def struct_of(fields: tuple[Field, ...]) -> struct.Struct:
    """Return the ``struct`` view of a table of fields."""
    return struct.Struct("<" + "".join(field.code for field in fields))


def dtype_of(fields: tuple[Field, ...]) -> np.dtype[np.void]:
    """Return the NumPy view of a table of fields; ``np.frombuffer(batch, dtype)`` copies nothing."""
    return np.dtype([(field.name, _NUMPY_CODES[field.code]) for field in fields])


COMMAND: Final = struct_of(COMMAND_FIELDS)
EVENT: Final = struct_of(EVENT_FIELDS)
COMMAND_DTYPE: Final = dtype_of(COMMAND_FIELDS)
EVENT_DTYPE: Final = dtype_of(EVENT_FIELDS)
COMMAND_BYTES: Final = COMMAND.size
EVENT_BYTES: Final = EVENT.size
