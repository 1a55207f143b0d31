"""`pricetime scale`: processes come and go while clients trade and listen, and none is given an error."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2
import pytest
from msgspec.structs import replace
from tests.support.topology import Topology, eventually, pricetime
from tests.support.trader import PASSWORD, unique

from pricetime.client import AsyncClient, account
from pricetime.schema import Heartbeat, PlaceOrder
from pricetime.services.topology.record import locked, write_record
from pricetime.services.topology.supervision import Supervised, write_program
from pricetime.settings import Settings

_TRADERS = 6
_PATIENCE_S = 120


class Trader:
    """Places and cancels orders without end, hears of them on a stream, and counts both."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self.placed: list[str] = []
        self.heard = 0

    async def join(self) -> None:
        name = unique("scaled")
        await self._client.register(name, PASSWORD)
        await self._client.login(name, PASSWORD)
        self._stock = (await self._client.create_stock(unique("Scalewood"))).stock
        await self._client.deposit("1000000")

    async def trade(self) -> None:
        """Trade until cancelled; any answer but the right one is raised."""
        while True:
            order = PlaceOrder(stock=self._stock, side="buy", type="limit", quantity=1, price="1.00")
            placed = await self._client.place(order)
            self.placed.append(placed.order)
            assert (await self._client.cancel_order(placed.order)).order.status == "cancelled"

    async def listen(self) -> None:
        """Listen until cancelled; a stream that cannot be opened again is raised."""
        async with self._client.stream(account()) as stream:
            async for message in stream:
                self.heard += not isinstance(message, Heartbeat)

    async def verify(self) -> None:
        """What was acknowledged is there, once, and nothing else but what was under way at the end."""
        listed = [order.order async for order in self._client.every_order(status="all", limit=1_000)]
        assert len(set(listed)) == len(listed)
        assert set(self.placed) <= set(listed)
        assert len(listed) <= len(self.placed) + 1


class Floor:
    """Traders at work."""

    def __init__(self, traders: list[Trader], work: list[asyncio.Task[None]]) -> None:
        self._traders = traders
        self._work = work

    async def go_on(self) -> None:
        """Return when each has had more orders acknowledged and heard of some; raise what one ran into."""
        goals = [(trader, len(trader.placed) + 5, trader.heard + 2) for trader in self._traders]
        async with asyncio.timeout(_PATIENCE_S):
            while any(len(each.placed) < placed or each.heard < heard for each, placed, heard in goals):
                for task in self._work:
                    if task.done():
                        task.result()
                await asyncio.sleep(0.05)


@asynccontextmanager
async def trading(topology: Topology) -> AsyncIterator[Floor]:
    async with AsyncExitStack() as stack:
        traders = []
        for _ in range(_TRADERS):
            http = httpx2.AsyncClient(base_url=topology.url, verify=topology.trusting(None), timeout=60)
            await stack.enter_async_context(http)
            traders.append(Trader(AsyncClient(topology.url, http=http)))
            await traders[-1].join()
        work = [asyncio.create_task(do()) for trader in traders for do in (trader.trade, trader.listen)]
        floor = Floor(traders, work)
        try:
            await floor.go_on()
            yield floor
            await floor.go_on()
        finally:
            for task in work:
                task.cancel()
            ended = await asyncio.gather(*work, return_exceptions=True)
        assert [type(each) for each in ended] == [asyncio.CancelledError] * len(work)
        for trader in traders:
            await trader.verify()


async def until_books_are_with(topology: Topology, names: set[str]) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            found = await asyncio.to_thread(topology.books)
            if found.keys() == names and all(found.values()) and sum(found.values()) == 16:
                return
            await asyncio.sleep(0.2)


def asked(topology: Topology, name: str) -> bool:
    """Whether nginx has led a request to a process."""
    log = (topology.layout.logs / "nginx.log").read_bytes()
    return b'"instance":"127.0.0.1:%d"' % topology.port(name) in log


async def test_engines_and_services_come_and_go_without_an_error_to_a_client(
    topology: Topology, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(topology.layout.certs / "ca.pem"))  # of the streams
    before = {name: topology.pid(name) for name in ("orders-1", "engine-1", "nginx", "ledger-1", "views-1")}
    async with trading(topology) as floor:
        counts = await asyncio.to_thread(topology.scale, {"engine": 1, "orders": 1})
        assert (counts["engine"], counts["orders"]) == (1, 1)
        await floor.go_on()
        await until_books_are_with(topology, {"engine-1"})
        assert "engine-2" not in topology.supervisor.states()
        await asyncio.to_thread(topology.scale, {"engine": 3, "orders": 2, "stream": 2})
        await until_books_are_with(topology, {"engine-1", "engine-2", "engine-3"})
        await floor.go_on()
        assert asked(topology, "orders-2")
        await asyncio.to_thread(topology.scale, {"engine": 2, "stream": 1})
        await until_books_are_with(topology, {"engine-1", "engine-2"})
        await floor.go_on()
    assert {name: topology.pid(name) for name in before} == before, "what stays is not started anew"


