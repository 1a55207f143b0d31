"""The flows of commands that the core and what is around it are measured with.

``python -m bench._flows NAME [--commands N] [--resting N] [--passes N] [--batch N]`` runs one of them
alone and says what is in it, for a profiler to look at.

mix
    60% limit orders within ten ticks of the middle, 20% market orders, 20% cancels of any open order; over
    one stock or sixteen.
liquid
    A liquid stock. Of the orders 15% are IOC, of which a third reach the other side; 95% are cancelled, 20%
    amended on the way, to a worse or better price or a smaller quantity. Prices stand around a middle
    that walks at random, a step at a time and tens of thousands of ticks in all; orders which it comes
    too near to, or leaves behind, are cancelled first, then any. ``thick`` has 40,000 orders on 60 levels,
    250 ticks apart, ``thin`` some 2,200 on 1,400 levels.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench._recorder import (
    MARKET,
    SETUP_BATCH,
    TICK,
    Commands,
    Integers,
    Recorder,
    about_orders,
    opening,
    orders,
)
from pricetime import rules
from pricetime.cli.progress import progress_bar
from pricetime.records import CommandKind, EventKind, OrderType, Reason, TimeInForce, event_array
from pricetime.records.fields import COMMAND_BYTES
from pricetime.runtime.implementations import pick
from pricetime.runtime.venue import Venue

COMPILED: Final = pick("auto")
BATCH: Final = 500
COMMANDS: Final = 1_000_000
CHECKED: Final = 20_000
MIDDLE: Final = 10_000 * TICK
NEAR: Final = 10
DEEP: Final = 500
"""Ticks from the middle: within which the mix trades, and over which its resting orders are spread."""
MIX: Final = "60% limit, 20% market, 20% cancel"
_MIX_STEP: Final = 100
_LIQUID_STEP: Final = 500
"""Commands made at once, all of them about the orders that were open before."""


@dataclass(frozen=True)
class Flow:
    """A recorded program: what prepares the venue, and what is measured."""

    name: str
    setup: bytes
    commands: bytes
    open: tuple[int, int]
    """Open orders when the measured part begins and when it ends."""
    levels: tuple[int, int]
    """Price levels of both sides, likewise."""
    span_ticks: int = 0
    """Between the lowest and the highest middle."""

    @property
    def count(self) -> int:
        return len(self.commands) // COMMAND_BYTES

    def beginning(self, commands: int) -> Flow:
        """Return the flow up to so many of its commands."""
        return replace(self, commands=self.commands[: commands * COMMAND_BYTES])

    def prepared(self, venue_type: type[Venue]) -> Venue:
        venue = venue_type()
        for batch in cut(self.setup, SETUP_BATCH):
            venue.apply(batch)
        return venue


def cut(commands: bytes, batch: int) -> list[bytes]:
    """Return packed commands in batches of so many."""
    size = batch * COMMAND_BYTES
    return [commands[at : at + size] for at in range(0, len(commands), size)]


def _flow(name: str, recorder: Recorder, setup: bytes, began: tuple[int, int], span_ticks: int = 0) -> Flow:
    ended = recorder.count, count_levels(recorder)
    opened, levels = zip(began, ended, strict=True)
    return Flow(name, setup, b"".join(recorder.taken()), opened, levels, span_ticks)


# ------------------------------------------------------------------------------------------------- the mix


def mix(
    stocks: int = 1, resting: int = 1_000, commands: int = COMMANDS, accounts: int = 100, seed: int = 1
) -> Flow:
    dice = np.random.default_rng(seed)
    recorder = Recorder(1 + stocks + accounts * (2 + stocks) + resting + commands)
    for batch in opening(accounts, stocks):
        recorder.apply(batch)
    for size in told("Resting orders", resting, SETUP_BATCH):
        recorder.apply(resting_orders(dice, size, accounts, stocks))
    setup = b"".join(recorder.taken())
    began = recorder.count, count_levels(recorder)
    for size in told("The mix", commands, _MIX_STEP):
        # Limit orders reach across the middle so far that there are as many open orders as at the start.
        nearest = -4 if recorder.count > resting else -1
        recorder.apply(_mixed(dice, size, recorder, accounts, stocks, nearest))
    return _flow(f"mix-{stocks}", recorder, setup, began)


def resting_orders(dice: np.random.Generator, size: int, accounts: int, stocks: int = 1) -> Commands:
    """Return limit orders that rest, spread over a thousand price levels of each stock."""
    return _mix_orders(dice, size, accounts, stocks, NEAR, DEEP)


def _mix_orders(
    dice: np.random.Generator, size: int, accounts: int, stocks: int, nearest: int, farthest: int
) -> Commands:
    is_buy = dice.random(size) < 0.5
    away = dice.integers(nearest, farthest, size, endpoint=True) * TICK
    return orders(
        dice.integers(1, accounts, size, endpoint=True),
        dice.integers(1, stocks, size, endpoint=True),
        is_buy,
        dice.integers(1, 100, size, endpoint=True),
        np.where(is_buy, MIDDLE - away, MIDDLE + away),
    )


def _mixed(
    dice: np.random.Generator, size: int, recorder: Recorder, accounts: int, stocks: int, nearest: int
) -> Commands:
    """60% limit, from a little across the middle to ten ticks on its own side; 20% market, 20% cancel."""
    commands = _mix_orders(dice, size, accounts, stocks, nearest, NEAR)
    what = dice.random(size)
    market = (what >= 0.6) & (what < 0.8)
    commands["price"][market] = MARKET
    commands["order_type"][market] = OrderType.MARKET
    if recorder.count:
        cancelled = np.unique(recorder.open[dice.integers(0, recorder.count, np.count_nonzero(what >= 0.8))])
        where = np.flatnonzero(what >= 0.8)[: len(cancelled)]
        commands[where] = about_orders(CommandKind.CANCEL_ORDER, cancelled, recorder.owner[cancelled])
    return commands


# ----------------------------------------------------------------------------------------- the liquid stock


class Shape(NamedTuple):
    """One extreme of a liquid stock's book."""

    resting: int
    band: int
    """Prices on each side over which orders are spread."""
    apart: int
    """Ticks between two prices that people use."""
    steps: int
    """At most so many of these the middle walks while 500 commands come."""
    turns: float
    """How often the walk turns round, of 500 commands."""


