"""The bulk path from end to end: one WebSocket, and batches over HTTP, against the core and a disk alone.

The client, the venue and its views share the machine. What is counted are orders that are durable and
whose events, or whose answer, the client has. ``python -m bench.bulk`` runs it alone.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench import _servers, _table
from bench._feed_load import PRICE, frames
from pricetime.adapters.sqlite_journal import SqliteJournal
from pricetime.records import COMMAND_BYTES, Side
from pricetime.records.commands import (
    deposit,
    grant_shares,
    list_stock,
    open_account,
    place_order,
    set_limits,
)
from pricetime.runtime.chain import link_of, seal
from pricetime.runtime.implementations import pick
from pricetime.runtime.stamping import stamp

SECONDS = 8
ROUNDS = 3
FRAME = 1_000
UNDER_WAY = 16
CONNECTIONS = 4
STOCK_OF_BASELINE = 1
SHARES = 8 * 10**11
MANY = 100_000_000
CATCH_UP_TIMEOUT_S = 600
VENUE = {"open_orders_limit": MANY, "orders_limit": MANY}
"""As many open orders as come."""


class Load(NamedTuple):
    """What a client got done, and how far the views had come at the end of it."""

    orders: int
    seconds: float
    behind: int
    """Orders that the views had not taken in at the end."""
    catch_up_s: float
    """Until they had, with nothing else to do."""
    lost: int

    @property
    def rate(self) -> float:
        return self.orders / self.seconds

    @property
    def followed_rate(self) -> float:
        """Orders a second that the views took in meanwhile."""
        return (self.orders - self.behind) / self.seconds


# -------------------------------------------------------------------------------------- the baseline


def alone(folder: Path, orders: int) -> float:
    """Return the orders a second of the core and the journal alone, one after the other, in one thread."""
    venue = pick("auto")()
    opening = [
        set_limits(MANY, 1_024)._replace(order=MANY, stock=MANY, price=MANY),
        list_stock(STOCK_OF_BASELINE, 100),
        open_account(1),
        open_account(2),
        deposit(1, 10**16),
        grant_shares(2, STOCK_OF_BASELINE, SHARES),
        place_order(2, STOCK_OF_BASELINE, Side.SELL, SHARES, PRICE),
    ]
    batches = [b"".join(each.pack() for each in opening)]
    own = []
    for frame in frames(STOCK_OF_BASELINE, FRAME):
        commands = np.frombuffer(bytes(frame[-FRAME * COMMAND_BYTES :]), np.uint8).copy()
        commands.view("<i8").reshape(FRAME, -1)[:, 3:5] = 1  # actor and account
        own.append(commands.tobytes())
    batches += own * (orders // FRAME // len(own))
    last = None
    with contextlib.closing(SqliteJournal.create(folder / "alone.db")) as journal:
        began = time.perf_counter()
        for commands in batches:
            stamped = stamp(commands, venue.sequence + 1, time.time_ns())
            last = seal(link_of(last), stamped, venue.apply(stamped))
            journal.append(last)
        return (len(batches) - 1) * FRAME / (time.perf_counter() - began)


# ------------------------------------------------------------------------------------------- the load


def user(port: int, name: str) -> str:
    """Register a user and return a token."""
    account = {"user_name": name, "password": "a long password", "name": name}
    _ask(port, "POST", "/v1/users", account)
    login = {key: account[key] for key in ("user_name", "password")}
    return str(_ask(port, "POST", "/v1/sessions", login)["access_token"])


def _ask(port: int, method: str, path: str, body: object = None, token: str = "") -> Any:
    status, answer = _servers.call(port, method, path, body, token)
    if status not in (200, 201):
        raise SystemExit(f"{method} {path} answered {status}: {answer}")
    return answer


def prepare(port: int) -> tuple[str, str]:
    """Let somebody offer very many shares; return a rich user's token and the stock."""
    buyer, seller = user(port, "buyer"), user(port, "seller")
    _ask(port, "POST", "/v1/wallet/deposits", {"amount": "1000000000"}, buyer)
    stock = _ask(port, "POST", "/v1/stocks", {"name": "Bulk", "tick_size": "0.01"}, seller)["stock"]
    _ask(port, "POST", f"/v1/stocks/{stock}/grants", {"quantity": SHARES}, seller)
    offer = {"stock": stock, "side": "sell", "type": "limit", "quantity": SHARES, "price": "100"}
    _ask(port, "POST", "/v1/orders", offer, seller)
    return buyer, stock


