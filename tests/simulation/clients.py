"""Simulated clients: they ask, lose patience, go away, ask again under the same id, and remember answers.

A client outlives the venue's crashes: what it has sent and not heard of it sends again, byte for byte.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tests.simulation.report import Totals

from pricetime.errors import JournalFailed, QueueFull, VenueStopped, ViewsBehind
from pricetime.records import Command, CommandKind, EventKind, Side, TimeInForce, iter_events
from pricetime.records import commands as command
from pricetime.runtime import Reader, Sequencer

STOCKS = (1, 2)
TICK = 100
OPERATOR = 0
_THINKS_S = 0.01


@dataclass(eq=False)
class Request:
    """Commands that are sent together. ``named``: each carries a client id, so it is safe to send twice."""

    client: int
    program: tuple[Command, ...]
    sent: int = 0
    answers: list[bytes] = field(default_factory=list)

    @property
    def commands(self) -> bytes:
        return b"".join(each.pack() for each in self.program)

    @property
    def named(self) -> bool:
        return any(each.client_id.strip(b"\0") for each in self.program)


class Listener(Protocol):
    """Who holds the venue to what clients have seen."""

    def heard(self, request: Request, answer: bytes) -> None:
        """Take note of an answer."""
        ...

    def saw(self, event: int) -> None:
        """Take note that the views showed everything up to an event."""
        ...

    def blame(self, kind: str, message: str) -> None:
        """Take note of something wrong."""
        ...


class Client:
    """One account and its program, or with number 0 the operator, who opens the venue."""

    def __init__(
        self,
        number: int,
        requests: int,
        dice: random.Random,
        notes: Listener,
        totals: Totals,
        first: Sequence[Request] = (),
    ) -> None:
        self.number = number
        self._left = requests
        self._dice = dice
        self._notes = notes
        self._totals = totals
        self._ids = 0
        self._pending = list(first)
        self._answered: list[Request] = []
        self._orders: list[int] = []
        self._last_event = 0

    @property
    def is_done(self) -> bool:
        return not self._left and not self._pending

    def connect(self, sequencer: Sequencer, reader: Reader) -> None:
        """Speak to a venue that has been started."""
        self._sequencer, self._reader = sequencer, reader

    async def run(self) -> None:
        """Go on with the program, first of all with what was left unanswered."""
        if self._answered and self._dice.random() < 0.5:
            await self._repeat(self._dice.choice(self._answered))
        while not self.is_done:
            await self.settle()
            while self._left and len(self._pending) < self._dice.randint(1, 3):
                self._left -= 1
                self._pending.append(self._next())
            await asyncio.sleep(self._dice.expovariate(1 / _THINKS_S))

    async def settle(self) -> None:
        """Send what is unanswered, all at once, until all is answered."""
        unanswered = [request for request in self._pending if not request.answers]
        await asyncio.gather(*(self._settle(request) for request in unanswered))
        self._pending = []

    # ------------------------------------------------------------------------------------- sending

    async def _settle(self, request: Request) -> None:
        """Send a request until it is answered, and sometimes once more after that."""
        while not request.answers:
            try:
                await self._attempt(request)
            except (TimeoutError, QueueFull):
                await asyncio.sleep(self._dice.expovariate(10) * request.sent)
            except (JournalFailed, VenueStopped):
                self._totals.refused += 1
                await asyncio.sleep(1.0)
        if request.named:
            self._answered.append(request)
            if self._dice.random() < 0.2:
                await self._repeat(request)
        if self._dice.random() < 0.3:
            await self._read(request)

    async def _repeat(self, request: Request) -> None:
        """Send what was answered once more, to hear the same."""
        with contextlib.suppress(TimeoutError, QueueFull, JournalFailed, VenueStopped):
            await self._send(request, patience_s=60.0)

    async def _attempt(self, request: Request) -> None:
        way = self._dice.random()
        patience_s = self._dice.choice((0.01, 0.1, 3.0)) * 3 ** min(request.sent, 8)
        if way < 0.15 and request.named:
            both = (self._send(request, patience_s), self._send(request, patience_s))
            for outcome in await asyncio.gather(*both, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    raise outcome
        elif way < 0.3:
            await self._send(request, patience_s=self._dice.expovariate(200))
        else:
            await self._send(request, patience_s)

    async def _send(self, request: Request, patience_s: float) -> None:
        self._totals.commands += len(request.program)
        self._totals.retries += request.sent > 0
        request.sent += 1
        had_failed = self._sequencer.state == "failed"
        try:
            async with asyncio.timeout(patience_s):
                answer = await self._sequencer.submit(request.commands)
        except TimeoutError:
            self._totals.gone += 1
            raise
        if had_failed:
            self._notes.blame("answered after failure", f"client {self.number} got an answer")
        self._totals.acknowledged += len(request.program)
        self._take(request, answer)

    def _take(self, request: Request, answer: bytes) -> None:
        request.answers.append(answer)
        self._notes.heard(request, answer)
        for event in iter_events(answer):
            if event.kind == EventKind.ORDER_OPENED and event.account == self.number:
                self._orders.append(event.order)
            if event.account == self.number:
                self._last_event = max(self._last_event, event.number)

    # ------------------------------------------------------------------------------------- reading

    async def _read(self, request: Request) -> None:
        """Read and find one's own last command there."""
        at_least = self._last_event
        placed = self._placed(request)
        heavy, market = self._dice.random() < 0.2, self._dice.random() < 0.3
        try:
            position, found = await self._reader.read(
                lambda views: (views.position(), [order for order in placed if views.order(order) is None]),
                account=self.number,
                market=market,
                heavy=heavy,
            )
        except (ViewsBehind, QueueFull):
            return
        self._totals.reads += 1
        self._notes.saw(position)
        if position < at_least:
            self._notes.blame("reads", f"client {self.number} read event {position} after event {at_least}")
        if found:
            self._notes.blame("reads", f"client {self.number} does not find its orders {found}")

    @staticmethod
    def _placed(request: Request) -> list[int]:
        return [
            event.order
            for event in iter_events(request.answers[0])
            if event.kind == EventKind.ACCEPTED and event.command == CommandKind.PLACE_ORDER
        ]

    # ------------------------------------------------------------------------------------- program

    def _next(self) -> Request:
        if self.number == OPERATOR:
            return Request(self.number, self._operate())
        if not self._ids:
            return Request(self.number, tuple(self._opening()))
        if self._dice.random() < 0.05:
            return Request(self.number, (command.cancel_all(self.number, self._dice.choice((0, *STOCKS))),))
        return Request(self.number, tuple(self._trade() for _ in range(self._dice.choice((1, 1, 1, 2, 4)))))

    def _operate(self) -> tuple[Command, ...]:
        dice, stock = self._dice, self._dice.choice(STOCKS)
        return (
            dice.choice(
                (
                    command.halt_stock(stock),
                    command.resume_stock(stock),
                    command.resume_stock(stock),
                    command.set_limits(open_orders=dice.choice((2, 5, 10_000))),
                )
            ),
        )

    def _opening(self) -> list[Command]:
        grants = [command.grant_shares(self.number, stock, 200, client_id=self._new_id()) for stock in STOCKS]
        return [command.deposit(self.number, 3_000_000, client_id=self._new_id()), *grants]

    def _trade(self) -> Command:
        dice, me, name = self._dice, self.number, self._new_id()
        way = dice.random()
        if self._orders and way < 0.15:
            return command.cancel_order(me, dice.choice(self._orders), client_id=name)
        if self._orders and way < 0.25:
            order, price = dice.choice(self._orders), TICK * dice.randint(90, 110)
            return command.amend_order(me, order, quantity=dice.randint(1, 30), price=price, client_id=name)
        if way < 0.32:
            return command.withdraw(me, dice.randint(1, 2_000_000), client_id=name)
        if way < 0.4:
            return command.deposit(me, dice.randint(1, 500_000), client_id=name)
        return command.place_order(
            me,
            dice.choice(STOCKS),
            dice.choice((Side.BUY, Side.SELL)),
            dice.randint(1, 30),
            None if dice.random() < 0.15 else TICK * dice.randint(90, 110),
            time_in_force=dice.choice((TimeInForce.GTC,) * 5 + (TimeInForce.IOC, TimeInForce.FOK)),
            client_id=name,
        )

    def _new_id(self) -> bytes:
        self._ids += 1
        return self.number.to_bytes(8, "big") + self._ids.to_bytes(8, "big")


def opening_of(traders: int) -> Request:
    """Return the operator's first request: the stocks and the traders' accounts."""
    program = [command.list_stock(stock, TICK) for stock in STOCKS]
    program += [command.open_account(trader) for trader in range(1, traders + 1)]
    return Request(OPERATOR, tuple(program))
