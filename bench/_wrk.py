"""Closed-loop load from wrk: as many requests as the connections can carry."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

SCRIPT = Path(__file__).with_name("orders.lua")


class Load(NamedTuple):
    """What one run of wrk saw. ``refused`` counts answers that were no 2xx or 3xx."""

    rate: float
    refused: int
    broken: int
    p50_ms: float
    p99_ms: float
    requests: int


class Order(NamedTuple):
    """A request that places an order; without a body it asks for something."""

    path: str
    token: str
    body: str


def write_requests(path: Path, orders: list[Order]) -> Path:
    path.write_text("".join(f"{order.path}\t{order.token}\t{order.body}\n" for order in orders))
    return path


def run(
    url: str, requests: Path, *, connections: int, seconds: int, path: str | None = None, timeout_s: int = 10
) -> Load:
    """Load ``url`` for so many seconds; ``path`` replaces the path that the requests name."""
    if shutil.which("wrk") is None:
        raise SystemExit("The load generator wrk is missing. Install it with: sudo apt-get install wrk")
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--timeout",
        f"{timeout_s}s",
        "-s",
        str(SCRIPT),
        url,
    ]
    command += ["--", str(requests), *([path] if path else [])]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = json.loads(next(line for line in output.splitlines() if line.startswith("RESULT"))[7:])
    rate = found["requests"] / found["seconds"]
    return Load(rate, found["refused"], found["broken"], found["p50_ms"], found["p99_ms"], found["requests"])
