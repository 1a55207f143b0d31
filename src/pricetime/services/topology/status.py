"""What runs of a topology, for people and programs."""

from __future__ import annotations

import time
from typing import NamedTuple

from pricetime.services.topology.plan import Layout
from pricetime.services.topology.record import Record
from pricetime.services.topology.supervision import Supervisor


class Status(NamedTuple):
    """One process. ``pid`` and ``up_s`` are 0 where it does not run."""

    name: str
    kind: str
    state: str
    port: int | None
    pid: int
    up_s: int


def statuses(layout: Layout, record: Record) -> list[Status]:
    """Return the status of every part, in the order of the record; TopologyFailed."""
    states = Supervisor(layout.socket).states()
    now = time.time()
    return [
        Status(
            part.name,
            part.kind,
            states[part.name].state.lower(),
            part.port,
            states[part.name].pid,
            int(now - states[part.name].since) if states[part.name].pid else 0,
        )
        for part in record.parts
    ]
