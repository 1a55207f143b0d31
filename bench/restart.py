"""A restart: from the start of ``pricetime serve`` to the moment when it takes orders.

The journal is one of the mix, and the snapshot as old as it gets: almost a whole interval of commands must be
replayed after it. The venue was killed, so it could not take a last snapshot. Its views are empty, and their
process, which starts within that time, fills them while the venue serves.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from bench import _journals
from bench._flows import MIX, mix
from bench._servers import free_port
from bench._table import Result
from pricetime.settings import Settings

COMMANDS: Final = 10_000_000
RESTING: Final = 1_000_000
RUNS: Final = 3


def start_s(folder: Path) -> float:
    """Return the seconds until the venue serves; it is killed then."""
    command = [sys.executable, "-m", "pricetime.cli", "serve", "--json", "--data", str(folder)]
    environment = os.environ | {"PRICETIME_PORT": str(free_port()), "PRICETIME_LOG_LEVEL": "warning"}
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["url"], "the venue did not start"
        return time.perf_counter() - started
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # and the process of its views
        process.wait()


def main(commands: int = COMMANDS) -> list[Result]:
    # A little less than an interval: the venue must not start a program that takes the next one.
    after = min(Settings().snapshot_every * 99 // 100, commands // 2)
    with tempfile.TemporaryDirectory(prefix="pricetime-restart-") as name:
        folder = Path(name)
        flow = mix(commands=commands, resting=RESTING)
        written = _journals.write(folder, flow, snapshot_before_end=after)
        journal_mb = (folder / "journal.db").stat().st_size / 1e6
        start_s(folder)  # makes the keys and the file of users
        runs = [start_s(folder) for _ in range(RUNS)]
        (folder / "snapshots").rename(folder / "away")
        full = start_s(folder)
    return [
        Result(
            name="restart: with a snapshot",
            value=statistics.median(runs),
            unit="s",
            workload=(
                f"`pricetime serve` until it takes orders, after {written:,} commands, {MIX}, {RESTING:,} "
                f"orders resting, {after:,} of them after the snapshot ({journal_mb:,.0f} MB of journal); "
                f"median of {RUNS}"
            ),
            target=3,
            at_most=True,
            baseline=full,
            baseline_is="the same without a snapshot",
            more={"runs": runs, "journal_bytes_per_command": journal_mb * 1e6 / written},
        )
    ]


if __name__ == "__main__":
    for result in main(int(sys.argv[1]) if len(sys.argv) > 1 else COMMANDS):
        print(f"{result.name}: {result.value:.2f} {result.unit} (without one {result.baseline:.2f} s)")
