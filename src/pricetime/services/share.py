"""A share of the partitions, hosted: what processes of ``ledger``, ``engine`` and ``views`` have in common.

::

    database ─> what the service answers about itself ─> topology ─> broker ─> Hosting ─> … ─> hand over
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from contextlib import AsyncExitStack
from typing import Any, Protocol

from redis.asyncio import Redis

from pricetime.adapters.clock import SystemClock
from pricetime.adapters.mongo import Mongo
from pricetime.adapters.mongo_partitions import topology_of
from pricetime.adapters.redis_client import connect_redis
from pricetime.adapters.redis_presence import RedisPresence
from pricetime.rules.partitions import Address, Topology
from pricetime.runtime.hosting import Counters, Hosting
from pricetime.services.broker import Broker
from pricetime.services.operations import Dependency, Operations, serving
from pricetime.services.process import ServiceProcess
from pricetime.settings import Settings
from pricetime.telemetry import Metrics


class Work(Protocol):
    """What a service does with a partition of its share; see ``Hosting``."""

    counters: Counters

    def host(self, address: Address) -> Coroutine[Any, Any, None]:
        """Serve a partition until that fails; cancelled, until what has begun is through."""
        ...

    def stand_by(self, address: Address) -> bool:
        """Return whether a partition here would be served at once if nobody else did."""
        ...

    def measure(self, metrics: Metrics) -> None:
        """Export what is worth knowing."""
        ...


async def host_share(
    process: ServiceProcess,
    addresses_of: Callable[[Topology], Collection[Address]],
    work_of: Callable[[Broker, Topology, Mongo, Redis], Work],
) -> None:
    """Host a share of the partitions of ``addresses_of`` until the process is to stop."""
    settings, certificates = process.settings, process.certificates
    async with AsyncExitStack() as stack:
        mongo = Mongo.connect(settings, certificates)
        stack.push_async_callback(mongo.close)
        redis = connect_redis(settings, certificates)
        stack.push_async_callback(redis.aclose)
        presence = RedisPresence(redis, settings.heartbeat_lifetime_ms)
        operations = Operations(process.name, process.instance, process.metrics)
        operations.dependencies["mongodb"] = Dependency(mongo.ping)
        operations.dependencies["redis"] = Dependency(presence.ping, is_needed=False)
        await stack.enter_async_context(serving(operations, process.listener, settings, certificates))
        topology = await process.once_there("the database", lambda: prepared(mongo, settings))
        broker = Broker(settings, certificates, topology)
        stack.push_async_callback(broker.close)
        operations.dependencies["rabbitmq"] = Dependency(broker.check)
        work = work_of(broker, topology, mongo, redis)
        hosting = Hosting(
            presence,
            process.name,
            process.instance,
            addresses_of(topology),
            work.host,
            heartbeat_s=settings.heartbeat_ms / 1_000,
            clock=SystemClock(),
            lifetime_s=settings.heartbeat_lifetime_ms / 1_000,
            pause_s=settings.reconnect_pause_ms / 1_000,
            pause_max_s=settings.reconnect_pause_max_ms / 1_000,
            hand_over_s=settings.hand_over_ms / 1_000,
            stands_by=work.stand_by,
            counters=work.counters,
        )
        _measure(process.metrics, hosting)
        mongo.measure(process.metrics)
        broker.measure(process.metrics)
        work.measure(process.metrics)
        running = asyncio.create_task(hosting.run())
        process.tell_ready()
        await process.until_stopped(running)
        await hosting.stop()
        await running


async def prepared(mongo: Mongo, settings: Settings) -> Topology:
    """Make indexes that are missing, and return how many partitions the venue has; DatabaseFailed."""
    await mongo.prepare()
    return await topology_of(mongo.database, Topology(settings.ledgers, settings.books))


def _measure(metrics: Metrics, hosting: Hosting) -> None:
    metrics.gauge("pricetime_partitions_owned", "Partitions served here.", lambda: len(hosting.owned))
    metrics.gauge("pricetime_presence", "1 while Redis tells who lives.", lambda: hosting.is_presence_there)
