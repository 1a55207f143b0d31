"""Scenarios: each a weighting of the generator towards one kind of trouble.

A scenario is data. What it does not name is as in an everyday market: few accounts, few prices, every
kind of command. ``prices``, ``quantities`` and ``cash`` are drawn anew for every program, so that a
price may walk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from pricetime.records.commands import Limits
from pricetime.rules.money import MAX_MONEY, MAX_QUANTITY

Draw = Callable[[], int]
Drawn = Callable[[Random], Draw]


def between(low: int, high: int) -> Drawn:
    """Draw whole numbers evenly."""
    return lambda random: lambda: random.randint(low, high)


def ticks(low: int, high: int, tick: int = 100) -> Drawn:
    """Draw prices evenly, in ticks."""
    return lambda random: lambda: random.randint(low, high) * tick


def one_of(*values: int) -> Drawn:
    """Draw from a few values."""
    return lambda random: lambda: random.choice(values)


def wide(high: int) -> Drawn:
    """Draw numbers from 1 to ``high``, every order of magnitude as likely as the next."""
    return lambda random: lambda: max(1, min(high, round(10 ** (random.random() * len(str(high))))))


def walk(start: int, spread: int, tick: int = 100) -> Drawn:
    """Draw prices around a middle that walks a tick at a time."""

    def begin(random: Random) -> Draw:
        middle = start

        def draw() -> int:
            nonlocal middle
            middle = max(spread + 1, middle + random.choice((-1, 0, 0, 1)))
            return (middle + random.randint(-spread, spread)) * tick

        return draw

    return begin


EVERYDAY: Final = {
    "place": 100,
    "cancel": 14,
    "amend": 12,
    "cancel_all": 1,
    "deposit": 2,
    "withdraw": 2,
    "grant": 2,
    "halt": 0.4,
    "resume": 1,
    "limits": 0.5,
    "open": 0.3,
    "list": 0.3,
    "again": 0,
    "spoil": 0.5,
}
"""How often the generator makes each kind of command; every key is a method of it."""


@dataclass(frozen=True)
class Scenario:
    """One weighting; the shares are between 0 and 1."""

    meaning: str
    turns: int = 4
    """How often it comes up while others come up once; large programs have one turn."""
    commands: tuple[int, int] = (60, 240)
    """Of a program: at least, at most."""
    batch: tuple[int, int] = (1, 8)
    accounts: tuple[int, int] = (2, 5)
    account_numbers: Drawn | None = None
    """None: 1, 2, 3, …"""
    stocks: tuple[int, int] = (1, 2)
    tick: Drawn = field(default=one_of(100))
    prices: Drawn = field(default=ticks(95, 105))
    middle: int = 0
    """The price between buys and sells that are to rest."""
    resting: float = 0
    """Orders that keep to their side of the middle, so that books grow."""
    quantities: Drawn = field(default=between(1, 9))
    cash: Drawn = field(default=between(500_000, 9_000_000))
    shares: Drawn = field(default=between(20, 200))
    grants: int = 1
    """How many times each account is granted its shares at the start."""
    piles: float = 0
    """Programs that start with more market buys than a book can count the shares of."""
    market: float = 0.15
    ioc: float = 0.08
    fok: float = 0.08
    post_only: float = 0.08
    policies: float = 0.3
    """Orders with a self-trade policy of their own."""
    sweeps: float = 0.06
    """Orders that reach for everything on the other side."""
    client_ids: float = 0.03
    different_ids: int = 6
    order_gap: Drawn = field(default=one_of(1))
    """From one order's number to the next."""
    edges: float = 0.01
    """Numbers replaced by one at the edge of what can be."""
    snapshots: float = 0.06
    """Batches after which the venues are restored from snapshots."""
    validations: float = 0.1
    refusals: float = 0.01
    limits: Limits | None = None
    tide: int = 0
    """Commands after which the book, which was growing, is cancelled away, and the other way round."""
    weights: dict[str, float] = field(default_factory=dict)
    """Instead of those of ``EVERYDAY``."""


