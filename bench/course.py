"""A thousand newcomers on the ten-step journey of the daytrade API, all within five seconds."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import _servers
from bench._table import Result

USERS = 1_000
RAMP_S = 5
STEPS = 10


def load(port: int) -> dict[str, Any]:
    """Run ``pricetime load`` and return its report; it exits with 1 where requests failed."""
    command = [sys.executable, "-m", "pricetime.cli", "load", "--json", "--url", f"http://127.0.0.1:{port}"]
    command += ["--users", str(USERS), "--ramp", str(RAMP_S), "--journey", "daytrade"]
    finished = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    report: dict[str, Any] = json.loads(finished.stdout)
    return report


def main() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder, _servers.venue(Path(folder) / "data") as port:
        report = load(port)
    what = f"{USERS:,} users within {RAMP_S} s, each on the {STEPS}-step journey, bcrypt cost 4, open loop"
    worst = max(step["p99_ms"] for step in report["latencies"])
    return [
        Result(
            name="course: errors",
            value=report["errors"],
            unit="errors",
            workload=f"{what}; every answer checked",
            target=0,
            at_most=True,
            more={"failures": report["failures"]},
        ),
        Result(
            name="course: requests",
            value=report["requests_per_s"],
            unit="requests/s",
            workload=f"{what}; slowest step's 99th percentile {worst:,.0f} ms",
            baseline=USERS * STEPS / RAMP_S,
            baseline_is="the rate at which the users would ask if they were answered at once",
            more={"latencies": report["latencies"], "seconds": report["seconds"]},
        ),
    ]