THICK: Final = Shape(resting=40_000, band=30, apart=250, steps=1, turns=0.003)
THIN: Final = Shape(resting=2_200, band=1_100, apart=1, steps=60, turns=0.005)


def liquid(shape: Shape, commands: int = COMMANDS, accounts: int = 1_000, seed: int = 1) -> Flow:
    dice = np.random.default_rng(seed)
    recorder = Recorder(2 + 3 * accounts + 2 * shape.resting + commands)
    for batch in opening(accounts, 1):
        recorder.apply(batch)
    stock = _Liquid(dice, recorder, accounts, shape)
    for size in told("Resting orders", shape.resting, SETUP_BATCH):
        recorder.apply(stock.resting(size))
    setup = b"".join(recorder.taken())
    began = recorder.count, count_levels(recorder)
    for size in told("The liquid stock", commands, _LIQUID_STEP):
        stock.walk()
        recorder.apply(stock.flow(size))
    name = "liquid-thick" if shape is THICK else "liquid-thin"
    return _flow(name, recorder, setup, began, stock.span_ticks)


class _Liquid:
    """Makes the flow. ``_middle`` counts prices, each of them ``_unit`` apart."""

    def __init__(self, dice: np.random.Generator, recorder: Recorder, accounts: int, shape: Shape) -> None:
        self._dice = dice
        self._recorder = recorder
        self._accounts = accounts
        self._shape = shape
        self._unit = shape.apart * TICK
        self._middle = self._lowest = self._highest = 1_000_000 // shape.apart
        self._direction = 1
        self._backlog = 0

    @property
    def span_ticks(self) -> int:
        return (self._highest - self._lowest) * self._shape.apart

    def walk(self) -> None:
        """Move the middle, but not away from orders that have not been cancelled yet."""
        if self._dice.random() < self._shape.turns:
            self._direction = -self._direction
        if self._backlog == 0:
            self._middle += self._direction * int(self._dice.integers(0, self._shape.steps, endpoint=True))
        self._lowest = min(self._lowest, self._middle)
        self._highest = max(self._highest, self._middle)

    def resting(self, size: int) -> Commands:
        is_buy = self._dice.random(size) < 0.5
        away = self._dice.integers(1, self._shape.band, size, endpoint=True)
        return self._orders(is_buy, np.where(is_buy, self._middle - away, self._middle + away))

    def _orders(
        self,
        is_buy: NDArray[np.bool_],
        price: Integers,
        time_in_force: TimeInForce | NDArray[np.uint8] = TimeInForce.GTC,
    ) -> Commands:
        account = self._dice.integers(1, self._accounts, len(is_buy), endpoint=True)
        quantity = self._dice.integers(1, 100, len(is_buy), endpoint=True)
        return orders(account, 1, is_buy, quantity, price * self._unit, time_in_force)

    def flow(self, size: int) -> Commands:
        """Return commands: for 100 new orders 20 amends, and the cancels that keep the book its size."""
        recorder, shape = self._recorder, self._shape
        surplus = recorder.count - shape.resting
        cancels = int(np.clip(0.4 * size + surplus / 4, 0.2 * size, 0.6 * size))
        amends = round((size - cancels) / 6)
        chosen = self._chosen(cancels + amends)
        parts = (
            about_orders(CommandKind.CANCEL_ORDER, chosen[:cancels], recorder.owner[chosen[:cancels]]),
            self._amended(chosen[cancels:]),
            self._placed(size - len(chosen)),
        )
        commands = np.concatenate(parts)
        self._dice.shuffle(commands)
        return commands

    def _chosen(self, size: int) -> Integers:
        """Return open orders: first those near the middle or far from it, then any."""
        recorder, shape = self._recorder, self._shape
        numbers = recorder.open
        price = recorder.price[numbers] // self._unit
        away = np.where(recorder.is_buy[numbers], self._middle - price, price - self._middle)
        urgent = np.flatnonzero((away <= shape.steps) | (away > shape.band + shape.steps))
        self._dice.shuffle(urgent)
        self._backlog = max(0, len(urgent) - size)
        other = self._dice.integers(0, recorder.count, 2 * size)
        _, first = np.unique(picked := np.concatenate((urgent, other)), return_index=True)
        return numbers[picked[np.sort(first)][:size]].copy()

    def _amended(self, numbers: Integers) -> Commands:
        """A third each: at another price, smaller, larger."""
        commands = about_orders(CommandKind.AMEND_ORDER, numbers, self._recorder.owner[numbers])
        what = self._dice.integers(0, 3, len(numbers))
        again = self.resting(len(numbers))
        away = np.abs(again["price"] - self._middle * self._unit)
        side = np.where(self._recorder.is_buy[numbers], -1, 1)
        commands["price"] = np.where(what == 0, self._middle * self._unit + side * away, 0)
        commands["quantity"] = np.where(what == 1, 1, np.where(what == 2, 150, 0))
        return commands

    def _placed(self, size: int) -> Commands:
        commands = self.resting(size)
        hasty = np.flatnonzero(self._dice.random(size) < 0.15)
        is_buy = self._dice.random(len(hasty)) < 0.5
        reach = np.where(self._dice.random(len(hasty)) < 1 / 3, self._shape.band, 0)
        price = np.where(is_buy, self._middle + reach, self._middle - reach)
        commands[hasty] = self._orders(is_buy, price, TimeInForce.IOC)
        return commands