SCENARIOS: Final = {
    "everyday": Scenario("a little of everything"),
    "selves": Scenario(
        "two accounts that meet themselves under all four policies",
        accounts=(2, 3),
        stocks=(1, 1),
        policies=0.75,
        prices=ticks(98, 102),
        fok=0.15,
    ),
    "waiting": Scenario(
        "market orders wait on both sides, before the first trade and after",
        commands=(8, 60),
        batch=(1, 4),
        market=0.65,
        sweeps=0.02,
        cash=between(50_000, 5_000_000),
        snapshots=0.15,
    ),
    "poor": Scenario(
        "wallets that run out in the middle of a sweep",
        cash=between(1, 200_000),
        market=0.35,
        sweeps=0.3,
        quantities=between(1, 30),
        prices=one_of(100, 700, 1_300, 5_000, 9_900, 10_100, 70_000),
        weights={"deposit": 8, "withdraw": 6},
    ),
    "pennies": Scenario(
        "prices of a tick or two and budgets of a few ticks, that come out even or one short",
        cash=one_of(100, 200, 300, 400, 500, 700, 1_000, 1_500),
        market=0.5,
        fok=0.2,
        prices=ticks(1, 4),
        quantities=between(1, 5),
        edges=0.002,
        weights={"deposit": 12, "withdraw": 4},
    ),
    "single": Scenario(
        "one share, one price, one place in the line",
        quantities=between(1, 2),
        prices=ticks(99, 101),
        accounts=(2, 3),
        stocks=(1, 1),
        weights={"cancel": 40, "amend": 20},
    ),
    "ids": Scenario(
        "client ids used again: with the same content, with other content, after they were forgotten",
        client_ids=0.7,
        limits=Limits(open_orders=6, client_ids=3),
        snapshots=0.15,
        weights={"again": 60, "limits": 4, "deposit": 10, "withdraw": 10, "grant": 10, "cancel_all": 0},
    ),
    "memory": Scenario(
        "hundreds of client ids of each account, remembered, pushed out and used again",
        turns=1,
        commands=(600, 2_500),
        batch=(10, 80),
        accounts=(1, 3),
        client_ids=0.9,
        different_ids=600,
        limits=Limits(client_ids=150),
        snapshots=0.12,
        weights={"again": 40, "limits": 1},
    ),
    "edges": Scenario(
        "numbers at the edge of 63 bits",
        accounts=(2, 3),
        tick=one_of(1, 1, 100, MAX_MONEY // 10**9),
        prices=one_of(1, 100, 9_000, 10**9, MAX_MONEY // 7, MAX_MONEY // 2, MAX_MONEY - 100, MAX_MONEY),
        quantities=one_of(1, 2, 7, 9 * 10**9, MAX_QUANTITY // 2, MAX_QUANTITY - 1, MAX_QUANTITY),
        cash=one_of(MAX_MONEY, MAX_MONEY // 3, 2**63 - 1 - MAX_MONEY, 10**18),
        shares=one_of(MAX_QUANTITY, MAX_QUANTITY - 1, 10**9),
        edges=0.08,
        weights={"deposit": 10, "withdraw": 8, "grant": 8},
    ),
    "brim": Scenario(
        "all the shares of a stock that can be counted, and books that want and offer as many",
        turns=1,
        commands=(20, 60),
        accounts=(2, 2),
        stocks=(1, 1),
        tick=one_of(1),
        prices=one_of(1, 2, 3),
        quantities=one_of(MAX_QUANTITY, MAX_QUANTITY, MAX_QUANTITY - 1, MAX_QUANTITY // 3, 1, 1),
        cash=one_of(MAX_MONEY // 2),
        shares=one_of(MAX_QUANTITY),
        grants=4_611,
        piles=0.6,
        snapshots=0.1,
        weights={"grant": 40, "amend": 40, "cancel_all": 2},
        limits=Limits(open_orders=20_000),
    ),
    "wide": Scenario(
        "prices from 1 to 9 × 10^18, far apart",
        turns=2,
        commands=(600, 3_000),
        batch=(4, 60),
        tick=one_of(1),
        prices=wide(MAX_MONEY),
        middle=3 * 10**9,
        resting=0.9,
        quantities=one_of(1, 1, 2, 3),
        cash=one_of(MAX_MONEY // 4),
        sweeps=0.02,
    ),
    "ladder": Scenario(
        "thousands of price levels, swept, cancelled and built again",
        turns=1,
        commands=(4_000, 14_000),
        batch=(100, 600),
        tide=5_000,
        prices=ticks(1, 40_000),
        middle=2_000_000,
        resting=0.985,
        stocks=(1, 1),
        cash=one_of(10**17),
        shares=one_of(10**9),
        market=0.01,
        sweeps=0.0006,
        edges=0.0005,
        ioc=0.01,
        fok=0.01,
        snapshots=0.08,
        limits=Limits(open_orders=10**6),
        weights={"cancel": 5, "cancel_all": 0.02, "halt": 0.02, "limits": 0},
    ),
    "queue": Scenario(
        "hundreds of orders at one price, cancelled and made smaller in the middle of the line",
        turns=2,
        tide=900,
        commands=(600, 2_400),
        batch=(8, 60),
        prices=one_of(9_900, 10_000, 10_000, 10_000, 10_100, 10_100, 10_100, 10_200),
        middle=10_000,
        resting=0.95,
        stocks=(1, 1),
        accounts=(3, 8),
        cash=one_of(10**12),
        shares=one_of(10**7),
        ioc=0.02,
        fok=0.02,
        sweeps=0.003,
        market=0.01,
        edges=0.002,
        weights={"cancel": 30, "amend": 40, "cancel_all": 0.05},
    ),
    "crowd": Scenario(
        "thousands of accounts and dozens of stocks, their numbers anything",
        turns=1,
        commands=(800, 2_500),
        batch=(50, 400),
        accounts=(300, 3_000),
        account_numbers=wide(2**62),
        order_gap=wide(2**40),
        stocks=(8, 60),
        prices=ticks(97, 103),
        middle=10_000,
        resting=0.5,
        snapshots=0.1,
        weights={"open": 10, "list": 1, "cancel_all": 4},
    ),
    "garbage": Scenario(
        "bytes that mean nothing in every field",
        weights={"spoil": 60, "limits": 2},
        edges=0.05,
        refusals=0.05,
    ),
    "halts": Scenario(
        "stocks that halt, limits that move, everything cancelled",
        stocks=(2, 4),
        limits=Limits(open_orders=4, client_ids=2, orders=12, accounts=6, stocks=5),
        weights={"halt": 4, "resume": 24, "limits": 5, "cancel_all": 8, "open": 4, "list": 4},
    ),
    "walk": Scenario(
        "a liquid stock: orders that live briefly around a price that walks",
        turns=2,
        commands=(600, 2_500),
        batch=(10, 80),
        accounts=(4, 12),
        prices=walk(2_000, 12),
        cash=between(10**9, 10**11),
        shares=between(2_000, 9_000),
        ioc=0.15,
        weights={"cancel": 60, "amend": 30, "cancel_all": 0.2},
    ),
}

TURNS: Final = [name for turn in range(4) for name, each in SCENARIOS.items() if each.turns > turn]
"""The scenarios of seeds in a row."""
