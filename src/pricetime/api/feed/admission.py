"""What of a client's commands reaches the venue: its own orders, under its own account."""

from __future__ import annotations

from typing import Final

import numpy as np

from pricetime.records import CommandKind, Flag, command_array

ALLOWED: Final = (
    CommandKind.PLACE_ORDER,
    CommandKind.AMEND_ORDER,
    CommandKind.CANCEL_ORDER,
    CommandKind.CANCEL_ALL,
)
_REFUSED: Final = np.ones(256, np.bool_)
_REFUSED[list(ALLOWED)] = False
_NO_FLAGS_BUT: Final = np.uint8(0xFF ^ Flag.POST_ONLY)


def admitted(commands: bytes, account: int) -> bytes:
    """Return the commands as the account's own.

    Whatever they say, actor and account are the session's. A command that a feed does not take becomes one
    of no kind, which the rules deny with INVALID_FIELD, so that each command has its answer in its place.
    """
    own = bytearray(commands)
    array = command_array(own)
    array["actor"] = array["account"] = account
    refused = _REFUSED[array["kind"]] | ((array["flags"] & _NO_FLAGS_BUT) != 0) | (array["reserved"] != 0)
    if refused.any():
        array["kind"][refused] = 0
    return bytes(own)
