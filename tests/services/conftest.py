"""Real servers that the tests of the services share: each worker starts its own, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import aio_pika
import pytest
from redis import Redis
from tests.support.desk import Desk
from tests.support.hosts import TOPOLOGY, Place
from tests.support.mongo import MongoServer, fresh_database, mongo_url
from tests.support.rabbit import RabbitServer
from tests.support.redis_server import RedisServer
from tests.support.topology import Topology

from pricetime.adapters.mongo import Mongo
from pricetime.adapters.rabbit_queues import queue_of
from pricetime.settings import Settings


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give all tests of the one topology to one worker, and to one those that have others."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "topology" in fixtures:
            item.add_marker(pytest.mark.xdist_group("topology"))
        elif not {"small", "scaled", "harmed", "one_ledger"}.isdisjoint(fixtures):
            item.add_marker(pytest.mark.xdist_group("other topologies"))


@pytest.fixture(scope="session")
def topology(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    """A whole venue of many services, started once; users and stocks of a test carry names of their own."""
    with Topology(
        tmp_path_factory.mktemp("topology") / "data", certificate_check_s=1, log_level="info"
    ) as running:
        running.up()
        yield running


@pytest.fixture(scope="session")
def rabbit_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    """A broker without TLS; each test has queues of its own."""
    with RabbitServer(tmp_path_factory.mktemp("rabbitmq")) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis without TLS."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def mongodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server that speaks MongoDB's protocol."""
    with mongo_url(tmp_path_factory.mktemp("mongodb")) as url:
        yield url


@pytest.fixture
def mongo_settings(mongodb: str) -> Iterator[Settings]:
    """Settings that lead to an empty database there."""
    with fresh_database(mongodb) as settings:
        yield settings


@pytest.fixture
async def mongo(mongo_settings: Settings) -> AsyncIterator[Mongo]:
    """A process's connections to an empty database with its indexes."""
    mongo = Mongo.connect(mongo_settings, None)
    await mongo.prepare()
    yield mongo
    await mongo.close()


@pytest.fixture(scope="session")
def own_rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    """A broker that these tests may harm."""
    with RabbitServer(tmp_path_factory.mktemp("rabbitmq")) as server:
        yield server


@pytest.fixture
def place(tmp_path: Path, own_rabbit: RabbitServer, redis_server: RedisServer) -> Iterator[Place]:
    """Servers without anything in them."""
    asyncio.run(_without_queues(own_rabbit))
    with Redis.from_url(redis_server.url) as redis:
        redis.flushall()
    with ExitStack() as stack:
        mongodb = MongoServer(tmp_path / "mongodb", "--sync-on-commit")
        stack.callback(mongodb.kill)
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
