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

from pricetime.settings import Settings


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
        self._charged: dict[Hashable, int] | None = None

    def __len__(self) -> int:
        return len(self._buckets)

    def charge(self, key: Hashable, weight: int) -> Charge:
        """Take ``weight`` from a key's bucket, or leave it as it is where there is too little in it.

        A weight above the burst could never be paid; it takes a full bucket.
        """
        now = self._now()
        level = self._level(key, now)
        price = min(weight, self.burst)
        allowed = level >= price
        if allowed:
            level -= price
            if self._charged is not None:
                self._charged[key] = self._charged.get(key, 0) + price
        self._set(key, level, now)
        return Charge(
            allowed,
            self.burst,
            int(level),
            math.ceil((self.burst - level) / self.per_s),
            0 if allowed else math.ceil((price - level) / self.per_s),
        )

    def _level(self, key: Hashable, now: float) -> float:
        level, since = self._buckets.pop(key, (float(self.burst), now))
        return min(self.burst, level + (now - since) * self.per_s)

    def _set(self, key: Hashable, level: float, now: float) -> None:
        self._buckets[key] = (level, now)
        if len(self._buckets) > self._keys_limit:
            del self._buckets[next(iter(self._buckets))]

    def take_charged(self) -> dict[Hashable, int]:
        """Return what each key was charged since the last time; the first time nothing, and begin to count.

        Others that limit the same keys are told of it (``charge_elsewhere``).
        """
        charged, self._charged = self._charged, {}
        return charged or {}

    def charge_elsewhere(self, key: Hashable, weight: int) -> None:
        """Take what somebody else has let through from a bucket, which then may owe at most a burst."""
        now = self._now()
        self._set(key, max(self._level(key, now) - weight, -float(self.burst)), now)


class Rates:
    """The limits of addresses and of accounts; None where there are none."""

    def __init__(self, settings: Settings) -> None:
        self.addresses: Buckets | None = None
        self.accounts: Buckets | None = None
        if settings.rate_limits:
            keys = settings.rate_keys_limit
            self.addresses = Buckets(settings.rate_address_per_s, settings.rate_address_burst, keys)
            self.accounts = Buckets(settings.rate_account_per_s, settings.rate_account_burst, keys)
