"""What a venue keeps in memory, as the system sees it: the growth of a fresh process.

``python -m bench.memory WHAT CORE COUNT`` measures one: WHAT is "orders" (that rest on a thousand price
levels) or "accounts" (each with money and shares of two stocks), CORE what the setting ``core`` may be. It
prints by how many bytes each of them made the process grow.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from bench._flows import resting_orders, told
from bench._recorder import SETUP_BATCH, Commands, opening
from bench._table import Result
from pricetime.runtime.implementations import pick
from pricetime.runtime.stamping import stamp
from pricetime.runtime.venue import Venue

ORDERS: Final = 10_100_000
ACCOUNTS: Final = 5_100_000
"""Just past a doubling of the core's indexes: what memory is shared among the fewest."""
RULES_COUNT: Final = 100_000
OWNERS: Final = 1_000
WARM: Final = 20_000
"""So many come before the first look, so that what the process needs anyway is not counted."""


def bytes_each(what: str, core: str, count: int) -> float:
    """Return what another process measures."""
    command = [sys.executable, "-m", "bench.memory", what, core, str(count)]
    return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def accounts(count: int) -> Iterator[Commands]:
    yield from opening(count, stocks=2)


def orders(count: int) -> Iterator[Commands]:
    yield from opening(OWNERS, stocks=1)
    dice = np.random.default_rng(1)
    for size in told("Resting orders", count, SETUP_BATCH):
        yield resting_orders(dice, size, OWNERS)


def fill(venue: Venue, batches: Iterator[Commands]) -> None:
    for commands in batches:
        first = venue.sequence + 1
        venue.apply(stamp(commands.tobytes(), first, now_ns=first))


def resident_bytes() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure_here(what: str, core: str, count: int) -> float:
    """Return the bytes that each of ``count`` orders or accounts makes this process grow by."""
    batches = {"orders": orders, "accounts": accounts}[what]
    warm, venue = pick(core)(), pick(core)()
    fill(warm, batches(WARM))
    before = resident_bytes()
    fill(venue, batches(count))
    return (resident_bytes() - before) / count


def main() -> list[Result]:
    rows = (
        ("orders", "a resting order", ORDERS, 160),
        ("accounts", "an account with two holdings", ACCOUNTS, 200),
    )
    return [
        Result(
            name=f"memory: {name}",
            value=bytes_each(what, "compiled", count),
            unit="bytes",
            workload=(
                f"growth of a fresh process with the core by {count:,} {what}, divided by their number: "
                "one at which the indexes have just doubled"
            ),
            target=target,
            at_most=True,
            baseline=bytes_each(what, "rules", RULES_COUNT),
            baseline_is=f"the reference rules with {RULES_COUNT:,} {what}",
        )
        for what, name, count, target in rows
    ]


if __name__ == "__main__":
    print(measure_here(sys.argv[1], sys.argv[2], int(sys.argv[3])))
