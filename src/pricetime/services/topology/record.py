"""``run.json``: what runs in a folder of data, for `pricetime down`, another `up`, and people."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from pricetime.errors import TopologyFailed, TopologyRuns
from pricetime.services.topology.plan import SERVICES, Instance, Layout, Servers
from pricetime.services.topology.processes import Process, boot_id, is_running, leftovers
from pricetime.settings import Settings

_LOOK_S: Final = 0.05
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
    boot: str = msgspec.field(default_factory=boot_id)
    """The start of the machine that ``started`` counts from."""
    url: str
    mongo_url: str
    chosen: dict[str, Any]
    """The settings that `pricetime up` was given."""
    parts: tuple[Part, ...]

    @property
    def runs(self) -> bool:
        """Whether its supervisor does."""
        return self.is_of_this_boot and is_running(self.supervisor, self.started)

    @property
    def is_of_this_boot(self) -> bool:
        """Whether the machine has not been started anew since; no process outlives that."""
        return self.boot == boot_id()

    @property
    def settings(self) -> Settings:
        """The settings that it was started with."""
        return Settings(**self.chosen)

    @property
    def servers(self) -> Servers:
        """Where the servers are that all services share."""
        return Servers.at(self.mongo_url, self.port_of("redis"), self.port_of("rabbitmq"))

    @property
    def instances(self) -> list[Instance]:
        """The processes of services."""
        return [
            Instance(part.service, int(part.name.rpartition("-")[2]), part.port)
            for part in self.parts
            if part.kind == "service" and part.port is not None
        ]

    @property
    def scale(self) -> dict[str, int]:
        """How many processes there are of each service."""
        services = [each.service for each in self.instances]
        return {name: services.count(name) for name in SERVICES}

    def port_of(self, name: str) -> int:
        """Return where a part listens that does."""
        [port] = [part.port for part in self.parts if part.name == name]
        assert port is not None
        return port


def read_record(layout: Layout) -> Record | None:
    """Return what is recorded; None where nothing is, or a kill has left half of it; TopologyFailed."""
    try:
        return msgspec.json.decode(layout.run.read_bytes(), type=Record)
    except (FileNotFoundError, NotADirectoryError, msgspec.MsgspecError):
        return None
    except OSError as error:
        raise TopologyFailed(
            f"{layout.run} cannot be read: {error.strerror}. "
            "Use the account that the venue was started with, or name another folder."
        ) from None


def running_record(layout: Layout) -> Record:
    """Return what runs in a folder; TopologyFailed where nothing does."""
    record = read_record(layout)
    if record is None or not record.runs:
        raise TopologyFailed(f"No venue runs in {layout.data}. `pricetime up` starts one.")
    return record


def what_runs(layout: Layout, record: Record | None) -> list[Process]:
    """Return all processes of the topology in a folder, and what a killed one has left behind."""
    if record is None or not record.is_of_this_boot:
        return leftovers(layout.data)
    return leftovers(layout.data, record.supervisor, record.started)


def write_record(layout: Layout, record: Record) -> None:
    """Record what runs, whole or not at all."""
    beside = layout.run.with_name(".run.json.new")
    beside.touch(mode=0o600)  # the URL of MongoDB may name a password
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(record)))
    beside.replace(layout.run)


@contextlib.contextmanager
def locked(
    path: Path, patience_s: float = 0.0, told: Callable[[str], None] = lambda _: None
) -> Iterator[None]:
    """Keep others from starting or ending the topology; TopologyRuns where one is at it.

    With ``patience_s`` so long is waited until it is done, and ``told`` hears of it.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise TopologyFailed(f"{path} cannot be made: {error.strerror}. Name another folder.") from None
    try:
        deadline = time.monotonic() + patience_s
        if not _has_locked(descriptor) and patience_s:
            told("waiting for another command that starts, scales or ends the venue")
        while not _has_locked(descriptor):
            if time.monotonic() >= deadline:
                raise TopologyRuns(f"Another command starts, scales or ends the venue in {path.parent}.")
            time.sleep(_LOOK_S)
        yield
    finally:
        os.close(descriptor)


def _has_locked(descriptor: int) -> bool:
    """Lock a file; return whether that is done, and nobody else has it locked."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
