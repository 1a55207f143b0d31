"""A service of the tests' own: it puts commands straight into the queues, and reads answers in the journals.

An auditor follows all journals with machines of its own, as in the simulation, so whatever a test does to the
hosts, ``check`` tells what is wrong in the end.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterable

from tests.simulation.partitions.auditor import Auditor

from pricetime.adapters.mongo import Mongo
from pricetime.adapters.mongo_partitions import MongoPartitionJournal
from pricetime.adapters.rabbit import Rabbit
from pricetime.errors import BrokerFailed
from pricetime.ports import Message
from pricetime.records import Command, CommandKind, Event, EventKind, Reason, Side, commands
from pricetime.rules.partitions import EVENTS, Address, Room, Topology

TICK = 100
STOCKS = (1, 2, 3, 4)
ACCOUNTS = tuple(range(1, 9))
_PAGE = 200
_LOOK_S = 0.02
_PATIENCE_S = 60


class Desk:
    """Sends commands as service ``number``, each message until it is confirmed."""

    def __init__(self, rabbit_url: str, mongo: Mongo, topology: Topology, number: int = 1) -> None:
        self._url = rabbit_url
        self._rabbit: Rabbit | None = None
        self._journals = {
            address: MongoPartitionJournal(mongo.database, address) for address in topology.addresses()
        }
        self.topology = topology
        self.auditor = Auditor(topology)
        self.address = Address(Room.SERVICE, number)
        self._dice = random.Random(number)
        self._sequence = number << 40
        self._sent: dict[Address, int] = {}

    async def open_venue(self) -> None:
        """List stocks, and open accounts with money and shares."""
        await self.ask(commands.list_stock(stock, TICK) for stock in STOCKS)
        await self.ask(commands.open_account(account) for account in ACCOUNTS)
        await self.ask(
            [
                *(commands.deposit(account, 10**9) for account in ACCOUNTS),
                *(commands.grant_shares(account, stock, 10**6) for account in ACCOUNTS for stock in STOCKS),
            ]
        )
        assert all(event.kind == EventKind.ACCEPTED for event in self.auditor.answers.values())

    async def trade(self, count: int) -> list[int]:
        """Send so many orders, and return their sequences; they are not answered yet."""
        return [sequence for _ in range(count) for sequence in await self.send([self._order()])]

    async def ask(self, batch: Iterable[Command]) -> list[Event]:
        """Send commands and return their answers."""
        return await self.answers(await self.send(batch))

    async def send(self, batch: Iterable[Command]) -> list[int]:
        """Send commands; return their sequences once they are in the queues."""
        records: dict[Address, bytes] = {}
        sequences = []
        for command in map(self._stamped, batch):
            entry = self.topology.entry_of(command)
            records[entry] = records.get(entry, b"") + command.pack()
            self.auditor.sent[command.sequence] = command
            sequences.append(command.sequence)
        messages = []
        for entry, batched in records.items():
            number = self._sent[entry] = self._sent.get(entry, 0) + 1
            messages.append(Message(self.address, entry, number, batched))
        async with asyncio.timeout(_PATIENCE_S):
            while not await self._is_confirmed(messages):
                await asyncio.sleep(_LOOK_S)
        return sequences

    async def answers(self, sequences: list[int]) -> list[Event]:
        """Return the answers to commands, as soon as the journals have them."""
        async with asyncio.timeout(_PATIENCE_S):
            while any(sequence not in self.auditor.answers for sequence in sequences):
                if not await self.look():
                    await asyncio.sleep(_LOOK_S)
        return [self.auditor.answers[sequence] for sequence in sequences]

    async def look(self) -> int:
        """Follow the journals to their ends; return how many batches there were."""
        count = 0
        for address, journal in self._journals.items():
            while page := await journal.read(self.auditor.shadows[address].end.number, _PAGE):
                for batch in page:
                    self.auditor.on_append(batch)
                    for message in batch.outputs:
                        if message.destination == EVENTS:
                            self.auditor.on_told(message)
                assert self.auditor.violations == []
                count += len(page)
        return count

    async def check(self) -> None:
        """Wait until everything that was sent has been heard, then hold all journals together."""
        async with asyncio.timeout(_PATIENCE_S):
            while not self._is_quiet():
                if not await self.look():
                    await asyncio.sleep(_LOOK_S)
        self.auditor.check_end()
        assert self.auditor.violations == []
        denied = {Reason(event.reason).name for event in self.auditor.answers.values() if event.reason}
        assert denied <= {"WOULD_TRADE_WITH_ITSELF"}

    async def close(self) -> None:
        if self._rabbit is not None:
            await self._rabbit.close()
            self._rabbit = None

    def _is_quiet(self) -> bool:
        auditor = self.auditor
        return all(sequence in auditor.answers for sequence in auditor.sent) and all(
            destination == EVENTS or auditor.shadows[destination].heard.get(source, 0) == len(messages)
            for source, shadow in auditor.shadows.items()
            for destination, messages in shadow.sent.items()
        )

    async def _is_confirmed(self, messages: list[Message]) -> bool:
        try:
            if self._rabbit is None or not self._rabbit.is_open:
                self._rabbit = await Rabbit.connect(self._url, None)
                await self._rabbit.declare(self.topology)
            outputs = self._rabbit.outputs()
            try:
                await outputs.publish(messages)
            finally:
                await outputs.close()
        except BrokerFailed:
            await self.close()  # and begin anew, also with the queues
            return False
        return True

    def _stamped(self, command: Command) -> Command:
        self._sequence += 1
        stamped = command._replace(sequence=self._sequence, time_ns=time.time_ns())
        if command.kind == CommandKind.PLACE_ORDER:
            stamped = stamped._replace(order=self._sequence)
        return stamped

    def _order(self) -> Command:
        dice = self._dice
        side = dice.choice((Side.BUY, Side.SELL))
        price = dice.randint(8, 12) * TICK
        return commands.place_order(
            dice.choice(ACCOUNTS), dice.choice(STOCKS), side, dice.randint(1, 9), price
        )
