"""The database in a folder of `pricetime up`, for who looks at it from outside; run for that if need be."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from pricetime.errors import TopologyFailed
from pricetime.services.topology.mongodb import mongodb
from pricetime.services.topology.plan import Layout
from pricetime.services.topology.ports import free_ports, is_free
from pricetime.services.topology.processes import MARK
from pricetime.services.topology.record import locked, read_record
from pricetime.settings import Settings

_LOOK_S: Final = 0.05


@contextmanager
def database_of(settings: Settings) -> Iterator[Settings]:
    """Yield settings that lead to the MongoDB of a venue of many services; as they are where it is another.

    Where `pricetime up` does not run, its stand-in for MongoDB is run meanwhile; TopologyFailed.
    """
    layout = Layout(Path(settings.data).resolve())
    record = read_record(layout)
    if settings.mongo_url:
        yield settings
    elif record is not None and record.runs:
        yield replace(
            settings,
            mongo_url=record.mongo_url,
            mongo_database=record.settings.mongo_database,
            certs=str(layout.certs),
        )
    elif (layout.data / "mongodb").is_dir():
        with locked(layout.lock), _running(layout, settings) as url:
            yield replace(settings, mongo_url=url, certs=str(layout.certs))
    else:
        yield settings


@contextmanager
def _running(layout: Layout, settings: Settings) -> Iterator[str]:
    [port] = free_ports(1)
    program = mongodb(layout.data / "mongodb", port, layout.certs)
    layout.logs.mkdir(exist_ok=True)
    with (layout.logs / "mongodb.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program
            program.command,
            env={**program.environment, MARK: str(layout.data)},  # by which `pricetime down` finds it
            cwd=layout.data,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + settings.start_timeout_s
        while is_free(port, "127.0.0.1"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise TopologyFailed(f"MongoDB did not start; {layout.logs / 'mongodb.log'} says why.")
            time.sleep(_LOOK_S)
        yield f"mongodb://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(settings.stop_timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
