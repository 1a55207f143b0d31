"""Writes ``src/pricetime/core/records.pxd``: the records and codes of ``pricetime.records`` for the core.

Run by ``make docs``. A test compares the file with what this writes, and the sizes with ``records.fields``.
"""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path

from pricetime.records import codes, fields, partition_state, state
from pricetime.records.commands import MOST, Limits
from pricetime.rules import money

TARGET = Path(__file__).parent.parent / "src/pricetime/core/records.pxd"

STRUCTS = {
    "Command": fields.COMMAND_FIELDS,
    "Event": fields.EVENT_FIELDS,
    "HeaderRow": state.HEADER_FIELDS,
    "AccountRow": state.ACCOUNT_FIELDS,
    "HoldingRow": state.HOLDING_FIELDS,
    "StockRow": state.STOCK_FIELDS,
    "OrderRow": state.ORDER_FIELDS,
    "ClientIdRow": state.CLIENT_ID_FIELDS,
    "BookHeaderRow": partition_state.BOOK_HEADER_FIELDS,
    "LedgerHeaderRow": partition_state.LEDGER_HEADER_FIELDS,
    "PassingRow": partition_state.PASSING_FIELDS,
    "UnderwayRow": partition_state.UNDERWAY_FIELDS,
}
CODES: dict[str, type[IntEnum]] = {
    "COMMAND": codes.CommandKind,
    "EVENT": codes.EventKind,
    "SIDE": codes.Side,
    "TYPE": codes.OrderType,
    "FORCE": codes.TimeInForce,
    "SELF_TRADE": codes.SelfTrade,
    "FLAG": codes.Flag,
    "REASON": codes.Reason,
}
NUMBERS = {
    "RECORD_VERSION": fields.VERSION,
    "MAX_MONEY": money.MAX_MONEY,
    "MAX_QUANTITY": money.MAX_QUANTITY,
    "MAX_TOTAL": money.MAX_TOTAL,
    "MOST": MOST,
    **{f"DEFAULT_{name.upper()}": value for name, value in Limits()._asdict().items()},
}
C_TYPES = {"B": "uint8_t {}", "q": "int64_t {}", "16s": "uint8_t {}[16]"}


def declarations() -> str:
    """Return the text of the file."""
    parts = [
        "# Made by tools/declare_records.py from the tables in pricetime.records; `make docs` makes it anew.",
        "",
        "from libc.stdint cimport int64_t, uint8_t",
        "",
    ]
    for name, table in STRUCTS.items():
        parts += ["", f"cdef packed struct {name}:"]
        parts += [f"    {C_TYPES[field.code].format(field.name)}" for field in table]
    for prefix, enum in CODES.items():
        parts += ["", "cdef enum:"]
        parts += [f"    {prefix}_{code.name} = {code.value}" for code in enum.__members__.values()]
    parts += ["", "cdef extern from *:", '    """']
    parts += [f"    #define PT_{name} {value}LL" for name, value in NUMBERS.items()]
    parts += ['    """']
    parts += [f'    const int64_t {name} "PT_{name}"' for name in NUMBERS]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    TARGET.write_text(declarations(), "utf-8")
