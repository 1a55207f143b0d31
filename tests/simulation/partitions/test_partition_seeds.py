"""Three thousand seeds of the venue in parts; and a seed is one run, always the same."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tests.simulation.partitions.world import Parts, Totals, World, run

SHARES = {"auto": 24, "rules": 6}
SEEDS_A_SHARE = 100


@pytest.mark.parametrize(
    ("core", "share"), [(core, share) for core, shares in SHARES.items() for share in range(shares)]
)
def test_no_seed_breaks_a_promise(core: str, share: int) -> None:
    totals = Totals()
    for seed in range(share * SEEDS_A_SHARE, (share + 1) * SEEDS_A_SHARE):
        report = run(seed, Parts(core=core))
        assert not report.violations, str(report)
        totals.add(report.totals)
    print(totals)
    assert min(vars(totals).values()) > 0


def trace_of(seed: int, core: str = "auto") -> list[str]:
    lines: list[str] = []
    report = World(seed, Parts(core=core), tell=lines.append).run()
    return [*lines, report.trace]


def test_a_seed_gives_the_same_steps_twice() -> None:
    for seed in range(20, 30):
        assert trace_of(seed) == trace_of(seed)


def test_both_implementations_give_one_trace() -> None:
    for seed in range(30, 50):
        assert trace_of(seed, "auto") == trace_of(seed, "rules")


def test_another_seed_gives_another_trace() -> None:
    assert len({run(seed).trace for seed in range(10)}) == 10


def test_a_seed_is_the_same_run_in_another_process() -> None:
    seed = next(seed for seed in range(100) if run(seed).totals.fights > 3)
    command = [sys.executable, "-m", "tests.simulation.partitions", "--seed", str(seed)]
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        said = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout
        assert said.splitlines()[-1] == f"trace {trace_of(seed)[-1]}"


def test_the_failure_of_a_seed_says_how_to_run_it_again() -> None:
    report = run(3)
    report.violations.append("lost: command 5 is not answered")
    assert "seed 3 breaks a promise:\n  lost: command 5" in str(report)
    assert "python -m tests.simulation.partitions --seed 3" in str(report)
