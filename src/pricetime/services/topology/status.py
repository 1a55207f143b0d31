"""What runs of a topology: what the supervisor says of each part, what it says itself, and what it uses."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from typing import Final

import msgspec

from pricetime.services.topology.plan import Layout
from pricetime.services.topology.probes import PATIENCE_S, Prober
from pricetime.services.topology.processes import usages
from pricetime.services.topology.record import Kind, Record
from pricetime.services.topology.supervision import RUNNING, Supervisor

_OVER_S: Final = 0.5
_BEGAN: Final = "supervisord started"
_ENDED: Final = re.compile(r" exited: (\S+) \(")


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """One process. ``pid``, ``up_s``, ``cpu`` and ``memory_bytes`` are 0 where it does not run."""

    name: str
    kind: Kind
    state: str
    """The supervisor's word: running, starting, backoff, stopping, stopped, exited, fatal."""
    pid: int
    up_s: int
    port: int | None
    is_ready: bool
    """Whether it says itself that it can do its work."""
    why: str
    """Why it cannot; empty where it can."""
    restarts: int
    """How often it has ended unasked since `pricetime up`."""
    cpu: float
    """Processors that it and what it has started use now: 1 is one."""
    memory_bytes: int
    """Of all of these."""


def statuses(layout: Layout, record: Record) -> list[Status]:
    """Return the status of every part, in the order of the record; TopologyFailed."""
    return asyncio.run(_statuses(layout, record))


async def _statuses(layout: Layout, record: Record) -> list[Status]:
    states = Supervisor(layout.socket).states()
    pids = {name: state.pid for name, state in states.items() if state.pid}
    prober = Prober(layout.certs, record.url)
    before, began_s = usages(pids.values()), time.monotonic()
    parts = [part for part in record.parts if part.name in states]
    failures, _ = await asyncio.gather(
        asyncio.gather(*(prober.unready(part, PATIENCE_S) for part in parts)), asyncio.sleep(_OVER_S)
    )
    after, passed_s = usages(pids.values()), time.monotonic() - began_s
    restarts, now = _restarts(layout), time.time()
    found = []
    for part, failure in zip(parts, failures, strict=True):
        state = states[part.name]
        then, used = before.get(state.pid), after.get(state.pid)
        why = failure if state.state == RUNNING else state.said or state.state.lower()
        found.append(
            Status(
                name=part.name,
                kind=part.kind,
                state=state.state.lower(),
                pid=state.pid,
                up_s=int(now - state.since) if state.pid else 0,
                port=part.port,
                is_ready=not why,
                why=why,
                restarts=restarts[part.name],
                cpu=round((used.cpu_s - then.cpu_s) / passed_s, 3) if used and then else 0.0,
                memory_bytes=used.memory_bytes if used else 0,
            )
        )
    return found


def _restarts(layout: Layout) -> Counter[str]:
    """Return how often each program has ended unasked, as the supervisor's log tells since it began."""
    text = (layout.logs / "supervisord.log").read_text("utf-8", "replace")
    return Counter(_ENDED.findall(text[max(0, text.rfind(_BEGAN)) :]))