def test_status_follows_what_was_scaled(topology: Topology):
    names = [part.name for part in topology.record.parts]
    told = pricetime("scale", "--data", topology.layout.data, "portfolio=2")
    assert (told.returncode, "portfolio=2" in told.stdout) == (0, True), told.stderr
    status = json.loads(pricetime("status", "--data", topology.layout.data, "--json").stdout)["parts"]
    beside = names.index("portfolio-1") + 1
    assert [each["name"] for each in status if each["is_ready"]] == [
        *names[:beside],
        "portfolio-2",
        *names[beside:],
    ]
    assert pricetime("scale", "--data", topology.layout.data, "portfolio=1").returncode == 0
    assert [part.name for part in topology.record.parts] == names
    assert topology.supervisor.states().keys() == set(names)


def test_a_process_that_does_not_become_ready_is_taken_away_again(topology: Topology):
    record = topology.record
    chosen = {**record.chosen, "start_timeout_s": 5}
    nowhere = replace(record, mongo_url="mongodb://127.0.0.1:9/", chosen=chosen)
    write_record(topology.layout, nowhere)
    try:
        told = pricetime("scale", "--data", topology.layout.data, "market=2")
        assert (told.returncode, "market-2 is not ready" in told.stderr) == (1, True), told.stderr
        assert topology.record == nowhere
    finally:
        write_record(topology.layout, record)
    assert "market-2" not in topology.supervisor.states()


def test_what_an_interrupted_scaling_left_behind_is_ended_by_the_next(topology: Topology):
    left = Supervised(
        name="engine-9", command=("/bin/sleep", "1000"), environment={}, folder=topology.layout.data
    )
    write_program(topology.layout, left, Settings())
    topology.supervisor.add("engine-9")
    topology.supervisor.start("engine-9")
    counts = {name: count for name, count in topology.record.scale.items() if name == "engine"}
    told = pricetime("scale", "--data", topology.layout.data, *(f"{n}={c}" for n, c in counts.items()))
    assert told.returncode == 0, told.stderr
    assert "engine-9" not in topology.supervisor.states()


def test_what_was_being_stopped_when_it_was_interrupted_comes_back_with_the_next(topology: Topology):
    before = topology.scale({"portfolio": 2})
    command = [sys.executable, "-m", "pricetime.cli", "scale", "portfolio=1", "--data"]
    with subprocess.Popen([*command, str(topology.layout.data)], stdout=subprocess.PIPE) as interrupted:
        assert interrupted.stdout is not None
        while b"stopping portfolio-2" not in (line := interrupted.stdout.readline()):
            assert line, "it has ended"
        interrupted.send_signal(signal.SIGINT)
        interrupted.stdout.read()
    try:
        assert topology.scale({"portfolio": 2}) == before
        assert topology.supervisor.states()["portfolio-2"].state == "RUNNING"
        with topology.client() as client:
            eventually(lambda: client.get("/v1/wallet").status_code == 401 and asked(topology, "portfolio-2"))
    finally:
        topology.scale({"portfolio": 1})


@pytest.mark.parametrize(
    ("counts", "said"),
    [(["orderz=1"], "no service 'orderz'"), (["orders=65"], "0–64"), (["orders"], "COUNT")],
)
def test_a_wrong_scale_is_refused_and_changes_nothing(topology: Topology, counts: list[str], said: str):
    before = topology.record
    told = pricetime("scale", "--data", topology.layout.data, *counts)
    assert (told.returncode > 0, said in told.stderr) == (True, True), told.stderr
    assert topology.record == before


def test_nothing_is_scaled_where_nothing_runs_or_another_is_at_it(topology: Topology, tmp_path):
    assert "No venue runs" in pricetime("scale", "--data", tmp_path, "engine=2").stderr
    for lock in (topology.layout.lock, topology.layout.scaling):
        with locked(lock):
            told = pricetime("scale", "--data", topology.layout.data, "engine=3")
        assert (told.returncode, "Another command" in told.stderr) == (1, True)