# ---------------------------------------------------------------------------------------- running and saying


def told(title: str, total: int, step: int) -> Iterator[int]:
    """Yield the sizes of the steps to a total, and show how far it is."""
    with progress_bar(title) as progress:
        for start in range(0, total, step):
            if start % (step * 100) == 0:
                progress(start, total)
            yield min(step, total - start)


def count_levels(recorder: Recorder) -> int:
    numbers = recorder.open
    return len(np.unique(recorder.price[numbers] * 2 + recorder.is_buy[numbers]))


def seconds_of_pass(flow: Flow, venue_type: type[Venue], batch: int = BATCH) -> float:
    """Return the seconds of processor time that a fresh, prepared venue needs for the whole flow."""
    venue = flow.prepared(venue_type)
    batches = cut(flow.commands, batch)
    started = time.process_time()
    for commands in batches:
        venue.apply(commands)
    return time.process_time() - started


def per_command_s(flow: Flow, venue_type: type[Venue], passes: int, batch: int = BATCH) -> float:
    """Return the median over passes of the seconds that one command takes."""
    return statistics.median(seconds_of_pass(flow, venue_type, batch) for _ in range(passes)) / flow.count


def assert_same(flow: Flow, checked: int = CHECKED) -> None:
    """Hold core and rules against each other: the setup, where it is short, and the flow's beginning."""
    program = flow.setup + flow.commands[: checked * COMMAND_BYTES]
    if len(flow.setup) > 5 * checked * COMMAND_BYTES:
        program = program[: checked * COMMAND_BYTES]
    compiled, reference = COMPILED(), rules.Venue()
    for batch in cut(program, BATCH):
        assert compiled.apply(batch) == reference.apply(batch), f"core and rules differ in {flow.name}"


