"""The services ``ledger`` and ``engine``: hosts of partitions, over RabbitMQ, MongoDB and Redis.

::

    Redis: who lives ──> Hosting ──> one PartitionHost for each partition that is here
                                        │ queue of the partition in, queues of others out: RabbitMQ
                                        │ journal and snapshots: MongoDB
                                        └ each batch, once journaled, is pushed to those who follow it

What is away, is waited for: a partition whose broker or database fails is started again after growing,
bounded pauses, and without Redis everybody keeps what they have.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final

from pricetime.adapters.clock import SystemClock
from pricetime.adapters.mongo import Mongo
from pricetime.adapters.mongo_partitions import MongoPartitionJournal, MongoPartitionSnapshots, topology_of
from pricetime.adapters.redis_client import connect_redis
from pricetime.adapters.redis_presence import RedisPresence
from pricetime.ports import Message, PartitionBatch, PartitionJournal, PartitionSnapshots
from pricetime.records import COMMAND_BYTES, EVENT_BYTES, iter_commands, iter_events
from pricetime.rules.partitions import Address, Room, Topology
from pricetime.runtime.hosting import Counters, Hosting, until_cancelled
from pricetime.runtime.partition import PartitionHost
from pricetime.runtime.partition_turns import PartitionLimits
from pricetime.services.broker import Broker
from pricetime.services.operations import Dependency, Operations, serving
from pricetime.services.process import ServiceProcess
from pricetime.settings import Settings
from pricetime.telemetry import Metrics

ROOMS: Final = {"ledger": Room.LEDGER, "engine": Room.BOOK}
"""What each service hosts."""


async def serve(process: ServiceProcess) -> None:
    """Host a share of the ledgers or books until the process is to stop."""
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
        partitions = Partitions(
            broker,
            topology,
            lambda address: MongoPartitionJournal(mongo.database, address),
            lambda address: MongoPartitionSnapshots(mongo.database, address),
            settings,
        )
        room = ROOMS[process.name]
        hosting = Hosting(
            presence,
            process.name,
            process.instance,
            [address for address in topology.addresses() if address.room == room],
            partitions.host,
            heartbeat_s=settings.heartbeat_ms / 1_000,
            clock=SystemClock(),
            lifetime_s=settings.heartbeat_lifetime_ms / 1_000,
            pause_s=settings.reconnect_pause_ms / 1_000,
            pause_max_s=settings.reconnect_pause_max_ms / 1_000,
            hand_over_s=settings.hand_over_ms / 1_000,
            stands_by=partitions.stand_by,
            counters=partitions.counters,
        )
        _measure(process.metrics, hosting, broker)
        running = asyncio.create_task(hosting.run())
        process.tell_ready()
        await process.until_stopped(running)
        await hosting.stop()
        await running


async def _prepared(mongo: Mongo, settings: Settings) -> Topology:
    await mongo.prepare()
    return await topology_of(mongo.database, Topology(settings.ledgers, settings.books))


class Partitions:
    """Hosts one partition after the other, as ``Hosting`` asks for them."""

    def __init__(
        self,
        broker: Broker,
        topology: Topology,
        journal: Callable[[Address], PartitionJournal],
        snapshots: Callable[[Address], PartitionSnapshots],
        settings: Settings,
    ) -> None:
        self.counters = Counters()
        self._broker = broker
        self._topology = topology
        self._journal = journal
        self._snapshots = snapshots
        self._limits = PartitionLimits.of(settings)
        self._hosts: dict[Address, PartitionHost] = {}

    def stand_by(self, address: Address) -> bool:
        """Return whether a partition here has taken its journal in."""
        return address in self._hosts and self._hosts[address].stands_by

    async def host(self, address: Address) -> None:
        """Host a partition until it fails; cancelled, until the batch under way is through."""
        async with AsyncExitStack() as stack:
            rabbit = await self._broker.rabbit()
            # As many again as go into a batch may have to wait for those before them.
            inputs = await rabbit.inputs(address, 2 * self._limits.batch_limit)
            stack.push_async_callback(inputs.close)
            outputs, feed = rabbit.outputs(), rabbit.journal_feed()
            stack.push_async_callback(outputs.close)
            stack.push_async_callback(feed.close)

            async def tell(batch: PartitionBatch) -> None:
                self._count(batch)
                await feed.publish(batch)

            host = PartitionHost(
                address,
                self._topology,
                inputs,
                outputs,
                self._journal(address),
                self._snapshots(address),
                self._limits,
                tell,
            )
            self._hosts[address] = host
            stack.callback(self._hosts.pop, address)
            await until_cancelled(host.run(), host.stop)

    def _count(self, batch: PartitionBatch) -> None:
        self.counters.batches += 1
        self.counters.records += sum(map(_records_in, batch.inputs))
        oldest_ns = min(map(_time_of, batch.inputs), default=0)
        self.counters.lag_s = max(0.0, (time.time_ns() - oldest_ns) / 1e9) if oldest_ns else 0.0


def _records_in(message: Message) -> int:
    return len(message.records) // (EVENT_BYTES if message.source.room == Room.BOOK else COMMAND_BYTES)


def _time_of(message: Message) -> int:
    """Return the time of a message's first record; 0 where it holds none."""
    records = message.records
    if message.source.room == Room.BOOK:
        return next(iter_events(records)).time_ns if len(records) >= EVENT_BYTES else 0
    return next(iter_commands(records)).time_ns if len(records) >= COMMAND_BYTES else 0


def _measure(metrics: Metrics, hosting: Hosting, broker: Broker) -> None:
    counters = hosting.counters
    metrics.counter(
        "pricetime_partition_batches", "Batches that were journaled here.", lambda: counters.batches
    )
    metrics.counter(
        "pricetime_partition_records", "Records that came in with them.", lambda: counters.records
    )
    metrics.gauge(
        "pricetime_partition_lag_seconds", "Age of the newest batch's oldest command.", lambda: counters.lag_s
    )
    metrics.gauge("pricetime_partitions_owned", "Partitions hosted here.", lambda: len(hosting.owned))
    metrics.gauge("pricetime_presence", "1 while Redis tells who lives.", lambda: hosting.is_presence_there)
    metrics.counter(
        "pricetime_broker_connections", "Connections made to RabbitMQ.", lambda: broker.connections
    )
