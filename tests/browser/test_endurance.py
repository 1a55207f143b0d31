"""A page that is open all day stays as small as it was, while a fast market moves: memory, nodes, listeners.

``make soak-page`` does the same for ten minutes (``SOAK_S`` seconds) and prints what it measures.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from playwright.sync_api import CDPSession
from tests.support.crowd import Crowd
from tests.support.member import Member
from tests.support.server import Venue
from tests.support.visitor import Visitor

SOAK_S: Final = int(os.environ.get("SOAK_S", "60"))
WARM_UP_ROUNDS: Final = 3
FEWEST_WEIGHTS: Final = 6
RATE: Final = 150.0
_MEGABYTE: Final = 1_048_576


class Weight(NamedTuple):
    """What a page weighs after its garbage was collected."""

    heap_mb: float
    nodes: int
    listeners: int


def test_memory_is_flat_while_a_fast_market_moves(
    visitor: Visitor, new_member: Callable[..., Member], venue: Venue
) -> None:
    with Crowd(venue.url, seed=5, rate=RATE) as crowd:
        stocks = list(crowd.stocks.values())
        visitor.enter(new_member(money="100000"))
        weights: list[Weight] = []
        end = time.monotonic() + SOAK_S
        rounds = 0
        while time.monotonic() < end or len(weights) < FEWEST_WEIGHTS:
            _go_round(visitor, crowd, stocks[rounds % 2])
            rounds += 1
            if rounds >= WARM_UP_ROUNDS:
                weights.append(_weigh(visitor))
                print(f"round {rounds}, {crowd.placed} orders: {weights[-1]}")
    # The first third fills what is bounded: candles, trades, notifications, compiled code.
    third = len(weights) // 3
    before, after = _least(weights[third:-third]), _least(weights[-third:])
    assert after.heap_mb < before.heap_mb + 1.0, weights
    assert after.nodes < before.nodes * 1.1 + 50, weights
    assert after.listeners < before.listeners * 1.1 + 20, weights


def _go_round(visitor: Visitor, crowd: Crowd, stock: str) -> None:
    """Look at a stock while much happens, trade, and go through the other pages back to the market."""
    name = next(name for name, number in crowd.stocks.items() if number == stock)
    visitor.link(name, exact=True).click()
    seen = crowd.placed
    visitor.place("Buy", 1)
    crowd.wait_for(placed=seen + round(4 * RATE))
    for page in ("Orders", "Portfolio", "Wallet", "Market"):
        visitor.go(page)


def _weigh(visitor: Visitor) -> Weight:
    tools: CDPSession = visitor.context.new_cdp_session(visitor.page)
    tools.send("Performance.enable")
    tools.send("HeapProfiler.enable")
    for _ in range(2):  # what only weak references held goes at the second time
        tools.send("HeapProfiler.collectGarbage")
    metrics = {each["name"]: each["value"] for each in tools.send("Performance.getMetrics")["metrics"]}
    tools.detach()
    return Weight(
        metrics["JSHeapUsedSize"] / _MEGABYTE, int(metrics["Nodes"]), int(metrics["JSEventListeners"])
    )


def _least(weights: list[Weight]) -> Weight:
    return Weight(*(min(each) for each in zip(*weights, strict=True)))  # type: ignore[arg-type]
