"""A share of the seeds, for each implementation of the rules; and a seed is one run, always the same."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tests.simulation.plan import parts_of, plan_of
from tests.simulation.report import Totals
from tests.simulation.world import World, run

from pricetime.runtime.implementations import available

CORES = sorted(available())
SEEDS_A_TEST = 50
SHARES = {"core": 10, "rules": 2} if "core" in CORES else {"rules": 12}


def trace_of(seed: int, core: str) -> list[str]:
    lines: list[str] = []
    report = World(seed, parts_of(core), tell=lines.append).run()
    return [*lines, report.trace]


@pytest.mark.parametrize(
    ("core", "share"), [(core, share) for core in SHARES for share in range(SHARES[core])]
)
def test_no_seed_breaks_a_promise(core, share):
    totals = Totals()
    for seed in range(share * SEEDS_A_TEST, (share + 1) * SEEDS_A_TEST):
        report = run(seed, parts_of(core))
        assert not report.violations, str(report)
        totals.add(report.totals)
    print(totals)
    assert min(totals.power_cuts, totals.kills, totals.torn_writes, totals.retries, totals.reads) > 0


def test_a_seed_gives_the_same_steps_and_the_same_answers_twice():
    for seed in range(20, 30):
        assert trace_of(seed, CORES[0]) == trace_of(seed, CORES[0])


def test_another_seed_gives_another_trace():
    assert len({run(seed, parts_of(CORES[0])).trace for seed in range(10)}) == 10


@pytest.mark.skipif(len(CORES) < 2, reason="the compiled core is not installed")
def test_both_implementations_give_one_trace():
    for seed in range(30, 50):
        assert run(seed, parts_of("core")).trace == run(seed, parts_of("rules")).trace


def test_a_seed_is_the_same_run_in_another_process():
    seed = next(seed for seed in range(100) if len(plan_of(seed).crashes) >= 3)
    command = [sys.executable, "-m", "tests.simulation", "--seed", str(seed), "--core", CORES[0]]
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        said = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout
        assert said.splitlines()[-1] == f"trace {trace_of(seed, CORES[0])[-1]}"


def test_the_failure_of_a_seed_says_how_to_run_it_again():
    report = run(3, parts_of(CORES[0]))
    report.blame("lost", "command 5 was answered and is gone")
    assert "seed 3 breaks a promise:\n  lost: command 5" in str(report)
    assert f"python -m tests.simulation --seed 3 --core {CORES[0]}" in str(report)
