"""The simulator finds what is planted: each fault breaks a promise within some seeds, and it says which."""

from __future__ import annotations

import pytest
from tests.simulation.faults import FAULTS, with_fault
from tests.simulation.plan import parts_of
from tests.simulation.world import run

SEEDS = 100


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name):
    parts, kind = with_fault(parts_of("rules"), name), FAULTS[name][1]
    for seed in range(SEEDS):
        report = run(seed, parts)
        if kind in report.kinds:
            return
    pytest.fail(f"{SEEDS} seeds have not found that the venue {name}: nothing is {kind!r}")


def test_without_a_fault_the_same_seeds_find_nothing():
    assert [str(each) for seed in range(20) if (each := run(seed, parts_of("rules"))).violations] == []
