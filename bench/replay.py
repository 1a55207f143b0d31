"""A replay of a journal: read, unpacked, every hash and every event compared, up to the same state.

``pricetime replay`` runs as a process of its own, its start included. There is no snapshot, so it goes
through everything once.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from bench import _journals
from bench._flows import MIX, Flow, cut, mix
from bench._table import Result
from pricetime.runtime.implementations import pick

COMMANDS: Final = 5_000_000
RUNS: Final = 3


def replay_s(folder: Path) -> tuple[float, float]:
    """Return the seconds of the clock and of both processor cores."""
    started, before = time.perf_counter(), os.times()
    command = [sys.executable, "-m", "pricetime.cli", "replay", "--data", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    used_s = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - started, used_s


def read_s(path: Path) -> float:
    """Return the seconds of reading a file, which is in the system's cache."""
    started = time.perf_counter()
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 20):
            pass
    return time.perf_counter() - started


def apply_s(flow: Flow, batch: int) -> float:
    """Return the seconds of applying the same commands, their events made and dropped."""
    venue, batches = pick("auto")(), cut(flow.setup + flow.commands, batch)
    started = time.perf_counter()
    for commands in batches:
        venue.apply(commands)
    return time.perf_counter() - started


def main(commands: int = COMMANDS) -> list[Result]:
    flow = mix(commands=commands)
    with tempfile.TemporaryDirectory(prefix="pricetime-replay-") as name:
        written = _journals.write(folder := Path(name), flow)
        seconds, processor_s = map(
            statistics.median, zip(*(replay_s(folder) for _ in range(RUNS)), strict=True)
        )
        journal = folder / "journal.db"
        alone_s, size = read_s(journal), journal.stat().st_size
    return [
        Result(
            name="replay: commands",
            value=written / seconds,
            unit="commands/s",
            workload=(
                f"`pricetime replay` of {written:,} commands, {MIX}, in batches of {_journals.BATCH:,}: a "
                f"journal of {size / 1e6:,.0f} MB, in the system's cache; median of {RUNS}"
            ),
            target=1_000_000,
            baseline=written / apply_s(flow, _journals.BATCH),
            baseline_is="the core applying the same commands, without any journal",
            more={
                "seconds": seconds,
                "processor_s": processor_s,
                "reading_the_file_s": alone_s,
                "bytes_per_command": size / written,
            },
        )
    ]


if __name__ == "__main__":
    for result in main(int(sys.argv[1]) if len(sys.argv) > 1 else COMMANDS):
        print(f"{result.name}: {result.value:,.0f} {result.unit} (baseline {result.baseline:,.0f})")
