"""Hosts of ledgers and books as processes, over real RabbitMQ, Redis and a database; and harm to all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aio_pika
import httpx2
import pytest
from tests.support.desk import Desk
from tests.support.mongo import MongoServer
from tests.support.rabbit import RabbitServer
from tests.support.redis_server import RedisServer
from tests.support.services import ServiceRun

from pricetime import cli
from pricetime.adapters.mongo import Mongo
from pricetime.adapters.rabbit_queues import queue_of
from pricetime.adapters.redis_client import connect_redis
from pricetime.adapters.redis_presence import RedisPresence
from pricetime.rules.partitions import Topology
from pricetime.settings import Settings

TOPOLOGY = Topology(ledgers=2, books=4)
pytestmark = pytest.mark.xdist_group("hosts")  # of one worker, which has the broker
QUICK: dict[str, Any] = {
    "ledgers": TOPOLOGY.ledgers,
    "books": TOPOLOGY.books,
    "heartbeat_ms": 100,
    "heartbeat_lifetime_ms": 1_000,
    "partition_snapshot_every": 20,
    "log_level": "info",
}


class Place:
    """The servers, and the hosts that a test starts on them."""

    def __init__(
        self, folder: Path, rabbit: RabbitServer, redis: RedisServer, mongodb: MongoServer, stack: ExitStack
    ) -> None:
        self.rabbit, self.redis, self.mongodb = rabbit, redis, mongodb
        self.settings = {
            **QUICK,
            "mongo_url": mongodb.url,
            "rabbit_url": rabbit.url,
            "redis_url": redis.url,
        }
        self._folder = folder
        self._stack = stack

    def run(self, name: str, instance: str, **settings: object) -> ServiceRun:
        log = self._folder / f"{instance}.log"
        return self._stack.enter_context(
            ServiceRun(name, log, instance=instance, **{**self.settings, **settings})
        )

    async def hosted(self, kind: str, is_wanted: Callable[[dict[str, tuple[str, ...]]], bool]) -> None:
        """Wait until hosts tell that they host what is wanted, by the name of each."""
        client = connect_redis(Settings(redis_url=self.redis.url), None)
        presence = RedisPresence(client, 1_000)
        async with asyncio.timeout(30):
            while True:
                signs = await presence.living(kind)
                if is_wanted({sign.name: sign.partitions for sign in signs}):
                    break
                await asyncio.sleep(0.02)
        await client.aclose()


@pytest.fixture(scope="module")
def own_rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    """A broker that these tests may harm."""
    with RabbitServer(tmp_path_factory.mktemp("rabbitmq")) as server:
        yield server


@pytest.fixture
def place(tmp_path: Path, own_rabbit: RabbitServer, redis_server: RedisServer) -> Iterator[Place]:
    """Servers without anything in them."""
    asyncio.run(_without_queues(own_rabbit))
    with ExitStack() as stack:
        mongodb = MongoServer(tmp_path / "mongodb")
        stack.callback(mongodb.stop)
        yield Place(tmp_path, own_rabbit, redis_server, mongodb, stack)


async def _without_queues(rabbit: RabbitServer) -> None:
    async with await aio_pika.connect(rabbit.url) as connection, connection.channel() as channel:
        for address in TOPOLOGY.addresses():
            await channel.queue_delete(queue_of(address))


@pytest.fixture
async def desk(place: Place) -> AsyncIterator[Desk]:
    settings = Settings(mongo_url=place.mongodb.url)
    mongo = Mongo.connect(settings, None)
    await mongo.prepare()
    desk = Desk(place.rabbit.url, mongo, TOPOLOGY)
    yield desk
    await desk.close()
    await mongo.close()


async def test_a_killed_engine_host_is_taken_over_and_every_command_is_done_once(
    place: Place, desk: Desk
) -> None:
    place.run("ledger", "ledger-1")
    first, _ = place.run("engine", "engine-1"), place.run("engine", "engine-2")
    await place.hosted("engine", lambda has: len(has) == 2 and all(has.values()))
    await desk.open_venue()
    before = await desk.trade(60)
    first.kill()
    after = await desk.trade(60)
    answers = await desk.answers([*before, *after])
    assert len(answers) == 120
    await desk.check()
    await place.hosted("engine", lambda has: [len(each) for each in has.values()] == [TOPOLOGY.books])


async def test_a_host_that_is_stopped_hands_over_and_exits_with_0(place: Place, desk: Desk) -> None:
    place.run("ledger", "ledger-1")
    first, _ = place.run("engine", "engine-1"), place.run("engine", "engine-2")
    await place.hosted("engine", lambda has: len(has) == 2 and all(has.values()))
    await desk.open_venue()
    trading = asyncio.create_task(desk.trade(150))
    assert await asyncio.to_thread(first.stop) == 0
    await desk.answers(await trading)
    await desk.check()
    assert "Traceback" not in first.log()


async def test_an_engine_is_drained_and_given_partitions_again(
    place: Place, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    place.run("ledger", "ledger-1"), place.run("engine", "engine-1"), place.run("engine", "engine-2")
    await place.hosted("engine", lambda has: len(has) == 2 and all(has.values()))
    await desk.open_venue()
    trading = asyncio.create_task(desk.trade(100))
    assert await _engines(place, "drain", "engine-1") == 0
    await place.hosted("engine", lambda has: not has["engine-1"] and len(has["engine-2"]) == TOPOLOGY.books)
    capsys.readouterr()
    assert await _engines(place, "show", "--json") == 0
    shown = {each["host"]: each for each in json.loads(capsys.readouterr().out)}
    assert (shown["engine-1"]["partitions"], shown["engine-1"]["is_leaving"]) == ([], True)
    assert await _engines(place, "undrain", "engine-1") == 0
    await place.hosted("engine", lambda has: all(has.values()))
    await desk.answers(await trading)
    await desk.check()
    assert await _engines(place, "drain", "nobody") == 1


async def _engines(place: Place, *arguments: str) -> int:
    return await asyncio.to_thread(
        cli.execute, ["engines", *arguments, "--set", f"redis_url={place.redis.url}"]
    )


async def test_a_host_tells_how_it_is(place: Place) -> None:
    ledger = place.run("ledger", "ledger-1")
    await place.hosted("ledger", lambda has: [len(each) for each in has.values()] == [TOPOLOGY.ledgers])
    async with httpx2.AsyncClient(base_url=ledger.url) as client:
        assert (await client.get("/healthz")).json()["status"] == "ok"
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["dependencies"]) == (
            200,
            {"mongodb": "ok", "redis": "ok", "rabbitmq": "ok"},
        )
        metrics = (await client.get("/metrics")).text
        assert f"pricetime_partitions_owned {TOPOLOGY.ledgers}.0" in metrics
