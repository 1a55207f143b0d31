"""Channels of Redis: what is told there is heard by those who listen at that moment, and kept for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from pricetime.adapters.cancellation import heeding_cancellation
from pricetime.runtime.pauses import Pauses

_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 3.0
_log = structlog.get_logger(__name__)


async def listen(redis: Redis, channel: str, hear: Callable[[bytes], Awaitable[None]]) -> None:
    """Call ``hear`` with what is told, one by one, until cancelled, across losses of the connection."""
    pauses = Pauses(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
    while True:
        try:
            async with redis.pubsub(ignore_subscribe_messages=True) as listening:
                with heeding_cancellation():
                    await listening.subscribe(channel)
                pauses.reset()
                async for message in listening.listen():
                    await hear(message["data"])
        except (RedisError, OSError) as error:
            _log.warning("nothing is heard: Redis cannot be used", channel=channel, error=str(error))
            await asyncio.sleep(pauses.next_s())
