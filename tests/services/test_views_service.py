"""The views service as processes, beside hosts of partitions, over real RabbitMQ, Redis and a database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx2
import pytest
from tests.support.desk import Desk
from tests.support.hosts import TOPOLOGY, Place

from pricetime.adapters.mongo import Mongo
from pricetime.adapters.mongo_views import MongoViews
from pricetime.adapters.mongo_views_schema import POSITIONS
from pricetime.adapters.rabbit import Rabbit
from pricetime.oracle.parted import Parted
from pricetime.ports import Notice
from pricetime.rules.partitions import Address, BookPartition, LedgerPartition
from pricetime.runtime.check_views import differences
from pricetime.settings import Settings

pytestmark = pytest.mark.xdist_group("views service")


@pytest.fixture
def place(place: Place) -> Place:
    """Servers without anything in them, and hosts of all partitions."""
    place.run("ledger", "ledger-1")
    place.run("engine", "engine-1")
    return place


class Audience:
    """Hears all notices, and holds the views against what the desk's auditor makes of the journals."""

    def __init__(self, mongo: Mongo, desk: Desk) -> None:
        self.heard: dict[Address, list[int]] = {address: [] for address in TOPOLOGY.addresses()}
        self.early: list[Notice] = []
        self._mongo = mongo
        self._desk = desk

    async def hear(self, notice: Notice) -> None:
        self.heard[notice.partition].append(notice.batch)
        if notice.batch > await self._position(notice.partition):
            self.early.append(notice)

    async def until_all_is_heard(self) -> None:
        """Wait until the notices are as far as the journals."""
        shadows = self._desk.auditor.shadows

        def is_all() -> bool:
            return all(
                max(heard, default=0) == shadows[address].end.number for address, heard in self.heard.items()
            )

        await _until(is_all)

    def faults(self) -> list[str]:
        """Return what was told in the wrong order or too early, and what the views say otherwise."""
        gaps = [
            f"{address}: {batch} after {max(before)}"
            for address, heard in self.heard.items()
            for place, batch in enumerate(heard)
            if batch > max(before := heard[:place], default=0) + 1
        ]
        early = [f"{notice.partition}: {notice.batch} was told too early" for notice in self.early]
        parted = Parted(TOPOLOGY)
        partitions = [shadow.partition for shadow in self._desk.auditor.shadows.values()]
        parted.ledgers = [each for each in partitions if isinstance(each, LedgerPartition)]
        parted.books = [each for each in partitions if isinstance(each, BookPartition)]
        views = MongoViews(self._mongo.sync_database)
        return gaps + early + list(differences(parted.whole().snapshot(), views))

    async def _position(self, address: Address) -> int:
        found = await self._mongo.database[POSITIONS].find_one({"_id": str(address)})
        return found["batch"] if found else 0


@asynccontextmanager
async def an_audience(place: Place, desk: Desk) -> AsyncIterator[Audience]:
    mongo = Mongo.connect(Settings(mongo_url=place.settings["mongo_url"]), None)
    rabbit = await Rabbit.connect(place.settings["rabbit_url"], None)
    await rabbit.declare(TOPOLOGY)
    audience, ready = Audience(mongo, desk), asyncio.Event()
    listening = asyncio.create_task(rabbit.notices().listen(audience.hear, ready=ready.set))
    await ready.wait()
    yield audience
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await rabbit.close()
    await mongo.close()


async def test_what_is_told_the_views_hold_and_they_hold_what_the_journals_say(
    place: Place, desk: Desk
) -> None:
    views = place.run("views", "views-1")
    async with an_audience(place, desk) as audience:
        await desk.open_venue()
        await desk.answers(await desk.trade(60))
        await desk.check()
        await audience.until_all_is_heard()
        assert await asyncio.to_thread(audience.faults) == []
    async with httpx2.AsyncClient(base_url=views.url) as client:
        ready = await client.get("/readyz")
        assert ready.json()["dependencies"] == {"mongodb": "ok", "redis": "ok", "rabbitmq": "ok"}
        page = (await client.get("/metrics")).text
        assert f"pricetime_partitions_owned {TOPOLOGY.partitions}.0" in page


async def test_a_killed_follower_is_replaced_and_nothing_is_left_untold(place: Place, desk: Desk) -> None:
    first, second = place.run("views", "views-1"), place.run("views", "views-2")
    async with an_audience(place, desk) as audience:
        await desk.open_venue()
        before = await desk.trade(40)
        first.kill()
        after = await desk.trade(40)
        await desk.answers([*before, *after])
        await desk.check()
        await audience.until_all_is_heard()
        assert await asyncio.to_thread(audience.faults) == []
    assert await asyncio.to_thread(second.stop) == 0
    assert "Traceback" not in second.log()


async def test_one_that_is_paused_and_resumes_is_fenced_and_does_no_harm(place: Place, desk: Desk) -> None:
    first = place.run("views", "views-1")
    async with an_audience(place, desk) as audience:
        await desk.open_venue()
        await audience.until_all_is_heard()
        first.pause()
        place.run("views", "views-2")
        await desk.answers(await desk.trade(40))
        await desk.check()
        await audience.until_all_is_heard()
        first.resume()
        await desk.answers(await desk.trade(20))
        await desk.check()
        await audience.until_all_is_heard()
        assert await asyncio.to_thread(audience.faults) == []


async def test_a_database_that_is_away_is_waited_for(place: Place, desk: Desk) -> None:
    views = place.run("views", "views-1")
    async with an_audience(place, desk) as audience:
        await desk.open_venue()
        before = await desk.trade(30)
        await asyncio.to_thread(place.mongodb.restart)
        await desk.answers([*before, *await desk.trade(30)])
        await desk.check()
        await audience.until_all_is_heard()
        assert await asyncio.to_thread(audience.faults) == []
    assert await asyncio.to_thread(views.stop) == 0
    assert "Traceback" not in views.log()


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_so():
            await asyncio.sleep(0.02)
