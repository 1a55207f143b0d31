"""Starts a topology, in order, and waits until every part is ready.

::

    supervisor ─> servers ─> answer ─> services ─> ready ─> nginx and the watcher
         any step fails: all is ended again, and the error names the log that says why
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Final

from pricetime.errors import TopologyFailed, TopologyRuns
from pricetime.services.folder import DataFolder
from pricetime.services.topology.down import take_down
from pricetime.services.topology.plan import Layout
from pricetime.services.topology.prepare import Prepared, Wanted, prepare
from pricetime.services.topology.probes import Prober
from pricetime.services.topology.processes import MARK, find
from pricetime.services.topology.readiness import tail, until_ready
from pricetime.services.topology.record import Record, locked, read_record, write_record
from pricetime.services.topology.supervision import Supervisor
from pricetime.settings import Settings

Told = Callable[[str], None]

_LOOK_S: Final = 0.1
_SUPERVISOR_S: Final = 20.0
_ORDER: Final = (("server",), ("service",), ("door", "watcher"))


def bring_up(wanted: Wanted, told: Told) -> Record:
    """Start what is wanted and return when all is ready; TopologyRuns, TopologyFailed, SettingError.

    ``told`` hears what it is at. What a killed topology has left behind is ended first.
    """
    layout = wanted.layout
    DataFolder(layout.data).make()
    with locked(layout.lock):
        before = read_record(layout)
        if before is not None and before.runs:
            raise TopologyRuns(
                f"The venue in {layout.data} runs already, at {before.url}. `pricetime down` stops it; "
                "`pricetime scale` changes how many of its processes run."
            )
        if left := take_down(layout, wanted.settings, told):
            told(f"ended {left} processes that an earlier run has left behind")
        prepared = prepare(wanted)
        record = _start_supervisor(layout, prepared)
        try:
            asyncio.run(_start(layout, record, wanted.settings, told))
        except BaseException:
            take_down(layout, wanted.settings, told)
            raise
    return record


def _start_supervisor(layout: Layout, prepared: Prepared) -> Record:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment = {"PATH": os.defpath, **kept, "LANG": "C.UTF-8", MARK: str(layout.data)}
    with (layout.logs / "supervisord-errors.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(layout.supervisor)],
            env=environment,
            cwd=layout.data,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    found = find(process.pid)
    if found is None:
        raise TopologyFailed(f"The supervisor did not start: {tail(layout, 'supervisord-errors')}")
    record = Record(
        supervisor=found.pid,
        started=found.started,
        url=prepared.url,
        mongo_url=prepared.mongo_url,
        chosen=prepared.chosen,
        parts=prepared.parts,
    )
    write_record(layout, record)
    return record


async def _start(layout: Layout, record: Record, settings: Settings, told: Told) -> None:
    supervisor = Supervisor(layout.socket)
    deadline = time.monotonic() + _SUPERVISOR_S
    while not supervisor.is_up():
        if not record.runs or time.monotonic() > deadline:
            raise TopologyFailed(f"The supervisor did not start: {tail(layout, 'supervisord-errors')}")
        await asyncio.sleep(_LOOK_S)
    prober = Prober(layout.certs, record.url)
    for kinds in _ORDER:
        parts = [part for part in record.parts if part.kind in kinds]
        told(f"starting {', '.join(part.name for part in parts)}")
        for part in parts:
            supervisor.start(part.name)
        await until_ready(parts, prober, supervisor, layout, settings)
