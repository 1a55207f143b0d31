"""What the sequencer writes into commands: their place, their time, and the ids that come of their place."""

from __future__ import annotations

import numpy as np

from pricetime.errors import RecordError
from pricetime.records import CommandKind, check_commands, command_array


def count_commands(commands: bytes) -> int:
    """Return how many commands these are; RecordError where they are none, or none of this version."""
    count = check_commands(commands)
    if not count:
        raise RecordError("there is no command here")
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
