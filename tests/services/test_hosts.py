"""Hosts of ledgers and books as processes, over real RabbitMQ, Redis and a database."""

from __future__ import annotations

import asyncio
import json

import httpx2
import pytest
from tests.support.desk import Desk
from tests.support.hosts import TOPOLOGY, Place

from pricetime import cli
from pricetime.runtime.implementations import picked
from pricetime.settings import load

pytestmark = pytest.mark.xdist_group("hosts")  # of one worker, which has the broker


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
        is_compiled = float(picked(load().core) == "core")
        assert f"pricetime_partitions_compiled {is_compiled}" in metrics