def loaded(data: Path, module: str, *more: int) -> Load:
    """Let a client load a new venue, then its views catch up."""
    with _servers.venue(data, **VENUE) as port:
        token, stock = prepare(port)
        wait_for_views(port)
        numbers = [str(number) for number in (port, token, stock, SECONDS, FRAME, *more)]
        before = events_and_lag(port)[0]
        finished = subprocess.run([sys.executable, "-m", module, *numbers], capture_output=True, text=True)
        if finished.returncode:
            raise SystemExit(finished.stderr[-1_000:])
        done = json.loads(finished.stdout)
        events, lag = events_and_lag(port)
        catch_up_s = wait_for_views(port)
        lost = done["orders"] + 1 - orders_in_views(data)
    behind = round(lag * done["orders"] / (events - before))
    return Load(done["orders"], done["seconds"], behind, catch_up_s, lost)


def events_and_lag(port: int) -> tuple[int, int]:
    """Return how many events are durable, and how many of them the views do not have."""
    _, page = _servers.call(port, "GET", "/metrics")
    numbers = dict(line.rsplit(" ", 1) for line in page.decode().splitlines() if not line.startswith("#"))
    return int(float(numbers["pricetime_events_total"])), int(float(numbers["pricetime_views_lag_events"]))


def orders_in_views(data: Path) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{data / 'views.db'}?mode=ro", uri=True)) as views:
        (count,) = views.execute("SELECT count(*) FROM orders").fetchone()
    return int(count)


def wait_for_views(port: int) -> float:
    """Return the seconds until the views have everything."""
    began = time.perf_counter()
    while time.perf_counter() < began + CATCH_UP_TIMEOUT_S:
        status, answer = _servers.call(port, "GET", "/readyz")
        if status == 200 and answer["views_lag"] == 0:
            return time.perf_counter() - began
        time.sleep(0.02)
    raise SystemExit("the views have not caught up")


# ------------------------------------------------------------------------------------------ the rows


def main() -> list[_table.Result]:
    feeds, batches, baselines = [], [], []
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        for round_ in range(ROUNDS):
            at = Path(folder) / str(round_)
            at.mkdir()
            baselines.append(alone(at, 1_000_000))
            feeds.append(loaded(at / "feed", "bench._feed_load", UNDER_WAY))
            batches.append(loaded(at / "batch", "bench._batch_load", CONNECTIONS))
    baseline = statistics.median(baselines)
    return [
        _rate(
            "bulk: durable orders over one WebSocket",
            feeds,
            baseline,
            f"one connection to /v1/orders/feed, frames of {FRAME:,} orders, {UNDER_WAY} under way, every "
            "event comes back",
            200_000,
        ),
        _rate(
            f"bulk: POST /v1/orders/batch of {FRAME:,}",
            batches,
            baseline,
            f"{CONNECTIONS} connections, one request under way on each, every order is answered",
            100_000,
        ),
        _views(feeds),
    ]


def _rate(name: str, loads: list[Load], baseline: float, how: str, target: float) -> _table.Result:
    return _table.Result(
        name=name,
        value=statistics.median(load.rate for load in loads),
        unit="orders/s",
        workload=(
            f"{how}; limit orders of one user, half of which trade; acknowledged means durable; views follow "
            f"and snapshots are taken; the client shares the machine; median of {ROUNDS} runs of {SECONDS} s"
        ),
        target=target,
        baseline=baseline,
        baseline_is=(
            "the core and the journal alone, in one thread of one process, with the same orders in batches "
            f"of {FRAME:,}, each of them synced"
        ),
        more={"runs": [round(load.rate) for load in loads]},
    )


def _views(loads: list[Load]) -> _table.Result:
    if lost := sum(load.lost for load in loads):
        raise SystemExit(f"the views lack {lost} orders")
    middle = sorted(loads, key=lambda load: load.followed_rate)[len(loads) // 2]
    return _table.Result(
        name="bulk: orders that the views follow meanwhile",
        value=middle.followed_rate,
        unit="orders/s",
        workload=(
            f"while one WebSocket places {middle.rate:,.0f} orders/s for {SECONDS} s; at its end the views "
            f"were {middle.behind:,} orders behind, {middle.catch_up_s:.1f} s later they had them, and none "
            "was missing"
        ),
        target=30_000,
        baseline=middle.behind / middle.catch_up_s if middle.behind else None,
        baseline_is="the views catching up afterwards, with nothing else to do",
        more={"behind": middle.behind, "catch_up_s": middle.catch_up_s, "lost": lost},
    )


if __name__ == "__main__":
    _table.show(main(), "bulk")
