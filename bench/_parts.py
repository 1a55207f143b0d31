"""What the parts of a topology have spent, as ``/proc`` and their own ``/metrics`` tell.

Counts are by *kind*: all processes of a service together, and each server with all that it has started.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

import httpx2
from tests.support.topology import Topology

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
SAMPLE = re.compile(r'^(\w+)(?:\{(?:command|exchange)="([^"]*)"\})? (\S+)$')
COUNTED = {
    "pricetime_mongo_commands_total": "commands",
    "pricetime_broker_published_total": "published",
    "pricetime_broker_received_total": "received",
    "pricetime_commands_total": "answered",
}
STAND_IN = "mongodb"
"""Written in Python; its processor time says nothing about MongoDB's, which is judged by its round trips."""
LOOK_S = 0.05
PATIENCE_S = 120

Key = tuple[str, str]
"""A kind of part, and what is counted of it."""


class Spent(NamedTuple):
    """Counts since some moment. ``cpu`` is in seconds."""

    cpu: Counter[Key]
    commands: Counter[Key]
    """Commands to MongoDB, by their name."""
    published: Counter[Key]
    """Messages to RabbitMQ, by their exchange."""
    received: Counter[Key]
    answered: Counter[Key]
    """Commands of clients: an order is one."""
    at_s: float

    def since(self, before: Spent) -> Spent:
        return self._less(before, 1)

    def beyond(self, idle: Spent) -> Spent:
        """Return what was spent beyond what is spent in such a time when nothing is asked."""
        return self._less(idle, self.at_s / idle.at_s)._replace(at_s=self.at_s)

    def _less(self, other: Spent, times: float) -> Spent:
        counters = [
            Counter({key: count - times * theirs[key] for key, count in own.items()})
            for own, theirs in zip(self[:-1], other[:-1], strict=True)
        ]
        return Spent(*counters, self.at_s - other.at_s)


class Parts:
    """The parts of a topology that runs."""

    def __init__(self, topology: Topology) -> None:
        states, record = topology.supervisor.states(), topology.record
        self._pids = {part.name: states[part.name].pid for part in record.parts}
        self._ports = {part.name: part.port for part in record.parts if part.kind == "service"}
        self._client = httpx2.Client(verify=topology.trusting(), timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def spent(self) -> Spent:
        """Return what was spent since the start."""
        spent = Spent(Counter(), Counter(), Counter(), Counter(), Counter(), time.perf_counter())
        children = _children()
        for name, pid in self._pids.items():
            spent.cpu[_kind(name), ""] += sum(map(_cpu_s, _family(pid, children)))
        for name in self._ports:
            for sample, label, value in self._samples(name):
                if sample in COUNTED:
                    getattr(spent, COUNTED[sample])[_kind(name), label] += value
        return spent

    def settle(self) -> None:
        """Return when every command that was taken is answered."""
        deadline = time.monotonic() + PATIENCE_S
        while any(self._queued(name) for name in self._ports):
            if time.monotonic() > deadline:
                raise SystemExit("commands are not answered")
            time.sleep(LOOK_S)

    def _queued(self, name: str) -> float:
        return sum(value for sample, _, value in self._samples(name) if sample == "pricetime_queued_commands")

    def _samples(self, name: str) -> Iterator[tuple[str, str, float]]:
        page = self._client.get(f"https://127.0.0.1:{self._ports[name]}/metrics").text
        for line in page.splitlines():
            if found := SAMPLE.match(line):
                yield found[1], found[2] or "", float(found[3])


def waited(parts: Parts, seconds: float) -> Spent:
    """Return what is spent in some seconds without any request."""
    before = parts.spent()
    time.sleep(seconds)
    return parts.spent().since(before)


def _kind(name: str) -> str:
    service, _, number = name.rpartition("-")
    return service if number.isdigit() else name


def _family(pid: int, children: dict[int, list[int]]) -> Iterator[int]:
    yield pid
    for child in children[pid]:
        yield from _family(child, children)


def _children() -> dict[int, list[int]]:
    found = defaultdict(list)
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            with contextlib.suppress(OSError):
                found[int(_stat(int(path.name))[1])].append(int(path.name))
    return found


def _cpu_s(pid: int) -> float:
    """Return the processor time of a process and of the children that have ended."""
    try:
        return sum(map(int, _stat(pid)[11:15])) * TICK_S
    except OSError:
        return 0.0


def _stat(pid: int) -> list[str]:
    """Return what ``/proc/PID/stat`` tells from the state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
