"""Orders over HTTP, durable when answered, against empty POST handlers of the same server.

Two questions: how many orders a second (wrk, closed loop, in turns with the handlers), and how long an order
waits to be durable at half of that (open loop). The rate is told against three handlers that do nothing: one
of the same server that asks for a session and an order's body first, as placing an order does; one of the
same server that is open to all and takes no body; and one on uvicorn and Starlette as they come, whose rate
does not move when the venue's own way through HTTP gets shorter.
"""

from __future__ import annotations

import json
import random
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench import _open_loop, _servers, _wrk
from bench._table import Result
from bench._wrk import Load, Order

CONNECTIONS = 64
USERS = 64
ROUNDS = 3
SECONDS = 5
HALF_LOAD_SECONDS = 10
REQUESTS = 20_000
PASSWORD = "correct horse"


class Rates(NamedTuple):
    """Medians over the rounds, requests a second."""

    orders: float
    guarded: float
    """The empty handler behind a session and a body."""
    open: float
    """The empty handler that anybody may call."""
    stock: float
    """The empty handler of stock uvicorn and Starlette."""
    loads: list[Load]


def prepare(port: int) -> tuple[str, list[str]]:
    """Register users with money and shares; return the stock and their tokens."""
    tokens = []
    for number in range(USERS):
        login = {"user_name": f"bench-{number}", "password": PASSWORD}
        _servers.daytrade(port, "/authentication/register", login | {"name": "Bench"})
        tokens.append(_servers.daytrade(port, "/authentication/login", login)["token"])
    stock = _servers.daytrade(port, "/setup/createStock", {"stock_name": "Bench"}, tokens[0])["stock_id"]
    for token in tokens:
        shares = {"stock_id": stock, "quantity": 10**9}
        _servers.daytrade(port, "/setup/addStockToUser", shares, token)
        _servers.daytrade(port, "/transaction/addMoneyToWallet", {"amount": 10**12}, token)
    return stock, tokens


def daytrade_orders(stock: str, tokens: list[str]) -> list[Order]:
    """Limit orders within ten cents of 100.00 on both sides: about half of them trade."""
    dice = random.Random(7)
    path = "/engine/placeStockOrder"
    return [
        Order(
            path,
            dice.choice(tokens),
            json.dumps(
                {
                    "stock_id": stock,
                    "is_buy": dice.random() < 0.5,
                    "order_type": "LIMIT",
                    "quantity": dice.randint(1, 10),
                    "price": dice.randint(9_990, 10_010) / 100,
                }
            ),
        )
        for _ in range(REQUESTS)
    ]


def v1_orders(stock: str, tokens: list[str]) -> list[Order]:
    """The same orders as ``/v1`` takes them."""
    return [Order("/v1/orders", order.token, _as_v1(order.body)) for order in daytrade_orders(stock, tokens)]


def _as_v1(body: str) -> str:
    order = json.loads(body)
    return json.dumps(
        {
            "stock": order["stock_id"],
            "side": "buy" if order["is_buy"] else "sell",
            "type": "limit",
            "quantity": order["quantity"],
            "price": f"{order['price']:.2f}",
        }
    )


def measure(port: int, bare: int, requests: Path, family: str) -> Rates:
    """Load the orders and the empty handlers in turn, several times, and take the medians."""
    targets = [(port, None), (port, f"/empty/{family}"), (port, "/empty"), (bare, "/empty")]
    runs: list[list[Load]] = [[] for _ in targets]
    for _ in range(ROUNDS):
        for (at, path), loads in zip(targets, runs, strict=True):
            loads.append(_load(at, requests, path))
    return Rates(*(statistics.median(load.rate for load in loads) for loads in runs), runs[0])


def _load(port: int, requests: Path, path: str | None = None) -> Load:
    url = f"http://127.0.0.1:{port}"
    load = _wrk.run(url, requests, connections=CONNECTIONS, seconds=SECONDS, path=path)
    if load.refused or load.broken:
        raise SystemExit(f"{url}: {load.refused} answers were refusals, {load.broken} requests broke")
    return load


def commit_ms(folder: Path) -> float:
    """Return the median time of a transaction of 16 KiB, journaled and synced as the venue's own."""
    connection = sqlite3.connect(folder / "commits.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE batch (body BLOB)")
    waits = []
    for _ in range(200):
        started = time.perf_counter()
        connection.execute("INSERT INTO batch VALUES (?)", (bytes(16_384),))
        waits.append(time.perf_counter() - started)
    connection.close()
    return statistics.median(waits) * 1e3


def main() -> list[Result]:
    results = []
    with tempfile.TemporaryDirectory() as folder, _servers.bare() as bare:
        for name, make in (("daytrade", daytrade_orders), ("v1", v1_orders)):
            data = Path(folder) / name
            with _servers.venue(data) as port:
                orders = make(*prepare(port))
                requests = _wrk.write_requests(Path(folder) / f"{name}.txt", orders)
                rates = measure(port, bare, requests, name)
                results += _rate_results(name, orders[0].path, rates)
                waits = _open_loop.run(port, orders, rate=rates.orders / 2, seconds=HALF_LOAD_SECONDS)
                results.append(_wait_result(name, orders[0].path, waits, commit_ms(data)))
    return results


def _rate_results(name: str, path: str, rates: Rates) -> list[Result]:
    workload = (
        f"POST {path} over {CONNECTIONS} connections from wrk, {USERS} users, one stock, limit orders of "
        f"which about half trade; every answer means durable; median of {ROUNDS} runs of {SECONDS} s"
    )
    more = {
        "p50_ms": statistics.median(load.p50_ms for load in rates.loads),
        "p99_ms": statistics.median(load.p99_ms for load in rates.loads),
        "runs": [round(load.rate) for load in rates.loads],
    }
    baselines = {
        "": (rates.guarded, "an empty POST handler of the same server that asks for a session and this body"),
        ", open": (rates.open, "an empty POST handler of the same server, open to all and without a body"),
        ", stock": (rates.stock, "an empty POST handler on uvicorn and Starlette as they come"),
    }
    return [
        Result(
            name=f"http: {name} orders{suffix}",
            value=rates.orders,
            unit="orders/s",
            workload=workload,
            target=0.7,
            target_is_ratio=True,
            baseline=baseline,
            baseline_is=f"{what}; in turns with the orders",
            more=more,
        )
        for suffix, (baseline, what) in baselines.items()
    ]


def _wait_result(name: str, path: str, waits: _open_loop.Waits, commit: float) -> Result:
    if waits.refused:
        raise SystemExit(f"{path}: {waits.refused} answers were refusals")
    return Result(
        name=f"http: {name} wait at half load",
        value=waits.p50_ms,
        unit="ms (median)",
        workload=(
            f"POST {path} at half of that rate, open loop: {waits.rate:,.0f} orders/s for "
            f"{HALF_LOAD_SECONDS} s, from due to answered and durable; 99th percentile {waits.p99_ms:.1f} ms"
        ),
        target=10,
        at_most=True,
        baseline=commit,
        baseline_is="one synced SQLite transaction of 16 KiB on the same disk",
        more={"p99_ms": waits.p99_ms, "orders": waits.count},
    )
