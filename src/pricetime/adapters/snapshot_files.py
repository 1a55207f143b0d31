"""Snapshots as files: ``DATA/snapshots/<batch number>.snapshot``, the newest two of them.

A file is written under another name, synced, renamed, and its folder synced, so that a file under its
final name is whole. The checksum at its end covers everything before it::

    magic, format | batch, sequence, length of the state | batch hash | state hash | state | checksum
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import structlog

from pricetime.errors import SnapshotError
from pricetime.ports import Snapshot

FORMAT: Final = 1
_MAGIC: Final = b"PTSNAP\x00" + bytes([FORMAT])
_HEADER: Final = struct.Struct("<8sqqq32s32s")
_CHECKSUM_BYTES: Final = 32
_KEPT: Final = 2

_log = structlog.get_logger(__name__)


class SnapshotFiles:
    """The snapshots in a folder, which is made where there is none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, snapshot: Snapshot) -> None:
        """Write a snapshot durably and drop all but the newest two; SnapshotError where that cannot be."""
        final = self._folder / f"{snapshot.batch:020}.snapshot"
        draft = final.with_suffix(f".{os.getpid()}.draft")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._drop(self._folder.glob("*.draft"))  # left by a process that was killed
            _write(draft, _pack(snapshot))
            draft.replace(final)
            _sync_folder(self._folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise SnapshotError(
                f"the snapshot of batch {snapshot.batch} cannot be written: {error}"
            ) from error
        try:
            self._drop(self._newest_first()[_KEPT:])
        except OSError as error:  # the new one is durable, and an old one too many does no harm
            _log.warning("an old snapshot cannot be removed", error=str(error))

    def newest_first(self) -> Iterator[Snapshot]:
        """Yield the readable snapshots; a damaged one is left out with a warning."""
        for found in self._read():
            if isinstance(found, Snapshot):
                yield found
            else:
                _log.warning("a snapshot is left out", error=str(found))

    def damage(self) -> Iterator[str]:
        """Yield a sentence for each file that cannot be read as a snapshot."""
        for found in self._read():
            if not isinstance(found, Snapshot):
                yield str(found)

    def _read(self) -> Iterator[Snapshot | OSError | SnapshotError]:
        """Yield what each file holds, or why that cannot be told, newest first.

        A file that has gone since the folder was listed was dropped for a newer one, and is no damage.
        """
        for path in self._newest_first():
            try:
                yield _unpack(path)
            except FileNotFoundError:
                continue
            except (OSError, SnapshotError) as error:
                yield error

    def _newest_first(self) -> list[Path]:
        return sorted(self._folder.glob("*.snapshot"), reverse=True)

    def _drop(self, paths: list[Path] | Iterator[Path]) -> None:
        for path in paths:
            path.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pack(snapshot: Snapshot) -> bytes:
    header = _HEADER.pack(
        _MAGIC,
        snapshot.batch,
        snapshot.sequence,
        len(snapshot.state),
        snapshot.batch_hash,
        snapshot.state_hash,
    )
    return b"".join((header, snapshot.state, _checksum(header, snapshot.state)))


def _checksum(header: bytes, state: bytes) -> bytes:
    digest = hashlib.blake2b(header, digest_size=_CHECKSUM_BYTES)
    digest.update(state)
    return digest.digest()


def _unpack(path: Path) -> Snapshot:
    content = path.read_bytes()
    if len(content) < _HEADER.size + _CHECKSUM_BYTES:
        raise SnapshotError(f"the snapshot {path.name} is not whole")
    header, state = content[: _HEADER.size], content[_HEADER.size : -_CHECKSUM_BYTES]
    magic, batch, sequence, length, batch_hash, state_hash = _HEADER.unpack(header)
    if magic != _MAGIC:
        raise SnapshotError(f"the snapshot {path.name} is of another format")
    if length != len(state) or content[-_CHECKSUM_BYTES:] != _checksum(header, state):
        raise SnapshotError(f"the snapshot {path.name} is damaged: its checksum is not that of its content")
    return Snapshot(batch, batch_hash, sequence, state, state_hash)
