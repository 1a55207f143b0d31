"""What is told beside the queues: journaled batches as they come, and notices of what the views hold.

Neither is needed for the venue to be right, for all of it stands in the journal and the views. So batches
are not confirmed, and each listener has a bounded queue of its own that ends with its connection. Who gets
BrokerFailed may have missed something, and looks at the journal or the views before it listens again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import suppress
from typing import Final, TypeVar
from uuid import uuid4

import msgspec
import structlog
from aio_pika.abc import AbstractConnection, ExchangeType

from pricetime.adapters.rabbit_channel import Consumer, Posting, Publisher, Traffic, broker_errors
from pricetime.adapters.rabbit_queues import (
    JOURNAL,
    LISTENERS,
    NOTICES,
    RabbitLimits,
    listener_arguments,
)
from pricetime.errors import BrokerFailed
from pricetime.ports import Notice, PartitionBatch
from pricetime.rules.partitions import Address

_PREFETCH: Final = 500
_NOTICES_BYTES: Final = 262_144
"""Of events in a message of notices; one notice that is larger is a message of its own."""
_ACKNOWLEDGED_AT_ONCE: Final = 100
"""A word for each would cost both sides as much as the message does, and nothing hangs on it …"""
_ACKNOWLEDGED_AFTER_S: Final = 5.0
"""… but the broker closes the channel of who says nothing for half an hour."""
T = TypeVar("T")
_log = structlog.get_logger(__name__)
_encode: Final = msgspec.msgpack.Encoder().encode


class RabbitJournalFeed:
    """The push beside the journal. What is lost here is in the journal."""

    def __init__(self, connection: AbstractConnection, limits: RabbitLimits, traffic: Traffic) -> None:
        self._connection = connection
        self._limits = limits
        self._traffic = traffic
        self._publisher: Publisher | None = None

    async def publish(self, batch: PartitionBatch) -> None:
        """Tell a batch to whoever follows its partition, if the broker can be reached."""
        try:
            if self._publisher is None:
                self._publisher = await Publisher.open(
                    self._connection, self._traffic, confirms=False, timeout_s=self._limits.timeout_s
                )
            await self._publisher.tell([Posting(JOURNAL, str(batch.partition), _encode(batch))])
        except BrokerFailed as error:
            _log.debug("a batch is not pushed", partition=str(batch.partition), error=str(error))

    async def close(self) -> None:
        """Close the channel."""
        if self._publisher is not None:
            await self._publisher.close()

    async def follow(
        self,
        addresses: Collection[Address],
        hear: Callable[[PartitionBatch], Awaitable[None]],
        *,
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        """Call ``hear`` with each batch of these partitions from now on, until cancelled; BrokerFailed.

        ``ready`` is called when nothing is missed any more, but for what the listener is too slow for:
        gaps in the numbers show that.
        """
        keys = [str(address) for address in addresses]
        consumer = await _listener(
            self._connection, self._limits, self._traffic, JOURNAL, ExchangeType.DIRECT, keys
        )
        await _hear_all(consumer, msgspec.msgpack.Decoder(PartitionBatch), hear, ready)


class RabbitNotices:
    """The way of notices to every service that listens."""

    def __init__(self, connection: AbstractConnection, limits: RabbitLimits, traffic: Traffic) -> None:
        self._connection = connection
        self._limits = limits
        self._traffic = traffic
        self._publisher: Publisher | None = None

    async def publish(self, notices: Sequence[Notice]) -> None:
        """Tell all who listen; BrokerFailed where the broker has not confirmed it."""
        if self._publisher is None:
            self._publisher = await Publisher.open(
                self._connection, self._traffic, confirms=True, timeout_s=self._limits.timeout_s
            )
        await self._publisher.publish(
            [Posting(NOTICES, "", _encode(together)) for together in _gathered(notices)], is_kept=False
        )

    async def listen(
        self, hear: Callable[[Notice], Awaitable[None]], *, ready: Callable[[], None] = lambda: None
    ) -> None:
        """Call ``hear`` with each notice from now on, one after the other, until cancelled.

        ``ready`` is called when nothing is missed any more, but for what the listener is too slow for: gaps
        in the numbers show that. BrokerFailed: something may have been missed.
        """
        consumer = await _listener(
            self._connection, self._limits, self._traffic, NOTICES, ExchangeType.FANOUT, [""]
        )

        async def hear_each(notices: list[Notice]) -> None:
            for notice in notices:
                await hear(notice)

        await _hear_all(consumer, msgspec.msgpack.Decoder(list[Notice]), hear_each, ready)


def _gathered(notices: Sequence[Notice]) -> Iterator[list[Notice]]:
    """Yield notices of one save together: every process that hears them pays for each message."""
    together: list[Notice] = []
    size = 0
    for notice in notices:
        if together and size + len(notice.events) > _NOTICES_BYTES:
            yield together
            together, size = [], 0
        together.append(notice)
        size += len(notice.events)
    if together:
        yield together


async def _listener(
    connection: AbstractConnection,
    limits: RabbitLimits,
    traffic: Traffic,
    exchange: str,
    kind: ExchangeType,
    keys: Sequence[str],
) -> Consumer:
    """Return the consumer of a new queue that hears an exchange."""
    name = f"{LISTENERS}{uuid4().hex}"
    with broker_errors(f"listening to {exchange}"):
        async with connection.channel(publisher_confirms=False) as setting_up:
            await setting_up.declare_exchange(exchange, kind, durable=True, timeout=limits.timeout_s)
            queue = await setting_up.declare_queue(
                name,
                exclusive=True,
                auto_delete=True,
                arguments=dict(listener_arguments(limits)),
                timeout=limits.timeout_s,
            )
            for key in keys:
                await queue.bind(exchange, key, timeout=limits.timeout_s)
    return await Consumer.open(connection, traffic, name, _PREFETCH, timeout_s=limits.timeout_s)


async def _hear_all(
    consumer: Consumer,
    decoder: msgspec.msgpack.Decoder[T],
    hear: Callable[[T], Awaitable[None]],
    ready: Callable[[], None],
) -> None:
    given_out: list[int] = []
    try:
        ready()
        while True:
            received: list[tuple[int, bytes]] = []
            with suppress(TimeoutError):
                async with asyncio.timeout(_ACKNOWLEDGED_AFTER_S if given_out else None):
                    received = await consumer.receive(_PREFETCH)
            for tag, body in received:
                given_out.append(tag)
                try:
                    heard = decoder.decode(body)
                except msgspec.MsgspecError as error:
                    _log.error("what is no message is passed over", error=str(error), size=len(body))
                    continue
                await hear(heard)
            if len(given_out) >= _ACKNOWLEDGED_AT_ONCE or not received:
                await consumer.acknowledge(given_out)
                given_out.clear()
    finally:
        await consumer.close()
