"""Real servers that the tests of the services share: each worker starts its own, once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.rabbit import RabbitServer
from tests.support.redis_server import RedisServer


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
