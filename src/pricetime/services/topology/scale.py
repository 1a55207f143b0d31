"""Changes how many processes of a service run, while the venue serves.

::

    more    program ─> supervisor ─> ready ─> nginx leads to it ─> recorded
    fewer   no longer recorded ─> nginx leads to it no more ─> it stops, handing over ─> forgotten

nginx is told only where it speaks to the service: hosts of partitions find each other. It lets go of a
process before that stops: workers with the old configuration finish what they have begun, streams are closed
after some seconds and come back. So nothing is sent to a process that is not there.

So what an interrupted command has left behind half done is not recorded: the next command leads nginx past it
and ends it, or `pricetime down` does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence, Set
from functools import partial
from typing import Final

import msgspec

from pricetime.errors import TopologyFailed
from pricetime.services.topology.plan import API, SERVICES, Instance, Layout, scale_of
from pricetime.services.topology.ports import free_ports
from pricetime.services.topology.prepare import DOOR, part_of, service_program, write_door
from pricetime.services.topology.probes import Prober
from pricetime.services.topology.processes import find, group_of
from pricetime.services.topology.readiness import tail, until_ready
from pricetime.services.topology.record import Record, locked, running_record, write_record
from pricetime.services.topology.supervision import STOPPED, Supervisor, drop_program, write_program

Told = Callable[[str], None]

_LOOK_S: Final = 0.05
_MARGIN_S: Final = 5.0


def scale(layout: Layout, wanted: Mapping[str, int], told: Told) -> Record:
    """Let so many processes of each service run, and return what runs; those not named stay as they are.

    TopologyFailed where a process does not become ready or does not stop, SettingError, and TopologyRuns
    where another command is at it.
    """
    with locked(layout.scaling):
        record = running_record(layout)
        scaling = _Scaling(layout, record, told)
        scaling.clear_up()
        return scaling.to(scale_of(wanted, record.scale))


class _Scaling:
    """One change of a running topology."""

    def __init__(self, layout: Layout, record: Record, told: Told) -> None:
        self._layout = layout
        self._record = record
        self._settings = record.settings
        self._told = told
        self._supervisor = Supervisor(layout.socket)

    def clear_up(self) -> None:
        """End what is not recorded, after nginx has let go of it."""
        if left := self._unrecorded():
            self._tell_door({name.rpartition("-")[0] for name in left}, self._record.instances)
            self._end(left)

    def _unrecorded(self) -> list[str]:
        recorded = {part.name for part in self._record.parts}
        return [name for name in self._supervisor.states() if name not in recorded]

    def to(self, counts: Mapping[str, int]) -> Record:
        """Add and take away."""
        there = self._record.instances
        surplus = [each for each in there if each.number > counts[each.service]]
        missing = [
            (service, number)
            for service, count in counts.items()
            for number in range(1, count + 1)
            if (service, number) not in {(each.service, each.number) for each in there}
        ]
        ports = free_ports(len(missing))
        if missing:
            self._add([Instance(*which, port) for which, port in zip(missing, ports, strict=True)])
        if surplus:
            self._take_away(surplus)
        return self._record

    def _add(self, new: Sequence[Instance]) -> None:
        names = [each.name for each in new]
        self._told(f"starting {', '.join(names)}")
        try:
            for each in new:
                program = service_program(each, self._layout, self._settings, self._record.servers)
                write_program(self._layout, program, self._settings)
                self._supervisor.add(each.name)
                self._supervisor.start(each.name)
            prober = Prober(self._layout.certs, self._record.url)
            parts = [part_of(each) for each in new]
            asyncio.run(until_ready(parts, prober, self._supervisor, self._layout, self._settings))
        except TopologyFailed:
            self._end(self._unrecorded())
            raise
        instances = [*self._record.instances, *new]
        self._tell_door({each.service for each in new}, instances)
        self._keep(instances)

    def _take_away(self, surplus: Sequence[Instance]) -> None:
        names = [each.name for each in surplus]
        rest = [each for each in self._record.instances if each not in surplus]
        self._keep(rest)
        self._tell_door({each.service for each in surplus}, rest)
        self._told(f"stopping {', '.join(names)}")
        self._end(names)

    def _keep(self, instances: Sequence[Instance]) -> None:
        """Record the processes of services, where and in the order in which `pricetime up` does."""
        ordered = sorted(instances, key=lambda each: (SERVICES.index(each.service), each.number))
        others = [part for part in self._record.parts if part.kind != "service"]
        servers = [part for part in others if part.kind == "server"]
        parts = (*servers, *map(part_of, ordered), *others[len(servers) :])
        self._record = msgspec.structs.replace(self._record, parts=parts)
        write_record(self._layout, self._record)

    def _end(self, names: Sequence[str]) -> None:
        """Stop what runs under these names, and let the supervisor forget it."""
        self._stop(names)
        for name in names:
            drop_program(self._layout, name)
            self._supervisor.remove(name)

    def _stop(self, names: Sequence[str]) -> None:
        for name in names:
            self._supervisor.stop(name)
        self._wait(partial(self._are_stopped, names), "it has not stopped", *names)

    def _are_stopped(self, names: Sequence[str]) -> bool:
        states = self._supervisor.states()
        return all(states[name].state in STOPPED for name in names)

    def _tell_door(self, changed: Set[str], instances: Sequence[Instance]) -> None:
        """Let nginx lead to these from now on: return when no worker of it knows others."""
        if changed.isdisjoint(API):
            return
        record = self._record
        is_tls = record.url.startswith("https:")
        write_door(self._layout, self._settings, instances, record.port_of(DOOR), is_tls=is_tls)
        master = find(self._supervisor.states()[DOOR].pid)

        def workers() -> set[int]:
            if master is None:
                return set()
            group = group_of(master.pid, master.started, record.supervisor)
            return {each.pid for each in group} - {master.pid}

        before = workers()
        self._supervisor.signal(DOOR, "HUP")
        self._wait(lambda: before.isdisjoint(workers()), "it works on with what it knew before", DOOR)

    def _wait(self, is_done: Callable[[], bool], otherwise: str, *names: str) -> None:
        patience_s = self._settings.stop_timeout_s + _MARGIN_S
        deadline = time.monotonic() + patience_s
        while not is_done():
            if time.monotonic() > deadline:
                raise TopologyFailed(
                    f"{', '.join(names)}: {otherwise} after {patience_s:.0f} s. Its log, "
                    f"{self._layout.logs / names[0]}.log, ends with:\n{tail(self._layout, names[0])}"
                )
            time.sleep(_LOOK_S)
