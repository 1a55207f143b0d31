"""Registrations that wait for the users' database: kept in Redis, and by the process that took them.

So one is lost only where Redis is emptied and that process ends as well, before the database is back. A name
waits once, whichever process took it; where Redis was emptied between two, the older one counts. All
processes write what waits; who is second finds the name taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from pricetime.adapters.redis_client import redis_failing_as
from pricetime.errors import AccountsFailed, QueueFull, UserNameTaken
from pricetime.ports import PendingUser

_KEY: Final = "pricetime:registrations"
_ADD: Final = """
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 'taken' end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 'full' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 'added'
"""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(PendingUser).decode


class RedisRegistrations:
    """``ports.Registrations``. At most ``limit`` wait in all processes together."""

    def __init__(self, redis: Redis, limit: int) -> None:
        self._redis = redis
        self._limit = limit
        self._own: dict[str, PendingUser] = {}
        self._add = redis.register_script(_ADD)

    async def add(self, user: PendingUser) -> None:
        """Let a registration wait; UserNameTaken, QueueFull, or AccountsFailed where Redis is away too."""
        if user.user_name in self._own:  # before Redis, which may have been emptied, takes it
            raise UserNameTaken
        with redis_failing_as(AccountsFailed):
            told = await self._add([_KEY], [user.user_name, _encode(user), self._limit])
        if told == b"taken":
            raise UserNameTaken
        if told == b"full":
            raise QueueFull
        self._own[user.user_name] = user

    async def waiting(self) -> Sequence[PendingUser]:
        """Return what waits, oldest first; where Redis is away, what this process has taken."""
        found = dict(self._own)
        with suppress(RedisError, OSError):  # then the rest waits longer
            for kept in await self._redis.hvals(_KEY):
                assert isinstance(kept, bytes), "the client decodes nothing"
                user = _decode(kept)
                own = found.get(user.user_name, user)
                found[user.user_name] = min(own, user, key=lambda each: each.created_ns)
        return sorted(found.values(), key=lambda user: (user.created_ns, user.user_name))

    async def remove(self, user_name: str) -> None:
        """Forget one that is written, or cannot be; AccountsFailed where Redis still has it."""
        with redis_failing_as(AccountsFailed):
            await self._redis.hdel(_KEY, user_name)
        self._own.pop(user_name, None)
