"""The servers of a venue as many services, and hosts of partitions that tests start on them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.support.mongo import MongoServer
from tests.support.rabbit import RabbitServer
from tests.support.redis_server import RedisServer
from tests.support.services import ServiceRun

from pricetime.adapters.redis_client import connect_redis
from pricetime.adapters.redis_presence import RedisPresence
from pricetime.rules.partitions import Topology
from pricetime.settings import Settings

TOPOLOGY = Topology(ledgers=2, books=4)
QUICK: dict[str, Any] = {
    "ledgers": TOPOLOGY.ledgers,
    "books": TOPOLOGY.books,
    "heartbeat_ms": 100,
    "heartbeat_lifetime_ms": 1_000,
    "partition_snapshot_every": 20,
    "log_level": "info",
}


class Place:
    """The servers, and the hosts that a test starts on them."""

    def __init__(
        self, folder: Path, rabbit: RabbitServer, redis: RedisServer, mongodb: MongoServer, stack: ExitStack
    ) -> None:
        self.rabbit, self.redis, self.mongodb = rabbit, redis, mongodb
        self.settings = {
            **QUICK,
            "mongo_url": mongodb.url,
            "rabbit_url": rabbit.url,
            "redis_url": redis.url,
        }
        self._folder = folder
        self._stack = stack

    def run(self, name: str, instance: str, *, is_awaited: bool = True, **settings: object) -> ServiceRun:
        log = self._folder / f"{instance}.log"
        chosen = {**self.settings, **settings}
        return self._stack.enter_context(
            ServiceRun(name, log, is_awaited=is_awaited, instance=instance, **chosen)
        )

    async def hosted(self, kind: str, is_wanted: Callable[[dict[str, tuple[str, ...]]], bool]) -> None:
        """Wait until hosts tell that they host what is wanted, by the name of each."""
        client = connect_redis(Settings(redis_url=self.redis.url), None)
        presence = RedisPresence(client, 1_000)
        async with asyncio.timeout(90):
            while True:
                signs = await presence.living(kind)
                if is_wanted({sign.name: sign.partitions for sign in signs}):
                    break
                await asyncio.sleep(0.02)
        await client.aclose()
