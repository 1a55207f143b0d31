"""The servers of the topology start from what is rendered, and end when they are asked to."""

from __future__ import annotations

from pathlib import Path

from tests.support.programs import listens
from tests.support.rabbit import RabbitServer
from tests.support.redis_server import RedisServer


def test_rabbitmq_and_its_port_mapper_end_with_nothing_left(tmp_path: Path) -> None:
    with RabbitServer(tmp_path / "rabbitmq") as server:
        ports = [server.port, server.mapper.program.port]
        assert [listens(port) for port in ports] == [True, True]
        assert server.broker.stop() == 0
    assert [listens(port) for port in ports] == [False, False]


def test_redis_starts_again_where_it_was(tmp_path: Path) -> None:
    with RedisServer(tmp_path / "redis") as server:
        server.kill()
        assert not listens(server.program.port)
        server.restart()
        assert listens(server.program.port)
        assert server.stop() == 0
