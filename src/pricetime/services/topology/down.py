"""Ends a topology: the watcher, services, nginx, then the servers, the supervisor last. Data stays.

Where the supervisor was killed, what it left behind is ended instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from pricetime.errors import TopologyFailed
from pricetime.services.topology.plan import Layout
from pricetime.services.topology.processes import end
from pricetime.services.topology.record import Record, locked, read_record, what_runs
from pricetime.services.topology.supervision import STOPPED, Supervisor
from pricetime.settings import Settings

_LOOK_S: Final = 0.05
_MARGIN_S: Final = 5.0
_STOPS: Final = 4
"""How often a command that scales may wait until something has stopped."""
_ORDER: Final = ("watcher", "service", "door", "server")


def bring_down(layout: Layout, settings: Settings, told: Callable[[str], None]) -> bool:
    """End what runs in a folder; return whether anything did. TopologyRuns while it is being started."""
    if not layout.data.is_dir():
        raise TopologyFailed(f"There is no venue in {layout.data}. Name its folder with --data.")
    with locked(layout.lock):
        record = read_record(layout)
        ran = record is not None and record.runs
        return take_down(layout, settings, told) > 0 or ran


def bring_down_own(layout: Layout, record: Record, settings: Settings, told: Callable[[str], None]) -> None:
    """End what was started as ``record`` and may have been scaled, ended or started anew by others since.

    It waits for who is at it; TopologyRuns where that takes longer than scaling may.
    """
    with locked(layout.lock, settings.start_timeout_s + _STOPS * settings.stop_timeout_s, told):
        now = read_record(layout)
        if now is None or (now.supervisor, now.started) == (record.supervisor, record.started):
            take_down(layout, settings, told)


def take_down(layout: Layout, settings: Settings, told: Callable[[str], None]) -> int:
    """End what runs, as above; the caller has the lock. Return how many processes had been left behind."""
    record = read_record(layout)
    if record is not None and record.runs:
        _stop_in_order(layout, record, settings, told)
    left = end(partial(what_runs, layout, record), settings.stop_timeout_s)
    layout.run.unlink(missing_ok=True)
    layout.socket.unlink(missing_ok=True)
    return left


def _stop_in_order(layout: Layout, record: Record, settings: Settings, told: Callable[[str], None]) -> None:
    """Stop each kind of part before the next. Where the supervisor fails, what is left is left to others."""
    supervisor = Supervisor(layout.socket)
    patience_s = settings.stop_timeout_s + _MARGIN_S
    kinds = {part.name: part.kind for part in record.parts}
    try:
        for kind in _ORDER:
            # What is not recorded is a service that is just being added.
            names = {name for name in supervisor.states() if kinds.get(name, "service") == kind}
            told(f"stopping {', '.join(sorted(names))}")
            for name in names:
                supervisor.stop(name)
            _wait(partial(_are_stopped, supervisor, names), patience_s)
        supervisor.shut_down()
        _wait(lambda: not record.runs, patience_s)
    except TopologyFailed as failed:
        told(str(failed))


def _are_stopped(supervisor: Supervisor, names: Iterable[str]) -> bool:
    states = supervisor.states()
    return all(states[name].state in STOPPED for name in names)


def _wait(is_done: Callable[[], bool], patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while not is_done():
        if time.monotonic() > deadline:
            raise TopologyFailed(f"Processes have not stopped within {patience_s:.0f} s; they are killed.")
        time.sleep(_LOOK_S)
