"""A venue that is killed at any moment keeps every answer it has given, once."""

from __future__ import annotations

import asyncio
import itertools
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.server import Server, serve

from pricetime.client import NO_RETRY, AsyncClient, NoAnswer, Unavailable, new_id
from pricetime.schema import Order, PlaceOrder

KILLS = 20
USERS = 4
TASKS_PER_USER = 4
SNAPSHOT_EVERY = 200


def check(data: Path) -> tuple[int, str]:
    """Run ``pricetime check``; return its exit code and what it said."""
    command = [sys.executable, "-m", "pricetime.cli", "check", "--data", str(data)]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return finished.returncode, " ".join((finished.stdout + finished.stderr).split())


@dataclass
class Trader:
    """A user, what was sent, and what the venue said to it."""

    name: str
    client: AsyncClient | None = None
    session: object = None
    sent: dict[str, PlaceOrder] = field(default_factory=dict)
    acknowledged: dict[str, Order] = field(default_factory=dict)
    closed: dict[str, Order] = field(default_factory=dict)
    """Orders whose cancel was answered, by order."""

    @property
    def venue(self) -> AsyncClient:
        assert self.client is not None
        return self.client

    async def trade(self, stock: str, dice: random.Random, acknowledgements: asyncio.Semaphore) -> None:
        """Place and cancel orders until the venue is gone."""
        while True:
            order = PlaceOrder(
                stock=stock,
                side=dice.choice(("buy", "sell")),
                type="limit",
                quantity=dice.randint(1, 9),
                price=f"{dice.randint(990, 1010) / 10:.2f}",
                client_order_id=new_id(),
            )
            try:
                await self.place(order)
                acknowledgements.release()
                if dice.random() < 0.3:
                    await self.cancel(dice.choice(list(self.acknowledged.values())))
            except (NoAnswer, Unavailable):
                return

    async def place(self, order: PlaceOrder) -> None:
        assert order.client_order_id is not None
        self.sent[order.client_order_id] = order
        self.acknowledged[order.client_order_id] = await self.venue.place(order)

    async def cancel(self, order: Order) -> None:
        answer = await self.venue.cancel_order(order.order)
        self.closed[order.order] = answer.order

    async def send_again_what_was_not_answered(self) -> None:
        for client_order_id in self.sent.keys() - self.acknowledged.keys():
            await self.place(self.sent[client_order_id])

    async def verify(self) -> None:
        """Compare what the venue has with what it said."""
        listed = [order async for order in self.venue.every_order(status="all", limit=1_000)]
        times = Counter(order.client_order_id for order in listed)
        assert [name for name, count in times.items() if count > 1] == []
        by_id = {order.client_order_id: order for order in listed}
        assert by_id.keys() >= self.acknowledged.keys()
        assert by_id.keys() <= self.sent.keys()
        for client_order_id, said in self.acknowledged.items():
            assert by_id[client_order_id].order == said.order
        by_number = {order.order: order for order in listed}
        for number, said in self.closed.items():
            assert (by_number[number].status, by_number[number].filled_quantity) == (
                said.status,
                said.filled_quantity,
            )


class Crowd:
    """The traders, connected to one run of the server after the other."""

    def __init__(self) -> None:
        self.traders = [Trader(f"trader-{number}") for number in range(USERS)]
        self.stock = ""

    async def connect(self, url: str, stack: AsyncExitStack) -> None:
        for trader in self.traders:
            trader.client = await stack.enter_async_context(
                AsyncClient(url, session=trader.session, retry=NO_RETRY, on_session=self._keeper(trader))  # type: ignore[arg-type]
            )

    @staticmethod
    def _keeper(trader: Trader) -> object:
        return lambda session: setattr(trader, "session", session)

    async def join(self) -> None:
        """Register everybody, with a stock, shares and money."""
        for trader in self.traders:
            await trader.venue.register(trader.name, "correct horse")
            await trader.venue.login(trader.name, "correct horse")
        stock = await self.traders[0].venue.create_stock("Chaos")
        self.stock = stock.stock
        for trader in self.traders:
            await trader.venue.grant_shares(self.stock, 10**9)
            await trader.venue.deposit("1000000000")

    async def verify(self) -> None:
        for trader in self.traders:
            await trader.verify()
        for trader in self.traders:
            await trader.send_again_what_was_not_answered()
        for trader in self.traders:
            await trader.verify()

    async def trade_until_killed(self, server: Server, dice: random.Random, after: int) -> None:
        """Trade, and kill the server in the middle of it, after so many acknowledgements."""
        acknowledgements = asyncio.Semaphore(0)
        async with asyncio.TaskGroup() as tasks:
            for trader in self.traders * TASKS_PER_USER:
                tasks.create_task(trader.trade(self.stock, dice, acknowledgements))
            for _ in range(after):
                await acknowledgements.acquire()
            server.kill()


async def test_twenty_kills_lose_no_acknowledged_order_and_double_none(tmp_path: Path) -> None:
    crowd, dice, data = Crowd(), random.Random(20), tmp_path / "data"
    for kill in range(KILLS):
        server = serve(data, snapshot_every=SNAPSHOT_EVERY)
        async with AsyncExitStack() as stack:
            await crowd.connect(server.url, stack)
            if kill == 0:
                await crowd.join()
            await crowd.verify()
            await crowd.trade_until_killed(server, dice, after=dice.randint(0, 300))
        assert check(data) == (0, f"The data in {data} is right.")
    server = serve(data, snapshot_every=SNAPSHOT_EVERY)
    async with AsyncExitStack() as stack:
        await crowd.connect(server.url, stack)
        await crowd.verify()
    server.stop()
    assert check(data) == (0, f"The data in {data} is right.")
    assert len(list((data / "snapshots").iterdir())) > 0
    assert sum(len(trader.acknowledged) for trader in crowd.traders) > KILLS * 20


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a venue that traded a little and was stopped."""
    data = tmp_path_factory.mktemp("stopped") / "data"

    async def trade() -> None:
        server, crowd = serve(data), Crowd()
        async with AsyncExitStack() as stack:
            await crowd.connect(server.url, stack)
            await crowd.join()
            for number, trader in itertools.product(range(5), crowd.traders):
                side = "buy" if number % 2 else "sell"
                await trader.venue.place_order(crowd.stock, side, number + 1, "100.00")
        server.stop()

    asyncio.run(trade())
    assert check(data)[0] == 0
    return data


def batches(data: Path) -> list[tuple[int, bytes, bytes]]:
    connection = sqlite3.connect(f"file:{data / 'journal.db'}?mode=ro", uri=True)
    try:
        return connection.execute("SELECT number, commands, events FROM batches ORDER BY number").fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize("column", ["commands", "events"])
@pytest.mark.parametrize("place", [0.0, 0.4, 1.0])
def test_check_names_the_batch_of_which_one_byte_was_flipped(
    stopped: Path, column: str, place: float
) -> None:
    assert check(stopped)[0] == 0
    rows = batches(stopped)
    number, commands, events = rows[round(place * (len(rows) - 1))]
    record = commands if column == "commands" else events
    path = stopped / "journal.db"
    whole = path.read_bytes()
    start = whole.index(record[:90])
    flipped = bytearray(whole)
    flipped[start + 40] ^= 1
    path.write_bytes(flipped)
    try:
        code, said = check(stopped)
    finally:
        path.write_bytes(whole)
    assert code == 1
    assert f"batch {number}" in said
