"""Two engine hosts against one, where hosts are what limits the venue.

They are by construction: the orders of all books wait in RabbitMQ beforehand, as ledgers send them, and a
host writes one batch after the other into a journal that takes a fixed time for each, as a slow disk of its
own would. Broker, presence, placement and the hosts' code are the real ones. So what is measured is how
evenly the books are spread, and whether anything that the hosts share stands in the way.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tests.support.rabbit import RabbitServer
from tests.support.redis_server import RedisServer

from bench._engine_host import books_of
from bench._table import Result
from pricetime.adapters.rabbit import Rabbit
from pricetime.adapters.redis_client import connect_redis
from pricetime.adapters.redis_presence import RedisPresence
from pricetime.ports import Message
from pricetime.records import Side
from pricetime.records.commands import list_stock, place_order
from pricetime.rules.partitions import Address, Room, Topology
from pricetime.settings import Settings

ROUNDS = 3
APPEND_MS = 25
MESSAGES = 200
"""To each book, of one order each."""
BATCH = 10
PRICE = 1_000_000
PATIENCE_S = 120
LOOK_S = 0.05
LEDGER = Address(Room.LEDGER, 0)


class Run(NamedTuple):
    """So many hosts: orders a second, how many books each had, and their processor time a second."""

    rate: float
    shares: list[int]
    cpu: float


class Host:
    """One process; ``begin`` lets it write, ``end`` lets it leave."""

    def __init__(self, name: str, settings: Settings, written: Written) -> None:
        chosen = {
            "redis_url": settings.redis_url,
            "rabbit_url": settings.rabbit_url,
            "partition_batch_limit": settings.partition_batch_limit,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench._engine_host", name, str(APPEND_MS)],
            env=os.environ | {f"PRICETIME_{key.upper()}": str(value) for key, value in chosen.items()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=written.follow, args=[self._process.stdout], daemon=True)
        self._reader.start()

    def begin(self) -> None:
        assert self._process.stdin is not None
        print(file=self._process.stdin, flush=True)

    def end(self) -> float:
        """Return the processor time that it took."""
        self.begin()
        _, _, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = 0
        return usage.ru_utime + usage.ru_stime


class Written:
    """Counts the messages that all hosts have written."""

    def __init__(self, wanted: int) -> None:
        self._left = wanted
        self._counting = threading.Lock()
        self.all = threading.Event()

    def follow(self, lines: Iterator[str]) -> None:
        for line in lines:
            with self._counting:
                self._left -= int(line)
                if self._left <= 0:
                    self.all.set()


def orders_of(book: Address, books: int) -> list[Message]:
    """The first lists a stock; of the others, one order each, every second trades with the one before."""
    stock = book.number or books
    listed = list_stock(stock, 100)._replace(sequence=1, time_ns=1)
    messages = [Message(LEDGER, book, 1, listed.pack())]
    for number in range(2, MESSAGES + 1):
        side = Side.BUY if number % 2 else Side.SELL
        order = place_order(1 + number % 2, stock, side, 1, PRICE)
        order = order._replace(sequence=number, time_ns=number, amount=PRICE if side == Side.BUY else 0)
        messages.append(Message(LEDGER, book, number, order.pack()))
    return messages


def measured(hosts: int) -> Run:
    topology = Topology(Settings().ledgers, Settings().books)
    books = books_of(topology)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        rabbit = stack.enter_context(RabbitServer(Path(folder) / "rabbitmq"))
        redis = stack.enter_context(RedisServer(Path(folder) / "redis"))
        settings = replace(
            Settings(), redis_url=redis.url, rabbit_url=rabbit.url, partition_batch_limit=BATCH
        )
        written = Written(len(books) * MESSAGES)
        started = [Host(f"engine-{number + 1}", settings, written) for number in range(hosts)]
        shares = asyncio.run(settled(settings, len(books), hosts))
        asyncio.run(sent(settings, [message for book in books for message in orders_of(book, len(books))]))
        began = time.perf_counter()
        for each in started:
            each.begin()
        if not written.all.wait(PATIENCE_S):
            raise SystemExit("the hosts have not written all")
        seconds = time.perf_counter() - began
        cpu_s = sum(each.end() for each in started)
    return Run(len(books) * MESSAGES / seconds, shares, cpu_s / seconds / hosts)


async def settled(settings: Settings, books: int, hosts: int) -> list[int]:
    """Return how many books each host has, once all are there and have taken their shares."""
    redis = connect_redis(settings, None)
    presence = RedisPresence(redis, settings.heartbeat_lifetime_ms)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                shares = sorted(len(sign.partitions) for sign in await presence.living("engine"))
                if len(shares) == hosts and sum(shares) == books and shares[-1] - shares[0] <= 1:
                    return shares
                await asyncio.sleep(LOOK_S)
    finally:
        await redis.aclose()


async def sent(settings: Settings, messages: Sequence[Message]) -> None:
    rabbit = await Rabbit.connect(settings.rabbit_url, None)
    await rabbit.outputs().publish(messages)
    await rabbit.close()


def main() -> list[Result]:
    rounds = [(measured(1), measured(2)) for _ in range(ROUNDS)]
    one, two = (statistics.median(run.rate for run in runs) for runs in zip(*rounds, strict=True))
    last = rounds[-1][1]
    return [
        Result(
            name="engines: orders of two hosts",
            value=two,
            unit="orders/s",
            workload=(
                f"{MESSAGES} messages of one order wait in RabbitMQ for each of {sum(last.shares)} books, of "
                f"which {' and '.join(map(str, last.shares))} came to each host; hosts as those of "
                f"`pricetime run engine`, but for the journal: in memory, a host's batches of {BATCH} "
                f"messages written one after the other, {APPEND_MS} ms each, as by a slow disk of its own, "
                f"so that they wait, and took {last.cpu:.0%} of a core each; median of {ROUNDS} runs"
            ),
            target=1.7,
            target_is_ratio=True,
            baseline=one,
            baseline_is="one host, in turns with two",
            more={"runs": [[round(run.rate) for run in runs] for runs in rounds]},
        )
    ]
