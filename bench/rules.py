"""The reference rules alone: no journal, no network, one core.

The program of commands is recorded first by driving a venue, so that cancels name orders which are open;
what is measured is a second venue that replays the recorded bytes.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator

from bench._table import Result
from pricetime.records import Command, EventKind, Side, iter_events
from pricetime.records.commands import (
    cancel_order,
    deposit,
    grant_shares,
    list_stock,
    open_account,
    place_order,
)
from pricetime.records.fields import COMMAND, COMMAND_BYTES, EVENT
from pricetime.rules import Venue

ACCOUNTS = 100
STOCK = 1
TICK = 100
MIDDLE = 100 * 10_000
LEVELS = 500
"""Price levels on each side over which resting orders are spread."""
NEAR = 10
"""Ticks around the middle within which the mix trades."""
BATCH = 500
COMMANDS = 100_000
PASSES = 3


class Program:
    """Commands as a sequencer would stamp them, recorded while a venue applies them."""

    def __init__(self, venue: Venue, seed: int) -> None:
        self.venue = venue
        self.random = random.Random(seed)
        self.open: list[int] = []
        self.owner: dict[int, int] = {}
        self._place: dict[int, int] = {}

    def apply(self, commands: list[Command]) -> bytes:
        """Stamp and apply commands; return them packed."""
        first = self.venue.sequence + 1
        packed = b"".join(
            stamped(command, sequence).pack() for sequence, command in enumerate(commands, first)
        )
        self._follow(self.venue.apply(packed))
        return packed

    def _follow(self, events: bytes) -> None:
        for event in iter_events(events):
            if event.kind == EventKind.ORDER_OPENED and event.order not in self._place:
                self._place[event.order] = len(self.open)
                self.open.append(event.order)
                self.owner[event.order] = event.account
            elif event.kind == EventKind.ORDER_CLOSED and event.order in self._place:
                place, last = self._place.pop(event.order), self.open.pop()
                if last != event.order:
                    self.open[place] = last
                    self._place[last] = place

    def account(self) -> int:
        return self.random.randint(1, ACCOUNTS)

    def limit(self, near: int) -> Command:
        """A limit order up to ``near`` ticks on its own side of the middle, or a little across it."""
        side = self.random.choice((Side.BUY, Side.SELL))
        away = self.random.randint(-2, near) * TICK
        price = MIDDLE - away if side is Side.BUY else MIDDLE + away
        return place_order(self.account(), STOCK, side, self.random.randint(1, 100), price)

    def resting(self) -> Command:
        """A limit order that rests, anywhere on its side."""
        side = self.random.choice((Side.BUY, Side.SELL))
        away = self.random.randint(NEAR, LEVELS) * TICK
        price = MIDDLE - away if side is Side.BUY else MIDDLE + away
        return place_order(self.account(), STOCK, side, self.random.randint(1, 100), price)

    def mixed(self) -> Command:
        """60% limit, 20% market, 20% cancel."""
        dice = self.random.random()
        if dice < 0.6 or not self.open:
            return self.limit(NEAR)
        if dice < 0.8:
            side = self.random.choice((Side.BUY, Side.SELL))
            return place_order(self.account(), STOCK, side, self.random.randint(1, 100), None)
        order = self.random.choice(self.open)
        return cancel_order(self.owner[order], order)


def stamped(command: Command, sequence: int) -> Command:
    """Return a command as the sequencer stamps it: order ids and new accounts are sequences."""
    order = sequence if command.quantity and not command.order and command.side else command.order
    return command._replace(sequence=sequence, time_ns=sequence * 1_000, order=order)


def prepared(resting: int) -> tuple[bytes, bytes]:
    """Return a snapshot of a venue with so many resting orders, and the recorded mix of commands."""
    program = Program(Venue(), seed=resting)
    program.apply([open_account(account) for account in range(1, ACCOUNTS + 1)])
    program.apply([list_stock(STOCK, TICK)])
    program.apply([deposit(account, 10**16) for account in range(1, ACCOUNTS + 1)])
    program.apply([grant_shares(account, STOCK, 10**11) for account in range(1, ACCOUNTS + 1)])
    for size in chunks(resting):
        program.apply([program.resting() for _ in range(size)])
    snapshot = program.venue.snapshot()
    recorded = [program.apply([program.mixed() for _ in range(size)]) for size in chunks(COMMANDS, 50)]
    return snapshot, b"".join(recorded)


def chunks(total: int, size: int = BATCH) -> Iterator[int]:
    yield from (min(size, total - start) for start in range(0, total, size))


def per_command_s(snapshot: bytes, commands: bytes, passes: int) -> float:
    """Return the median over passes of the seconds that one command takes."""
    return statistics.median(one_pass(snapshot, commands) for _ in range(passes))


def one_pass(snapshot: bytes, commands: bytes) -> float:
    venue = Venue.restore(snapshot)
    step = BATCH * COMMAND_BYTES
    batches = [commands[start : start + step] for start in range(0, len(commands), step)]
    started = time.process_time()
    for batch in batches:
        venue.apply(batch)
    return (time.process_time() - started) / (len(commands) // COMMAND_BYTES)


def codec_s(commands: bytes) -> float:
    """Return the seconds per command of reading its record and writing two events, with no rules at all."""
    blank = (1, *(0,) * 23, bytes(16))
    started = time.process_time()
    packed = [EVENT.pack(*blank) + EVENT.pack(*blank) for _ in COMMAND.iter_unpack(commands)]
    b"".join(packed)
    return (time.process_time() - started) / (len(commands) // COMMAND_BYTES)


def main() -> list[Result]:
    small, mix = prepared(1_000)
    cost = per_command_s(small, mix, PASSES)
    codec = statistics.median(codec_s(mix) for _ in range(PASSES))
    large, large_mix = prepared(1_000_000)
    large_cost = per_command_s(large, large_mix, 2)
    what = "60% limit, 20% market, 20% cancel over one stock"
    return [
        Result(
            name="rules: commands",
            value=1 / cost,
            unit="commands/s",
            workload=f"{COMMANDS:,} commands, {what}, 1,000 orders resting at the start, batches of {BATCH}",
            target=80_000,
            baseline=1 / codec,
            baseline_is="the same records read and two events written for each, without any rules",
        ),
        Result(
            name="rules: cost with 1,000,000 resting",
            value=large_cost * 1e6,
            unit="µs/command",
            workload="the same mix with 1,000,000 resting orders over 1,000 price levels",
            target=2,
            at_most=True,
            target_is_ratio=True,
            baseline=cost * 1e6,
            baseline_is="the same mix with 1,000 resting orders",
        ),
    ]
