"""The service ``views``: follows the journals of its share of the partitions, and keeps the read models.

::

    Redis: who lives ──> Hosting ──> one PartitionFollower for each partition that is here
                                        │ batches: pushed over RabbitMQ, or read from MongoDB's journal
                                        │ rows and position: MongoDB, one transaction a save
                                        └ a notice of each batch that the views hold: RabbitMQ, to everybody
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

from pricetime.adapters.clock import SystemClock
from pricetime.adapters.mongo import Mongo
from pricetime.adapters.mongo_partitions import MongoPartitionJournal, topology_of
from pricetime.adapters.mongo_view_store import MongoViewStore
from pricetime.adapters.redis_client import connect_redis
from pricetime.adapters.redis_presence import RedisPresence
from pricetime.ports import PartitionBatch
from pricetime.records import EVENT_BYTES, event_array
from pricetime.rules.partitions import Address, Topology
from pricetime.runtime.hosting import Counters, Hosting, until_cancelled
from pricetime.services.broker import Broker
from pricetime.services.operations import Dependency, Operations, serving
from pricetime.services.process import ServiceProcess
from pricetime.settings import Settings
from pricetime.telemetry import Metrics
from pricetime.views.partition_follower import PartitionFollower
from pricetime.views.partition_projection import told_by


async def serve(process: ServiceProcess) -> None:
    """Follow a share of all partitions until the process is to stop."""
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
        topology = await process.once_there("the database", lambda: _prepared(mongo, settings))
        broker = Broker(settings, certificates, topology)
        stack.push_async_callback(broker.close)
        operations.dependencies["rabbitmq"] = Dependency(broker.check)
        follows = Follows(broker, topology, mongo, settings)
        hosting = Hosting(
            presence,
            process.name,
            process.instance,
            topology.addresses(),
            follows.follow,
            heartbeat_s=settings.heartbeat_ms / 1_000,
            clock=SystemClock(),
            lifetime_s=settings.heartbeat_lifetime_ms / 1_000,
            pause_s=settings.reconnect_pause_ms / 1_000,
            pause_max_s=settings.reconnect_pause_max_ms / 1_000,
            counters=follows.counters,
        )
        _measure(process.metrics, hosting)
        running = asyncio.create_task(hosting.run())
        process.tell_ready()
        await process.until_stopped(running)
        await hosting.stop()
        await running


async def _prepared(mongo: Mongo, settings: Settings) -> Topology:
    await mongo.prepare()
    return await topology_of(mongo.database, Topology(settings.ledgers, settings.books))


class Follows:
    """Follows one partition after the other, as ``Hosting`` asks for them."""

    def __init__(self, broker: Broker, topology: Topology, mongo: Mongo, settings: Settings) -> None:
        self.counters = Counters()
        self._broker = broker
        self._topology = topology
        self._mongo = mongo
        self._batch_limit = settings.view_batch_limit

    async def follow(self, address: Address) -> None:
        """Follow a partition until that fails; cancelled, until the save under way is through."""
        rabbit = await self._broker.rabbit()
        store = MongoViewStore(self._mongo.sync_database, address)
        follower = PartitionFollower(
            address,
            self._topology,
            MongoPartitionJournal(self._mongo.database, address),
            store,
            rabbit.notices(),
            batch_limit=self._batch_limit,
            on_save=self._count,
        )

        async def hear(batch: PartitionBatch) -> None:
            follower.hear(batch)

        listening = asyncio.create_task(rabbit.journal_feed().follow([address], hear))
        listening.add_done_callback(lambda _: follower.stop())
        try:
            await until_cancelled(follower.run(), follower.stop)
            await listening  # it has failed, or ``run`` would not have ended
        finally:
            listening.cancel()
            await asyncio.wait([listening])
            await asyncio.to_thread(store.close)

    def _count(self, batches: Sequence[PartitionBatch]) -> None:
        self.counters.batches += len(batches)
        for told in filter(None, map(told_by, batches)):
            self.counters.records += len(told) // EVENT_BYTES
            newest_ns = int(event_array(told)["time_ns"][-1])
            self.counters.lag_s = max(0.0, (time.time_ns() - newest_ns) / 1e9)


def _measure(metrics: Metrics, hosting: Hosting) -> None:
    counters = hosting.counters
    metrics.counter(
        "pricetime_view_batches", "Batches that the views took in here.", lambda: counters.batches
    )
    metrics.counter("pricetime_view_events", "Events in them.", lambda: counters.records)
    metrics.gauge(
        "pricetime_view_lag_seconds", "Age of the last event when the views had it.", lambda: counters.lag_s
    )
    metrics.gauge("pricetime_partitions_owned", "Partitions followed here.", lambda: len(hosting.owned))
    metrics.gauge("pricetime_presence", "1 while Redis tells who lives.", lambda: hosting.is_presence_there)
