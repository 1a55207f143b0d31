"""The adapters of RabbitMQ, against a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from itertools import count

import aio_pika
import pytest
from tests.support.rabbit import RabbitServer

from pricetime.adapters.rabbit import Rabbit
from pricetime.adapters.rabbit_queues import RabbitLimits, queue_of
from pricetime.errors import BrokerFailed
from pricetime.ports import Message, Notice, Outputs, PartitionBatch
from pricetime.rules.partitions import EVENTS, Address, Room, Topology
from pricetime.settings import Settings

SERVICE = Address(Room.SERVICE, 1)
_numbers = count(1)


def own_topology() -> tuple[Topology, Address]:
    """Return a topology with a queue that no other test uses, and its address."""
    number = next(_numbers)
    return Topology(ledgers=0, books=number + 1), Address(Room.BOOK, number)


def messages(to: Address, *numbers: int) -> list[Message]:
    return [Message(SERVICE, to, number, b"records") for number in numbers]


@pytest.fixture
async def rabbit(rabbit_server: RabbitServer) -> AsyncIterator[Rabbit]:
    connected = await Rabbit.connect(rabbit_server.url, None)
    yield connected
    await connected.close()


@pytest.fixture
async def other(rabbit_server: RabbitServer) -> AsyncIterator[Rabbit]:
    connected = await Rabbit.connect(rabbit_server.url, None)
    yield connected
    await connected.close()


async def test_messages_come_in_order_up_to_the_limit(rabbit: Rabbit) -> None:
    topology, address = own_topology()
    await rabbit.declare(topology)
    await rabbit.outputs().publish(messages(address, 1, 2, 3, 4, 5))
    inputs = await rabbit.inputs(address, 10)
    received = [delivery.message.number for delivery in await _received(inputs, 3, limit=3)]
    received += [delivery.message.number for delivery in await _received(inputs, 2)]
    assert received == [1, 2, 3, 4, 5]


async def _received(inputs, count: int, limit: int = 100):
    deliveries = []
    while len(deliveries) < count:
        deliveries += await asyncio.wait_for(inputs.receive(limit), 10)
    return deliveries


async def test_what_is_not_acknowledged_goes_to_the_next_consumer(rabbit: Rabbit, other: Rabbit) -> None:
    topology, address = own_topology()
    await rabbit.declare(topology)
    await rabbit.outputs().publish(messages(address, *range(1, 7)))
    first = await rabbit.inputs(address, 10)
    deliveries = await _received(first, 6)
    await first.acknowledge([*deliveries[:2], *deliveries[3:5]])  # 3 and 6 stay
    await first.close()
    left = await _received(await other.inputs(address, 10), 2)
    assert [delivery.message.number for delivery in left] == [3, 6]


async def test_one_consumer_is_active_and_another_waits_for_it_to_go(rabbit: Rabbit, other: Rabbit) -> None:
    topology, address = own_topology()
    await rabbit.declare(topology)
    first = await rabbit.inputs(address, 10)
    second = await other.inputs(address, 10)
    await rabbit.outputs().publish(messages(address, 1, 2))
    await first.acknowledge(await _received(first, 2))
    waiting = asyncio.create_task(_received(second, 1))
    await first.close()
    await rabbit.outputs().publish(messages(address, 3))
    assert [delivery.message.number for delivery in await waiting] == [3]


async def test_what_is_for_everybody_is_not_sent_to_a_queue(rabbit: Rabbit) -> None:
    topology, address = own_topology()
    await rabbit.declare(topology)
    await rabbit.outputs().publish([*messages(EVENTS, 1), *messages(address, 2)])
    [delivery] = await _received(await rabbit.inputs(address, 10), 1)
    assert delivery.message.number == 2


async def test_a_message_for_a_queue_that_is_not_there_is_refused(rabbit: Rabbit) -> None:
    with pytest.raises(BrokerFailed, match="not confirmed"):
        await rabbit.outputs().publish(messages(Address(Room.BOOK, 4_000), 1))


async def test_a_full_queue_refuses(rabbit_server: RabbitServer) -> None:
    limits = replace(RabbitLimits.of(Settings()), queue_messages=3)
    rabbit = await Rabbit.connect(rabbit_server.url, None, limits=limits)
    await rabbit.declare(Topology(ledgers=1, books=0))
    outputs, ledger = rabbit.outputs(), Address(Room.LEDGER, 0)
    with pytest.raises(BrokerFailed, match="not confirmed"):
        await _publish_until_refused(outputs, ledger)
    await rabbit.close()


async def _publish_until_refused(outputs: Outputs, to: Address) -> None:
    for number in range(1, 50):
        await outputs.publish(messages(to, number))


async def test_a_closed_connection_fails_whoever_waits_on_it(rabbit_server: RabbitServer) -> None:
    rabbit = await Rabbit.connect(rabbit_server.url, None)
    topology, address = own_topology()
    await rabbit.declare(topology)
    inputs, outputs = await rabbit.inputs(address, 10), rabbit.outputs()
    waiting = asyncio.create_task(inputs.receive(1))
    await outputs.publish(messages(address, 1))
    deliveries = await waiting
    waiting = asyncio.create_task(inputs.receive(1))
    await rabbit.close()
    assert not rabbit.is_open
    with pytest.raises(BrokerFailed):
        await waiting
    with pytest.raises(BrokerFailed):
        await inputs.acknowledge(deliveries)
    with pytest.raises(BrokerFailed):
        await outputs.publish(messages(address, 2))
    with pytest.raises(BrokerFailed):
        await rabbit.inputs(address, 10)


async def test_a_broker_that_is_not_there_says_so() -> None:
    with pytest.raises(BrokerFailed, match=r"connecting to RabbitMQ at 127\.0\.0\.1:1"):
        await Rabbit.connect("amqp://127.0.0.1:1", None)


async def test_what_is_no_message_is_taken_off_the_queue(rabbit: Rabbit) -> None:
    topology, address = own_topology()
    await rabbit.declare(topology)
    channel = await rabbit._connection.channel()
    await channel.default_exchange.publish(aio_pika.Message(b"\xc1"), queue_of(address))
    await rabbit.outputs().publish(messages(address, 1))
    [delivery] = await _received(await rabbit.inputs(address, 10), 1)
    assert delivery.message.number == 1


async def test_batches_are_pushed_to_those_who_follow_their_partition(rabbit: Rabbit, other: Rabbit) -> None:
    heard: asyncio.Queue[PartitionBatch] = asyncio.Queue()
    ready = asyncio.Event()
    mine, theirs = Address(Room.LEDGER, 7), Address(Room.LEDGER, 8)
    following = asyncio.create_task(other.journal_feed().follow([mine], heard.put, ready=ready.set))
    await ready.wait()
    feed = rabbit.journal_feed()
    batches = [PartitionBatch(address, 1, (), (), b"", b"hash") for address in (theirs, mine)]
    for batch in batches:
        await feed.publish(batch)
    assert await asyncio.wait_for(heard.get(), 10) == batches[1]
    await _cancelled(following)


async def test_listeners_acknowledge_now_and_then_and_lose_nothing(rabbit: Rabbit, other: Rabbit) -> None:
    heard: list[int] = []
    ready, all_heard = asyncio.Event(), asyncio.Event()

    async def hear(batch: PartitionBatch) -> None:
        heard.append(batch.number)
        if len(heard) == 1_250:  # more than may be out at once without a word
            all_heard.set()

    mine = Address(Room.LEDGER, 9)
    following = asyncio.create_task(other.journal_feed().follow([mine], hear, ready=ready.set))
    await ready.wait()
    feed = rabbit.journal_feed()
    for number in range(1, 1_251):
        await feed.publish(PartitionBatch(mine, number, (), (), b"", b"hash"))
    await asyncio.wait_for(all_heard.wait(), 60)
    assert heard == list(range(1, 1_251))
    assert other.traffic.received["pricetime.journal"] == 1_250
    assert rabbit.traffic.published["pricetime.journal"] == 1_250
    await _cancelled(following)


async def test_messages_to_queues_are_counted(rabbit: Rabbit, other: Rabbit) -> None:
    topology, address = own_topology()
    await rabbit.declare(topology)
    await rabbit.outputs().publish(messages(address, 1, 2, 3))
    await _received(await other.inputs(address, 10), 3)
    assert (rabbit.traffic.published, other.traffic.received) == ({"queues": 3}, {"queues": 3})


async def test_pushing_a_batch_never_fails(rabbit_server: RabbitServer) -> None:
    rabbit = await Rabbit.connect(rabbit_server.url, None)
    feed = rabbit.journal_feed()
    await rabbit.close()
    assert await feed.publish(PartitionBatch(SERVICE, 1, (), (), b"", b"")) is None


async def test_everybody_hears_notices_also_those_behind_a_gap(rabbit: Rabbit, other: Rabbit) -> None:
    heard: list[asyncio.Queue[Notice]] = [asyncio.Queue(), asyncio.Queue()]
    ready = [asyncio.Event(), asyncio.Event()]
    listening = [
        asyncio.create_task(other.notices().listen(queue.put, ready=event.set))
        for queue, event in zip(heard, ready, strict=True)
    ]
    for event in ready:
        await event.wait()
    notices, address = rabbit.notices(), Address(Room.BOOK, 1)
    first, second, fourth = (Notice(address, batch, b"", (), ()) for batch in (1, 2, 4))
    await notices.publish([first, second])
    for queue in heard:
        assert [await asyncio.wait_for(queue.get(), 10) for _ in range(2)] == [first, second]
    assert rabbit.traffic.published == {"pricetime.notices": 1}  # those told together are one message
    await notices.publish([fourth])
    for queue, task in zip(heard, listening, strict=True):
        assert await asyncio.wait_for(queue.get(), 10) == fourth
        await _cancelled(task)


async def test_large_notices_that_are_told_together_are_several_messages(
    rabbit: Rabbit, other: Rabbit
) -> None:
    heard: asyncio.Queue[Notice] = asyncio.Queue()
    ready = asyncio.Event()
    listening = asyncio.create_task(other.notices().listen(heard.put, ready=ready.set))
    await ready.wait()
    told = [Notice(Address(Room.BOOK, 2), batch, bytes(200_000), (), ()) for batch in (1, 2, 3)]
    await rabbit.notices().publish(told)
    assert [await asyncio.wait_for(heard.get(), 10) for _ in told] == told
    assert rabbit.traffic.published == {"pricetime.notices": 3}
    await _cancelled(listening)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
