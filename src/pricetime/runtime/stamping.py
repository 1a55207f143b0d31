"""What the sequencer writes into commands: their place, their time, and the ids that come of their place."""

from __future__ import annotations

from typing import Final

import numpy as np

from pricetime.errors import RecordError
from pricetime.records import COMMAND_BYTES, VERSION, CommandKind, command_array

_VERSION: Final = bytes([VERSION])


def count_commands(commands: bytes) -> int:
    """Return how many commands these are; RecordError where they are none of this version."""
    count, rest = divmod(len(commands), COMMAND_BYTES)
    if rest or not count or commands[::COMMAND_BYTES] != _VERSION * count:
        raise RecordError
    return count


def stamp(commands: bytes, first: int, now_ns: int) -> bytes:
    """Return the commands with consecutive sequences from ``first``, the time, and the ids they name.

    An order's id is the sequence of its PLACE_ORDER; a new account without a number takes its own.
    """
    stamped = bytearray(commands)
    array = command_array(stamped)
    kinds = array["kind"]
    sequences = np.arange(first, first + len(array))
    array["sequence"] = sequences
    array["time_ns"] = now_ns
    np.copyto(array["order"], sequences, where=kinds == CommandKind.PLACE_ORDER)
    nameless = (kinds == CommandKind.OPEN_ACCOUNT) & (array["account"] == 0)
    np.copyto(array["account"], sequences, where=nameless)
    return bytes(stamped)
