"""What the sequencer writes into commands: their place, their time, and the ids that come of their place."""

from __future__ import annotations

from typing import Final

import numpy as np

from pricetime.errors import RecordError
from pricetime.records import COMMAND_BYTES, Command, CommandKind, check_commands, command_array

_KIND_AT: Final = Command._fields.index("kind")
_PLACE_ORDER: Final = int(CommandKind.PLACE_ORDER)
_OPEN_ACCOUNT: Final = int(CommandKind.OPEN_ACCOUNT)


def count_commands(commands: bytes) -> int:
    """Return how many commands these are; RecordError where they are none, or none of this version."""
    count = check_commands(commands)
    if not count:
        raise RecordError("there is no command here")
    return count


def stamp(commands: bytes, first: int, now_ns: int, *, step: int = 1) -> bytes:
    """Return the commands with sequences from ``first``, ``step`` apart, the time, and the ids they name.

    An order's id is the sequence of its PLACE_ORDER; a new account without a number takes its own.
    """
    stamped = bytearray(commands)
    array, kinds = command_array(stamped), commands[_KIND_AT::COMMAND_BYTES]
    sequences = np.arange(first, first + step * len(array), step)
    array["sequence"] = sequences
    array["time_ns"] = now_ns
    if _PLACE_ORDER in kinds:
        np.copyto(array["order"], sequences, where=array["kind"] == _PLACE_ORDER)
    if _OPEN_ACCOUNT in kinds:
        nameless = (array["kind"] == _OPEN_ACCOUNT) & (array["account"] == 0)
        np.copyto(array["account"], sequences, where=nameless)
    return bytes(stamped)
