"""The real snapshot files on the simulated disk: the paths and the calls of ``os`` that they use."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from functools import total_ordering
from typing import Self
from unittest import mock

from tests.simulation.disk import Disk

from pricetime.adapters import snapshot_files

SNAPSHOTS = "snapshots"


@total_ordering
class SimulatedPath:
    """What ``SnapshotFiles`` asks of a ``pathlib.Path``."""

    def __init__(self, disk: Disk, path: str) -> None:
        self._disk = disk
        self.path = path

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    def __truediv__(self, name: str) -> SimulatedPath:
        return SimulatedPath(self._disk, f"{self.path}/{name}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SimulatedPath) and self.path == other.path

    def __lt__(self, other: SimulatedPath) -> bool:
        return self.path < other.path

    __hash__ = None  # type: ignore[assignment]

    def with_suffix(self, suffix: str) -> SimulatedPath:
        return SimulatedPath(self._disk, self.path.rpartition(".")[0] + suffix)

    def mkdir(self, *, parents: bool, exist_ok: bool) -> None:
        """Do nothing: the folder is there."""

    def glob(self, pattern: str) -> Iterator[SimulatedPath]:
        return (self / name for name in self._disk.list(self.path) if fnmatch(name, pattern))

    def read_bytes(self) -> bytes:
        return self._disk.read(self.path)

    def replace(self, other: SimulatedPath) -> None:
        self._disk.rename(self.path, other.path)

    def unlink(self, *, missing_ok: bool = False) -> None:
        if self._disk.exists(self.path) or not missing_ok:
            self._disk.unlink(self.path)

    def open(self, mode: str) -> SimulatedFile:
        assert mode == "wb"
        self._disk.create(self.path)
        return SimulatedFile(self._disk, self.path)


class SimulatedFile:
    """A file open for writing, without a buffer. Its path is its descriptor."""

    def __init__(self, disk: Disk, path: str) -> None:
        self._disk = disk
        self._path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close it, which syncs nothing."""

    def write(self, data: bytes) -> None:
        self._disk.append(self._path, data)

    def flush(self) -> None:
        """Do nothing: there is no buffer."""

    def fileno(self) -> str:
        return self._path


class SimulatedOs:
    """What ``SnapshotFiles`` asks of ``os``."""

    O_RDONLY = 0

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def getpid(self) -> int:
        return 1

    def open(self, folder: SimulatedPath, _flags: int) -> str:
        return f"{folder.path}/"

    def close(self, _descriptor: str) -> None:
        """Do nothing."""

    def fsync(self, descriptor: str) -> None:
        if descriptor.endswith("/"):
            self._disk.sync_folder(descriptor[:-1])
        else:
            self._disk.sync(descriptor)


def snapshots_on(disk: Disk) -> snapshot_files.SnapshotFiles:
    return snapshot_files.SnapshotFiles(SimulatedPath(disk, SNAPSHOTS))  # type: ignore[arg-type]


def os_on(disk: Disk) -> object:
    """Return the context in which the snapshot files use the simulated disk."""
    return mock.patch.object(snapshot_files, "os", SimulatedOs(disk))
