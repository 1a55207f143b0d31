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

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final

import structlog

from pricetime.adapters.mongo_partitions import MongoPartitionJournal, MongoPartitionSnapshots
from pricetime.ports import Message, PartitionBatch, PartitionJournal, PartitionSnapshots
from pricetime.records import COMMAND_BYTES, EVENT_BYTES, iter_commands, iter_events
from pricetime.rules.partitions import Address, Room, Topology
from pricetime.runtime.hosting import Counters, until_cancelled
from pricetime.runtime.implementations import pick_parts, picked, sentence_on
from pricetime.runtime.partition import PartitionHost
from pricetime.runtime.partition_turns import PartitionLimits
from pricetime.runtime.requests import log_requests
from pricetime.services.broker import Broker
from pricetime.services.process import ServiceProcess
from pricetime.services.share import host_share
from pricetime.settings import Settings
from pricetime.telemetry import Metrics

_log = structlog.get_logger(__name__)

ROOMS: Final = {"ledger": Room.LEDGER, "engine": Room.BOOK}
"""What each service hosts."""


async def serve(process: ServiceProcess) -> None:
    """Host a share of the ledgers or books until the process is to stop."""
    room = ROOMS[process.name]
    _log.info(sentence_on(process.settings.core))
    await host_share(
        process,
        lambda topology: [address for address in topology.addresses() if address.room == room],
        lambda broker, topology, mongo, _: Partitions(
            broker,
            topology,
            lambda address: MongoPartitionJournal(mongo.database, address),
            lambda address: MongoPartitionSnapshots(mongo.database, address),
            process.settings,
        ),
    )


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
        self._core = settings.core
        self._parts = pick_parts(settings.core)
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
            self.counters.queues.append(inputs.waiting)
            stack.callback(self.counters.queues.remove, inputs.waiting)
            outputs, feed = rabbit.outputs(), rabbit.journal_feed()
            stack.push_async_callback(outputs.close)
            stack.push_async_callback(feed.close)

            async def tell(batch: PartitionBatch) -> None:
                self._count(batch)
                log_requests("a batch is journaled", [batch])
                await feed.publish(batch)

            host = PartitionHost(
                address,
                self._topology,
                inputs,
                outputs,
                self._journal(address),
                self._snapshots(address),
                self._limits,
                self._parts,
                tell,
            )
            self._hosts[address] = host
            stack.callback(self._hosts.pop, address)
            await until_cancelled(host.run(), host.stop)

    def measure(self, metrics: Metrics) -> None:
        """Export how much has been journaled, and how late."""
        counters = self.counters
        metrics.counter(
            "pricetime_partition_batches", "Batches that were journaled here.", lambda: counters.batches
        )
        metrics.counter(
            "pricetime_partition_records", "Records that came in with them.", lambda: counters.records
        )
        metrics.gauge(
            "pricetime_partition_lag_seconds",
            "Age of the newest batch's oldest command.",
            lambda: counters.lag_s,
        )
        is_compiled = picked(self._core) == "core"
        metrics.gauge(
            "pricetime_partitions_compiled",
            "1 where the compiled core serves the partitions, 0 where the reference rules do.",
            lambda: is_compiled,
        )

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
