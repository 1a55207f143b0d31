"""Rate limits: token buckets in a bounded table.

A bucket holds up to ``burst`` of weight and is refilled at ``per_s``. Buckets that were touched least
recently are forgotten when the table is full: a forgotten bucket is a full one, so the bound costs
precision under attack and never memory.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable
from typing import NamedTuple


class Charge(NamedTuple):
    """What a bucket says to a charge. ``reset_s``: until it is full; ``retry_s``: until it would pay."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: int
    retry_s: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the ``RateLimit-*`` headers."""
        return [
            (b"ratelimit-limit", b"%d" % self.limit),
            (b"ratelimit-remaining", b"%d" % self.remaining),
            (b"ratelimit-reset", b"%d" % self.reset_s),
        ]


class Buckets:
    """Token buckets by key (an account, an address)."""

    def __init__(
        self, per_s: int, burst: int, keys_limit: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.per_s = per_s
        self.burst = burst
        self._keys_limit = keys_limit
        self._now = now
        self._buckets: dict[Hashable, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def charge(self, key: Hashable, weight: int) -> Charge:
        """Take ``weight`` from a key's bucket, or leave it as it is where there is too little in it.

        A weight above the burst could never be paid; it takes a full bucket.
        """
        now = self._now()
        level, since = self._buckets.pop(key, (float(self.burst), now))
        level = min(self.burst, level + (now - since) * self.per_s)
        price = min(weight, self.burst)
        allowed = level >= price
        if allowed:
            level -= price
        self._buckets[key] = (level, now)
        if len(self._buckets) > self._keys_limit:
            del self._buckets[next(iter(self._buckets))]
        return Charge(
            allowed,
            self.burst,
            int(level),
            math.ceil((self.burst - level) / self.per_s),
            0 if allowed else math.ceil((price - level) / self.per_s),
        )
