"""A clock that tests set."""

from __future__ import annotations


class SetClock:
    """The time of day as the test says."""

    def __init__(self) -> None:
        self.time_ns = 1_000_000_000_000

    def now_ns(self) -> int:
        return self.time_ns

    def pass_s(self, seconds: float) -> None:
        self.time_ns += int(seconds * 1_000_000_000)
