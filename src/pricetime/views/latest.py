"""What of a batch's events the views need: of states that follow on each other, only the last.

BALANCE_CHANGED and HOLDING_CHANGED tell what an account has now. In a large batch the same account says so
many times, and what it said before its last word changes nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from pricetime.records import EVENT_BYTES, EventKind, event_array

_IS_STATE: Final = np.zeros(256, np.bool_)
_IS_STATE[[EventKind.BALANCE_CHANGED, EventKind.HOLDING_CHANGED]] = True
_WORTH_BYTES: Final = 1_024 * EVENT_BYTES
"""Below it, looking costs more than it saves where many accounts trade."""


def latest(events: bytes) -> bytes:
    """Return a batch without the states that a later one of the same account (and stock) replaces."""
    if len(events) < _WORTH_BYTES:
        return events
    array = event_array(events)
    states = np.flatnonzero(_IS_STATE[array["kind"]])
    said = array[states]
    last = dict(
        zip(
            zip(said["kind"].tolist(), said["account"].tolist(), said["stock"].tolist(), strict=True),
            states.tolist(),
            strict=True,
        )
    )
    kept = np.ones(len(array), np.bool_)
    kept[states] = False
    kept[list(last.values())] = True
    return array[kept].tobytes()
