"""The time of day, from the operating system. It may jump; the sequencer never runs backwards with it."""

from __future__ import annotations

import time


class SystemClock:
    """The computer's clock."""

    def now_ns(self) -> int:
        """Return nanoseconds since 1970 in UTC."""
        return time.time_ns()
