"""RabbitMQ between the services: queues of partitions, what is pushed beside the journal, notices.

One ``Rabbit`` is one connection. It does not mend itself: when anything on it fails, that and all after it
raises BrokerFailed, and its owner makes another. What was not confirmed or not acknowledged is then sent or
given out again, which receivers know by its number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

import aio_pika
import msgspec
import structlog
from aio_pika.abc import AbstractConnection, ExchangeType
from yarl import URL

from pricetime.adapters.rabbit_channel import Consumer, Posting, Publisher, Traffic, broker_errors
from pricetime.adapters.rabbit_feeds import RabbitJournalFeed, RabbitNotices
from pricetime.adapters.rabbit_queues import (
    JOURNAL,
    NOTICES,
    RabbitLimits,
    partition_arguments,
    queue_of,
)
from pricetime.adapters.tls import Certificates
from pricetime.errors import BrokerFailed, SettingError
from pricetime.ports import Delivery, Message
from pricetime.rules.partitions import EVENTS, Address, Topology
from pricetime.settings import Settings

_log = structlog.get_logger(__name__)
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Message).decode


class Rabbit:
    """A connection to the broker. ``Rabbit.connect`` makes one."""

    def __init__(self, connection: AbstractConnection, limits: RabbitLimits, traffic: Traffic) -> None:
        self._connection = connection
        self._limits = limits
        self.traffic = traffic

    @classmethod
    async def connect(
        cls,
        url: str,
        certificates: Certificates | None,
        *,
        limits: RabbitLimits | None = None,
        traffic: Traffic | None = None,
    ) -> Rabbit:
        """Connect; BrokerFailed. With certificates both sides show theirs, whose name is the user.

        Messages are counted in ``traffic``.
        """
        limits = limits or RabbitLimits.of(Settings())
        target = _target(url, certificates, limits)
        with broker_errors(f"connecting to RabbitMQ at {target.host}:{target.port}"):
            connection = await aio_pika.connect(
                target,
                ssl_context=certificates.client() if certificates else None,
                timeout=limits.timeout_s,
            )
        return cls(connection, limits, traffic or Traffic())

    @property
    def is_open(self) -> bool:
        """Whether the connection has not failed yet."""
        transport = self._connection.transport
        return transport is not None and transport.connection.is_opened

    async def declare(self, topology: Topology) -> None:
        """Make the queues of all partitions, and the exchanges, where they are not there; BrokerFailed."""
        with broker_errors("declaring queues"):
            async with self._connection.channel() as channel:
                for name, kind in ((JOURNAL, ExchangeType.DIRECT), (NOTICES, ExchangeType.FANOUT)):
                    await channel.declare_exchange(name, kind, durable=True, timeout=self._limits.timeout_s)
                for address in topology.addresses():
                    await channel.declare_queue(
                        queue_of(address),
                        durable=True,
                        arguments=dict(partition_arguments(self._limits)),
                        timeout=self._limits.timeout_s,
                    )

    def outputs(self) -> RabbitOutputs:
        """Return a way to the queues of all partitions, on a channel of its own."""
        return RabbitOutputs(self._connection, self._limits, self.traffic)

    async def inputs(self, address: Address, prefetch: int) -> RabbitInputs:
        """Begin to consume a partition's queue; while another consumer has it, nothing arrives. BrokerFailed.

        ``prefetch`` messages may be out at once: as many as are taken together, and those that wait for
        others before them.
        """
        consumer = await Consumer.open(
            self._connection, self.traffic, queue_of(address), prefetch, timeout_s=self._limits.timeout_s
        )
        return RabbitInputs(consumer)

    async def waiting(self, addresses: Iterable[Address]) -> dict[Address, int]:
        """Return how many messages wait in queues of partitions, without those given out; BrokerFailed."""
        found = {}
        with broker_errors("looking at queues"):
            async with self._connection.channel() as channel:
                for address in addresses:
                    queue = await channel.declare_queue(
                        queue_of(address), passive=True, timeout=self._limits.timeout_s
                    )
                    found[address] = queue.declaration_result.message_count or 0
        return found

    def journal_feed(self) -> RabbitJournalFeed:
        """Return the push beside the journal."""
        return RabbitJournalFeed(self._connection, self._limits, self.traffic)

    def notices(self) -> RabbitNotices:
        """Return the way of notices."""
        return RabbitNotices(self._connection, self._limits, self.traffic)

    async def close(self) -> None:
        """Close the connection; whoever still uses it gets BrokerFailed."""
        with suppress(BrokerFailed), broker_errors("closing the connection"):
            async with asyncio.timeout(self._limits.timeout_s):
                await self._connection.close()


class RabbitOutputs:
    """The way to all queues. What is for everybody stands in the journal, and is not sent to a queue."""

    def __init__(self, connection: AbstractConnection, limits: RabbitLimits, traffic: Traffic) -> None:
        self._connection = connection
        self._limits = limits
        self._traffic = traffic
        self._publisher: Publisher | None = None

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return when the broker has confirmed all; BrokerFailed where it has not, or has no such queue."""
        postings = [
            Posting("", queue_of(message.destination), _encode(message))
            for message in messages
            if message.destination != EVENTS
        ]
        if not postings:
            return
        if self._publisher is None:
            self._publisher = await Publisher.open(
                self._connection, self._traffic, confirms=True, timeout_s=self._limits.timeout_s
            )
        await self._publisher.publish(postings)

    async def close(self) -> None:
        """Close the channel."""
        if self._publisher is not None:
            await self._publisher.close()


class RabbitInputs:
    """The input queue of one partition."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def receive(self, limit: int) -> Sequence[Delivery]:
        """Return what has arrived, at most ``limit``, and wait where nothing has; BrokerFailed."""
        while True:
            deliveries, unreadable = [], []
            received = await self._consumer.receive(limit)
            for tag, body in received:
                try:
                    deliveries.append(Delivery(tag, _decode(body)))
                except msgspec.MsgspecError as error:
                    _log.error("what is no message is taken off a queue", error=str(error), size=len(body))
                    unreadable.append(tag)
            if unreadable:
                await self._consumer.acknowledge(unreadable)
            if deliveries or not received:
                return deliveries

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Let the queue forget these; BrokerFailed."""
        await self._consumer.acknowledge(delivery.tag for delivery in deliveries)

    def waiting(self) -> int:
        """Return how many messages have come and are not acknowledged."""
        return self._consumer.unacknowledged

    def wake(self) -> None:
        """Let ``receive`` return with nothing."""
        self._consumer.wake()

    async def close(self) -> None:
        """Give up the queue to the next consumer."""
        await self._consumer.close()


def _target(url: str, certificates: Certificates | None, limits: RabbitLimits) -> URL:
    """Return the URL as the client takes it; SettingError."""
    target = URL(url)
    if target.scheme not in ("amqp", "amqps") or not target.host:
        raise SettingError("rabbit_url: it is amqp://HOST:PORT, or with certificates amqps://HOST:PORT")
    if certificates and target.scheme != "amqps":
        raise SettingError("rabbit_url: where there are certificates it begins with amqps://")
    options = {"heartbeat": str(limits.heartbeat_s)} | ({"auth": "external"} if certificates else {})
    return target.update_query(options)
