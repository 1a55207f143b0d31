"""The service ``views``: follows the journals of its share of the partitions, and keeps the read models.

::

    Redis: who lives ──> Hosting ──> one PartitionFollower for each partition that is here
                                        │ batches: pushed over RabbitMQ, or read from MongoDB's journal
                                        │ rows and position: MongoDB, one transaction a save
                        │ new versions of what has changed: Redis, so that no older copy is used
                                        └ a notice of each batch that the views hold: RabbitMQ, to everybody
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from redis.asyncio import Redis

from pricetime.adapters.copied_views import NoticesOfVersions
from pricetime.adapters.mongo import Mongo
from pricetime.adapters.mongo_partitions import MongoPartitionJournal
from pricetime.adapters.mongo_view_store import MongoViewStore
from pricetime.adapters.rabbit import Rabbit
from pricetime.adapters.redis_copies import Versions
from pricetime.ports import NoticeSender, PartitionBatch
from pricetime.records import EVENT_BYTES, event_array
from pricetime.rules.partitions import Address, Topology
from pricetime.runtime.hosting import Counters, until_cancelled
from pricetime.runtime.notices import GatheredNotices, told_by
from pricetime.runtime.requests import log_requests
from pricetime.services.broker import Broker
from pricetime.services.process import ServiceProcess
from pricetime.services.share import host_share
from pricetime.settings import Settings
from pricetime.telemetry import Metrics
from pricetime.views.partition_follower import PartitionFollower


async def serve(process: ServiceProcess) -> None:
    """Follow a share of all partitions until the process is to stop."""
    await host_share(
        process,
        Topology.addresses,
        lambda broker, topology, mongo, redis: Follows(broker, topology, mongo, redis, process.settings),
    )


class Follows:
    """Follows one partition after the other, as ``Hosting`` asks for them."""

    def __init__(
        self, broker: Broker, topology: Topology, mongo: Mongo, redis: Redis, settings: Settings
    ) -> None:
        self.counters = Counters()
        self._broker = broker
        self._topology = topology
        self._mongo = mongo
        self._versions = Versions(redis, settings.copy_ms)
        self._batch_limit = settings.view_batch_limit
        self._rabbit: Rabbit | None = None

    def stand_by(self, address: Address) -> bool:  # noqa: ARG002 - a follower has no queue to wait for
        """Return that it begins at once: the fence keeps two apart."""
        return True

    async def host(self, address: Address) -> None:
        """Follow a partition until that fails; cancelled, until the save under way is through."""

        def saved(batches: Sequence[PartitionBatch]) -> None:
            self._count(batches)
            log_requests("views hold a batch", batches)

        rabbit = await self._broker.rabbit()
        store = MongoViewStore(self._mongo.sync_database, address)
        follower = PartitionFollower(
            address,
            self._topology,
            MongoPartitionJournal(self._mongo.database, address),
            store,
            self._notices_over(rabbit),
            batch_limit=self._batch_limit,
            on_save=saved,
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

    def _notices_over(self, rabbit: Rabbit) -> NoticeSender:
        """Return the one way of notices over a connection, for all followers here."""
        if self._rabbit is not rabbit:
            self._rabbit = rabbit
            self._notices = GatheredNotices(NoticesOfVersions(rabbit.notices(), self._versions))
        return self._notices

    def _count(self, batches: Sequence[PartitionBatch]) -> None:
        self.counters.batches += len(batches)
        for told in filter(None, map(told_by, batches)):
            self.counters.records += len(told) // EVENT_BYTES
            newest_ns = int(event_array(told)["time_ns"][-1])
            self.counters.lag_s = max(0.0, (time.time_ns() - newest_ns) / 1e9)

    def measure(self, metrics: Metrics) -> None:
        """Export how much has been followed, and how late."""
        counters = self.counters
        metrics.counter(
            "pricetime_view_batches", "Batches that the views took in here.", lambda: counters.batches
        )
        metrics.counter("pricetime_view_events", "Events in them.", lambda: counters.records)
        metrics.gauge(
            "pricetime_view_lag_seconds",
            "Age of the last event when the views had it.",
            lambda: counters.lag_s,
        )
