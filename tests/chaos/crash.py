"""Kill the venue under bulk load, again and again: ``python -m tests.chaos.crash --rounds 200 --seed 1``.

Two accounts trade with each other over binary feeds, thousands of orders a second, until the server is killed
with SIGKILL. Then, round after round:

* every event that a client was given stands in the journal, byte for byte, and was given once;
* no command was carried out twice, although all that was not acknowledged is sent again;
* the chain of the journal is whole; every so many rounds ``pricetime check`` looks at everything.

At the end each client has resumed to the last event, and has every event of its account.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
from tests.chaos.test_kill import check
from tests.support.server import Server, serve
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from pricetime.adapters.sqlite_journal import SqliteJournal
from pricetime.client import Client
from pricetime.records import (
    NO_CLIENT_ID,
    CommandKind,
    EventKind,
    Flag,
    OrderType,
    Side,
    TimeInForce,
    event_array,
)
from pricetime.records.fields import COMMAND_DTYPE
from pricetime.records.frames import FrameKind, commands_frame, read_frame
from pricetime.runtime.sharing import share_of

FRAME_COMMANDS = 120
WINDOW = 4
"""Frames under way: what is sent again after a crash has to be among the client ids that are remembered."""
CHECK_EVERY = 20
READ_AT_ONCE = 200
ANSWERS = (EventKind.ACCEPTED, EventKind.DENIED)


class Lost(AssertionError):
    """The venue has broken its promise."""


class Bot:
    """An account that trades over its feed, and remembers what it was told."""

    def __init__(self, name: str, number: int, seed: int) -> None:
        self.name = name
        self.number = number
        self.account = 0
        self.token = ""
        self.chance = np.random.default_rng((seed, number))
        self.last = 0
        """The number of the last event that it was given."""
        self.told: list[bytes] = []
        """The events of this round."""
        self.due = bytearray()
        """Events of the journal that it has not been given yet."""
        self.open: set[int] = set()
        self.under_way: dict[int, bytes] = {}
        """Frames that are not acknowledged, by number."""
        self.frames = 0
        self.ids = 0

    async def trade(self, url: str, stock: int, acknowledged: asyncio.Semaphore) -> None:
        """Resume, send again what was not acknowledged, and trade until the venue is gone."""
        try:
            async with self._connect(url) as feed:
                await self._resume(feed)
                while True:
                    while len(self.under_way) < WINDOW:
                        await self._send(feed, self._orders(stock))
                    self._take(await feed.recv())
                    acknowledged.release()
        except (OSError, WebSocketException):
            return

    async def finish(self, url: str) -> None:
        """Resume, and wait for the answers to everything that was sent."""
        async with self._connect(url) as feed:
            await self._resume(feed)
            while self.under_way:
                self._take(await feed.recv())

    @staticmethod
    def _connect(url: str) -> connect:
        return connect(f"{url.replace('http', 'ws', 1)}/v1/orders/feed", compression=None, max_size=None)

    async def _resume(self, feed: ClientConnection) -> None:
        await feed.send(json.dumps({"token": self.token, "after": self.last}))
        while not isinstance(message := await feed.recv(), str):
            self._take(message)
        if json.loads(message)["message"] != "ready":
            raise Lost(f"{self.name} cannot resume after event {self.last}: {message}")
        again, self.under_way = list(self.under_way.values()), {}
        for records in again:
            await self._send(feed, records)

    async def _send(self, feed: ClientConnection, records: bytes) -> None:
        self.frames += 1
        self.under_way[self.frames] = records  # first: what the venue may have is never forgotten
        await feed.send(commands_frame(self.frames, records))

    def _take(self, message: bytes | str) -> None:
        assert isinstance(message, bytes), message
        frame = read_frame(message, FrameKind.EVENTS)
        events = event_array(frame.records)
        numbers = events["number"]
        if len(events):
            if numbers[0] <= self.last or (np.diff(numbers) <= 0).any():
                raise Lost(f"{self.name} was given events twice or out of order, after event {self.last}")
            self.last = int(numbers[-1])
            self.told.append(frame.records)
            own = events[events["account"] == self.account]
            self.open.update(own["order"][own["kind"] == EventKind.ORDER_OPENED].tolist())
            self.open.difference_update(own["order"][own["kind"] == EventKind.ORDER_CLOSED].tolist())
            self.open.difference_update(events["maker_order"][events["maker_remaining"] == 0].tolist())
        for number in [number for number in self.under_way if number <= frame.number]:
            del self.under_way[number]

    def _orders(self, stock: int) -> bytes:
        """Return commands with ids of their own: limit orders about the middle, market orders, cancels."""
        count = FRAME_COMMANDS
        made = np.zeros(count, COMMAND_DTYPE)
        made["version"], made["kind"], made["stock"] = 1, CommandKind.PLACE_ORDER, stock
        made["side"] = self.chance.integers(Side.BUY, Side.SELL, count, endpoint=True)
        made["order_type"], made["time_in_force"] = OrderType.LIMIT, TimeInForce.GTC
        made["price"] = 1_000_000 + 100 * self.chance.integers(-20, 20, count, endpoint=True)
        made["quantity"] = self.chance.integers(1, 9, count, endpoint=True)
        market = self.chance.random(count) < 0.1
        made["order_type"][market], made["price"][market] = OrderType.MARKET, 0
        if self.open:
            cancels = self.chance.random(count) < 0.3
            made["kind"][cancels] = CommandKind.CANCEL_ORDER
            made["order"][cancels] = self.chance.choice(list(self.open), cancels.sum())
        ids = np.zeros((count, 2), "<i8")
        ids[:, 0] = np.arange(self.ids + 1, self.ids + count + 1)
        ids[:, 1] = self.number
        made["client_id"] = np.frombuffer(ids.tobytes(), "V16")
        self.ids += count
        return made.tobytes()


class Ledger:
    """What the journal holds, read on from round to round."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.batch = 0
        self.commands = 0
        self.done: set[bytes] = set()
        """Client ids of commands that were carried out or denied, not merely repeated."""

    def follow(self, bots: list[Bot]) -> None:
        """Read the batches of this round, and compare what the bots were told with them."""
        with closing(SqliteJournal.open(self.data / "journal.db")) as journal:
            while batches := journal.read(self.batch, READ_AT_ONCE):
                for batch in batches:
                    self._note_answers(event_array(batch.events))
                    for bot in bots:
                        bot.due += share_of(batch.events, bot.account)
                self.batch, self.commands = batches[-1].number, batches[-1].last_sequence
        for bot in bots:
            told, bot.told = b"".join(bot.told), []
            if not bot.due.startswith(told):
                raise Lost(f"{bot.name} was given other events than the journal has, up to event {bot.last}")
            del bot.due[: len(told)]

    def _note_answers(self, events: np.ndarray) -> None:
        answers = events[np.isin(events["kind"], ANSWERS) & (events["flags"] & Flag.REPEATED == 0)]
        for client_id in answers["client_id"].tolist():
            if client_id != NO_CLIENT_ID:
                if client_id in self.done:
                    raise Lost(f"the command of client id {client_id.hex()} was carried out twice")
                self.done.add(client_id)


