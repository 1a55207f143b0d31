"""The base of all rows, and the time of day."""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

LATEST_NS: Final = 2**63 - 1
"""No time is later."""


class Row(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Base of all rows. As JSON, inside the venue only, a row is the array of its fields."""


class Clock(Protocol):
    """The time of day."""

    def now_ns(self) -> int:
        """Return nanoseconds since 1970 in UTC."""
        ...
