"""The reference rules alone: no journal, no network, one core of the processor.

The flows are those that the core is measured with (``bench._flows``).
"""

from __future__ import annotations

import statistics
import time
from typing import Final

from bench._flows import BATCH, MIX, mix, per_command_s
from bench._table import Result
from pricetime.records.fields import COMMAND, COMMAND_BYTES, EVENT
from pricetime.rules import Venue

COMMANDS: Final = 100_000
PASSES: Final = 3


def codec_s(commands: bytes) -> float:
    """Return the seconds per command of reading its record and writing two events, with no rules at all."""
    blank = (1, *(0,) * 23, bytes(16))
    started = time.process_time()
    packed = [EVENT.pack(*blank) + EVENT.pack(*blank) for _ in COMMAND.iter_unpack(commands)]
    b"".join(packed)
    return (time.process_time() - started) / (len(commands) // COMMAND_BYTES)


def main() -> list[Result]:
    small = mix(commands=COMMANDS)
    cost = per_command_s(small, Venue, PASSES)
    codec = statistics.median(codec_s(small.commands) for _ in range(PASSES))
    large_cost = per_command_s(mix(resting=1_000_000, commands=COMMANDS), Venue, passes=1)
    return [
        Result(
            name="rules: commands",
            value=1 / cost,
            unit="commands/s",
            workload=f"{COMMANDS:,} commands, {MIX}, one stock, 1,000 orders resting, batches of {BATCH}",
            target=80_000,
            baseline=1 / codec,
            baseline_is="the same records read and two events written for each, without any rules",
        ),
        Result(
            name="rules: cost with 1,000,000 resting",
            value=large_cost * 1e6,
            unit="µs/command",
            workload="the same mix with 1,000,000 resting orders over 1,000 price levels",
            target=2,
            at_most=True,
            target_is_ratio=True,
            baseline=cost * 1e6,
            baseline_is="the same mix with 1,000 resting orders",
        ),
    ]
