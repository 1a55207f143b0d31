"""Thousands of newcomers on the ten-step journey of the daytrade API, with their load on the same machine."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from bench import _servers
from bench._table import Result

STEPS = 10


class Crowd(NamedTuple):
    """Users who arrive evenly within so many seconds, and the longest mean that their steps should take."""

    users: int
    ramp_s: int
    mean_ms: float


CROWDS = (Crowd(10_000, 15, 500), Crowd(17_000, 45, 50))


def load(port: int, crowd: Crowd) -> dict[str, Any]:
    """Run ``pricetime load`` and return its report; it exits with 1 where requests failed."""
    command = [sys.executable, "-m", "pricetime.cli", "load", "--json", "--url", f"http://127.0.0.1:{port}"]
    command += ["--users", str(crowd.users), "--ramp", str(crowd.ramp_s), "--journey", "daytrade"]
    finished = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    report: dict[str, Any] = json.loads(finished.stdout)
    return report


def findings(data: Path) -> list[str]:
    """Return what ``pricetime check`` finds wrong: money or shares made or lost, views unlike the journal."""
    command = [sys.executable, "-m", "pricetime.cli", "check", "--json", "--data", str(data)]
    finished = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    found: list[str] = json.loads(finished.stdout)["findings"]
    return found


def measured(crowd: Crowd) -> list[Result]:
    """Send a crowd to a venue of its own, then check that venue."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with _servers.venue(data) as port:
            report = load(port, crowd)
        wrong = findings(data)
    *steps, everything = report["latencies"]
    worst = max(steps, key=lambda step: step["p99_ms"])
    name = f"course: {crowd.users:,} users"
    what = (
        f"{crowd.users:,} users within {crowd.ramp_s} s, each on the {STEPS}-step journey, bcrypt cost 4, "
        "open loop, load generator on the same machine"
    )
    return [
        Result(
            name=f"{name}, mean",
            value=everything["mean_ms"],
            unit="ms",
            workload=(
                f"{what}; median {everything['p50_ms']:,.0f} ms, "
                f"99th percentile {everything['p99_ms']:,.0f} ms, "
                f"the slowest step's ({worst['name']}) {worst['p99_ms']:,.0f} ms; "
                f"{report['requests_per_s']:,.0f} requests/s of {crowd.users * STEPS / crowd.ramp_s:,.0f} due"
            ),
            target=crowd.mean_ms,
            at_most=True,
            more={"latencies": report["latencies"], "seconds": report["seconds"]},
        ),
        Result(
            name=f"{name}, errors",
            value=report["errors"] + len(wrong),
            unit="errors",
            workload=(
                f"{what}; every answer checked, then all that the venue holds: money and shares conserved, "
                "the books and the views what the journal says"
            ),
            target=0,
            at_most=True,
            more={"failures": report["failures"], "findings": wrong},
        ),
    ]


def main() -> list[Result]:
    return [result for crowd in CROWDS for result in measured(crowd)]
