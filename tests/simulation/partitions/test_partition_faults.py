"""The simulation finds what is planted in a host or in the store, and says what it breaks."""

from __future__ import annotations

import pytest
from tests.simulation.partitions.faults import FAULTS
from tests.simulation.partitions.world import run

SEEDS = 150


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name: str) -> None:
    parts, kinds = FAULTS[name]
    for seed in range(SEEDS):
        if run(seed, parts).kinds & kinds:
            return
    pytest.fail(f"{SEEDS} seeds have not found that a partition {name}")
