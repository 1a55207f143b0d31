"""What API services tell each other over Redis: revocations, and what they have let through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from tests.support.redis_server import RedisServer

from pricetime.adapters.redis_client import connect_redis
from pricetime.adapters.redis_revocations import RedisRevocations, Revocation
from pricetime.api.guards.rates import Rates
from pricetime.services.shared_rates import share_rates
from pricetime.settings import Settings

_PATIENCE_S = 10


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    client = connect_redis(Settings(redis_url=redis_server.url), None)
    yield client
    await client.aclose()


async def _listeners(redis: Redis, channel: str, wanted: int) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while (await redis.pubsub_numsub(channel))[0][1] < wanted:
            await asyncio.sleep(0.01)


async def test_who_revokes_is_answered_when_all_services_know(redis: Redis) -> None:
    heard: list[list[Revocation]] = [[], [], []]
    services = [RedisRevocations(redis, each.append, patience_s=_PATIENCE_S) for each in heard]
    listening = [asyncio.create_task(each.listen()) for each in services]
    await _listeners(redis, "pricetime:revocations", 3)
    await services[0].tell_session("a session", 123)
    await services[1].tell_account(7, 456)
    for each in heard:
        assert [(told.session_id, told.until_ns) for told in each[:1]] == [("a session", 123)]
        assert [(told.account, told.valid_from_ns) for told in each[1:]] == [(7, 456)]
    for task in listening:
        task.cancel()


async def test_a_revocation_does_not_wait_for_a_redis_that_is_away() -> None:
    nowhere = connect_redis(Settings(redis_url="redis://127.0.0.1:1"), None)
    async with asyncio.timeout(_PATIENCE_S):
        await RedisRevocations(nowhere, lambda _: None).tell_session("a session", 1)
    await nowhere.aclose()


async def test_what_one_service_lets_through_another_counts(redis: Redis) -> None:
    settings = Settings(rate_account_per_s=1, rate_account_burst=10)
    rates = [Rates(settings), Rates(settings)]
    sharing = [asyncio.create_task(share_rates(redis, each, 0.01)) for each in rates]
    await _listeners(redis, "pricetime:rates", 2)
    one, other = (each.accounts for each in rates)
    assert one is not None
    assert other is not None
    for _ in range(3):
        one.charge(5, 3)
    async with asyncio.timeout(_PATIENCE_S):
        while other.charge(5, 0).remaining > 2:
            await asyncio.sleep(0.01)
    assert not other.charge(5, 9).allowed
    assert other.charge(6, 9).allowed
    for task in sharing:
        task.cancel()
