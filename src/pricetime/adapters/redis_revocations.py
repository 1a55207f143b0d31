"""Revocations told to all services at once, over Redis.

What is revoked is in MongoDB before it is told, so Redis only makes it quick: who revokes waits until every
service that listens has heard of it, at most ``patience_s``. Where Redis is away, services read MongoDB every
few seconds and see it there.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Final

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from pricetime.adapters.redis_channels import listen

_CHANNEL: Final = "pricetime:revocations"
_HEARD: Final = "pricetime:revocation-heard:"
_HEARD_LIFE_S: Final = 10
_log = structlog.get_logger(__name__)


class Revocation(msgspec.Struct, frozen=True, array_like=True):
    """A session that has ended, or an account whose tokens before a time have."""

    id: str
    """Of this message, under which those who have heard it say so."""
    session_id: str = ""
    until_ns: int = 0
    account: int = 0
    valid_from_ns: int = 0


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Revocation).decode


class RedisRevocations:
    """Tells and hears of revocations. ``hear`` is called with each, one's own among them."""

    def __init__(self, redis: Redis, hear: Callable[[Revocation], None], patience_s: float = 1.0) -> None:
        self._redis = redis
        self._hear = hear
        self._patience_s = patience_s

    async def tell_session(self, session_id: str, until_ns: int) -> None:
        """Tell that a session has ended, and return when all who listen know."""
        await self._tell(Revocation(secrets.token_hex(8), session_id=session_id, until_ns=until_ns))

    async def tell_account(self, account: int, valid_from_ns: int) -> None:
        """Tell that an account's tokens before a time have ended, and return when all who listen know."""
        await self._tell(Revocation(secrets.token_hex(8), account=account, valid_from_ns=valid_from_ns))

    async def _tell(self, revocation: Revocation) -> None:
        key = _HEARD + revocation.id
        try:
            async with asyncio.timeout(self._patience_s):
                listeners = await self._redis.publish(_CHANNEL, _encode(revocation))
                for _ in range(listeners):
                    await self._redis.blpop([key], timeout=self._patience_s)
        except (RedisError, OSError, TimeoutError) as error:
            _log.warning(
                "a revocation is told by the database alone", error=str(error) or "no answer in time"
            )

    async def listen(self) -> None:
        """Hear of revocations until cancelled, across losses of the connection."""
        await listen(self._redis, _CHANNEL, self._take)

    async def _take(self, data: bytes) -> None:
        revocation = _decode(data)
        self._hear(revocation)
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.rpush(_HEARD + revocation.id, b"1")
            pipe.expire(_HEARD + revocation.id, _HEARD_LIFE_S)
            await pipe.execute()
