"""Each harm of ``make chaos`` once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.chaos.services import KILLS, PAUSES, RESTARTS, Harm, chaos, table
from tests.support.topology import Topology

TOGETHER = [Harm("pause", parts) for parts in (("redis", "engine-1"), ("nginx", "ledger-1"))]
"""Those of different kinds are paused together here, which takes half the time."""


@pytest.fixture
def harmed(tmp_path: Path) -> Iterator[Topology]:
    with Topology(tmp_path / "data") as running:
        running.up()
        yield running


def test_whatever_is_harmed_every_order_is_there_once_and_all_adds_up(
    harmed: Topology, capsys: pytest.CaptureFixture[str]
) -> None:
    together = {part for harm in TOGETHER for part in harm.parts}
    alone = [harm for harm in PAUSES if together.isdisjoint(harm.parts)]
    said: list[str] = []
    told = chaos(harmed, [*KILLS, *TOGETHER, *alone, *RESTARTS], said.append)
    with capsys.disabled():
        print(f"\n{table(told)}")
    assert len(said) == len(KILLS) + len(TOGETHER) + len(alone) + len(RESTARTS)
