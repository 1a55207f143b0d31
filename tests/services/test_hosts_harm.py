"""Hosts of partitions while the servers under them go and come back. Whatever happens, all is done once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from redis.asyncio import Redis
from tests.support.desk import Desk
from tests.support.hosts import TOPOLOGY, Place
from tests.support.services import ServiceRun

pytestmark = pytest.mark.xdist_group("hosts")  # of one worker, which has the broker


@pytest.fixture
async def trading(place: Place, desk: Desk) -> AsyncIterator[dict[str, ServiceRun]]:
    """One host of ledgers and two of books, with a venue that is open; in the end everything must agree."""
    runs = {name: place.run(name.partition("-")[0], name) for name in ("ledger-1", "engine-1", "engine-2")}
    await place.hosted("engine", lambda has: len(has) == 2 and all(has.values()))
    await desk.open_venue()
    yield runs
    await desk.answers(await desk.trade(20))
    await desk.check()
    assert all(run.is_running for run in runs.values())


def takeovers(runs: dict[str, ServiceRun]) -> dict[str, int]:
    """Return how often each host has begun to host a partition."""
    counts = {name: run.log().count('"hosting"') for name, run in runs.items()}
    assert all(counts.values())
    return counts


async def test_the_broker_is_killed_and_comes_back(place: Place, desk: Desk, trading: object) -> None:
    sent = await desk.trade(40)
    place.rabbit.broker.kill()
    under_way = asyncio.create_task(desk.trade(40))
    await asyncio.to_thread(place.rabbit.broker.restart)
    answers = await desk.answers([*sent, *await under_way])
    assert len(answers) == 80


async def test_the_database_is_killed_and_comes_back(place: Place, desk: Desk, trading: object) -> None:
    sent = await desk.trade(40)
    place.mongodb.kill()
    sent += await desk.trade(40)
    await asyncio.to_thread(place.mongodb.restart)
    assert len(await desk.answers(sent)) == 80


async def test_without_redis_nothing_moves_and_trading_goes_on(
    place: Place, desk: Desk, trading: dict[str, ServiceRun]
) -> None:
    before = takeovers(trading)
    place.redis.kill()
    async with httpx2.AsyncClient(base_url=trading["engine-1"].url, timeout=10) as client:
        ready = (await client.get("/readyz")).json()
        assert (ready["status"], ready["dependencies"]["redis"] == "ok") == ("ok", False)
        assert len(await desk.answers(await desk.trade(40))) == 40
        await asyncio.to_thread(place.redis.restart)
        await place.hosted("engine", lambda has: len(has) == 2 and all(has.values()))
    assert takeovers(trading) == before


async def test_a_redis_that_forgets_everything_moves_nothing(
    place: Place, desk: Desk, trading: dict[str, ServiceRun]
) -> None:
    before = takeovers(trading)
    async with Redis.from_url(place.redis.url) as redis:
        for _ in range(5):
            sent = await desk.trade(10)
            await redis.flushall()
            await desk.answers(sent)
    await place.hosted("engine", lambda has: len(has) == 2 and all(has.values()))
    assert takeovers(trading) == before


async def test_a_host_that_was_paused_finds_that_another_has_its_partitions(
    place: Place, desk: Desk, trading: dict[str, ServiceRun]
) -> None:
    sent = await desk.trade(20)
    trading["engine-1"].pause()
    sent += await desk.trade(20)
    await place.hosted("engine", lambda has: list(map(len, has.values())) == [TOPOLOGY.books])
    assert len(await desk.answers(sent)) == 40
    trading["engine-1"].resume()
    await place.hosted("engine", lambda has: len(has) == 2 and all(has.values()))


async def test_hosts_start_before_the_servers_and_wait_for_them(place: Place, desk: Desk) -> None:
    place.rabbit.broker.kill()
    place.mongodb.kill()
    place.redis.kill()
    ledger = place.run("ledger", "ledger-1", is_awaited=False)
    engine = place.run("engine", "engine-1", is_awaited=False)
    for server in (place.mongodb, place.redis, place.rabbit.broker):
        await asyncio.to_thread(server.restart)
    await asyncio.to_thread(ledger.await_ready)
    await asyncio.to_thread(engine.await_ready)
    await desk.open_venue()
    await desk.check()


async def test_hosts_stop_also_when_everything_under_them_is_gone(place: Place, desk: Desk) -> None:
    runs = [place.run("ledger", "ledger-1"), place.run("engine", "engine-1")]
    await desk.open_venue()
    await desk.trade(10)
    place.rabbit.broker.kill()
    place.mongodb.kill()
    place.redis.kill()
    assert [await asyncio.to_thread(run.stop) for run in runs] == [0, 0]
    for server in (place.mongodb, place.redis, place.rabbit.broker):
        await asyncio.to_thread(server.restart)


async def test_all_are_killed_at_once_and_begin_again(place: Place, desk: Desk, tmp_path: Path) -> None:
    names = ("ledger-1", "ledger-2", "engine-1")
    first = [place.run(name.partition("-")[0], name) for name in names]
    await desk.open_venue()
    sent = await desk.trade(60)
    for run in first:
        run.kill()
    place.rabbit.broker.kill()
    place.mongodb.kill()
    place.mongodb.restart()
    place.rabbit.broker.restart()
    for name in names:
        place.run(name.partition("-")[0], f"{name}-again")
    assert len(await desk.answers([*sent, *await desk.trade(20)])) == 80
    await desk.check()
