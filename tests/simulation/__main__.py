"""Run one seed with every step, or hunt for seeds that break a promise.

python -m tests.simulation --seed 17
python -m tests.simulation --minutes 10
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator

from tests.simulation.plan import parts_of, plan_of
from tests.simulation.report import Totals
from tests.simulation.world import World, run

from pricetime.runtime.implementations import available

_TELL_EVERY_S = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--seed", type=int, help="run this seed and print every step")
    what.add_argument("--minutes", type=float, help="hunt for so long")
    what.add_argument("--runs", type=int, help="hunt through so many seeds")
    parser.add_argument("--first", type=int, help="the seed to begin the hunt with; a random one by default")
    parser.add_argument("--core", choices=sorted(available()), default=next(iter(available())))
    options = parser.parse_args()
    if options.seed is not None:
        return show(options.seed, options.core)
    first = random.SystemRandom().randrange(2**40) if options.first is None else options.first
    return hunt(first, options.core, options.minutes, options.runs)


def show(seed: int, core: str) -> int:
    """Run one seed; print its plan, each step, what is wrong, and the hash of its trace."""
    print(plan_of(seed))
    report = World(seed, parts_of(core), tell=print).run()
    print(report if report.violations else f"seed {seed} breaks no promise")
    print(report.totals)
    print(f"trace {report.trace}")
    return 1 if report.violations else 0


def hunt(first: int, core: str, minutes: float | None, runs: int | None) -> int:
    """Run seed after seed until the time is over or one breaks a promise."""
    totals, began = Totals(), time.monotonic()
    print(f"from seed {first}, with the venue of {core}", flush=True)
    told = began
    for seed in _seeds(first, began, minutes, runs):
        report = run(seed, parts_of(core))
        totals.add(report.totals)
        if report.violations:
            print(f"{totals}\n{report}")
            return 1
        if time.monotonic() - told > _TELL_EVERY_S:
            told = time.monotonic()
            print(f"{told - began:5.0f} s  {totals}", flush=True)
    print(f"no promise was broken in {time.monotonic() - began:.0f} s: {totals}")
    return 0


def _seeds(first: int, began: float, minutes: float | None, runs: int | None) -> Iterator[int]:
    seed = first
    while (minutes is None or time.monotonic() < began + 60 * minutes) and (
        runs is None or seed < first + runs
    ):
        yield seed
        seed += 1


if __name__ == "__main__":
    sys.exit(main())
