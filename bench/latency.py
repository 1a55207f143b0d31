"""How long orders wait to be durable as the load grows, up to nearly all that the venue can take.

What it can take is measured first (wrk, closed loop). Then orders leave at their own times, at ever larger
shares of that (open loop), and a wait counts from when an order was due to when it was answered.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Final

from bench import _open_loop, _servers, _wrk
from bench._table import Result
from bench.http import CONNECTIONS, USERS, prepare, v1_orders

SHARES: Final = (0.1, 0.25, 0.5, 0.65, 0.8, 0.9)
ROUNDS: Final = 3
SECONDS: Final = 5


def most(port: int, requests: Path) -> float:
    """Return the median rate over the rounds, of as many orders as the connections can carry."""
    url = f"http://127.0.0.1:{port}"
    loads = [_wrk.run(url, requests, connections=CONNECTIONS, seconds=SECONDS) for _ in range(ROUNDS)]
    return statistics.median(load.rate for load in loads)


def main() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder, _servers.venue(Path(folder) / "data") as port:
        orders = v1_orders(*prepare(port))
        rate = most(port, _wrk.write_requests(Path(folder) / "orders.txt", orders))
        waits = [
            _open_loop.run(port, orders, rate=rate * share, seconds=SECONDS, connections=CONNECTIONS)
            for share in SHARES
        ]
    if refused := sum(each.refused for each in waits):
        raise SystemExit(f"{refused} orders were refused")
    high = SHARES.index(0.8)
    return [
        Result(
            name="latency: 99th percentile at 80% load",
            value=waits[high].p99_ms,
            unit="ms",
            workload=(
                f"POST {orders[0].path}, {USERS} users, one stock, open loop over {CONNECTIONS} connections, "
                f"{SECONDS} s at each of {len(SHARES)} shares of {rate:,.0f} orders/s, from due to "
                f"answered and durable; here {waits[high].rate:,.0f} orders/s"
            ),
            baseline=waits[0].p99_ms,
            baseline_is=f"the same at {SHARES[0]:.0%}",
            more={
                "waits_by_load": [
                    {
                        "load": share,
                        "orders_per_s": each.rate,
                        "p50_ms": each.p50_ms,
                        "p90_ms": each.p90_ms,
                        "p99_ms": each.p99_ms,
                        "p99.9_ms": each.p999_ms,
                    }
                    for share, each in zip(SHARES, waits, strict=True)
                ]
            },
        )
    ]
