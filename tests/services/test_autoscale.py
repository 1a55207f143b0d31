"""Engines come when queues are long and go when they are short, on a running topology."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest
from tests.support.topology import Topology, pricetime
from tests.support.trader import PASSWORD, unique

from pricetime.client import AsyncClient
from pricetime.services.topology.probes import Prober

_STOCKS = 32
_PATIENCE_S = 180
_SETTINGS = {
    "autoscale_every_s": 1,
    "autoscale_looks": 2,
    "autoscale_cool_down_s": 15,
    "autoscale_waiting_high": 10,
    "autoscale_waiting_low": 10,
    # Queues alone decide: how busy a processor is depends on what else this machine does.
    "autoscale_cpu_high": 10_000,
    "autoscale_cpu_low": 1_000,
    "request_timeout_s": 120,
}


@pytest.fixture
def scaled(tmp_path: Path) -> Iterator[Topology]:
    with Topology(tmp_path / "data", **_SETTINGS) as made:
        made.up("--scale", "engine=1", "orders=1", "--autoscale", "engine=1..2")
        yield made


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while not is_so():
            await asyncio.sleep(0.2)


def engines(topology: Topology) -> int:
    return topology.record.scale["engine"]


def ask(topology: Topology, verb: str) -> None:
    told = pricetime("engines", verb, "engine-1", "--data", topology.layout.data)
    assert told.returncode == 0, told.stderr


async def test_an_engine_comes_when_queues_are_long_and_goes_when_they_are_short(scaled: Topology) -> None:
    """The only engine is drained, so that orders wait in the queues of the books until another one comes."""
    async with AsyncExitStack() as stack:
        http = httpx2.AsyncClient(
            base_url=scaled.url, verify=scaled.trusting(None), timeout=_PATIENCE_S,
            limits=httpx2.Limits(max_connections=_STOCKS),
        )  # fmt: skip
        await stack.enter_async_context(http)
        client, name = AsyncClient(scaled.url, http=http), unique("autoscaled")
        await client.register(name, PASSWORD)
        await client.login(name, PASSWORD)
        await client.deposit("1000000")
        stocks = [(await client.create_stock(unique("Scaled"))).stock for _ in range(_STOCKS)]

        ask(scaled, "drain")
        await until(lambda: scaled.books() == {"engine-1": 0})
        orders = [asyncio.create_task(client.place_order(stock, "buy", 1, "1.00")) for stock in stocks]
        await until(lambda: engines(scaled) == 2)
        assert {(await order).status for order in orders} == {"open"}

        ask(scaled, "undrain")
        await until(lambda: "engine-2" not in scaled.supervisor.states())
        assert engines(scaled) == 1
        [part] = [part for part in scaled.record.parts if part.name == "engine-1"]
        assert await Prober(scaled.layout.certs, scaled.url).unready(part, _PATIENCE_S) == ""
        assert (await client.place_order(stocks[0], "buy", 1, "1.00")).status == "open"


def test_wrong_bounds_are_refused_before_anything_is_started(tmp_path: Path) -> None:
    told = pricetime("up", "--data", tmp_path / "data", "--autoscale", "nginx=1..2", "--detach")
    assert (told.returncode, "autoscale" in told.stderr) == (1, True)
    assert Topology(tmp_path / "data").processes() == []
