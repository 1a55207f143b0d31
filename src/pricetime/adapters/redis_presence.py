"""Who lives, in Redis. Each question is one round trip, and all of it may be lost.

Signs of a kind are the fields of one hash, and their ends of life a sorted set beside it, by the clock of
Redis: so hosts whose clocks differ agree on who lives. What was asked of a host stands in a key of its
own for a day from when the host last looked; the host itself writes it anew where it was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import structlog
from redis.asyncio import Redis

from pricetime.adapters.redis_client import redis_failing_as
from pricetime.errors import PresenceFailed
from pricetime.ports import Sign

_GIVE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
"""
_LIVING: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
  redis.call('ZREM', KEYS[1], name)
  redis.call('HDEL', KEYS[2], name)
end
return redis.call('HVALS', KEYS[2])
"""
_LEAVE: Final = """
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
"""
_WISH_LIFETIME_S: Final = 86_400
_log = structlog.get_logger(__name__)
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Sign).decode


class RedisPresence:
    """Signs of life, each good for ``lifetime_ms``."""

    def __init__(self, redis: Redis, lifetime_ms: int) -> None:
        self._redis = redis
        self._lifetime_ms = lifetime_ms
        self._give = redis.register_script(_GIVE)
        self._living = redis.register_script(_LIVING)
        self._leave = redis.register_script(_LEAVE)
        self._wished: dict[tuple[str, str], bool] = {}

    async def ping(self) -> None:
        """Return where Redis answers; PresenceFailed."""
        with redis_failing_as(PresenceFailed):
            await self._redis.ping()

    async def give(self, sign: Sign) -> None:
        """Give a sign of life; PresenceFailed."""
        with redis_failing_as(PresenceFailed):
            await self._give(keys=_keys(sign.kind), args=[sign.name, _encode(sign), self._lifetime_ms])

    async def leave(self, kind: str, name: str) -> None:
        """Say that one is gone; PresenceFailed."""
        with redis_failing_as(PresenceFailed):
            await self._leave(keys=_keys(kind), args=[name])

    async def living(self, kind: str) -> Sequence[Sign]:
        """Return the last sign of each that lives, by name; PresenceFailed."""
        with redis_failing_as(PresenceFailed):
            told = await self._living(keys=_keys(kind))
        signs = []
        for sign in told:
            try:
                signs.append(_decode(sign))
            except msgspec.MsgspecError as error:
                _log.warning("a sign of life cannot be read", kind=kind, error=str(error))
        return sorted(signs, key=lambda sign: sign.name)

    async def drain(self, kind: str, name: str, *, is_drained: bool) -> None:
        """Ask that one to be given no partitions any more, or again; PresenceFailed."""
        with redis_failing_as(PresenceFailed):
            await self._redis.set(_wish(kind, name), int(is_drained), ex=_WISH_LIFETIME_S)

    async def is_drained(self, kind: str, name: str) -> bool:
        """Return whether that has been asked, and keep it alive; PresenceFailed."""
        with redis_failing_as(PresenceFailed):
            wish = await self._redis.getex(_wish(kind, name), ex=_WISH_LIFETIME_S)
        if wish is not None:
            self._wished[kind, name] = wish == b"1"
        elif self._wished.get((kind, name)):
            await self.drain(kind, name, is_drained=True)
        return self._wished.get((kind, name), False)


def _keys(kind: str) -> list[str]:
    """Return the keys of the ends of life and of the signs; braces keep both on one node of a cluster."""
    return [f"pricetime:{{living:{kind}}}:until", f"pricetime:{{living:{kind}}}:signs"]


def _wish(kind: str, name: str) -> str:
    return f"pricetime:drained:{kind}:{name}"
