"""The connection of a service to the broker: whatever fails on it, it is made again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from tests.support.rabbit import RabbitServer

from pricetime.adapters.rabbit import Rabbit, RabbitOutputs
from pricetime.errors import JournalFailed
from pricetime.ports import Notice
from pricetime.rules.partitions import Address, Room
from pricetime.services.broker import Broker
from pricetime.services.broker_link import BrokerLink
from pricetime.settings import Settings

BOOK = Address(Room.BOOK, 1)


class Desk:
    """Stands where a dispatcher does: what it hears and cannot take in is the test's to say."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[int] = asyncio.Queue()
        self.caught_up = 0
        self.failure: Exception | None = None
        self.ways: list[RabbitOutputs] = []

    async def catch_up(self) -> None:
        self.caught_up += 1

    async def hear(self, notice: Notice) -> None:
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure
        await self.heard.put(notice.batch)

    async def send(self, outputs: RabbitOutputs) -> None:
        self.ways.append(outputs)
        await outputs.publish([])
        await asyncio.Event().wait()


@pytest.fixture
async def rabbit(rabbit_server: RabbitServer) -> AsyncIterator[Rabbit]:
    connected = await Rabbit.connect(rabbit_server.url, None)
    yield connected
    await connected.close()


async def test_what_was_missed_and_cannot_be_read_is_looked_for_again(
    rabbit: Rabbit, rabbit_server: RabbitServer
) -> None:
    settings = Settings(rabbit_url=rabbit_server.url, reconnect_pause_ms=10)
    broker, desk = Broker(settings, None, None), Desk()
    link = BrokerLink(broker, desk, settings)  # type: ignore[arg-type]
    running = asyncio.create_task(link.run())
    await asyncio.wait_for(link.wait(), 60)
    desk.failure = JournalFailed("the database does not answer")
    notices = rabbit.notices()
    async with asyncio.timeout(60):
        await notices.publish([Notice(BOOK, 1, b"", (), ())])
        while desk.caught_up < 2:
            await asyncio.sleep(0.01)
        await link.wait()
        await notices.publish([Notice(BOOK, 2, b"", (), ())])
        assert await desk.heard.get() == 2
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await broker.close()
