"""Who lives: the same of Redis and of memory, and what only Redis can do to us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from tests.support.programs import free_ports
from tests.support.redis_server import RedisServer

from pricetime.adapters.clock import SystemClock
from pricetime.adapters.memory_presence import MemoryPresence
from pricetime.adapters.redis_client import connect_redis
from pricetime.adapters.redis_presence import RedisPresence
from pricetime.errors import PresenceFailed, SettingError
from pricetime.ports import Presence, Sign
from pricetime.settings import Settings

_LIFETIME_MS = 300


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    client = connect_redis(Settings(redis_url=redis_server.url), None)
    yield client
    await client.aclose()


@pytest.fixture
def kind() -> str:
    """A kind of hosts that no other test has."""
    return uuid4().hex


@pytest.fixture(params=["redis", "memory"])
def presence(request: pytest.FixtureRequest, redis: Redis) -> Presence:
    if request.param == "redis":
        return RedisPresence(redis, _LIFETIME_MS)
    return MemoryPresence(SystemClock(), _LIFETIME_MS)


async def test_those_who_gave_a_sign_live(presence: Presence, kind: str) -> None:
    signs = [Sign(kind, "b", partitions=("book.1",), batches=7, lag_s=0.5), Sign(kind, "a", is_leaving=True)]
    for sign in signs:
        await presence.give(sign)
    assert list(await presence.living(kind)) == signs[::-1]
    assert list(await presence.living(f"another than {kind}")) == []


async def test_who_leaves_is_gone(presence: Presence, kind: str) -> None:
    await presence.give(Sign(kind, "a"))
    await presence.give(Sign(kind, "b"))
    await presence.leave(kind, "a")
    assert [sign.name for sign in await presence.living(kind)] == ["b"]


async def test_who_gives_no_more_signs_is_dead(presence: Presence, kind: str) -> None:
    await presence.give(Sign(kind, "dead"))
    async with asyncio.timeout(60):
        while [sign.name for sign in await presence.living(kind)] != ["alive"]:
            await presence.give(Sign(kind, "alive"))


async def test_one_is_drained_until_it_is_wanted_again(presence: Presence, kind: str) -> None:
    assert not await presence.is_drained(kind, "a")
    await presence.drain(kind, "a", is_drained=True)
    assert await presence.is_drained(kind, "a")
    assert not await presence.is_drained(kind, "b")
    await presence.drain(kind, "a", is_drained=False)
    assert not await presence.is_drained(kind, "a")


async def test_a_flushed_redis_is_told_again_who_is_drained(redis: Redis, kind: str) -> None:
    host, operator = RedisPresence(redis, _LIFETIME_MS), RedisPresence(redis, _LIFETIME_MS)
    await operator.drain(kind, "a", is_drained=True)
    assert await host.is_drained(kind, "a")
    await redis.flushall()
    assert await host.is_drained(kind, "a")
    assert await operator.is_drained(kind, "a")


async def test_a_sign_that_cannot_be_read_is_passed_over(redis: Redis, kind: str) -> None:
    presence = RedisPresence(redis, _LIFETIME_MS)
    await presence.give(Sign(kind, "a"))
    await redis.hset(f"pricetime:{{living:{kind}}}:signs", "b", b"\xc1")
    assert [sign.name for sign in await presence.living(kind)] == ["a"]


async def test_redis_may_go_and_come_back(tmp_path_factory: pytest.TempPathFactory, kind: str) -> None:
    with RedisServer(tmp_path_factory.mktemp("own") / "redis") as server:
        client = connect_redis(Settings(redis_url=server.url), None)
        presence = RedisPresence(client, 60_000)
        await presence.give(Sign(kind, "a"))
        server.kill()
        with pytest.raises(PresenceFailed):
            await presence.living(kind)
        server.restart()
        await presence.give(Sign(kind, "b"))
        assert [sign.name for sign in await presence.living(kind)] == ["b"]
        await client.aclose()


async def test_a_redis_that_is_not_there_says_so(kind: str) -> None:
    [port] = free_ports(1)
    client = connect_redis(Settings(redis_url=f"redis://127.0.0.1:{port}"), None)
    with pytest.raises(PresenceFailed, match="Redis cannot be used"):
        await RedisPresence(client, 1_000).living(kind)
    await client.aclose()


def test_a_url_of_another_scheme_is_refused() -> None:
    with pytest.raises(SettingError, match="redis_url"):
        connect_redis(Settings(redis_url="http://127.0.0.1"), None)