def picture(flow: Flow) -> str:
    """Say what is in a flow, by the events that it gives."""
    venue = flow.prepared(COMPILED)
    said = event_array(b"".join(venue.apply(batch) for batch in cut(flow.commands, 100_000)))
    kinds, reasons, causes = said["kind"], said["reason"], said["command"]
    accepted = kinds == EventKind.ACCEPTED
    placed = np.count_nonzero(accepted & (causes == CommandKind.PLACE_ORDER))
    closed = kinds == EventKind.ORDER_CLOSED
    parts = {
        "commands": flow.count,
        "events per command": round(len(said) / flow.count, 2),
        "denied": np.count_nonzero(kinds == EventKind.DENIED),
        "placed": placed,
        "amended": np.count_nonzero(accepted & (causes == CommandKind.AMEND_ORDER)),
        "trades": np.count_nonzero(kinds == EventKind.TRADED),
        **{
            reason.name.lower(): np.count_nonzero(closed & (reasons == reason))
            for reason in (Reason.CANCELLED, Reason.FILLED, Reason.IOC)
        },
        "open": flow.open,
        "levels": flow.levels,
        "span in ticks": flow.span_ticks,
    }
    return ", ".join(f"{name} {value}" for name, value in parts.items())


FLOWS: Final[dict[str, Callable[[int, int], Flow]]] = {
    "mix-1": lambda commands, resting: mix(1, resting, commands),
    "mix-16": lambda commands, resting: mix(16, resting, commands),
    "liquid-thick": lambda commands, _: liquid(THICK, commands),
    "liquid-thin": lambda commands, _: liquid(THIN, commands),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench._flows", description="Run one flow alone.")
    parser.add_argument("name", choices=FLOWS)
    parser.add_argument("--commands", type=int, default=COMMANDS)
    parser.add_argument("--resting", type=int, default=1_000, help="of the mix alone")
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--batch", type=int, default=BATCH)
    asked = parser.parse_args()
    started = time.perf_counter()
    flow = FLOWS[asked.name](asked.commands, asked.resting)
    print(f"made in {time.perf_counter() - started:.1f} s: {picture(flow)}")
    assert_same(flow)
    each = [seconds_of_pass(flow, COMPILED, asked.batch) / flow.count for _ in range(asked.passes)]
    rates = ", ".join(f"{1 / seconds / 1e6:.2f}" for seconds in each)
    print(f"{asked.name}: median {statistics.median(each) * 1e9:.0f} ns a command; million/s: {rates}")


if __name__ == "__main__":
    main()
