"""What a venue keeps in memory, as the system sees it: the growth of a fresh process.

``python -m bench.memory WHAT CORE COUNT`` measures one: WHAT is "orders" (that rest on a thousand price
levels) or "accounts" (each with money and shares of two stocks), CORE what the setting ``core`` may be. It
prints by how many bytes each of them made the process grow.
"""

from __future__ import annotations

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

ORDERS: Final = 10_000_000
ACCOUNTS: Final = 5_000_000
RULES_COUNT: Final = 100_000
STOCKS: Final = 2
OWNERS: Final = 1_000
WARM: Final = 20_000
"""So many come before the first look, so that what the process needs anyway is not counted."""


def bytes_each(what: str, core: str, count: int) -> float:
    """Return what another process measures."""
    command = [sys.executable, "-m", "bench.memory", what, core, str(count)]
    return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def accounts(count: int) -> Iterator[tuple[int, Commands]]:
    """Yield how many accounts have all their holdings already, and what comes next."""
    batches_each = 2 + STOCKS  # to open accounts, to bring money, and shares of each stock
    for at, commands in enumerate(opening(count, STOCKS)):
        yield at // batches_each * SETUP_BATCH, commands


def orders(count: int) -> Iterator[tuple[int, Commands]]:
    """Yield how many orders rest already, and what comes next."""
    for commands in opening(OWNERS, stocks=1):
        yield 0, commands
    dice, made = np.random.default_rng(1), 0
    for size in told("Resting orders", count, SETUP_BATCH):
        yield made, resting_orders(dice, size, OWNERS)
        made += size


def most_bytes(venue: Venue, count: int, batches: Iterator[tuple[int, Commands]]) -> float:
    """Return the most memory per order or account there was, once there were half of them."""
    before, most = resident_bytes(), 0.0
    for made, commands in batches:
        if made >= count // 2:
            most = max(most, (resident_bytes() - before) / made)
        first = venue.sequence + 1
        venue.apply(stamp(commands.tobytes(), first, now_ns=first))
    return max(most, (resident_bytes() - before) / count)


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure_here(what: str, core: str, count: int) -> float:
    """Return the bytes that each of ``count`` orders or accounts makes this process grow by, at most."""
    batches = {"orders": orders, "accounts": accounts}[what]
    most_bytes(warm := pick(core)(), WARM, batches(WARM))
    found = most_bytes(pick(core)(), count, batches(count))
    assert warm.sequence, "what warmed the process up is kept, so that its memory is not used again"
    return found


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
                f"growth of a fresh process with the core, divided by the number of {what}: the most at any "
                f"number from {count // 2:,} to {count:,}, for an index takes twice the memory when it grows"
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
