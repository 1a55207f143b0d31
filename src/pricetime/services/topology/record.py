"""``run.json``: what runs in a folder of data, for `pricetime down`, another `up`, and people."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from pricetime.errors import TopologyFailed, TopologyRuns
from pricetime.services.topology.plan import Layout
from pricetime.services.topology.processes import is_running

Kind = Literal["server", "service", "door", "watcher"]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One supervised program. ``service``: the name in its certificate."""

    name: str
    kind: Kind
    service: str
    port: int | None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A topology that runs, or ran until it was killed. ``started``: when the supervisor did, in ticks."""

    supervisor: int
    started: int
    url: str
    mongo_url: str
    parts: tuple[Part, ...]

    @property
    def runs(self) -> bool:
        """Whether its supervisor does."""
        return is_running(self.supervisor, self.started)


def read_record(layout: Layout) -> Record | None:
    """Return what is recorded; None where nothing is, or a kill has left half of it."""
    try:
        return msgspec.json.decode(layout.run.read_bytes(), type=Record)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def write_record(layout: Layout, record: Record) -> None:
    """Record what runs, whole or not at all."""
    beside = layout.run.with_name(".run.json.new")
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(record)))
    beside.replace(layout.run)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep others from starting or ending the topology; TopologyRuns where one is at it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise TopologyFailed(f"{path} cannot be made: {error.strerror}. Name another folder.") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TopologyRuns(f"Another command starts or ends the venue in {path.parent}.") from None
        yield
    finally:
        os.close(descriptor)
