"""What API services tell each other over Redis: revocations, and what they have let through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
from redis.asyncio import Redis
from tests.support.redis_server import RedisServer
from tests.support.time import SetClock

from pricetime.adapters.redis_client import connect_redis
from pricetime.adapters.redis_revocations import RedisRevocations, Revocation
from pricetime.api.guards.rates import Rates
from pricetime.identity.lockout import Lockout
from pricetime.services.shared_counts import SharedCounts
from pricetime.settings import Settings

_PATIENCE_S = 60


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    patient = Settings(redis_url=redis_server.url, redis_timeout_ms=60_000)
    client = connect_redis(patient, None)
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


@asynccontextmanager
async def sharing(
    redis: Redis, rates: Sequence[Rates], lockouts: Sequence[Lockout], clock: SetClock
) -> AsyncIterator[None]:
    """Services that tell each other what they count."""
    services = [
        SharedCounts(redis, clock, each, (lockout,)) for each, lockout in zip(rates, lockouts, strict=True)
    ]
    tasks = [asyncio.create_task(each.run(0.2)) for each in services]
    await _listeners(redis, "pricetime:counts", len(tasks))
    yield
    for task in tasks:
        task.cancel()


def lockout() -> Lockout:
    return Lockout(failures=3, base_s=1, max_s=900, keys_limit=10)


async def test_a_cancellation_that_the_client_loses_ends_it(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishing = asyncio.Event()

    async def publish(*_: object) -> int:
        publishing.set()
        with suppress(asyncio.CancelledError):  # as asyncio.wait_for does at times before Python 3.12
            await asyncio.Event().wait()
        return 0

    monkeypatch.setattr(redis, "publish", publish)
    rates = Rates(Settings())
    running = asyncio.create_task(SharedCounts(redis, SetClock(), rates, (lockout(),)).run(0.01))
    assert rates.accounts is not None
    async with asyncio.timeout(_PATIENCE_S):
        while not publishing.is_set():
            rates.accounts.charge(5, 1)
            await asyncio.sleep(0.01)
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    assert running in tasks
    running.cancel()
    _, left = await asyncio.wait(tasks, timeout=_PATIENCE_S)
    assert left == set()


async def test_what_one_service_lets_through_another_counts(redis: Redis) -> None:
    settings = Settings(rate_account_per_s=1, rate_account_burst=1_000)
    rates = [Rates(settings), Rates(settings)]
    one, other = (each.accounts for each in rates)
    assert one is not None
    assert other is not None
    async with sharing(redis, rates, [lockout(), lockout()], SetClock()):
        for _ in range(3):
            one.charge(5, 300)
        async with asyncio.timeout(_PATIENCE_S):
            while other.charge(5, 0).remaining > 500:
                await asyncio.sleep(0.01)
        assert not other.charge(5, 900).allowed
        assert other.charge(6, 900).allowed


async def test_wrong_passwords_are_counted_together_wherever_they_were_tried(redis: Redis) -> None:
    clock, rates = SetClock(), Rates(Settings(rate_limits=False))
    one, other = lockout(), lockout()
    now_ns = clock.now_ns()

    async def until(is_locked: bool) -> None:
        async with asyncio.timeout(_PATIENCE_S):
            while (other.wait_s("ada", now_ns) > 0) is not is_locked:
                await asyncio.sleep(0.01)

    async with sharing(redis, [rates, rates], [one, other], clock):
        other.failed("ada", now_ns)
        one.failed("ada", now_ns)
        one.failed("ada", now_ns)
        await until(True)
        assert other.wait_s("bob", now_ns) == 0
        one.succeeded("ada")
        await until(False)
        assert other.failed("ada", now_ns) == 0, "it begins afresh"
