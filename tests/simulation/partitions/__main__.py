"""Run one seed of the venue in parts with every step, or hunt for seeds that break a promise.

python -m tests.simulation.partitions --seed 17
python -m tests.simulation.partitions --minutes 10
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulation.partitions.world import Totals, World, run


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation.partitions", description=__doc__.splitlines()[0]
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--seed", type=int, help="run this seed and print every step")
    what.add_argument("--minutes", type=float, help="hunt for so long")
    parser.add_argument("--first", type=int, default=0, help="the seed to begin the hunt with")
    options = parser.parse_args()
    if options.seed is not None:
        report = World(options.seed, tell=print).run()
        print(report if report.violations else f"seed {options.seed} breaks no promise")
        print(f"{report.totals}\ntrace {report.trace}")
        return 1 if report.violations else 0
    return hunt(options.first, options.minutes)


def hunt(seed: int, minutes: float) -> int:
    """Run seed after seed until the time is over or one breaks a promise."""
    totals, began = Totals(), time.monotonic()
    while time.monotonic() < began + 60 * minutes:
        report = run(seed)
        totals.add(report.totals)
        if report.violations:
            print(report)
            return 1
        seed += 1
    print(f"no promise was broken up to seed {seed - 1}: {totals}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
