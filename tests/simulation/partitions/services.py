"""The services: they send what clients ask for until the broker confirms it, and sometimes once more."""

from __future__ import annotations

import random
from collections.abc import Iterable

from tests.simulation.partitions.auditor import Auditor
from tests.simulation.partitions.broker import SimulatedBroker

from pricetime.errors import BrokerFailed
from pricetime.ports import Message
from pricetime.records import Command, CommandKind, SelfTrade, Side, TimeInForce, commands
from pricetime.rules.partitions import Address, Room, Topology

TICK = 100
STOCKS = (1, 2, 3)
_FREE_FROM = 40  # bits of a sequence that count a service's commands; those above name the service


class Service:
    """One service with clients of its own: each account's commands come through it, some through another."""

    def __init__(
        self,
        number: int,
        topology: Topology,
        broker: SimulatedBroker,
        auditor: Auditor,
        dice: random.Random,
        accounts: list[int],
    ) -> None:
        self.address = Address(Room.SERVICE, number)
        self._topology = topology
        self._broker = broker
        self._auditor = auditor
        self._dice = dice
        self._accounts = accounts
        self._sequence = number << _FREE_FROM
        self._sent: dict[Address, int] = {}
        self._orders: dict[int, list[int]] = {account: [] for account in accounts}
        self._with_ids: list[Command] = []

    async def open_venue(self, everybody: list[int]) -> None:
        """List the stocks, open all accounts, and give them money and shares."""
        await self._send_and_wait(commands.list_stock(stock, TICK) for stock in STOCKS)
        await self._send_and_wait(commands.open_account(account) for account in everybody)
        funding = [commands.deposit(account, self._dice.randint(1, 40) * 5_000) for account in everybody]
        shares = [
            commands.grant_shares(account, stock, self._dice.randint(5, 30))
            for account in everybody
            for stock in STOCKS
        ]
        await self._send_and_wait([*funding, *shares])
        self._auditor.is_open = True

    async def trade(self, messages: int) -> None:
        """Send commands of clients, a few together."""
        await self._broker.stage.step("waits for the opening", lambda: self._auditor.is_open)
        for _ in range(messages):
            batch = [self._next() for _ in range(self._dice.choice((1, 1, 2, 5)))]
            if self._dice.random() < 0.3:
                await self._send_and_wait(batch)
            else:
                await self._send(batch)

    # ------------------------------------------------------------------------------------- sending

    async def _send_and_wait(self, batch: Iterable[Command]) -> None:
        sequences = await self._send(batch)
        answers = self._auditor.answers
        await self._broker.stage.step("waits for answers", lambda: all(each in answers for each in sequences))

    async def _send(self, batch: Iterable[Command]) -> list[int]:
        """Send commands, and again until it is confirmed that they are in the queues."""
        records: dict[Address, bytes] = {}
        stamped = [self._stamped(command) for command in batch]
        for command in stamped:
            entry = self._topology.entry_of(command)
            records[entry] = records.get(entry, b"") + command.pack()
            self._auditor.sent[command.sequence] = command
        messages = []
        for entry, batched in records.items():
            number = self._sent[entry] = self._sent.get(entry, 0) + 1
            messages.append(Message(self.address, entry, number, batched))
        while True:
            try:
                await self._broker.publish(messages)
            except BrokerFailed:
                continue
            return [command.sequence for command in stamped]

    def _stamped(self, command: Command) -> Command:
        self._sequence += 1
        stamped = command._replace(sequence=self._sequence, time_ns=self._broker.stage.steps)
        if command.kind == CommandKind.PLACE_ORDER:
            stamped = stamped._replace(order=self._sequence)
            self._orders.setdefault(command.account, []).append(self._sequence)
        return stamped

    # ------------------------------------------------------------------------------------ commands

    def _next(self) -> Command:
        dice = self._dice
        if self._with_ids and dice.random() < 0.15:
            return dice.choice(self._with_ids)  # a client that has seen no answer asks again
        command = self._command(dice.choice(self._accounts))
        if command.account and dice.random() < 0.3:
            command = command._replace(client_id=dice.randbytes(16))
            self._with_ids.append(command)
        return command

    def _command(self, account: int) -> Command:
        dice, die = self._dice, self._dice.random()
        orders = self._orders[account][-8:]
        if orders and die < 0.12:
            return commands.cancel_order(account, dice.choice(orders))
        if orders and die < 0.27:
            return commands.amend_order(
                account,
                dice.choice(orders),
                quantity=dice.randint(0, 12),
                price=dice.choice((0, self._price())),
            )
        if 0.27 <= die < 0.30:
            return commands.cancel_all(account, dice.choice((0, *STOCKS)))
        if 0.30 <= die < 0.34:
            return commands.deposit(account, dice.randint(1, 30_000))
        if 0.34 <= die < 0.38:
            return commands.withdraw(account, dice.randint(1, 30_000))
        if 0.38 <= die < 0.40:
            stock = dice.choice(STOCKS)
            return dice.choice((commands.halt_stock, commands.resume_stock, commands.resume_stock))(stock)
        return commands.place_order(
            account,
            dice.choice(STOCKS),
            dice.choice((Side.BUY, Side.SELL)),
            dice.randint(1, 9),
            None if dice.random() < 0.25 else self._price(),
            time_in_force=dice.choice((TimeInForce.GTC,) * 8 + (TimeInForce.IOC, TimeInForce.FOK)),
            self_trade=dice.choice(tuple(SelfTrade)),
        )

    def _price(self) -> int:
        return self._dice.randint(8, 12) * TICK