async def _round(server: Server, bots: list[Bot], stock: int, kill_after: int) -> None:
    """Let the bots trade, and kill the server in the middle of it, after so many messages."""
    acknowledged = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as tasks:
        for bot in bots:
            tasks.create_task(bot.trade(server.url, stock, acknowledged))
        for _ in range(kill_after):
            await acknowledged.acquire()
        server.kill()


def _join(server: Server, bots: list[Bot]) -> int:
    """Register the bots, with money and shares; return the stock's number."""
    stock = 0
    for bot in bots:
        with Client(server.url) as client:
            bot.account = int(client.register(bot.name, "correct horse").account)
            bot.token = client.login(bot.name, "correct horse").access_token
            stock = stock or int(client.create_stock("Chaos").stock)
            client.grant_shares(str(stock), 10**12)
            client.deposit("100000000000")
    return stock


def crash(rounds: int, seed: int, data: Path, report: Callable[[str], None]) -> Ledger:
    """Run so many rounds and return what the journal holds at the end; Lost where a promise is broken."""
    dice, ledger = random.Random(seed), Ledger(data)
    bots = [Bot(f"bot-{number}", number, seed) for number in (1, 2)]
    settings = {"snapshot_every": 5_000, "access_token_lifetime_s": 86_400}
    stock = 0
    for number in range(1, rounds + 1):
        server = serve(data, **settings)
        try:
            stock = stock or _join(server, bots)
            asyncio.run(_round(server, bots, stock, dice.randint(0, 40)))
        finally:
            server.kill()
        ledger.follow(bots)
        if number % CHECK_EVERY == 0 or number == rounds:
            verdict, said = check(data)
            if verdict:
                raise Lost(f"after round {number} the check says: {said}")
        report(
            f"round {number} of {rounds}: {ledger.commands:,} commands, {len(ledger.done):,} ids, all once"
        )
    with serve(data, **settings) as server:
        for bot in (*bots, *bots):  # once more: the second's last orders have filled some of the first's
            asyncio.run(bot.finish(server.url))
    ledger.follow(bots)
    for bot in bots:
        if bot.due:
            raise Lost(f"{bot.name} was not given all its events: {len(bot.due):,} bytes are missing")
    return ledger


def main() -> int:
    """Run the rounds that the command line asks for."""
    parser = argparse.ArgumentParser(description="Kill a venue under bulk load, again and again.")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="pricetime-crash-"))
    try:
        ledger = crash(asked.rounds, asked.seed, folder / "data", lambda line: print(line, flush=True))
    except Lost as lost:
        print(f"LOST, seed {asked.seed}: {lost}. The data is kept in {folder}.", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    print(
        f"{asked.rounds} kills, seed {asked.seed}: {ledger.commands:,} commands, "
        f"{len(ledger.done):,} of them with ids, each carried out once; nothing acknowledged was lost."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
