"""What an order costs each service and server, alone and in batches, through nginx with everything behind it.

The unit is processor time, which other work on the machine hardly changes; and messages and round trips,
which it changes through the size of batches alone. What the parts spend when nothing is asked is measured
first, and taken off. ``docs/capacity.md`` computes from it what so many users need.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx2
from tests.support.topology import Topology

from bench import _wrk
from bench._parts import STAND_IN, Key, Parts, Spent, waited
from bench._table import Result
from bench._wrk import Order

USERS = 32
STOCKS = 16
REQUESTS = 2_000
IDLE_S = 20
WARM_UP_S = 3
SECONDS = 15
JOURNEYS = 150
JOURNEYS_S = 15
PASSWORD = "correct horse"
PATIENCE_S = 120
MANY = 100_000_000
SETTINGS: Final = {
    "open_orders_limit": MANY,
    "orders_limit": MANY,
    "mongo_timeout_ms": 1_000 * PATIENCE_S,
    "request_timeout_s": PATIENCE_S,
}
"""As many orders as come, and time for the stand-in."""
READS = ("/v1/wallet", "/v1/portfolio", "/v1/orders?limit=20", "/v1/executions?limit=20", "/v1/stocks")


class Case(NamedTuple):
    """So many orders in a request, and so many connections with one request under way each."""

    name: str
    batch: int
    connections: int


CASES = (
    Case("one at a time", 1, 64),
    Case("10 a batch", 10, 16),
    Case("100 a batch", 100, 2),
)


class Market(NamedTuple):
    """Users with money and shares of every stock."""

    tokens: list[str]
    stocks: list[str]


# ------------------------------------------------------------------------------------------- the load


def prepared(topology: Topology) -> Market:
    with topology.client() as client, ThreadPoolExecutor(8) as hands:
        tokens = list(hands.map(lambda number: _user(client, number), range(USERS)))
        stocks = list(hands.map(lambda number: _stock(client, tokens[0], number), range(STOCKS)))
        list(hands.map(lambda token: _endow(client, token, stocks), tokens))
    return Market(tokens, stocks)


def _user(client: httpx2.Client, number: int) -> str:
    login = {"user_name": f"bench-{number}", "password": PASSWORD}
    _ask(client, "/authentication/register", login | {"name": "Bench"})
    return str(_ask(client, "/authentication/login", login)["token"])


def _stock(client: httpx2.Client, token: str, number: int) -> str:
    return str(_ask(client, "/setup/createStock", {"stock_name": f"Bench {number}"}, token)["stock_id"])


def _endow(client: httpx2.Client, token: str, stocks: Iterable[str]) -> None:
    _ask(client, "/transaction/addMoneyToWallet", {"amount": 10**12}, token)
    for stock in stocks:
        _ask(client, "/setup/addStockToUser", {"stock_id": stock, "quantity": 10**9}, token)


def _ask(client: httpx2.Client, path: str, body: object, token: str = "") -> Any:
    answer = client.post(path, json=body, headers={"token": token} if token else {})
    if answer.status_code not in (200, 201):
        raise SystemExit(f"{path} answered {answer.status_code}: {answer.text}")
    return answer.json()["data"]


def orders_of(case: Case, market: Market) -> list[Order]:
    """Limit orders within ten cents of 100.00 on both sides, over all stocks: about half of them trade."""
    dice = random.Random(7)

    def order() -> dict[str, object]:
        return {
            "stock": dice.choice(market.stocks),
            "side": dice.choice(("buy", "sell")),
            "type": "limit",
            "quantity": dice.randint(1, 10),
            "price": f"{dice.randint(9_990, 10_010) / 100:.2f}",
        }

    def request() -> Order:
        token = dice.choice(market.tokens)
        if case.batch == 1:
            return Order("/v1/orders", token, json.dumps(order()))
        return Order("/v1/orders/batch", token, json.dumps({"orders": [order() for _ in range(case.batch)]}))

    return [request() for _ in range(REQUESTS)]


def reads_of(market: Market) -> list[Order]:
    return [Order(path, token, "") for token in market.tokens for path in READS]


def journeys(topology: Topology) -> int:
    """Let newcomers go through the ten steps; return how many."""
    command = [sys.executable, "-m", "pricetime.cli", "load", "--json", "--url", topology.url]
    command += ["--users", str(JOURNEYS), "--ramp", str(JOURNEYS_S), "--journey", "daytrade"]
    told = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    report = json.loads(told.stdout)
    if report["errors"]:
        raise SystemExit(f"journeys failed: {report['failures']}")
    return JOURNEYS


def sent(topology: Topology, requests: list[Order], connections: int, seconds: int) -> int:
    """Send requests for some seconds; return how many were answered, of which all but one in 100 must be."""
    with tempfile.TemporaryDirectory() as folder:
        file = _wrk.write_requests(Path(folder) / "requests", requests)
        load = _wrk.run(topology.url, file, connections=connections, seconds=seconds, timeout_s=PATIENCE_S)
    if load.broken or load.refused > load.requests / 100:
        raise SystemExit(f"{load.refused} requests were refused, {load.broken} broken")
    return load.requests - load.refused


# -------------------------------------------------------------------------------------------- the card


class Cost(NamedTuple):
    """Of one order, read or journey, by kind of part."""

    count: int
    cpu_us: dict[str, float]
    round_trips: dict[str, float]
    published: dict[str, float]
    delivered: dict[str, float]

    @property
    def cpu_of_all_us(self) -> float:
        """Of all but the stand-in."""
        return sum(spent for part, spent in self.cpu_us.items() if part != STAND_IN)


def measured(parts: Parts, idle: Spent, work: Callable[[], int], *, is_orders: bool = False) -> Cost:
    """Return what each thing that ``work`` does costs; where it is orders, the services say how many."""
    parts.settle()
    before = parts.spent()
    count = work()
    parts.settle()
    spent = parts.spent().since(before).beyond(idle)
    if is_orders:
        count = round(sum(spent.answered.values()))
    return Cost(
        count,
        {part: 1e6 * cost for part, cost in _each(spent.cpu, count).items()},
        _each(spent.commands, count),
        _each(spent.published, count),
        _each(spent.received, count),
    )


def _each(counter: Counter[Key], count: int) -> dict[str, float]:
    by_part: Counter[str] = Counter()
    for (part, _), value in counter.items():
        by_part[part] += value
    return {part: max(0.0, value) / count for part, value in sorted(by_part.items())}


def card(topology: Topology) -> dict[str, Cost]:
    with Parts(topology) as parts:
        market = prepared(topology)
        idle = waited(parts, IDLE_S)
        costs: dict[str, Cost] = {}
        for case in CASES:
            requests = orders_of(case, market)
            sent(topology, requests, case.connections, WARM_UP_S)
            costs[case.name] = measured(
                parts,
                idle,
                lambda requests=requests, case=case: sent(topology, requests, case.connections, SECONDS),
                is_orders=True,
            )
        reads = reads_of(market)
        costs["read"] = measured(parts, idle, lambda: sent(topology, reads, 16, SECONDS))
        costs["journey"] = measured(parts, idle, lambda: journeys(topology))
        idle_us = {part: 1e6 * spent / idle.at_s for (part, _), spent in idle.cpu.items()}
        costs["a second of nothing"] = Cost(1, idle_us, {}, {}, {})
    return costs


def main() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder, Topology(Path(folder) / "data", **SETTINGS) as topology:
        topology.up("--no-tls")
        costs = card(topology)
    return [result for case in CASES for result in _of_orders(case, costs)] + _of_others(costs)


def _of_orders(case: Case, costs: dict[str, Cost]) -> list[Result]:
    cost, alone = costs[case.name], costs[CASES[0].name]
    workload = (
        f"{case.connections} connections from wrk to nginx without TLS, mutual TLS behind it, "
        f"{'one order' if case.batch == 1 else f'POST /v1/orders/batch of {case.batch} orders'} each, "
        f"{USERS} users, {STOCKS} stocks, limit orders of which about half trade; {cost.count:,} orders in "
        f"{SECONDS} s; 2 `orders`, 2 `engine`, one of each other service"
    )
    is_alone = case is CASES[0]
    figures = (
        ("processor", cost.cpu_of_all_us, alone.cpu_of_all_us, "µs/order", ", all parts but MongoDB's"),
        ("messages", sum(cost.published.values()), sum(alone.published.values()), "/order", ", published"),
        (
            "round trips",
            sum(cost.round_trips.values()),
            sum(alone.round_trips.values()),
            "/order",
            ", MongoDB",
        ),
    )
    return [
        Result(
            name=f"services: {what}, {case.name}",
            value=value,
            unit=unit,
            workload=f"{workload}{note}",
            baseline=None if is_alone else baseline,
            baseline_is="" if is_alone else f"orders {CASES[0].name}",
            more={"cost": cost._asdict(), "case": case.name} if what == "processor" else {},
        )
        for what, value, baseline, unit, note in figures
    ]


def _of_others(costs: dict[str, Cost]) -> list[Result]:
    about = {
        "read": (
            "a read",
            f"GET {', '.join(READS)} in turns, over 16 connections, after the orders above",
        ),
        "journey": (
            "a newcomer's ten steps",
            f"`pricetime load`, {JOURNEYS} users within {JOURNEYS_S} s, bcrypt cost 4",
        ),
        "a second of nothing": ("a second of nothing", "no requests; heartbeats, health checks, looks"),
    }
    return [
        Result(
            name=f"services: processor, {title}",
            value=costs[case].cpu_of_all_us,
            unit="µs",
            workload=f"{workload}; all parts but MongoDB's",
            more={"cost": costs[case]._asdict(), "case": case},
        )
        for case, (title, workload) in about.items()
    ]
