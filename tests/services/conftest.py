"""Real servers that the tests of the services share: each worker starts its own, once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from tests.support.mongo import fresh_database, mongo_url
from tests.support.rabbit import RabbitServer
from tests.support.redis_server import RedisServer

from pricetime.adapters.mongo import Mongo
from pricetime.settings import Settings


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
