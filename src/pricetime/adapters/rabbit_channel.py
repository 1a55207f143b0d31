"""Publishing and consuming on a channel of RabbitMQ, with every failure one ``BrokerFailed``.

This is below aio-pika's own messages, on the channels of aiormq under it: a venue sends many small messages,
and needs nothing of what those add. A channel that has failed stays so; its owner makes another.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final, NamedTuple, Self

from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import CONNECTION_EXCEPTIONS
from aiormq.abc import DeliveredMessage
from aiormq.channel import Channel as Wire
from pamqp.commands import Basic

from pricetime.errors import BrokerFailed

_TRANSIENT: Final = 1
_PERSISTENT: Final = 2
_QUEUES: Final = "queues"


@contextmanager
def broker_errors(doing: str) -> Iterator[None]:
    """Turn what the client raises into BrokerFailed.

    A connection that is closed cancels whoever waits on it; only our own task's cancellation is one.
    """
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise BrokerFailed(f"{doing}: the connection was closed") from error
    except CONNECTION_EXCEPTIONS as error:
        raise BrokerFailed(f"{doing}: {error!r}") from error


class Traffic:
    """How many messages went over the connections of a process, by exchange.

    ``queues``: those that were sent to the queue of a partition, which takes no exchange.
    """

    def __init__(self) -> None:
        self.published: Counter[str] = Counter()
        self.received: Counter[str] = Counter()


class Posting(NamedTuple):
    """A message to be published."""

    exchange: str
    key: str
    body: bytes


class Publisher:
    """Publishes on one channel. With ``confirms`` it returns when the broker has taken all of it."""

    def __init__(self, channel: Wire, traffic: Traffic, *, timeout_s: float) -> None:
        self._channel = channel
        self._published = traffic.published
        self._timeout_s = timeout_s

    @classmethod
    async def open(
        cls, connection: AbstractConnection, traffic: Traffic, *, confirms: bool, timeout_s: float
    ) -> Self:
        """Open a channel to publish on; BrokerFailed."""
        return cls(await opened(connection, timeout_s, confirms=confirms), traffic, timeout_s=timeout_s)

    async def publish(self, postings: Sequence[Posting], *, is_kept: bool = True) -> None:
        """Publish, all in flight together; BrokerFailed unless all is confirmed.

        ``is_kept``: there must be a queue for it, and it must not be lost.
        """
        mode = _PERSISTENT if is_kept else _TRANSIENT
        with broker_errors("publishing"):
            async with asyncio.timeout(self._timeout_s):
                outcomes = await asyncio.gather(
                    *(self._post(posting, mandatory=is_kept, mode=mode) for posting in postings),
                    return_exceptions=True,
                )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise BrokerFailed(f"publishing was not confirmed: {outcome!r}") from outcome

    async def tell(self, postings: Iterable[Posting]) -> None:
        """Publish what may be lost, whether or not anybody listens; BrokerFailed."""
        with broker_errors("telling"):
            async with asyncio.timeout(self._timeout_s):
                for posting in postings:
                    await self._post(posting, mandatory=False, mode=_TRANSIENT)

    async def close(self) -> None:
        """Close the channel."""
        await closed(self._channel, self._timeout_s)

    async def _post(self, posting: Posting, *, mandatory: bool, mode: int) -> None:
        self._published[posting.exchange or _QUEUES] += 1
        await self._channel.basic_publish(
            posting.body,
            exchange=posting.exchange,
            routing_key=posting.key,
            properties=Basic.Properties(delivery_mode=mode),
            mandatory=mandatory,
            wait=False,
        )


class Consumer:
    """Receives from one queue, at most ``prefetch`` messages that are not acknowledged."""

    def __init__(self, channel: Wire, traffic: Traffic, *, timeout_s: float) -> None:
        self._channel = channel
        self._received = traffic.received
        self._timeout_s = timeout_s
        self._arrived: deque[DeliveredMessage] = deque()
        self._given_out: dict[int, None] = {}
        self._wake = asyncio.Event()
        self._failed: str | None = None
        self._is_awake = False

    @classmethod
    async def open(
        cls, connection: AbstractConnection, traffic: Traffic, queue: str, prefetch: int, *, timeout_s: float
    ) -> Self:
        """Begin to consume on a channel of its own; BrokerFailed."""
        consumer = cls(await opened(connection, timeout_s, confirms=False), traffic, timeout_s=timeout_s)
        with broker_errors(f"consuming {queue}"):
            await consumer._begin(queue, prefetch)
        return consumer

    async def _begin(self, queue: str, prefetch: int) -> None:
        channel, timeout_s = self._channel, self._timeout_s
        channel.closing.add_done_callback(lambda _: self._fail("the channel was closed"))
        channel.on_consumer_cancel_callbacks.add(lambda _: self._fail("the broker ended the consumer"))
        await channel.basic_qos(prefetch_count=prefetch, timeout=timeout_s)
        take: Callable[[DeliveredMessage], None] = self._take
        await channel.basic_consume(queue, take, timeout=timeout_s)  # type: ignore[arg-type]  # it takes both

    async def receive(self, limit: int) -> list[tuple[int, bytes]]:
        """Return tag and body of what has arrived, up to ``limit``; wait for the first; BrokerFailed."""
        while not self._failed and not self._arrived and not self._is_awake:
            self._wake.clear()
            await self._wake.wait()
        self._is_awake = False
        if self._failed:
            raise BrokerFailed(f"receiving: {self._failed}")
        received: list[tuple[int, bytes]] = []
        while self._arrived and len(received) < limit:
            message = self._arrived.popleft()
            tag = message.delivery_tag
            assert tag is not None, "what is delivered has a tag"
            self._given_out[tag] = None
            received.append((tag, message.body))
        return received

    async def acknowledge(self, tags: Iterable[int]) -> None:
        """Let the queue forget these: with one word up to the first that is to be kept; BrokerFailed."""
        done = set(tags)
        up_to = 0
        for tag in self._given_out:
            if tag not in done:
                break
            up_to = tag
        with broker_errors("acknowledging"):
            if up_to:
                await self._channel.basic_ack(up_to, multiple=True, wait=False)
            for tag in sorted(tag for tag in done if tag > up_to):
                await self._channel.basic_ack(tag, wait=False)
        for tag in done:
            self._given_out.pop(tag, None)

    @property
    def unacknowledged(self) -> int:
        """How many messages have come that the queue may not forget yet."""
        return len(self._arrived) + len(self._given_out)

    def wake(self) -> None:
        """Let ``receive`` return with nothing."""
        self._is_awake = True
        self._wake.set()

    async def close(self) -> None:
        """Give up the queue: what is not acknowledged goes to the next consumer."""
        await closed(self._channel, self._timeout_s)

    def _take(self, message: DeliveredMessage) -> None:
        self._received[message.exchange or _QUEUES] += 1
        self._arrived.append(message)
        self._wake.set()

    def _fail(self, reason: str) -> None:
        self._failed = self._failed or reason
        self._wake.set()


async def opened(connection: AbstractConnection, timeout_s: float, *, confirms: bool) -> Wire:
    """Open a channel; BrokerFailed."""
    with broker_errors("opening a channel"):
        channel = connection.channel(publisher_confirms=confirms, on_return_raises=confirms)
        await channel.initialize(timeout=timeout_s)
        wire = await channel.get_underlay_channel()
    assert isinstance(wire, Wire)
    return wire


async def closed(channel: Wire, timeout_s: float) -> None:
    """Close a channel; one that has failed, or that the broker does not close, ends with its connection."""
    with suppress(BrokerFailed), broker_errors("closing a channel"):
        async with asyncio.timeout(timeout_s):
            await channel.close()
