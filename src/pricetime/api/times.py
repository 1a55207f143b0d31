"""Nanoseconds since 1970 as RFC 3339 in UTC, for rows by the hundred thousand."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Final

DAY_NS: Final = 86_400_000_000_000


@lru_cache(maxsize=4_096)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def time_us(time_ns: int) -> str:
    """Return a time with microseconds."""
    seconds, rest_ns = divmod(time_ns, 1_000_000_000)
    return f"{_second(seconds)}.{rest_ns // 1_000:06d}Z"


def time_ms(time_ns: int) -> str:
    """Return a time with milliseconds."""
    seconds, rest_ns = divmod(time_ns, 1_000_000_000)
    return f"{_second(seconds)}.{rest_ns // 1_000_000:03d}Z"
